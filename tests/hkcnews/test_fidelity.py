"""The check reports each way in which a file is not its page: with a converter that is broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from crawler.hkcnews.fidelity import differences, visible
from crawler.hkcnews.region import parse
from crawler.markdown import raw_html as raw
from crawler.markdown.converter import Converter
from tests.hkcnews.cases import page_with
from tests.walking import walked

BODY = (
    '<p>第一段有<a href="/article/5">連結</a>，也有<strong>粗體</strong>。</p>'
    '<figure class="image"><img src="/a.jpg"><figcaption>圖說一句</figcaption></figure>'
    "<ul><li>第一項</li><li>第二項</li></ul><blockquote><p>引文</p></blockquote>"
    '<p><iframe src="https://www.youtube.com/embed/x"></iframe></p>'
    "<table><tr><td>甲</td><td>乙</td></tr></table><p>上行<br>下行</p><pre>碼 一\n碼 二</pre><p>末段。</p>"
)


def replaced(old: str, new: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def broken(*arguments: Any, **options: Any) -> Any:
        result = function(*arguments, **options)
        return result.replace(old, new) if isinstance(result, str) else [text.replace(old, new) for text in result]

    return broken


def nothing(*_arguments: Any, **_options: Any) -> str:
    return ""


BREAKAGES: dict[str, tuple[str, Callable[..., Any], str]] = {
    "a caption dropped": ("figure", replaced("<figcaption>圖說一句</figcaption>\n", "", raw.figure), "text lost"),
    "a picture dropped": (
        "convert_figure",
        replaced("<img ", "<x ", Converter.convert_figure),
        "pictures: 1 on the page, 0 in the file",
    ),
    "a frame dropped": ("convert_frame", nothing, "frames: 1 on the page, 0 in the file"),
    "a paragraph doubled": ("paragraph", replaced("末段。", "末段。\n\n末段。", Converter.paragraph), "text added"),
    "a paragraph lost": ("paragraph", replaced("末段。", "", Converter.paragraph), "text lost"),
    "a link lost": ("convert_a", lambda self, el, text: text, "links: 1 on the page, 0 in the file"),
    "a space beside a link": ("convert_a", replaced("[連結]", " [連結]", Converter.convert_a), "spacing differs"),
    "a bracket from nowhere": ("convert_a", replaced("[連結]", "[[連結]", Converter.convert_a), "text added"),
    "a table lost": ("convert_table", nothing, "tables: 1 on the page, 0 in the file"),
    "an item lost": ("_items", lambda self, el: [(1, ["第一項"])], "text lost"),
    "items run together": ("_items", lambda self, el: [(1, ["第一項第二項"])], "spacing differs"),
    "a quotation lost": ("convert_blockquote", nothing, "text lost"),
    "a line break lost": ("settled", replaced("\ufdd0", "", Converter.settled), "spacing differs"),
    "a space for a line break in code": (
        "convert_pre",
        replaced("\n碼 二", " 碼 二", Converter.convert_pre),
        "spacing differs",
    ),
    "text changed": ("settled", replaced("末段", "未段", Converter.settled), "text differs"),
    "a mark escaped away": ("settled", replaced("**粗體**", "粗體\\*", Converter.settled), "text added"),
}


@pytest.mark.parametrize(("name", "broken", "words"), BREAKAGES.values(), ids=BREAKAGES.keys())
def test_a_broken_converter_is_found_out(
    monkeypatch: pytest.MonkeyPatch, name: str, broken: Callable[..., Any], words: str
) -> None:
    assert page_with(BODY).recovered().differences == ()
    monkeypatch.setattr(raw if name == "figure" else Converter, name, broken)
    found = page_with(BODY).recovered().differences
    assert any(difference.startswith(words) for difference in found), found


def test_differences_in_the_note_and_the_biography_are_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    note = "<p>請加入成為眾新聞的月費訂戶，末段。</p>"
    blogger = '<div><img src="/uploads/avatars/1.png" alt="博客 | 名"><h4>博客 | 名</h4><div>簡介，末段。</div></div>'
    monkeypatch.setattr(Converter, "settled", replaced("末段", "", Converter.settled))
    assert len(page_with(f"<p>字。</p>{note}", after=blogger).recovered().differences) == 2


def test_a_difference_shows_where_it_is() -> None:
    region = parse(f"<div><p>{'前' * 30}甲乙{'後' * 30}</p></div>")
    (difference,) = differences(visible(region), "前" * 30 + "甲" + "後" * 30)
    assert difference == f"text lost: page has '{'前' * 19}甲乙{'後' * 19}', file has '{'前' * 19}甲{'後' * 20}'"


@walked(
    ("html", "text"),
    [
        ("<p> a \n b </p>", "a b"),
        ("<p>a</p><p>b</p>", "a\nb"),
        ("a<div>b</div>c", "a\nb\nc"),
        ("<p>　甲　</p>", "　甲　"),
        ("<p>甲<br>\n乙</p>", "甲\n乙"),
        ("<p>甲<b>乙</b><i>丙</i></p>", "甲乙丙"),
        ("<p>&nbsp;</p><p>\u2003</p><p>甲</p>", "甲"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("<p>甲<!-- 乙 -->丙</p>", "甲丙"),
        ('<p>甲<img src="/x">乙<iframe src="/y">丙</iframe></p>', "甲\n乙"),
    ],
)
def test_what_a_reader_sees(html: str, text: str) -> None:
    assert visible(parse(f"<div>{html}</div>")).text == text


def test_what_is_counted() -> None:
    html = (
        '<img src="/a"><img><iframe src="/b"></iframe><iframe></iframe><iframe'
        ' src="about:blank"></iframe><table><tr><td><table></table></td></tr></table><a href="/c">x</a><a'
        ' href="/c"><img src="/d"></a><a href="/c"> </a><a>x</a><a href="javascript:x">x</a><a href="#d">x</a>'
    )
    seen = visible(parse(f"<div>{html}</div>"))
    assert (seen.pictures, seen.frames, seen.tables, seen.links) == (2, 1, 2, 3)


def test_the_region_is_left_as_it_is() -> None:
    soup = BeautifulSoup(f"<div>{BODY}</div>", "html.parser").find(True)
    assert isinstance(soup, Tag)
    before = str(soup)
    visible(soup)
    assert str(soup) == before
