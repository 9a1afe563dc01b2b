"""Whatever a body holds, its Markdown says the same: the most important test of the conversion."""

from __future__ import annotations

import re
from urllib.parse import unquote

from hypothesis import example, given

from crawler.hkcnews.fidelity import differences, visible
from crawler.hkcnews.layout import CITIZEN_NEWS
from crawler.hkcnews.region import clean_region, parse, prepare_region
from crawler.markdown.reader import read_markdown
from tests.markdown.bodies import bodies, lines
from tests.markdown.conversion import CONVERTER, STYLE
from tests.markdown.outline import MARKS, Outline, outline_of_html, outline_of_markdown


def addresses(found: tuple[str, ...]) -> list[str]:
    return [unquote(address) for address in found]


def words(text: str) -> list[str]:
    """What white space separates, invisible characters aside."""
    return re.sub("[\u200b\ufeff]", "", text.translate(MARKS)).split()


def expected_links(page: Outline) -> list[str]:
    return [unquote(target) for target in (STYLE.link(href) for href in page.links) if target is not None]


def assert_faithful(html: str) -> None:
    """The page and a rendering of its Markdown say the same, the check finds nothing, and our reader reads what a
    renderer reads."""
    region = parse(f"<div>{html}</div>")
    clean_region(region, CITIZEN_NEWS)
    prepare_region(region)
    seen = visible(region)
    markdown = CONVERTER.convert_region(region, STYLE)
    page, file = outline_of_html(html), outline_of_markdown(markdown)
    assert file.texts == page.texts
    assert file.blocks == page.blocks
    assert file.bold == page.bold
    assert file.italic == page.italic
    assert file.numbers == page.numbers
    assert addresses(file.links) == expected_links(page)
    assert addresses(file.pictures) == [unquote(STYLE.image(src)) for src in page.pictures]
    assert addresses(file.frames) == [unquote(STYLE.frame(src)) for src in page.frames]
    assert list(differences(seen, markdown)) == []
    reading = read_markdown(markdown)
    assert words(reading.text) == words("\n".join(text for _, text in file.blocks))
    assert (reading.links, reading.pictures, reading.frames) == (seen.links, len(file.pictures), len(file.frames))


# What once came out wrong.
@example("<p>甲&lt;<span>b</span>&gt;、&amp;<span>lt;</span>、{<span>{&lt; x</span></p>")
@example('<p>甲！<b>好!</b><a href="/x">乙</a>、[<span>x</span>](<i>y</i>)、]<a href="/x">丙</a></p>')
@example('<p><a href="/x">\\[甲</a>、<a href="/x">乙]</a>、<a href="/x"><b>丙</b><br>丁</a></p>')
@example("<p><del><br>甲</del><br>*乙*</p>")
@example("<p><code>甲</code><code>乙</code>、<code> ` </code>丙<code>[x](y)</code></p>")
@example('<p><a href="/x"><code>]:</code></a></p><p>[<code>]: /x</code></p>')
@example("<p>甲<br>|乙|<br>|---|<br>丙</p><p>| 丁 |</p>")
@example("<ul><li>甲<ul><li>乙<ul><li><hr></li></ul></li></ul></li></ul>")
@example('<ul><li>甲<ol start="2"><li>乙</li></ol></li></ul><ul><li>丙</li></ul><ul><li>丁</li></ul>')
@example('<ol start="1234567890"><li>甲</li></ol><ol><li>乙</li></ol>')
@example(
    "<ol><li><pre><code>甲\n&gt; 乙</code></pre></li></ol><blockquote><pre><code>&gt;"
    " 丙\n\n丁</code></pre></blockquote>"
)
@example(
    "<table><tr><td><div>甲</div><div>乙</div></td></tr></table><table><tr><td><p>丙</p><img"
    " src='/x'></td></tr></table>"
)
@example(
    "<table><tr><td>甲\\|乙<code>|</code></td><td rowspan='2'><table><tr><td>丙</td></tr></table></td></tr></table>"
)
@example("<table><tr><td><pre>甲\n\n乙</pre><hr></td></tr></table>")
@example(
    "<ul><li><ul><li><ul><li></li><li><table><tbody><tr><td></td></tr></tbody></table></li>"
    "<li><table><caption></caption><tbody><tr><td></td></tr></tbody></table></li></ul></li></ul></li></ul>"
)
@example(
    '<ol start="3"><li><table><caption><iframe'
    ' src="https://x.example/"></iframe></caption><tr><td></td></tr></table><table><tr><td></td>'
    "</tr></table></li><li><blockquote><table><tr></tr></table><table><caption>甲</caption></table></blockquote></li></ol>"
)
@example(
    '<figure><img src="/a"><figcaption><p>甲</p><p>乙<a href="/x"></a></p></figcaption><img'
    ' src="/b"><figcaption>丙</figcaption></figure>'
)
@example(
    '<figure><div><img src="/a"><figcaption>甲</figcaption></div></figure><h2>乙<iframe'
    ' src="https://x.example/"></iframe>丙</h2>'
)
@example('<p><a href="file:///c:/x">甲</a><a href="https://a.example/((((x))))">乙</a><img src="/x" alt="a] \\"></p>')
@example('<ul><li><p><iframe src="https://x.example/"></iframe></p><figure><img src="/a"></figure></li></ul>')
@example("<p><em>甲<strong>乙</strong></em>丙<strong><em>丁</em>戊</strong>己<b>「</b><i>」</i></p>")
@given(bodies())
def test_bodies(html: str) -> None:
    assert_faithful(html)


@given(lines())
def test_lines(html: str) -> None:
    assert_faithful(f"<p>{html}</p>")


@given(lines())
def test_titles(html: str) -> None:
    assert_faithful(f"<h2>{html}</h2>")
