"""What pages say is said in both languages: every phrase is in the table, and no template has a word of its own."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.publish import words
from crawler.publish.words import FAULTS, TABLE, Bilingual, day_words, fault_words, month_words, say

PUBLISH = Path(words.__file__).parent
TEMPLATES = sorted(PUBLISH.rglob("*.html"))
SPEAKING = [*TEMPLATES, *sorted(PUBLISH.rglob("*.py")), *sorted(PUBLISH.rglob("*.js"))]
_SAID = re.compile(r'\bsay\(\s*"((?:[^"\\]|\\.)*)"')
_CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_QUOTED = re.compile(r'"([^"]*)"')
_CHINESE = re.compile("[\u3400-\u9fff]")
NAMES = {"Atom", "CSV", "JSON", "UTC", "citizen-news", "h", "B"}
"""What is the same in both languages."""
SPOKEN = ("alt", "aria-label", "title", "placeholder", "label", "summary", "content")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_each_phrase_is_in_both_languages_and_used() -> None:
    said = {phrase for path in SPEAKING for phrase in _SAID.findall(path.read_text("utf-8"))}
    texts = "".join(path.read_text("utf-8") for path in (*SPEAKING, *PUBLISH.parent.rglob("*.py")))
    assert said <= {*TABLE}
    assert [phrase for phrase in {*TABLE} - said if f'"{phrase}"' not in texts] == []
    for english, chinese in TABLE.items():
        assert chinese != english
        assert not _CHINESE.search(english)
        assert fields(english) - {"s"} == fields(chinese)
        assert ("{s}" not in english) or "n" in fields(english)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_word_of_its_own(path: Path) -> None:
    source = path.read_text("utf-8")
    assert not _CHINESE.search(source)
    tree = LexborHTMLParser(_CODE.sub(" ", source))
    texts = [node.text(deep=False) for node in tree.css("*") if node.tag not in ("style", "script")]
    texts += [node.attributes.get(name) or "" for node in tree.css("*") for name in SPOKEN if node.tag != "meta"]
    assert {word for text in texts for word in re.findall(r"[^\W\d_][\w-]*", text)} <= NAMES


def test_a_fault_is_said_in_both_languages_by_the_words_that_modules_say_it_in() -> None:
    texts = "".join(path.read_text("utf-8") for path in PUBLISH.parent.rglob("*.py"))
    for english, chinese in FAULTS.items():
        assert fields(english) == fields(chinese)
        # What is longest between values; a module may put it together of parts.
        literal = max((text for text, *_ in Formatter().parse(english)), key=len).strip("“” :(")
        said = (literal, literal.removeprefix("the date "), literal.split(": ")[-1])
        assert any(part in texts for part in said), english
    assert fault_words("3 bytes are not big5") == Bilingual("3 bytes are not big5", "有 3 個位元組不屬於 big5 編碼")
    assert fault_words("it cannot be read: {why}\n").zh == "無法讀取：{why}\n"
    assert fault_words("<b>") == Bilingual("<b>")


def test_a_phrase_is_put_together_in_each_language() -> None:
    assert say("{n} article{s}", n=1) == Bilingual("1 article", "1 篇文章")
    assert say("{n} article{s}", n=1234) == Bilingual("1,234 articles", "1,234 篇文章")
    assert say("{page} — Citizen News archive", page=say("Bylines")).en == "Bylines — Citizen News archive"
    assert say("{id}: {words}", id="{n}", words=say("Why")) == Bilingual("{n}: Why", "{n}：原因")
    assert Bilingual("a<b", "甲<乙").__html__() == (
        '<in-zh lang="zh-Hant-HK">甲&lt;乙</in-zh><in-en lang="en">a&lt;b</in-en>'
    )
    assert Bilingual("<CSV>").__html__() == "&lt;CSV&gt;"


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("2019-06-09", "9 June 2019", "2019年6月9日"),
        ("2019-02-31", "2019-02-31", ""),
        ("some day", "some day", ""),
        (None, "", ""),
    ],
)
def test_a_day_is_written_as_either_language_does(text: str | None, english: str, chinese: str) -> None:
    assert day_words(text) == Bilingual(english, chinese)


def test_a_month_is_too() -> None:
    assert month_words("2019-07") == Bilingual("July 2019", "2019年7月")
    assert month_words("2019-07", year=False) == Bilingual("Jul", "7月")
    assert month_words("2019-13") == Bilingual("2019-13")
