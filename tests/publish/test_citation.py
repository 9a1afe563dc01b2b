"""Citations are read back by libraries for their formats: nothing in an article breaks out of its field."""

from __future__ import annotations

import json
import re

import rispy
from hypothesis import example, given
from hypothesis import strategies as st
from pybtex.database import parse_string

from crawler.publish.citation import Citation, as_bibtex, as_csl_json, as_ris, as_text

ROW = {
    "id": 101,
    "title": "立法會選舉押後",
    "author": "陳小明",
    "date": "2020-07-31",
    "captured": "2021-08-01T00:00:00Z",
    "url": "https://archive.example/web/20210801000000/https://www.hkcnews.com/article/101/x",
    "original_url": "https://www.hkcnews.com/article/101/x",
    "digest": "sha1:ABCDEFGH",
    "verified": 1,
}
EVIDENCE = (
    "captured 2021-08-01T00:00:00Z, by archive.example, originally at https://www.hkcnews.com/article/101/x,"
    " digest sha1:ABCDEFGH"
)
HOSTILE = '} 甲, title = {乙 \\input{x} %$#_&~^"@\r\nTY  - BOOK\r\nER  - \u2028<b>\x00'


def one_line(text: str) -> str:
    return Citation.of(ROW | {"title": text}).title


COMMANDS = {"backslash": "\\", "braceleft": "{", "braceright": "}", "asciitilde": "~", "asciicircum": "^"}


def shown(tex: str) -> str:
    """What TeX shows of a field; nothing in it may be a command or a sign of TeX's but for these."""
    assert re.fullmatch(r"\{?(?:[^\\{}$&#%_^~]|\\[$&#%_]|\\text[a-z]+\{\})*\}?", tex), tex
    return re.sub(
        r"\\text([a-z]+)\{\}|\\(.)",
        lambda found: found[2] or COMMANDS[found[1]],
        tex.removeprefix("{").removesuffix("}"),
    )


texts = st.text(st.one_of(st.sampled_from("{}\\$&#%_^~\"'@,= \r\n-香港TYER"), st.characters()), min_size=1, max_size=40)


@given(texts, texts)
@example(HOSTILE, HOSTILE)
def test_what_is_cited_reads_back(title: str, author: str) -> None:
    row = ROW | {"title": title, "author": author}
    cited, title, author = Citation.of(row), one_line(title), one_line(author)

    (item,) = json.loads(as_csl_json(cited))
    assert (item.get("title", ""), [each["literal"] for each in item.get("author", [])]) == (
        title,
        [author] * bool(author),
    )

    (entry,) = parse_string(as_bibtex(cited), "bibtex").entries.values()
    assert shown(entry.fields["title"]) == title
    assert [shown(str(person)) for person in entry.persons.get("author", [])] == [author] * bool(author)
    assert entry.fields["url"] == ROW["url"]
    assert set(entry.fields) == {"title", "organization", "date", "year", "url", "note"}

    (reference,) = rispy.loads(as_ris(cited).replace("\r\n", "\n"))
    assert (reference.get("title", ""), reference.get("authors", [])) == (title, [author] * bool(author))
    assert (reference["type_of_reference"], reference["notes"]) == ("ELEC", [EVIDENCE])
    assert len(as_text(cited).splitlines()) == 3
    assert as_text(cited).count(title) >= 2


def test_what_is_not_known_is_left_out() -> None:
    bare = Citation.of(dict.fromkeys(ROW) | {"id": 5, "title": "無題"})
    assert as_text(bare) == "〈無題〉，《眾新聞》，日期不詳。\n\n“無題”. Citizen News (眾新聞), n.d.\n"
    assert as_ris(bare).split("\r\n") == [
        "TY  - ELEC",
        "ID  - hkcnews-5",
        "TI  - 無題",
        "T2  - 眾新聞 Citizen News",
        "ER  - ",
        "",
    ]
    assert "=" not in as_bibtex(bare).replace("title = {{無題}}", "").replace("organization =", "")
    assert json.loads(as_csl_json(bare)) == [
        {"id": "hkcnews-5", "type": "article-newspaper", "title": "無題", "container-title": "眾新聞 Citizen News"}
    ]


def test_a_citation_says_which_capture_it_is_of() -> None:
    cited = Citation.of(ROW)
    chinese, _, english = as_text(cited).splitlines()
    assert chinese == (
        "陳小明：〈立法會選舉押後〉，《眾新聞》，2020年7月31日，archive.example存檔於 2021-08-01T00:00:00Z，"
        f"{ROW['url']}，原址 {ROW['original_url']}，摘要 sha1:ABCDEFGH。"
    )
    assert english == f"陳小明. “立法會選舉押後”. Citizen News (眾新聞), 2020-07-31. C{EVIDENCE[1:]}. {ROW['url']}"
    (item,) = json.loads(as_csl_json(cited))
    assert (item["issued"], item["URL"], item["archive"], item["note"]) == (
        {"date-parts": [[2020, 7, 31]]}, ROW["url"], "archive.example", EVIDENCE
    )  # fmt: skip
    mismatched = as_text(Citation.of(ROW | {"verified": 0}))
    assert "sha1:ABCDEFGH（所存位元組與之不符）" in mismatched
    assert "sha1:ABCDEFGH (not matched by the bytes kept here)" in mismatched
