"""Text that stays text, and addresses that stay one address."""

from __future__ import annotations

import re
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from crawler.markdown.inline import (
    attribute,
    destination,
    escape_heading,
    escape_html,
    escape_line_starts,
    escape_part,
    escape_text,
    one_space,
    settle_joints,
    shortcode,
)
from tests.markdown.outline import outline_of_html, outline_of_markdown
from tests.walking import walked


@walked(
    ("text", "escaped"),
    [
        ("*特價*，明日_照舊_`x`\\", "\\*特價\\*，明日\\_照舊\\_\\`x\\`\\\\"),
        ("<b>甲</b> <!-- x --> <?x <http://a>", "\\<b>甲\\</b> \\<!-- x --> \\<?x \\<http://a>"),
        ("a < b > c, 1<2, <3, <", "a < b > c, 1<2, <3, <"),
        ("&amp; &#35; &#x1F; &nbsp &;", "\\&amp; \\&#35; \\&#x1F; &nbsp &;"),
        ("R&D、Q&A", "R&D、Q&A"),
        ("[甲] [1](y) [x]: y [z][w]", "[甲] [1\\](y) [x\\]: y [z\\][w]"),
        ("好! ![x](y)", "好! \\![x\\](y)"),
        ("1~2 ~~x~~", "1~2 \\~\\~x\\~\\~"),
        ("{{< x >}} {{% y %}} {{ z }}", "{\\{< x >}} {\\{% y %}} {{ z }}"),
        ("# - + 1. > = |", "# - + 1. > = |"),
        ("", ""),
    ],
)
def test_text(text: str, escaped: str) -> None:
    assert escape_text(text) == escaped


@walked(
    ("text", "escaped"),
    [("[甲]", "\\[甲\\]"), ("\\[", "\\\\\\["), ("a](b)", "a\\](b)"), ("![x](y)", "!\\[x\\](y)"), ("甲*乙", "甲\\*乙")],
)
def test_text_in_a_link(text: str, escaped: str) -> None:
    assert escape_text(text, in_link=True) == escaped


@walked(
    ("parts", "line"),
    [
        (["<", "b>"], "\\<b>"),
        (["<", " b>"], "< b>"),
        (["!", "[x](y)"], "\\![x\\](y)"),
        (["好!", "。"], "好!。"),
        (["[x]", "(y)"], "[x\\](y)"),
        (["[x]", "。"], "[x]。"),
        (["&", "amp", ";"], "\\&amp;"),
        (["&am", "p;"], "\\&amp;"),
        (["&", "#35;"], "\\&#35;"),
        (["Q&", "A"], "Q&A"),
        (["~", "~x"], "\\~~x"),
        (["{", "{", "< x"], "{\\{< x"),
        (["{{", "% x"], "{\\{% x"),
    ],
)
def test_texts_that_make_markup_only_together(parts: list[str], line: str) -> None:
    assert settle_joints("".join(map(escape_part, parts))) == line


@walked(
    ("paragraph", "escaped"),
    [
        ("# 甲", "\\# 甲"),
        ("#甲", "#甲"),
        ("####### 甲", "####### 甲"),
        ("#", "\\#"),
        ("1. 甲", "1\\. 甲"),
        ("1.甲", "1.甲"),
        ("2020) 甲", "2020\\) 甲"),
        ("1234567890. 甲", "1234567890. 甲"),
        ("- 甲", "\\- 甲"),
        ("-5度", "-5度"),
        ("-", "\\-"),
        ("+ 甲", "\\+ 甲"),
        ("> 甲", "\\> 甲"),
        (">甲", "\\>甲"),
        ("---", "\\---"),
        ("- - -", "\\- - -"),
        ("===", "\\==="),
        ("=甲", "=甲"),
        ("| 甲 |", "\\| 甲 |"),
        (": 甲", "\\: 甲"),
        (":-: | :-:", "\\:-: | :-:"),
        ("甲  \n# 乙  \n===", "甲  \n\\# 乙  \n\\==="),
        ("甲 # 乙 - 丙 1. 丁", "甲 # 乙 - 丙 1. 丁"),
    ],
)
def test_the_first_characters_of_a_line(paragraph: str, escaped: str) -> None:
    assert escape_line_starts(paragraph) == escaped


@walked(
    ("text", "escaped"), [("甲 #", "甲 \\#"), ("甲 ##", "甲 \\##"), ("C#", "C#"), ("#", "\\#"), ("甲 # 乙", "甲 # 乙")]
)
def test_the_end_of_a_heading(text: str, escaped: str) -> None:
    assert escape_heading(text) == escaped


@walked(
    ("url", "target"),
    [
        ("https://a.example/新聞/頁", "https://a.example/新聞/頁"),
        ("https://a.example/old timetable.pdf", "https://a.example/old%20timetable.pdf"),
        ("https://a.example/(2021)", "https://a.example/(2021)"),
        ("https://a.example/a(b(c)d)", "https://a.example/a(b(c)d)"),
        ("https://a.example/(2021", "https://a.example/\\(2021"),
        ("https://a.example/2021)", "https://a.example/2021\\)"),
        ("https://a.example/)(", "https://a.example/\\)\\("),
        ("https://a.example/(((x)))", "https://a.example/\\(\\(\\(x\\)\\)\\)"),
        ("https://a.example/[x]", "https://a.example/[x]"),
        ("https://a.example/<x>\\", "https://a.example/%3Cx%3E%5C"),
        ("https://a.example/?a=1&b=2", "https://a.example/?a=1&b=2"),
        ("https://a.example/?a=1&copy;", "https://a.example/?a=1&amp;copy;"),
        ("https://a.example/%E6%B8%A1%20", "https://a.example/%E6%B8%A1%20"),
        ("https://a.example/甲\u3000乙\u00a0丙", "https://a.example/甲%E3%80%80乙%C2%A0丙"),
        ("https://a.example/\n\x7f", "https://a.example/%0A%7F"),
    ],
)
def test_targets(url: str, target: str) -> None:
    assert destination(url) == target


_PUNCTUATION = st.sampled_from(
    [
        *"*_[]()<>&#+-=|~!\\{}:.,;'\"`$%^@/? \u3000\u00a0",
        "新",
        "聞",
        "a",
        "1",
        "。",
        "「",
        "&amp;",
        "&#35;",
        "{{<",
        "<b>",
    ]
)


@given(st.lists(_PUNCTUATION, max_size=12).map("".join))
def test_any_text_is_read_back_as_it_is(text: str) -> None:
    line = re.sub(" +", " ", text).strip(" \u3000\u00a0")
    written = escape_line_starts(settle_joints(escape_text(line)))
    assert [shown for _, shown in outline_of_markdown(written).blocks] == ([line] if line else [])


@given(st.lists(_PUNCTUATION, min_size=1, max_size=10).map("".join))
def test_any_target_and_any_text_of_a_link_are_read_back(text: str) -> None:
    text = text.strip()
    address = f"https://a.example/{text}"
    shown = outline_of_markdown(f"甲[x{escape_text(text, in_link=True)}y]({destination(address)})乙")
    assert [unquote(link) for link in shown.links] == [unquote(address)]
    picture = MarkdownIt("commonmark").render(f"![{escape_text(text, in_link=True)}]({destination(address)})")
    assert [unquote(src) for src in outline_of_html(picture).pictures] == [unquote(address)]


@given(st.text(st.characters(exclude_characters="\r\n\t\x00", exclude_categories=["Cs"])))
def test_raw_html_is_read_back(text: str) -> None:
    page = outline_of_html(f'<p>{escape_html(text)}</p><img src="{attribute(text)}">')
    assert page.pictures == (text,)
    assert "".join(page.texts) == "".join(
        outline_of_html("<p>" + text.replace("&", "&amp;").replace("<", "&lt;") + "</p>").texts
    )
    assert "{{<" not in escape_html(text) + attribute(text)
    assert "{{%" not in escape_html(text) + attribute(text)


def test_nothing_ends_a_shortcode_or_its_string() -> None:
    assert shortcode("https://a.example/embed?a=1&b=(2)") == '{{< video src="https://a.example/embed?a=1&b=(2)" >}}'
    assert shortcode('https://a.example/" >}}\\ <') == '{{< video src="https://a.example/%22%20%3E}}%5C%20%3C" >}}'


@given(st.text(st.sampled_from("甲 \n\t\r\f\u3000\u00a0"), max_size=8))
def test_runs_of_ascii_white_space_are_one_space(text: str) -> None:
    assert one_space(text) == re.sub("[ \\t\\r\\n\\f]+", " ", text)
