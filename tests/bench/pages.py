"""Whole pages of invented articles, as large as the site's, in the markup that is attested; the same number, the same
bytes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from html import escape
from random import Random
from urllib.parse import quote

from tests.bench.body import body
from tests.bench.words import NAMES, PLACES, THINGS, heading, sentence, sentences

FILLERS = 8
"""Different lists of related articles; making one costs more than all the rest of a page."""
TEASERS = 60
_NAV = "".join(
    f'<li class="nav-item"><a class="nav-link" href="/{name}">{name}</a></li>'
    for name in ("news", "blogs", "data", "about")
)
_STYLE = "".join(
    f".part-{n}{{margin:{n % 7}px;padding:{n % 5}px}}.part-{n} p{{font-size:18px;line-height:1.8}}" for n in range(90)
)
_SCRIPT = "".join(
    f"window.layer=window.layer||[];(function(w,n){{w.layer.push(['part',n]);}})(window,{n});" for n in range(160)
)
_NOTE = (
    '<div class="subscribe-note"><hr><p>請加入成為眾新聞的月費訂戶，好讓碼頭的燈繼續亮着。</p>'
    '<p>訂閱辦法 <a href="/aboutus/#subscribe">看這一頁</a></p></div>'
)


@dataclass(frozen=True, slots=True)
class Page:
    """An article's page with the capture that it is; `body` has no coding."""

    number: int
    timestamp: str
    original: str
    body: bytes


def page(number: int, seed: int = 0) -> Page:
    """The page of an article by its id."""
    chance = Random(f"{seed}/{number}")
    day = f"{chance.randint(2017, 2021)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
    timestamp = f"{day}{number // 3600 % 24:02}{number // 60 % 60:02}{number % 60:02}"
    title = heading(chance)
    original = f"https://www.hkcnews.com/article/{number}/{quote(title[:6])}"
    return Page(number, timestamp, original, _html(chance, title, day, seed).encode("utf-8"))


def _html(chance: Random, title: str, day: str, seed: int) -> str:
    in_english = chance.random() < 0.03
    names = chance.sample(NAMES, 2)
    tags = chance.sample([*PLACES, *THINGS], chance.randint(1, 7))
    links = " ".join(f'<a class="tag" href="/tag/{quote(tag)}">{tag}</a>' for tag in tags)
    date = f"{day[6:]}.{day[4:6]}.{day[2:4]}"
    info = [
        f"By: {names[0]}" if in_english else f"撰文: {names[0]}",
        f"{'Publish Date' if in_english else '發佈日期'}: {date}",
    ]
    if chance.random() < 0.28:
        info.append(f"最後更新: {day[:4]}-{day[4:6]}-{day[6:]} {chance.randint(10, 23)}:00:{chance.randint(10, 59)}")
    text = body(chance, in_english)
    note = _NOTE if chance.random() < 0.84 else ""
    blogger = _blogger(chance, names[1]) if chance.random() < 0.38 else ""
    return f"""<!DOCTYPE html>
<html lang="zh-Hant"><head>{_head(title, tags, text)}</head>
<body class="zh"><nav class="navbar"><ul class="navbar-nav">{_NAV}</ul></nav>
<div class="container"><div class="article-wrapper"><div class="group">{"tri-angles" if in_english else "眾聞"}</div>
<h1>{title}</h1>
<div class="article-info">{" | ".join(info)}</div>
<div class="tags">{links}</div><div class="article-content">{text}
{note}</div>{blogger}
</div></div>
{filler(chance.randrange(FILLERS), seed)}"""


def _head(title: str, tags: list[str], text: str) -> str:
    about = escape(text.partition("<p>")[2][:80])
    return (
        f'<meta charset="utf-8"><title>{title} | 眾新聞</title><meta property="og:title" content="{title}">'
        '<meta property="og:type" content="article"><meta property="og:site_name" content="眾新聞">'
        f'<meta property="og:description" content="{about}"><meta name="keywords" content="{",".join(tags)}">'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
    )


def _blogger(chance: Random, name: str) -> str:
    who = f"博客 | {name}"
    return (
        f'\n<div class="blogger-intro"><img class="avatar" src="/uploads/avatars/{chance.randint(1, 400)}.png?v=1"'
        f' alt="{who}"><h4>{who}</h4><div class="intro"><p>{sentence(chance)}</p></div></div>'
    )


@cache
def filler(variant: int, seed: int) -> str:
    """What follows an article on its page: related articles and scripts."""
    chance = Random(f"filler {seed}/{variant}")
    teasers = "\n".join(_teaser(chance) for _ in range(TEASERS))
    return (
        f'<section class="related"><div class="row">{teasers}</div></section>\n'
        f"<footer><p>© 眾新聞</p><script>{_SCRIPT}</script></footer></body></html>\n"
    )


def _teaser(chance: Random) -> str:
    number = chance.randint(1, 49_000)
    picture = f"/news_新聞/{chance.randint(2016, 2021)}/{chance.randint(1, 12):02}/{number}_small.jpg"
    return (
        f'<div class="col-md-4"><div class="article-block"><a href="/article/{number}" class="article-block-img"'
        f' style="background-image:url({picture})"></a><div class="article-block-body"><a'
        f' href="/article/{number}"><p>{heading(chance)}{sentences(chance, 20)}</p></a></div><a'
        f' class="article-block-footer" href="/blogs/{chance.randint(1, 90)}"><div class="writer"><div'
        f' class="text-box"><div class="line">{chance.choice(NAMES)}</div><div'
        f' class="line">{chance.randint(1, 28):02}.07.21</div></div></div></a></div></div>'
    )
