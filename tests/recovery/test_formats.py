"""Formats by name, the one that a ledger remembers, and the extractor that its files are of."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.ledger import ArticleRow, Ledger, State
from crawler.markdown.style import ReadingStyle, SeedStyle, Video
from crawler.recovery import formats
from crawler.recovery.formats import Format, FormatName, Styles, as_bits, begin_change, format_of, written_in
from crawler.run.settings import read_format
from crawler.utils.exit_status import CommandError

LINKS = Format(FormatName.READING, Video.LINK)


def test_formats_are_read_and_named_by_their_settings() -> None:
    for name, video, format_, told in (
        ("seed", "shortcode", Format(), "FORMAT=seed"),
        ("reading", "shortcode", Format(FormatName.READING), "FORMAT=reading VIDEO=shortcode"),
        ("reading", "link", LINKS, "FORMAT=reading VIDEO=link"),
        ("hugo", "shortcode", Format(FormatName.HUGO), "FORMAT=hugo"),
    ):
        assert read_format({"FORMAT": name, "VIDEO": video}) == format_
        assert str(format_) == told
    for other in ("seed", "hugo"):
        with pytest.raises(CommandError, match="VIDEO=link: only FORMAT=reading"):
            read_format({"FORMAT": other, "VIDEO": "link"})


def test_the_ledger_remembers_the_format_while_it_tells_of_files(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        written_in(ledger, LINKS)
        assert format_of(ledger) == ""
        ledger.adopt([5], "elsewhere")
        ledger.settle(ArticleRow(5, State.RECOVERED), 1)
        assert format_of(ledger) == "FORMAT=reading VIDEO=link"
        begin_change(ledger, Format())
        assert format_of(ledger) == "FORMAT=seed (its change was broken off)"
        ledger.note_references(5, {6: True}, {})
        written_in(ledger, Format())
        assert (format_of(ledger), ledger.articles_with_stale_links(lambda _: False)) == ("FORMAT=seed", [])


def test_a_ledger_of_an_older_version_tells_of_the_seeds_files(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.adopt([5], "elsewhere")
        ledger.settle(ArticleRow(5, State.RECOVERED), 1)
        assert format_of(ledger) == "FORMAT=seed"


def test_styles_go_to_other_processes_and_know_what_came(tmp_path: Path) -> None:
    where = ("https://archive.example/web", "20210101000000", "https://www.hkcnews.com/article/5")
    seed, reading = Styles(Format(), tmp_path), Styles(LINKS, tmp_path)
    for styles in (seed, reading):
        styles.add(7)
    assert seed(*where) == SeedStyle(*where)
    style = pickle.loads(pickle.dumps(reading))(*where)
    assert isinstance(style, ReadingStyle)
    assert [style.link(f"/article/{article}") for article in (7, 8)] == [
        "article_7.md",
        "https://archive.example/web/20210101000000/https://www.hkcnews.com/article/8",
    ]
    assert style.video is Video.LINK


def test_articles_as_bits() -> None:
    for articles in ([], [0], [7, 8], [174, 49930, 99999, 174]):
        assert as_bits(articles) == sum(1 << article for article in set(articles))


# The extractor


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite", "https://archive.example") as made:
        yield made


def recover_one(ledger: Ledger) -> None:
    ledger.adopt([1], "")
    ledger.settle(ArticleRow(1, State.RECOVERED, file="x.md"), 1)


def test_the_id_stands_for_source_and_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    known = formats.extractor_id()
    assert len(known) == 64
    monkeypatch.setattr(formats, "version", lambda name: "another")
    formats.extractor_id.cache_clear()
    assert formats.extractor_id() != known
    monkeypatch.undo()
    formats.extractor_id.cache_clear()
    assert formats.extractor_id() == known


def test_a_new_tree_is_of_the_extractor_that_begins_it(ledger: Ledger) -> None:
    formats.note_extractor(ledger)
    recover_one(ledger)
    formats.note_extractor(ledger)
    assert formats.is_current_extractor(ledger)


@pytest.mark.parametrize("before", [None, "another"])
def test_files_that_are_added_to_those_of_another_make_it_of_several(ledger: Ledger, before: str | None) -> None:
    recover_one(ledger)
    if before is not None:
        ledger.set_meta(formats.EXTRACTOR_KEY, before)
    formats.note_extractor(ledger)
    assert not formats.is_current_extractor(ledger)
    assert ledger.meta(formats.EXTRACTOR_KEY) == ""


def test_after_everything_was_extracted_it_is_of_one_again(ledger: Ledger) -> None:
    recover_one(ledger)
    formats.note_extractor(ledger)
    ledger.set_meta(formats.EXTRACTOR_KEY, formats.extractor_id())
    formats.note_extractor(ledger)
    assert formats.is_current_extractor(ledger)
