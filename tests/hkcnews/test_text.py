"""From bytes to text: character sets as pages declare them, rightly or wrongly, and characters that no text may hold."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.hkcnews.text import clean, decode_page, one_line
from tests.hkcnews.cases import Case, page_with

WORDS = "眾新聞：「冼伯與區老大」互換渡輪。"
HEAD = "<html><head>{}</head><body>"
META = '<meta charset="{}">'
PADDING = "<!-- " + "template " * 2000 + "-->"
BROKEN = WORDS.encode() + b"\xe7\x9c" + WORDS.encode()


@pytest.mark.parametrize(
    ("body", "content_type", "encoding", "replaced"),
    [
        (WORDS.encode(), "text/html; charset=utf-8", "utf-8", 0),
        (WORDS.encode(), "", "utf-8", 0),
        (WORDS.encode(), "text/html; charset=iso-8859-1", "utf-8", 0),
        (WORDS.encode(), "text/html; charset=big5", "utf-8", 0),
        (META.format("big5").encode() + WORDS.encode(), "", "utf-8", 0),
        (WORDS.encode(), "text/html; charset=nonsense", "utf-8", 0),
        (BROKEN, "text/html; charset=utf-8", "utf-8", 1),
        (BROKEN, "text/html; charset=iso-8859-1", "utf-8", 1),
        (BROKEN, "text/html; charset=gb18030", "utf-8", 1),
        (BROKEN, "", "utf-8", 1),
        (WORDS.encode("big5"), "text/html; charset=big5", "big5hkscs", 0),
        (WORDS.encode("big5"), "text/html; charset=Big5-HKSCS", "big5hkscs", 0),
        (META.format("big5").encode() + WORDS.encode("big5"), "", "big5hkscs", 0),
        (META.format("big5").encode() + PADDING.encode() + WORDS.encode("big5"), "", "big5hkscs", 0),
        (META.format("big5").encode() + WORDS.encode("big5"), "text/html; charset=iso-8859-1", "big5hkscs", 0),
        (WORDS.encode("big5"), "text/html; charset=utf-8", "big5hkscs", 0),
        (WORDS.encode("big5") * 3 + b"\xff" + WORDS.encode("big5"), "text/html; charset=big5", "big5hkscs", 1),
        ("𨋢裏嘅嘢".encode("big5hkscs"), "", "big5hkscs", 0),
        (WORDS.encode("gb18030"), "text/html; charset=gb18030", "gb18030", 0),
        (WORDS.encode("gb18030"), "text/html; charset=gb2312", "gb18030", 0),
        (b"\xef\xbb\xbf" + WORDS.encode(), "text/html; charset=big5", "utf-8", 0),
        (b"\xff\xfe" + WORDS.encode("utf-16-le"), "text/html; charset=utf-8", "utf-16-le", 0),
        (b"\xfe\xff" + WORDS.encode("utf-16-be"), "", "utf-16-be", 0),
        (b"caf\xe9", "text/html; charset=iso-8859-1", "cp1252", 0),
        (b"", "", "utf-8", 0),
    ],
)
def test_character_sets(body: bytes, content_type: str, encoding: str, replaced: int) -> None:
    page = decode_page(body, content_type)
    assert (page.encoding, page.replaced) == (encoding, replaced)
    shown = re.sub(r"<[^<>]*>", "", page.text)
    assert shown.startswith(("眾新聞：「冼伯", "𨋢裏嘅嘢", "café")) or not body


@given(
    st.binary(max_size=300),
    st.sampled_from(
        [
            "",
            "text/html; charset=utf-8",
            "text/html; charset=big5",
            "charset=x",
            "text/html; charset=idna",
            "text/html; charset=unicode_escape",
        ]
    ),
)
def test_any_bytes_are_some_text(body: bytes, content_type: str) -> None:
    text = decode_page(body, content_type).text
    assert clean(text) == text
    text.encode()


@pytest.mark.parametrize(
    ("dirty", "plain"),
    [
        ("a\x00b\x08c\x0bd\x1ce\x1ff\x7fg\x85h\x9fi", "abcdefghi"),
        ("a\ud800b\udfffc", "abc"),
        ("a\ufdd0b\ufdd5c\ufdefd\ufffee\uffff", "abcde"),
        ("a\tb\nc\rd\x0ce", "a\tb\nc\rd e"),
        ("　甲\u00a0乙\u200b丙\ufeff丁\u2028戊𨋢😀\ufffd", "　甲\u00a0乙\u200b丙\ufeff丁\u2028戊𨋢😀\ufffd"),
    ],
)
def test_what_is_never_text(dirty: str, plain: str) -> None:
    assert clean(dirty) == plain


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" a \n\t b ", "a b"),
        ("　甲　乙　", "甲　乙"),
        ("\u00a0\u200b甲\u00a0乙\ufeff ", "\u200b甲\u00a0乙\ufeff"),
        ("\u200b \ufeff\u200b", ""),
        ("a\x00\x00b", "ab"),
        ("\u00a0\u3000", ""),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_no_reference_on_a_page_brings_junk_back() -> None:
    """Character references to controls, surrogates and noncharacters are read by the parser, after the bytes were cleaned."""
    hostile = "&#x1;&#8;&#x7f;&#x80;&#xD800;&#xDFFF;&#xFDD0;&#xFDD1;&#xFDD5;&#xFFFE;&#x1FFFF;&#0;&#x110000;"
    article = page_with(f"<p>甲{hostile}乙</p>", title=f"題{hostile}目").having(("記者甄小帆", f"記者{hostile}甄")).article()
    for text in (article.body, article.title, article.author):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]", text)
    assert article.body.startswith("甲")
    assert article.body.endswith("乙")


@pytest.mark.parametrize("encoding", ["big5", "utf-16", "utf-8-sig", "gb18030"])
def test_a_page_in_another_character_set_is_recovered(encoding: str) -> None:
    html = page_with("<p>渡輪互換一天。</p>").html.replace('<meta charset="utf-8">', "")
    article = Case(html.encode(encoding), content_type=f"text/html; charset={encoding.removesuffix('-sig')}").article()
    assert (article.title, article.body) == ("燈塔日誌", "渡輪互換一天。")


def test_nul_bytes_do_no_harm() -> None:
    case = page_with("<p>甲乙</p>")
    assert Case(case.page.replace("甲".encode(), "甲\x00".encode())).article().body == "甲乙"
