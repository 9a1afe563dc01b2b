"""What is the same, better and worse, field by field, between a file of others and one of ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from crawler.preserve.audit import audit_tree
from crawler.preserve.compare import ComparedField, Comparison, Result, compare_texts, sample_articles
from tests.preserve.drafts import Draft, place, sound

WORDS = "街坊說，燈塔員每晚都會上山點燈，風再大也沒有停過。"


def results(theirs: Draft, ours: Draft) -> dict[str, Result]:
    """What differs."""
    found = compare_texts(7, theirs.text(), ours.text())
    return {one.name: one.result for one in found if one.theirs or one.ours}


def changed(change: Callable[[Draft], object]) -> Draft:
    draft = sound(7)
    draft.blocks.append(WORDS)
    change(draft)
    return draft


def drop(name: str) -> Callable[[Draft], None]:
    return lambda draft: draft.fields.update({name: ""})


def test_the_same_is_equal_in_everything() -> None:
    whole = changed(lambda draft: None)
    assert [*compare_texts(7, whole.text(), whole.text())] == [
        ComparedField(name, Result.EQUAL)
        for name in (
            "title",
            "date",
            "last_updated",
            "author",
            "category",
            "tags",
            "text",
            "blocks",
            "pictures",
            "frames",
            "links",
            "tables",
        )
    ]


def test_what_one_side_lacks_is_the_others_gain() -> None:
    lacking: dict[str, Callable[[Draft], object]] = {
        "author": drop("author"),
        "date": drop("date"),
        "text": lambda draft: draft.blocks.remove(WORDS),
        "pictures": lambda draft: draft.blocks.pop(0),
        "tags": lambda draft: setattr(draft, "tags", ()),
    }
    whole = changed(lambda draft: None)
    for field, change in lacking.items():
        assert results(changed(change), whole)[field] is Result.BETTER
        assert results(whole, changed(change))[field] is Result.WORSE


def test_another_value_is_neither_better_nor_worse() -> None:
    assert results(changed(lambda draft: None), changed(lambda draft: draft.fields.update(author="記者冼海星"))) == {
        "author": Result.OTHER
    }


def test_their_known_defects_are_not_held_against_us() -> None:
    for defect in ("街坊說 [燈塔](https://x.example/) ", "街\x08坊說", "****街坊說", "[email protected] 街坊說"):
        theirs = changed(lambda draft, defect=defect: draft.finish.append(lambda text: text.replace("街坊說", defect)))  # type: ignore[misc]
        assert results(theirs, changed(lambda draft: None)).get("text", Result.BETTER) is Result.BETTER, defect


def test_the_same_words_in_other_blocks_are_told() -> None:
    theirs = changed(lambda draft: draft.finish.append(lambda text: text.replace("點燈，", "點燈，\n\n")))
    assert results(theirs, changed(lambda draft: None)) == {"blocks": Result.OTHER}


def test_white_space_and_emphasis_do_not_count() -> None:
    theirs = changed(
        lambda draft: draft.finish.append(
            lambda text: text.replace("燈塔員", "**燈塔員**").replace("風再大", "風 再大")
        )
    )
    assert results(theirs, changed(lambda draft: None)) == {}


def test_selectors_that_lose_bodies_do_not_fit() -> None:
    whole, less = sound(7).text(), changed(lambda draft: draft.blocks.clear()).text()
    same, lost = [*compare_texts(7, whole, whole)], [*compare_texts(7, whole, less)]
    assert Comparison(dict.fromkeys(range(10), same) | {1: lost}, {}).fits
    assert not Comparison(dict.fromkeys(range(10), same) | {1: lost, 2: lost}, {}).fits


def test_the_choice_is_spread_and_the_same_every_time(tmp_path: Path) -> None:
    for number in range(1, 50):
        draft = sound(number)
        draft.fields["date"] = f"{2017 + number // 10}-05-06"
        draft.fields["category"] = "眾聞" if number % 10 else "眾說"
        place(tmp_path, draft)
    audit = audit_tree(tmp_path, 1)
    chosen = sample_articles(audit, 10)
    assert chosen == sample_articles(audit, 10)
    assert len(set(chosen)) == 10
    assert {2017 + number // 10 for number in chosen} == {2017, 2018, 2019, 2020, 2021}
    assert any(number % 10 == 0 for number in chosen)
    assert sample_articles(audit, 500) == sorted(audit.files)
