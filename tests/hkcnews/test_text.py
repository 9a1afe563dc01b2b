"""From bytes to text: character sets as pages declare them, rightly or wrongly, and characters that no text may
hold."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from crawler.hkcnews.text import clean, decode_again, decode_page, one_line
from tests.hkcnews.cases import Case, page_with
from tests.walking import walked

WORDS = "眾新聞：「冼伯與區老大」互換渡輪。"
HEAD = "<html><head>{}</head><body>"
META = '<meta charset="{}">'
PADDING = "<!-- " + "template " * 2000 + "-->"
BROKEN = WORDS.encode() + b"\xe7\x9c" + WORDS.encode()


@walked(
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


CHINESE = "渡輪碼頭的報攤今日休息，老闆說三月再開門。"
ENGLISH = "The kiosk’s keeper said “not today” – and left the café…"
SIGNS = "票價€5，比去年貴得多‧╔═▓在門牌之內。"
DOCUMENT = "<html><head><title>{0}</title></head><body><h1>{0}</h1><p>{0}</p></body></html>"
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


@walked(
    ("text", "coded", "declared", "guess"),
    [
        *(
            (CHINESE, "cp950", declared, "big5hkscs, the page says that it is")
            for declared in ("gb2312", "gbk", "shift_jis", "utf-8", "euc-kr")
        ),
        *(
            (CHINESE, "cp950", declared, "big5hkscs, the page does not say")
            for declared in ("", "iso-8859-1", "windows-1252", "utf-16")
        ),
        *(
            (CHINESE, "gb18030", declared, "gb18030, the page says that it is")
            for declared in ("big5", "big5-hkscs", "utf-8")
        ),
        (CHINESE, "gb18030", "", "gb18030, the page does not say"),
        *(
            (ENGLISH, "cp1252", declared, "cp1252, the page says that it is")
            for declared in ("utf-8", "big5", "gb2312")
        ),
        (ENGLISH, "cp1252", "", "cp1252, the page does not say"),
        ("The kiosk’s keeper is ill.", "cp1252", "", "cp1252, the page does not say"),
        (SIGNS, "cp950", "", "big5hkscs, the page does not say"),
        (SIGNS, "cp950", "gb2312", "big5hkscs, the page says that it is"),
        (SIGNS, "cp950", "big5", ""),
        ("票價\x80 5，比去年貴得多。", "gbk with the euro", "gbk", ""),
        (ENGLISH, "cp1252", "iso-8859-1", ""),
        *((CHINESE, wide, declared, "") for wide in WIDE for declared in ("", "utf-8", "utf-16", "big5")),
    ],
)
def test_a_page_is_what_it_is_whatever_it_says_and_a_guess_is_named(
    text: str, coded: str, declared: str, guess: str
) -> None:
    page = DOCUMENT.format(text)
    body = page.replace("\x80", "").encode("gbk").replace(b" 5", b"\x80 5") if "euro" in coded else page.encode(coded)
    got = decode_page(body, f"text/html; charset={declared}" if declared else "text/html")
    assert (got.text, got.replaced) == (page.replace("\x80", "€"), 0)
    assert guess in got.fault
    assert got.faults == ((got.fault,) if guess else ())


def sloppily(data: bytes) -> str:
    """Bytes read as Windows-1252 as browsers do: what has no character there is a control."""
    return "".join(bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in data)


@walked("text", [CHINESE, ENGLISH, SIGNS])
@walked("around", ["", "眾新聞報道，即時更新。"])
def test_what_was_encoded_twice_is_undone_and_named(text: str, around: str) -> None:
    page = DOCUMENT.format(text)
    for once in (sloppily(page.encode()), page.encode().decode("latin-1")):
        got = decode_page(around.encode() + once.encode(), "text/html; charset=utf-8")
        assert (got.text, got.replaced) == (around + page, 0)
        assert "encoded twice" in got.fault
    lossy = decode_page(page.encode().decode("cp1252", "replace").encode(), "")
    assert "encoded twice" in lossy.fault
    assert text is ENGLISH or lossy.replaced


@walked("wrongly", ["gb18030", "ptcp154", "cp1251", "kz1048"])
def test_a_heading_shows_that_a_page_was_encoded_twice_as_another_script(wrongly: str) -> None:
    page = page_with("<p>渡輪碼頭的報攤今日休息。</p><p>老闆說三月再開門，請各位街坊留意。</p>")
    recovered = Case(page.page.decode().encode().decode(wrongly, "replace").encode()).recovered()
    assert recovered.article is not None
    assert any("encoded twice" in fault for fault in recovered.article.faults)
    assert (recovered.article.title, recovered.article.body.count("渡輪碼頭")) == ("燈塔日誌", 1)


@walked(
    "text",
    [
        CHINESE,
        ENGLISH,
        SIGNS,
        "Ça va, naïve Zoë? “É” – Ã la carte, CAFÉ™, £5–£6, ½…",
        "Привет, мир — это не ошибка",
        "Τι κάνεις;",
    ],
)
def test_what_was_encoded_once_is_left_alone(text: str) -> None:
    page = DOCUMENT.format(text)
    got = decode_page(page.encode(), "")
    assert (got.text, got.faults) == (page, ())
    assert decode_again(got, text) is None


@walked("lost", ["\ufffd", "\u951f\u65a4\u62f7"])
def test_characters_that_were_lost_before_the_capture_are_named(lost: str) -> None:
    article = page_with(f"<p>渡輪{lost}頭。<a href='/article/5/{lost}'>去</a></p>").article()
    assert article.faults == ("1 characters were lost before the capture was made",)


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


@walked(
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


@walked(
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
    """Character references to controls, surrogates and noncharacters are read by the parser, after the bytes were
    cleaned."""
    hostile = "&#x1;&#8;&#x7f;&#x80;&#xD800;&#xDFFF;&#xFDD0;&#xFDD1;&#xFDD5;&#xFFFE;&#x1FFFF;&#0;&#x110000;"
    article = (
        page_with(f"<p>甲{hostile}乙</p>", title=f"題{hostile}目").having(("記者甄小帆", f"記者{hostile}甄")).article()
    )
    for text in (article.body, article.title, article.author):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]", text)
    assert article.body.startswith("甲")
    assert article.body.endswith("乙")


@walked("encoding", ["big5", "utf-16", "utf-8-sig", "gb18030"])
def test_a_page_in_another_character_set_is_recovered(encoding: str) -> None:
    html = page_with("<p>渡輪互換一天。</p>").html.replace('<meta charset="utf-8">', "")
    article = Case(html.encode(encoding), content_type=f"text/html; charset={encoding.removesuffix('-sig')}").article()
    assert (article.title, article.body) == ("燈塔日誌", "渡輪互換一天。")


def test_nul_bytes_do_no_harm() -> None:
    case = page_with("<p>甲乙</p>")
    assert Case(case.page.replace("甲".encode(), "甲\x00".encode())).article().body == "甲乙"
