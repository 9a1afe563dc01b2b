"""The spelling for Hugo: without HTML in the Markdown, and back to what it was made of, whatever that is."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from crawler.hkcnews.fidelity import differences, visible
from crawler.hkcnews.layout import CITIZEN_NEWS
from crawler.hkcnews.region import clean_region, parse, prepare_region
from crawler.hkcnews.urls import article_id, is_of_site
from crawler.markdown.article import Blogger, Evidence
from crawler.markdown.document import render
from crawler.markdown.hugo import HUGO, plain_fields, plain_file
from crawler.markdown.style import ReadingStyle
from crawler.preserve.article_file import parse_article_file
from tests.markdown.bodies import bodies
from tests.markdown.conversion import CONVERTER, TIMESTAMP
from tests.markdown.test_front_matter import FULL, PUBLIC
from tests.walking import walked

HERE = "https://www.hkcnews.com/article/12/x"
PICTURES = {"https://www.hkcnews.com/a.jpg": "images/3f/燈塔-3f.jpg"}
THERE = 1 << 34 | 1 << 1500
STYLE = ReadingStyle(PUBLIC, TIMESTAMP, HERE, article_id, THERE, PICTURES.get, is_of_site, one_markup=True)
EVIDENCE = Evidence("2020-01-02T03:04:05Z", "sha1:" + "A" * 32, verified=True)
_SHORTCODE = re.compile(r"\{\{< html >\}\}.*?\{\{< /html >\}\}|\{\{< [^\n]*? >\}\}", re.DOTALL)
_RENDERER = MarkdownIt("commonmark", {"html": True}).enable("table")


def markdown_of(html: str) -> str:
    """The Markdown of a body for Hugo, still spelt plainly."""
    region = parse(f"<div>{html}</div>")
    clean_region(region, CITIZEN_NEWS)
    prepare_region(region)
    text = CONVERTER.convert_region(region, STYLE)
    assert list(differences(visible(region), text)) == []
    return text


@walked(
    ("html", "spelt"),
    [
        ('<p><a href="/article/1500">甲</a></p>', '[甲]({{< relref "../1001-2000/article_1500.md" >}})'),
        ('<p><a href="/article/34#a b">甲</a></p>', '[甲]({{< relref "article_34.md" >}}#a%20b)'),
        ('<p><a href="/article/35">甲</a></p>', f"[甲]({PUBLIC}/{TIMESTAMP}/https://www.hkcnews.com/article/35)"),
        ('<p><img src="/a.jpg" alt="乙"></p>', '![乙]({{< static "images/3f/燈塔-3f.jpg" >}})'),
        (
            '<figure><img src="/a.jpg" alt="1&quot;2"><figcaption>丙 "\\" &lt;</figcaption></figure>',
            '{{< picture src="images/3f/燈塔-3f.jpg" alt="1&quot;2" caption="丙 &#34;&#92;&#34; &lt;" >}}',
        ),
        (
            '<figure><a href="https://a.example/x"><img src="https://a.example/y.png" alt="丁"></a></figure>',
            '{{< picture src="https://a.example/y.png" alt="丁" link="https://a.example/x" >}}',
        ),
        (
            '<blockquote><figure><a href="/article/34"><img src="/a.jpg" alt="丁"></a></figure></blockquote>',
            (
                '> {{< html >}}<figure>&#10;<a href="{{< relref "article_34.md" >}}"><img src="{{< static'
                ' "images/3f/燈塔-3f.jpg" >}}" alt="丁"></a>&#10;</figure>{{< /html >}}'
            ),
        ),
        ("<p>H<sub>2</sub>O</p>", "H{{< tag `<sub>` >}}2{{< tag `</sub>` >}}O"),
        ("<p><b>甲。</b>乙<b>H<sub>2</sub></b>O</p>", None),
        ("<h2><b>甲。</b><br>乙</h2>", "## {{< tag `<strong>` >}}甲。{{< tag `</strong>` >}}{{< tag `<br>` >}}乙"),
        ("<p><code>&lt;b&gt;</code> &lt;b&gt;</p>", "`<b>` \\<b>"),
        ("<p>www.a.example<sub>x@y.example</sub></p>", None),
        ("<pre>&lt;b&gt; [x](article_34.md)\n\n甲</pre>", "```\n<b> [x](article_34.md)\n\n甲\n```"),
    ],
)
def test_what_is_html_elsewhere_stands_in_shortcodes(html: str, spelt: str | None) -> None:
    markdown = markdown_of(html)
    made = HUGO.text(markdown)
    assert made == spelt or spelt is None, made
    assert plain_file({"archive_url": ""}, made)[1].strip("\n") == markdown


@example('<table><tr><td rowspan="2">`a <a href="/article/34">`甲</a> ../../images/x &amp;#64;</td></tr></table>')
@example("<ul><li>[ ] x</li><li><ol><li>[x] y</li></ol></li></ul>")
@example("<blockquote><pre>甲<b>乙</b>\n\n丙</pre></blockquote><ul><li><ul><li><pre>a\n\nb</pre></li></ul></li></ul>")
@given(bodies())
def test_no_html_is_left_and_the_way_back_is_exact(html: str) -> None:
    markdown = markdown_of(html)
    made = HUGO.text(markdown)
    blocks = _RENDERER.parse(_SHORTCODE.sub("shortcode", made))
    tokens = {token.type for block in blocks for token in (block, *(block.children or ()))}
    assert tokens.isdisjoint(("html_inline", "html_block")), made
    assert plain_file({"archive_url": ""}, made)[1].strip("\n") == markdown


def test_a_file_says_the_same_to_whoever_reads_files() -> None:
    article = replace(
        FULL,
        body=markdown_of('<p>甲</p><figure><img src="/a.jpg" alt="乙"></figure>'),
        bloggers=(Blogger("博客 | 榕樹頭", "../../images/3f/x.png", "賣了半世涼茶。"),),
    )
    reading = render(article, PUBLIC, EVIDENCE)
    spelt = render(article, PUBLIC, EVIDENCE, HUGO)
    assert parse_article_file(spelt) == parse_article_file(reading)
    head, _, below = spelt.removeprefix("---\n").partition("---\n")
    assert "\nurl:" not in head
    assert f'categories:\n  - "{article.category}"\n' in head
    assert re.search(r'^lastmod: "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00"$', head, re.MULTILINE)
    assert article.title not in below


@given(st.dictionaries(st.sampled_from(["archive_url", "categories", "lastmod", "title"]), st.text() | st.just([""])))
def test_nothing_in_a_file_stops_its_reading(fields: dict[str, object]) -> None:
    plain_fields(fields)
    plain_file(fields, '{{< html >}}{{< picture src="" >}}\n> {{< picture >}}\n{{< tag `` >}}{{< /html >}}')
