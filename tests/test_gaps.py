"""Which articles are asked for that no listing has: read from lists and links, or between the ids that are known."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.gaps import Why, by_range, candidates, ids_in, linked


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ('<a href="/article/33951/x">', {33951}),
        ("<a href='https://www.hkcnews.com/article/33951'>", {33951}),
        (r'{"items": ["<a href=\"\/article\/40001\/%E7%87%88\">"]}', {40001}),
        (r'"https:\/\/hkcnews.com\/article\/40002"', {40002}),
        ("[燈](/web/20210712013906/https://hkcnews.com:80/article/174/-)", {174}),
        ("https://elsewhere.example/article/5 /article/6 article/7", set()),
        ("hkcnews.com/article/0 hkcnews.com/article/1234567890 hkcnews.com/article/100000", set()),
        ("", set()),
    ],
)
def test_articles_that_a_text_names(text: str, ids: set[int]) -> None:
    assert ids_in(text) == ids


def test_files_that_are_gone_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("[x](/web/20210712013906/https://hkcnews.com/article/9/y)", "utf-8")
    assert linked(tmp_path, ["a.md", "gone.md"]) == {9}


def test_the_best_evidence_first_then_the_smallest_holes() -> None:
    evidence = {Why.ON_A_LIST: {12, 5}, Why.LINKED: {5, 13, 40}}
    assert list(candidates([10, 12, 20, 22, 24], evidence, [23])) == [
        (5, Why.ON_A_LIST),
        (13, Why.LINKED),
        (40, Why.LINKED),
        (11, Why.BETWEEN),
        (21, Why.BETWEEN),
        *((article, Why.BETWEEN) for article in range(14, 20)),
    ]


def test_nothing_known_is_no_gap() -> None:
    assert list(candidates([], {}, [])) == []
    assert list(candidates([5], {}, [])) == []
    assert by_range([]) == []


@given(st.sets(st.integers(1, 300)), st.sets(st.integers(1, 300)), st.sets(st.integers(1, 300)), st.sets(st.integers(1, 300)))
def test_each_is_asked_for_once_and_never_what_is_known(known: set[int], listed: set[int], links: set[int], asked: set[int]) -> None:
    found = [article for article, _ in candidates(sorted(known), {Why.ON_A_LIST: listed, Why.LINKED: links}, asked)]
    assert len(found) == len(set(found))
    assert not set(found) & (known | asked)
    inside = set(range(min(known), max(known))) if known else set()
    assert set(found) == (listed | links | inside) - known - asked


def test_ranges_are_those_of_the_folders() -> None:
    assert by_range([1, 1000, 1001, 3001]) == [(1, 1000, 2), (1001, 2000, 1), (2001, 3000, 0), (3001, 4000, 1)]
