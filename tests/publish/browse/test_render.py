"""Markdown of untrusted pages as HTML: nothing that acts, nothing that asks elsewhere, and all of the words."""

from __future__ import annotations

from html.parser import HTMLParser

from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from crawler.markdown.reader import plain_text
from crawler.publish.browse.render import ATTRIBUTES, TAGS, to_html
from tests.publish.words import shown
from tests.walking import walked

HERE = "https://archive.example/here.png"
ALLOWED = {
    tag: ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else {"loading"} if tag == "img" else set())
    for tag in TAGS
} | {"in-zh": {"lang"}, "in-en": {"lang"}}  # our words in both languages
VOID = {"br", "hr", "img"}


def rendered(body: str) -> str:
    return to_html(body, local_image=lambda src: "/images/here.png" if src == HERE else None, link=lambda href: href)


class Checked(HTMLParser):
    """Fails on anything that is not allowed, and on what is not well nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert {name for name, _ in attrs} <= ALLOWED[tag], (tag, attrs)
        given = dict(attrs)
        if tag == "a":
            assert "a" not in self.open
            assert given["rel"] == "noopener noreferrer"
            self.links.append(given["href"] or "")
        if tag == "img":
            self.sources.append(given["src"] or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


def checked(body: str) -> Checked:
    """What a body becomes; harmless."""
    page = Checked(rendered(body))
    assert set(page.sources) <= {"/images/here.png"}
    assert all(
        link.lower().startswith(("http://", "https://", "mailto:", "#")) or link[:1] == "/" for link in page.links
    ), page.links
    assert not any(link.startswith(("//", "/\\")) for link in page.links), page.links
    return page


HOSTILE = {
    "script": "<script>alert(1)</script>",
    "script in a paragraph": "甲<script>alert(1)</script>乙",
    "script that is not closed": "甲\n\n<script>alert(1)",
    "style": "<style>body{display:none}</style>",
    "frame": '<iframe src="javascript:alert(1)"></iframe>',
    "frame with a document": '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "object": (
        '<object data="https://evil.example/x"></object><embed src="https://evil.example/x"><applet code="x"></applet>'
    ),
    "handler": '<img src="x" onerror="alert(1)"><p onclick=alert(2)>甲</p><b/onmouseover=alert(3)>乙</b>',
    "javascript": "[甲](javascript:alert(1))",
    "javascript in angles": "[甲](<javascript:alert(1)>)",
    "javascript by entities": '<a href="&#106;ava&#x0A;script&colon;alert(1)">甲</a>',
    "javascript behind control characters": '<a href="\x01java\tscript:alert(1)">甲</a>',
    "javascript behind white space": '<a href=" \n javascript:alert(1)">甲</a>',
    "data": "[甲](data:text/html;base64,PHNjcmlwdD4=) <a href='DATA:text/html,x'>乙</a>",
    "vbscript": "<a href='vbscript:x'>甲</a>",
    "another host": "<a href='//evil.example/'>甲</a> [乙](/\\evil.example/)",
    "picture of another host": "![甲](https://evil.example/track.png) <img src=//evil.example/track.png>",
    "picture with a set": f'<img src="{HERE}" srcset="https://evil.example/x 2x">',
    "svg": '<svg onload="alert(1)"><script>alert(2)</script><a xlink:href="javascript:x">甲</a></svg>',
    "math": '<math><mi xlink:href="javascript:alert(1)">x</mi></math>',
    "form": '<form action="https://evil.example/"><input name=q><button formaction="javascript:x">送</button></form>',
    "refresh": '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    "base and link": '<base href="https://evil.example/"><link rel=stylesheet href="https://evil.example/x.css">',
    "names of our own controls": '<div id="q" class="thumb" name="search" style="position:fixed;inset:0">甲</div>',
    "comment that is not closed": "甲\n\n<!-- 乙",
    "elements that are not closed": "<div><table><tr><td>甲<figure><blockquote>",
    "elements that are closed too often": "</div></main></body></html>甲",
    "swallowing elements": "<textarea>甲<title>乙<xmp>丙<plaintext>丁",
    "a picture in a link": (
        f"[![甲](https://elsewhere.example/x.png)](https://a.example/) [![乙]({HERE})](https://a.example/)"
    ),
    "a link in a link": '<a href="https://a.example/"><a href="https://b.example/">甲</a></a>',
    "noscript": '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "mutation": '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    "shortcode": '{{< video src="javascript:alert(1)" >}}\n\n{{< video src="x&quot; onclick=alert(1)" >}}',
}


@walked("body", HOSTILE.values(), ids=HOSTILE)
def test_what_is_hostile_is_harmless(body: str) -> None:
    checked(f"{body}\n\n末段。")


@given(
    st.text(
        st.one_of(st.sampled_from("<>\"'&;:/\\[]()!#*_`|-=\n {}ajs甲乙"), st.characters(codec="utf-8")), max_size=80
    )
)
def test_any_text_is_harmless(body: str) -> None:
    checked(body)


@given(
    st.lists(
        st.sampled_from(
            [*HOSTILE.values(), "> ", "- ", "\n", "\n\n", "<a href='https://x.example'>", "</a>", "</b>", "<b>", "甲"]
        )
    )
)
def test_any_mixture_is_harmless(parts: list[str]) -> None:
    checked("".join(parts))


DEEP = (">", "- ", "[", "![甲](", "<div>", "<b>", "*甲 ", "`", "{{<", "<iframe ", "<iframe src=x ", "<iframe src=")
TABLE = "|甲" * 1_000 + "\n" + "|---" * 1_000 + "\n" + ("|乙" * 1_000 + "\n") * 5


@walked(
    "body",
    [*(piece * 1_500 for piece in DEEP), f"<iframe {'src=' * 20_000}", TABLE],
    ids=[*DEEP, "attributes", "table"],
)
def test_what_is_deep_or_wide_or_said_again_and_again_is_harmless_and_comes_to_an_end(body: str) -> None:
    checked(body)


def test_pictures_that_are_here_are_shown_and_others_are_described_and_linked() -> None:
    text = rendered(
        f'![燈塔]({HERE})\n\n<figure>\n<img src="https://a.example/x.png"'
        ' alt="碼頭">\n<figcaption>說明</figcaption>\n</figure>'
    )
    assert '<img src="/images/here.png" alt="燈塔" loading="lazy">' in text
    assert '<a href="https://a.example/x.png" rel="noopener noreferrer">圖片不在此處：碼頭</a>' in shown(text)
    assert "<figcaption>說明</figcaption>" in text


def test_what_is_theirs_is_shown_in_either_language() -> None:
    text = rendered('<in-en lang="en">甲</in-en><p>乙<in-zh lang="zh-Hant-HK">丙</in-zh></p>')
    assert shown(text, "zh") == shown(text, "en") == text
    assert "甲" in text
    assert "乙丙" in text


def test_players_become_links_that_say_what_they_are() -> None:
    address = "https://www.youtube.com/embed/x?a=1&amp;b=2"
    player = f'{{{{< video src="{address}" >}}}}'
    for body in (f"甲\n\n{player}\n\n乙", f"> {player}", f"- {player}", f'<iframe width=1 src="{address}"></iframe>'):
        text = rendered(body)
        assert f'<a href="{address}" rel="noopener noreferrer">▶ 影片 (www.youtube.com)</a>' in shown(text)
        assert "{{" not in text


def test_links_are_led_where_they_are_told_to() -> None:
    text = to_html(
        "[甲](x) [乙](y)", local_image=lambda src: None, link=lambda href: "/article/5" if href == "x" else ""
    )
    assert text == '<p><a href="/article/5" rel="noopener noreferrer">甲</a> <span>乙</span></p>\n'


def test_tables_in_both_forms_and_what_a_text_has() -> None:
    markdown, raw = "| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |", '<table>\n<tr><td colspan="2">丙</td></tr>\n</table>'
    body = f"{markdown}\n\n{raw}\n\n## 小題\n\n> 引文\n\n1. 一\n2. **二**\n\n`碼`"
    page = BeautifulSoup(rendered(body), "lxml")
    assert [cell.text for cell in page.find_all(["th", "td"])] == ["甲", "乙", "1", "2", "丙"]
    texts = [element.text.strip() for tag in ("h2", "blockquote", "strong", "code") if (element := page.find(tag))]
    assert texts == ["小題", "引文", "二", "碼"]
    assert "".join(page.text.split()) == "".join(plain_text(body).split())


def test_readings_above_characters_and_the_numbers_of_items_stay() -> None:
    body = (
        '<ruby>漢<rp>(</rp><rt>hon</rt><rp>)</rp></ruby>\n\n<ol type="a" start="3" reversed="">\n<li'
        ' value="5">甲</li></ol>'
    )
    assert "".join(
        rendered(body).split("\n")
    ) == f"<p>{body[: body.index('<ol')].strip()}</p>{body[body.index('<ol') :]}".replace("\n", "")
