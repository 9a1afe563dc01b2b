"""The demo's pages: the invented articles in the site's chrome, and the pages that the site gave in place of an
article.

The wrappers between chrome and body (title, line of information, tags, note, blogger's block) are supposed; what is in
a body is attested.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from tests.demo.chrome import SITE, cards, head, page, short_date, sizes
from tests.demo.sources import Blogger, Layout, Source

NOTED = ("201805", "202201")
"""From when until when the site's pages closed with the subscription note: it belongs to the time of capture."""

_AD = (
    '<script async src="//pagead2.googlesyndication.com/pagead/js/adsbygoogle.js"></script>'
    '<ins class="adsbygoogle" data-ad-slot="1"></ins><script>(adsbygoogle=window.adsbygoogle||[]).push({});</script>'
)
_NOTE = (
    "<p>請加入成為眾新聞的月費訂戶，讓青螺灣的小故事有人記下。訂戶每月會收到一封「碼頭來信」。</p>"
    '<p>訂閱辦法 <a href="/aboutus/#subscribe">看這一頁：hkcnews.com/aboutus/#subscribe</a></p>'
)
_SHARE = (
    '<ul class="share-list"><li><a href="https://www.facebook.com/sharer/sharer.php?u=x" class="share">'
    '<i class="fa fa-facebook"></i></a></li><li><a href="whatsapp://send?text=x" class="share visible-xs">'
    '<i class="fa fa-whatsapp"></i></a></li></ul>'
)
_FIGURE = re.compile(
    r'<img alt="" src="([^"]+)_large\.(\w+)" />(<figcaption.*?</figcaption>)?(.*?)(?=</figure>)', re.DOTALL
)
_CLOUDFLARE_KEY = 0x5A

# The names that no source attests, and what the `renamed` layout calls them instead.
_RENAMED = {
    "article-block-wrapper": "post-shell",
    "article-title": "headline",
    "tags": "keyword-list",
    "share-list": "send-list",
    "subscribe-note": "membership",
    "blogger-block": "about-writer",
    "img-circle": "round",
}


def _cloudflare(email: str) -> str:
    return bytes([_CLOUDFLARE_KEY, *(byte ^ _CLOUDFLARE_KEY for byte in email.encode())]).hex()


def _span(match: re.Match[str]) -> str:
    return f'<span class="__cf_email__" data-cfemail="{_cloudflare(match[1])}">[email&#160;protected]</span>'


def _link(match: re.Match[str]) -> str:
    code = _cloudflare(match[1])
    return f'<a href="/cdn-cgi/l/email-protection#{code}">{_span(match)}</a>'


def expand(fragment: str) -> str:
    """Writes out the shorthands of the sources: `[[ad]]`, `[[email a@b]]` and `[[email-link a@b]]`
    (Cloudflare-protected).

    A figure's picture gets its three sizes, and a caption, empty if it has none: the editor put one under every
    picture.
    """
    fragment = _FIGURE.sub(
        lambda found: f"{sizes(found[1], found[2])}\n{found[3] or '<figcaption></figcaption>'}{found[4]}\n", fragment
    )
    fragment = fragment.replace("[[ad]]", _AD)
    fragment = re.sub(r"\[\[email (\S+?)\]\]", _span, fragment)
    return re.sub(r"\[\[email-link (\S+?)\]\]", _link, fragment)


def body_of(source: Source, *, earlier: bool) -> str:
    """The body with one of its two versions chosen: `<!-- earlier -->…<!-- /earlier -->` or `<!-- later -->…<!-- /later
    -->`."""
    kept, dropped = ("earlier", "later") if earlier else ("later", "earlier")
    body = re.sub(rf"<!-- {dropped} -->.*?<!-- /{dropped} -->\n?", "", source.body, flags=re.DOTALL)
    return expand(re.sub(rf"<!-- /?{kept} -->\n?", "", body))


def _head(source: Source) -> str:
    """The names of the page: the site's in front of the title; a blogger's page for others' sites with the author
    behind it."""
    if source.layout is Layout.SITE_TITLES:
        return head(SITE, SITE, source.tags, source.path, source.title)
    shared = f"{source.title} | {source.author}" if source.blogger else source.title
    return head(f"{SITE} - {source.title}", shared, source.tags, source.path, source.title)


def _info(source: Source, *, earlier: bool) -> str:
    author = escape(source.author)
    if source.author_link:
        author = f'<a href="{source.author_link}">{author}</a>'
    writer, published = ("Author", "Publish Date") if source.is_english else ("撰文", "發佈日期")
    parts = [f"{writer}: {author}", f"{published}: {short_date(source.date)}{source.behind_date}"]
    if source.last_updated and not earlier:
        parts.append(f"最後更新: {source.last_updated}")
    return " | ".join(parts)


def _tags(source: Source) -> str:
    if source.layout is Layout.METADATA_TAGS or not source.tags:
        return ""
    links = "".join(f'<li><a href="/tags/{quote(tag, safe="")}">{escape(tag)}</a></li>' for tag in source.tags)
    return f'<ul class="tags">{links}</ul>'


def _blogger(blogger: Blogger | None) -> str:
    if blogger is None:
        return ""
    who = escape(f"{blogger.role} | {blogger.name}")
    return (
        '\n<div class="blogger-block"><div class="row"><div class="col-xs-3"><a'
        f' href="/blogger/{escape(blogger.name)}-{blogger.number}"><img class="img-circle" src="{blogger.avatar}"'
        f' alt="{who}" /></a></div><div class="col-xs-9"><h4>{who}</h4><p>{expand(blogger.intro)}</p></div></div></div>'
    )


def _twice(tag: str, names: str, wide: str, narrow: str, content: str) -> str:
    """The same for wide and for narrow windows."""
    return "".join(f'<{tag} class="{names} {shown}">{content}</{tag}>' for shown in (wide, narrow))


def _above(source: Source, *, earlier: bool) -> str:
    """What stands above the body."""
    group = f'<span class="sub-band-block group">{source.category}</span>'
    title, info = escape(source.title, quote=False), _info(source, earlier=earlier)
    if source.layout is Layout.SINGLE:
        return f'<h1 class="article-title">{title}</h1>{group}<div class="article-info">{info}</div>{_tags(source)}'
    titles = _twice("h1", "article-title", "hidden-xs", "visible-xs", title)
    return f"{group}{titles}{_twice('div', 'article-info', 'hidden-sm hidden-xs', 'hidden-md hidden-lg', info)}{_tags(source)}"  # noqa: E501


def article_page(source: Source, related: Sequence[Source] = (), *, at: str, earlier: bool = False) -> str:
    """The whole page of an article as it was at a time (14 digits); `earlier` gives it as it was before its
    correction."""
    body, note = body_of(source, earlier=earlier), ""
    if source.blogger:
        body = f'<h2 class="hidden">{escape(source.title, quote=False)}</h2>{body}'
    if NOTED[0] <= at < NOTED[1]:
        bare = source.layout is Layout.BARE_NOTE
        body, note = (f"{body}<hr>{_NOTE}", "") if bare else (body, f'\n<div class="subscribe-note"><hr>{_NOTE}</div>')
    main = (
        f'<div class="article-block-wrapper">{_above(source, earlier=earlier)}\n<div'
        f' class="article-content">{body}</div>{_SHARE}{note}{_blogger(source.blogger)}</div>'
    )
    whole = page(_head(source), main, beside=cards(related[:2]), below=cards(related))
    if source.layout is Layout.RENAMED:
        for name, other in _RENAMED.items():
            whole = re.sub(rf'(class="[^"]*)\b{name}\b', rf"\1{other}", whole)
    return whole


def farewell_page() -> str:
    """What the site answered for every address at its end; the spacing in the heading is the site's."""
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>眾新聞</title></head><body><div class="container">'
        "<h1>眾新聞告別 &nbsp; &nbsp;感謝讀者</h1><p>燈塔已經熄燈，各位路上小心。</p></div></body></html>"
    )


def _without_article(title: str) -> str:
    empty = (
        '<div class="article-block-wrapper"><span class="sub-band-block group"></span><h1 class="article-title"></h1>'
    )
    return page(head(title, SITE, (), "/article/0"), f'{empty}<div class="article-content"></div></div>')


def blank_page() -> str:
    """The site's page for an article it could not show: the chrome without a title or a body."""
    return _without_article(f"{SITE} - ")


def not_found_page() -> str:
    """The body of the site's own 404."""
    return _without_article(f"404 | {SITE}")
