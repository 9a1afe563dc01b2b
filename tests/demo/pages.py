"""The demo's pages: the site's markup as far as it is attested, around the invented articles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from tests.demo.sources import Blogger, Layout, Source

_NAV = (("/news", "眾聞"), ("/blogs", "眾說"), ("/opinions", "眾觀"), ("/data-news", "眾數"), ("/aboutus", "我們"))
_AD = (
    '<script async src="//pagead2.googlesyndication.com/pagead/js/adsbygoogle.js"></script>'
    '<ins class="adsbygoogle" data-ad-slot="1"></ins><script>(adsbygoogle=window.adsbygoogle||[]).push({});</script>'
)
_NOTE = (
    "<p>請加入成為眾新聞的月費訂戶，讓青螺灣的小故事有人記下。訂戶每月會收到一封「碼頭來信」。</p>"
    '<p>訂閱辦法 <a href="/aboutus/#subscribe">看這一頁：hkcnews.com/aboutus/#subscribe</a></p>'
)
_CLOUDFLARE_KEY = 0x5A

# The names that no source attests, and what the `renamed` layout calls them instead.
_RENAMED = {
    'class="article-wrapper"': 'class="post-shell"',
    'class="tags"': 'class="keyword-list"',
    'class="tag"': 'class="keyword"',
    'class="subscribe-note"': 'class="membership"',
    'class="blogger-intro"': 'class="about-writer"',
    'class="intro"': 'class="about-text"',
    'class="related"': 'class="more-stories"',
}


def _cloudflare(email: str) -> str:
    return bytes([_CLOUDFLARE_KEY, *(byte ^ _CLOUDFLARE_KEY for byte in email.encode())]).hex()


def _span(match: re.Match[str]) -> str:
    return f'<span class="__cf_email__" data-cfemail="{_cloudflare(match[1])}">[email&#160;protected]</span>'


def _link(match: re.Match[str]) -> str:
    code = _cloudflare(match[1])
    return f'<a href="/cdn-cgi/l/email-protection#{code}">{_span(match)}</a>'


def expand(fragment: str) -> str:
    """Writes out the shorthands of the sources: `[[ad]]`, `[[email a@b]]` and `[[email-link a@b]]` (Cloudflare-protected)."""
    fragment = fragment.replace("[[ad]]", _AD)
    fragment = re.sub(r"\[\[email (\S+?)\]\]", _span, fragment)
    return re.sub(r"\[\[email-link (\S+?)\]\]", _link, fragment)


def body_of(source: Source, *, earlier: bool) -> str:
    """The body with one of its two versions chosen: `<!-- earlier -->…<!-- /earlier -->` or `<!-- later -->…<!-- /later -->`."""
    kept, dropped = ("earlier", "later") if earlier else ("later", "earlier")
    body = re.sub(rf"<!-- {dropped} -->.*?<!-- /{dropped} -->\n?", "", source.body, flags=re.DOTALL)
    return expand(re.sub(rf"<!-- /?{kept} -->\n?", "", body))


def _head(source: Source) -> str:
    title, site = escape(source.title), "眾新聞"
    meta = [f'<meta charset="utf-8"><title>{title} | {site}</title>']
    meta.append(f'<meta property="og:title" content="{title}"><meta property="og:type" content="article">')
    meta.append(f'<meta property="og:site_name" content="{site}">')
    if source.tags:
        meta.append(f'<meta name="keywords" content="{escape(",".join(source.tags))}">')
    if source.canonical:
        meta.append(f'<link rel="canonical" href="{source.captures[0].original}">')
    meta.append("<style>.article-content p{font-size:18px;line-height:1.8}</style>")
    meta.append("<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments);}</script>")
    return "\n".join(meta)


def _nav() -> str:
    items = "".join(f'<li class="nav-item"><a class="nav-link" href="{href}">{text}</a></li>' for href, text in _NAV)
    return f'<nav class="navbar"><ul class="navbar-nav">{items}</ul></nav>'


def _short_date(date: str) -> str:
    year, month, day = date.split("-")
    return f"{day}.{month}.{year[2:]}"


def _info(source: Source, *, earlier: bool) -> str:
    english = source.category == "tri-angles"
    author = escape(source.author)
    if source.author_link:
        author = f'<a href="{source.author_link}">{author}</a>'
    parts = [f"By: {author}" if english else f"撰文: {author}"]
    parts.append(f"{'Publish Date' if english else '發佈日期'}: {_short_date(source.date)}")
    if source.last_updated and not earlier:
        parts.append(f"最後更新: {source.last_updated}")
    return f'<div class="article-info">{" | ".join(parts)}</div>'


def _tags(source: Source) -> str:
    if source.layout is Layout.METADATA_TAGS:
        return ""
    links = "".join(f'<a class="tag" href="/tag/{quote(tag, safe="")}">{escape(tag)}</a> ' for tag in source.tags)
    return f'<div class="tags">{links}</div>\n'


def _note(source: Source) -> str:
    if not source.note:
        return ""
    if source.layout is Layout.BARE_NOTE:
        return f"\n<hr />{_NOTE}"
    return f'\n<div class="subscribe-note"><hr />{_NOTE}</div>'


def _blogger(blogger: Blogger | None) -> str:
    if blogger is None:
        return ""
    who = escape(f"{blogger.role} | {blogger.name}")
    picture = f'<img class="avatar" src="{blogger.avatar}" alt="{who}">'
    return f'\n<div class="blogger-intro">{picture}<h4>{who}</h4><div class="intro">{expand(blogger.intro)}</div></div>'


def _teaser(source: Source) -> str:
    return (
        f'<div class="col-md-4"><div class="article-block"><a href="/article/{source.id}" class="article-block-img"></a>'
        f'<div class="article-block-body"><a href="/article/{source.id}"><p>{escape(source.title)}</p></a></div>'
        '<a class="article-block-footer" href="/blogs/7"><div class="writer"><div class="text-box">'
        f'<div class="line">{escape(source.author)}</div><div class="line">{_short_date(source.date)}</div></div></div></a></div></div>'
    )


def article_page(source: Source, related: Sequence[Source] = (), *, earlier: bool = False) -> str:
    """The whole page of an article; `earlier` gives it as it was before its correction."""
    related_section = "\n".join(_teaser(other) for other in related)
    page = f"""<!DOCTYPE html>
<html lang="zh-Hant"><head>{_head(source)}</head>
<body class="{"en" if source.category == "tri-angles" else "zh"}">{_nav()}
<div class="container"><div class="article-wrapper"><div class="group">{source.category}</div>
<h1>{escape(source.title, quote=False)}</h1>
{_info(source, earlier=earlier)}
{_tags(source)}<div class="article-content">{body_of(source, earlier=earlier)}
{_note(source)}</div>{_blogger(source.blogger)}
</div></div>
<section class="related"><div class="row">{related_section}</div></section>
<footer><p>© 眾新聞</p><script>gtag('js',new Date());</script></footer></body></html>
"""
    if source.layout is Layout.RENAMED:
        for attested, other in _RENAMED.items():
            page = page.replace(attested, other)
    return page


def farewell_page() -> str:
    """What the site answered for every address at its end; the spacing in the heading is the site's."""
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>眾新聞</title></head><body><div class="container">'
        "<h1>眾新聞告別 &nbsp; &nbsp;感謝讀者</h1><p>燈塔已經熄燈，各位路上小心。</p></div></body></html>"
    )


def blank_page() -> str:
    """The site's page for an article it could not show: the frame without a title or a body."""
    return (
        '<!DOCTYPE html><html lang="zh-Hant"><head><meta charset="utf-8"><title> | 眾新聞</title></head>'
        f'<body class="zh">{_nav()}<div class="container"><div class="article-wrapper"><div class="group"></div><h1></h1>'
        '<div class="article-content"></div></div></div></body></html>'
    )


def not_found_page() -> str:
    """The body of the site's own 404."""
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>404 | 眾新聞</title></head>'
        f'<body>{_nav()}<h1></h1><div class="article-content"></div></body></html>'
    )
