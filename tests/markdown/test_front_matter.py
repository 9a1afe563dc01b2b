"""Front matter: one line for each value, and any text in any field reads back the same or is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crawler.markdown import front_matter as frontmatter
from crawler.markdown.article import Article
from crawler.markdown.front_matter import FrontMatterError, fields_of, front_matter
from tests.walking import walked

PUBLIC = "https://web.archive.org/web"
FULL = Article(
    id=5,
    timestamp="20200102030405",
    original="https://www.hkcnews.com/article/5/%E7%94%B2",
    title="題　「目」",
    date="2020-01-01",
    last_updated="2020-01-02 03:04:05",
    author="記者甲",
    category="眾聞",
    tags=("一", "𨋢"),
)


def loaded(text: str) -> Any:
    """What a strict loader reads between the two lines of hyphens."""
    assert text.startswith("---\n")
    assert text.endswith("\n---\n")
    return yaml.safe_load(text.removeprefix("---\n").removesuffix("---\n"))


def test_the_whole() -> None:
    assert (
        front_matter(fields_of(FULL, PUBLIC))
        == '---\ntitle: "題　「目」"\ndate: "2020-01-01"\nlast_updated: "2020-01-02 03:04:05"\nauthor:'
        ' "記者甲"\ncategory: "眾聞"\ntags:\n  - "一"\n  - "𨋢"\nurl:'
        ' "https://web.archive.org/web/20200102030405/https://www.hkcnews.com/article/5/%E7%94%B2"\noriginal_url:'
        ' "https://www.hkcnews.com/article/5/%E7%94%B2"\n---\n'
    )


def test_what_is_empty_is_absent() -> None:
    bare = replace(FULL, date="", last_updated="", author="", category="", tags=())
    assert list(loaded(front_matter(fields_of(bare, PUBLIC)))) == ["title", "url", "original_url"]


@walked("field", ["date", "last_updated", "author", "category"])
def test_each_may_be_absent_and_the_order_stays(field: str) -> None:
    order = ["title", "date", "last_updated", "author", "category", "tags", "url", "original_url"]
    order.remove(field)
    without: dict[str, Any] = {field: ""}
    assert list(loaded(front_matter(fields_of(replace(FULL, **without), PUBLIC)))) == order


HOSTILE = [
    'x"\nauthor: "evil',
    "---",
    "\n---\n",
    "...",
    "{{< script >}}",
    "<script>alert(1)</script>",
    "\\",
    '"',
    "'",
    "\\n",
    "null",
    "2020-01-01",
    "yes",
    "12:30",
    "0x1F",
    "~",
    "- a",
    "a: b",
    "# a",
    "%TAG",
    "&a *b !c |d >e @f `g",
    " a ",
    "\ta\r\nb",
    "x" * 5000,
    "字" * 500 + " " + "詞" * 500,
    "\u0085\u2028\u2029\ufeff",
    "\x00\x07\x1b\x7f\x9f",
    "𨋢😀\U0010fffd",
    "\u200b\u00a0\u3000\u200f\ue000",
]


@walked("text", HOSTILE)
def test_hostile_titles_stay_titles(text: str) -> None:
    values = fields_of(replace(FULL, title=text, tags=(text, text)), PUBLIC)
    try:
        written = front_matter(values)
    except FrontMatterError:
        assert re.search("[\x00-\x1f\x7f-\x9f]", text)
        return
    assert loaded(written) == values
    assert len(written.split("\n")) == 13


TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Turn the direction of the text after them; written as escapes."""
TEXT = st.text(st.characters(exclude_categories=[]), max_size=40)


@given(TEXT, TEXT, st.lists(TEXT, max_size=3), TEXT)
def test_any_text_reads_back_the_same_or_is_refused(title: str, author: str, tags: list[str], category: str) -> None:
    values = fields_of(replace(FULL, title=title, author=author, tags=tuple(tags), category=category), PUBLIC)
    try:
        written = front_matter(values)
    except FrontMatterError:
        return
    written.encode()
    assert loaded(written) == values
    assert list(loaded(written)) == list(values)
    lines = written.rstrip("\n").split("\n")
    assert len(lines) == 2 + len(values) + len(values.get("tags", []))
    assert all(re.fullmatch(r'---|tags:|(?:  -|[a-z_]+:) ".*"', line) for line in lines)
    assert written.splitlines() == lines


@given(
    st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"], exclude_characters=f'"\\\ufeff{TURNING}'),
        min_size=1,
    )
)
def test_characters_are_themselves(text: str) -> None:
    assert f'title: "{text}"\n' in front_matter(fields_of(replace(FULL, title=text), PUBLIC))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1))
def test_nothing_that_text_holds_is_refused(text: str) -> None:
    assert loaded(front_matter(fields_of(replace(FULL, title=text), PUBLIC)))["title"] == text


@given(TEXT, st.lists(TEXT, max_size=3))
def test_without_libyaml_the_file_is_the_same(text: str, tags: list[str]) -> None:
    values = fields_of(replace(FULL, title=text, tags=tuple(tags)), PUBLIC)
    with pytest.MonkeyPatch.context() as patch:
        try:
            written = front_matter(values)
        except FrontMatterError:
            return
        patch.setattr(frontmatter, "_DUMPER", yaml.SafeDumper)
        assert front_matter(values) == written


def test_an_empty_list_stays_one() -> None:
    values = {"title": "x", "tags": list[str]()}
    assert loaded(front_matter(values)) == values


def test_what_does_not_read_back_is_refused() -> None:
    with pytest.raises(FrontMatterError, match="does not load"):
        front_matter({"title": "\ud800"})
    with pytest.raises(FrontMatterError, match="not as"):
        front_matter({"title": "x", "tags": ("a", "b")})
