"""Exact search for Chinese words of any length, against SQLite itself."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from crawler.publish.browse.rows import STOPS, match_of, spaced_text

TEXTS = (
    "立法會選舉押後一年，香港的碼頭仍然開放。",
    "港人前往香爐峰，COVID-19疫情下的Lighthouse重開。",
    "選舉與立法之會，ＡＢＣ公司；㐀字與𠮷野家。",
    "かもめは飛ぶ。한국어 뉴스. naïve café",
)
END = "\uf8fe"
HAN = "立法會選舉香港碼頭開放"


def search(texts: Sequence[str], *queries: str) -> list[list[int]]:
    """The numbers of the texts that each query finds."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(
            "CREATE VIRTUAL TABLE search USING fts5 (body, content='', tokenize='unicode61 remove_diacritics 0')"
        )
        db.executemany(
            "INSERT INTO search (rowid, body) VALUES (?, ?)", ((n, spaced_text(text)) for n, text in enumerate(texts))
        )
        return [[n for (n,) in db.execute(ASKED, (match,))] if (match := match_of(query)) else [] for query in queries]


ASKED = "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid"


FOUND: dict[str, list[int]] = {
    "香港": [0],
    "港": [0, 1],
    "會": [0, 2],
    "立法會選舉": [0],
    "選舉押後一年，香港": [0],
    "立法會": [0],
    "選舉 立法": [0, 2],
    "選舉 碼頭": [0],
    '"香爐峰"': [1],
    "「香爐峰」": [1],
    "香爐 峰": [1],
    "港香": [],
    "covid-19": [1],
    "covid-19疫情": [1],
    "疫情下的lighthouse": [1],
    "light": [],
    "ABC公司": [2],
    "ａｂｃ": [2],
    "㐀": [2],
    "𠮷野": [2],
    "かもめ": [3],
    "한국": [3],
    "naïve": [3],
    "naive": [],
    '"選舉 OR 碼頭"': [],
    "NOT 香港": [],
    "body:香港": [],
    "香港*": [0],
    "香港 OR 疫情": [],
    "^香港 - + ( )": [0],
    '香"港': [0, 1],
}


def test_words_and_phrases() -> None:
    assert search(TEXTS, *FOUND) == [*FOUND.values()]


def test_nothing_to_search_for() -> None:
    assert {match_of(query) for query in ("", " ", '"', '""', "，。", "*", "「」", "\x00", "\ud800", '" " "')} == {""}


@given(st.text(st.one_of(st.sampled_from('"*^:(){}-+~ANDORTNE 香港「」'), st.characters()), max_size=60))
def test_no_query_is_an_error(query: str) -> None:
    search(TEXTS[:1], query)


@given(st.text(st.sampled_from(HAN + "，。 \n"), min_size=1, max_size=40), st.data())
def test_every_stretch_of_characters_is_found_and_nothing_else(text: str, data: st.DataObject) -> None:
    sentences = "|".join(re.split("[，。\n]+", text.replace(" ", "")))
    begin = data.draw(st.integers(0, len(text) - 1))
    stretch = text[begin : begin + data.draw(st.integers(1, 6))]
    asked = "".join(char for char in stretch if char in HAN)
    other = data.draw(st.text(st.sampled_from(HAN), min_size=1, max_size=5))
    inside, beside = search([text], asked, other)
    assert bool(inside) == bool(asked and asked in sentences)
    assert bool(beside) == (other in sentences)


@given(st.text(max_size=80))
def test_what_is_indexed_is_the_text_in_compatible_forms(text: str) -> None:
    safe = "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text)
    without = "".join(" " if char in STOPS else char for char in safe)
    assert spaced_text(text).replace(" ", "").replace(END, "") == unicodedata.normalize("NFKC", without).replace(
        " ", ""
    ).replace(END, "")


def test_no_word_goes_over_the_end_of_a_sentence() -> None:
    for between in ("，", "。", "\n\n", "！？", "……"):
        found = search([f"我們是人{between}民主席說"], "人民", f"人{between.strip()}民", "我們是人", "民主席")
        assert found == [[], [0] if between.strip() else [], [0], [0]], between


def test_characters_that_few_fonts_have_are_found() -> None:
    for char in ("\U00031350", "\U0002ebf0", "\ue001", "𨋢"):
        assert search([f"港{char}", "港口"], char, f"港{char}") == [[0], [0]]
