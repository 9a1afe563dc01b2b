"""The site's chrome, built as that of its real pages (FACTS, "Since known"): head, two navigations, cards, footer;
every word is ours.

Bootstrap 3 shows and hides by classes: what narrow windows need stands beside what wide ones do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape, unescape

from tests.demo.sources import Source, address

SITE = "眾新聞"
HOST = "https://www.hkcnews.com"
KEYWORDS = (SITE, "hkcnews")
"""What the keywords of every page begin with."""
TEASER = 24
"""Characters of a blogger's article that its card shows."""

_TOKEN = "demoDEMOdemoDEMOdemoDEMOdemoDEMOdemoDEMO"
_LOGO = f"{HOST}/images/logo_256x256.png"
_NAVIGATION = (
    ("/editorial", "眾觀"),
    ("/news", "眾聞"),
    ("/bloggers", "眾說"),
    ("/datanews", "眾數"),
    ("/videos", "Videos"),
    ("/triangles", "Tri-angles"),
    ("/aboutus", "我們"),
)
_SCRIPT = "window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments);}gtag('js',new Date());"


def head(title: str, shared_title: str, keywords: Iterable[str], path: str, description: str = "") -> str:
    """The head: `title` as in the window, `shared_title` as for others' sites; all texts plain, the path unescaped."""
    words, where = ", ".join([*KEYWORDS, *keywords]), HOST + address(path)
    return f"""<head>
<title>{escape(title, quote=False)}</title>
<meta name="description" content="{escape(description or shared_title)}">
<meta name="keywords" content="{escape(words)}">
<meta charset="utf-8" />
<meta http-equiv="X-UA-Compatible" content="IE=edge">
<meta name="csrf-token" content="{_TOKEN}">
<meta property="fb:app_id" content="1740000000049930" />
<meta property="og:site_name" content="{SITE}" />
<meta property="og:locale" content="zh_HK" />
<meta property="og:url" content="{where}" />
<meta property="og:image" content="{_LOGO}" />
<meta property="og:title" content="{escape(shared_title)}" />
<meta property="og:type" content="article" />
<link rel="shortcut icon" href="{HOST}/images/favicon.ico" />
<link rel="stylesheet" type="text/css" href="/css/all.css?v=1">
<!--[if lt IE 9]>
        <script src="{HOST}/js/html5shiv.js"></script>
    <![endif]-->
<script>window.Laravel = {{"csrfToken":"{_TOKEN}"}}</script>
</head>"""


def page(head: str, main: str, *, kind: str = "Article", beside: str = "", below: str = "") -> str:
    """A whole page: what it is about in the left column, cards beside it in wide windows, cards below it."""
    items = "".join(f'<li><a href="{HOST}{path}">{name}</a></li>' for path, name in _NAVIGATION)
    return f"""<!DOCTYPE html>
<html lang="zh">
{head}
<body id="{kind}" class="">
<img src="{_LOGO}" width=256 height=256 alt="{SITE} Logo" style="position: absolute; top: 0; left: -10000px;" />
<div class="wrapper navigation"><div class="header header--fixed headroom-wrapper mobile-padding"><nav class="s-navbar nav-gradient-bg">\
<div class="pull-left"><a href="{HOST}" class="nav-brand">\
<img src="{HOST}/images/navlogo.svg" alt="Desktop Logo" class="hidden-sm hidden-xs" width="67px" />\
<img src="{HOST}/images/navlogo.svg" alt="Mobile Logo" class="hidden-md hidden-lg" width="53px" /></a></div>
<div class="nav-list pull-right"><ul class="hidden-sm hidden-xs"><li><form class="navbar-form visible-xs" method="post">\
<div class="input-group mobile-search-group"><input type="text" class="form-control"></div></form></li>{items}</ul></div></nav></div>
<div class="nav-overlay nav-gradient-bg" id="MainNavbarCollapse"><ul class="navol-items">{items}</ul></div></div>
<div class="wrapper body" style="position:relative;"><div class="body-container" style="padding-top:25px;"><div class="row">\
<div class="col-md-8 col-xs-12">
{main}</div>
<div class="col-md-4 hidden-xs hidden-sm"><div class="hl-heading news"><ul class="hl-heading-group"><li>眾聞</li>\
<li class="separator">&nbsp;</li><li id="currentNewstype">街坊</li></ul></div>{beside}</div></div>
<div class="for-selector"><div class="row grid-block"><div class="grid">
{below}</div>
<div class="loader" role="loader"><a class="hidden" href="?page=2">next</a></div></div></div></div></div>
<input type="hidden" name="ajax_url" value="/data/newsposts" />
<footer class="wrapper footer"><div class="footer-container"><ul class="footer-link-group"><li><a href="/privacy">私隱</a></li>\
<li><a href="/terms">守則</a></li><li><a href="/">{SITE} &copy; 2017</a></li></ul></div></footer>
<script src="/js/app.js?v=1" type="text/javascript" charset="utf-8"></script>
<script>{_SCRIPT}</script>
</body>
</html>
"""  # noqa: E501


def cards(sources: Sequence[Source]) -> str:
    return "".join(card(source) + "\n" for source in sources)


def card(source: Source) -> str:
    """An article in a list: of news the title; of a blogger the author as the heading, and how the text begins."""
    blogger = source.blogger
    link = f'<a href="{escape(source.path)}"'
    if blogger is None:
        heading, text, footer, avatar = (
            "",
            f'<p class="text-sm newline">{escape(source.title, quote=False)}</p>',
            "/news",
            "default.jpg",
        )
    else:
        heading = f'<h3 class="article-block-title" style="color:#1e3778;">{link}>{escape(source.author)}</a></h3>'
        text, footer = (
            f'<p class="text-lg newline">{escape(teaser(source))}</p>',
            f"/blogger/{source.author}-{blogger.number}",
        )
        avatar = blogger.avatar.rpartition("/")[2]
    return (
        '<div class="grid-item hvr-fade col-xs-6 col-sm-6 col-md-4"><div class="article-block"><div'
        f' class="article-block-heading article-block-bg-215">{link} style="display:'
        f' block;">{_thumbnail(source)}</a>{heading}</div><div class="article-block-body">{link}>{text}</a></div><a'
        f' href="{escape(footer)}" class="article-block-footer"><div class="article-author-info"><div'
        ' class="author-profile-pic size-32 first left"'
        f' style="background-image:url(/uploads/avatars/{avatar});"></div><div class="text-box"><div'
        f' class="line">{source.category} | {escape(source.author)}</div><div'
        f' class="line">{short_date(source.date)}</div></div></div></a></div></div>'
    )


def teaser(source: Source) -> str:
    """The beginning of the body's text."""
    text = unescape(re.sub(r"<[^>]*>|\[\[[^]]*\]\]", "", source.body)).strip()
    return text[:TEASER] + "…"


def short_date(date: str) -> str:
    """`dd.mm.yy` for `YYYY-MM-DD`."""
    year, month, day = date.split("-")
    return f"{day}.{month}.{year[2:]}"


def sizes(large: str, extension: str) -> str:
    """A picture in its three sizes, as the editor puts it into a body; the address without `_large` and what
    follows."""
    kept = (("large", "min-width: 960px"), ("medium", "min-width: 720px"), ("small", "max-width: 480px"))
    sources = "".join(f'<source srcset="{large}_{size}.{extension}" media="({when})" />' for size, when in kept)
    return f'<picture>{sources}<img class="img-responsive" src="{large}_large.{extension}" alt="" /></picture>'


def _thumbnail(source: Source) -> str:
    year, month, day = source.date.split("-")
    name = f"/news_新聞/hk-discuss/{year}/{month}/{source.id}-{year}{month}{day}090000_{source.id:04x}"
    return f"""<picture>
<source data-srcset="{name}_large.jpg" media="(min-width: 960px)">
<source data-srcset="{name}_small.jpg" media="(max-width: 480px)">
<img src="{name}.jpg" alt="" class="img-responsive" />
</picture>"""
