"""A whole tree: exactly what was planted is found, in exactly the files where it was, and what many files share."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pebble import ProcessExpired

from crawler.preserve import audit as auditing
from crawler.preserve.audit import CHUNK, Audit, audit_tree
from crawler.preserve.findings import REFETCH, AuditKind, Finding, Kind
from crawler.utils import workers as pools
from tests.preserve.drafts import PLANTS, WHOLE, Draft, compatible, place, sound, video

LONG = "一段很長的文字，說的是同一隻貓在同一座燈塔上看了同一個晚上的海，然後回家睡覺。"
JUNK = (AuditKind.NO_DATE, AuditKind.NO_CATEGORY)
SINGLE = [kind for kind in AuditKind if kind not in WHOLE]


def tree(folder: Path, *drafts: Draft) -> Audit:
    for draft in drafts:
        place(folder, draft)
    return audit_tree(folder, workers=1)


def found(audit: Audit) -> dict[int, set[Kind]]:
    """The kinds of each article that has any."""
    return {
        number: {finding.kind for finding in file.findings} for number, file in audit.files.items() if file.findings
    }


def with_text(number: int, *blocks: str, title: str = "") -> Draft:
    draft = sound(number)
    draft.blocks = [*blocks]
    if title:
        draft.fields["title"] = title
    return draft


@st.composite
def planted(draw: st.DrawFn) -> tuple[list[tuple[Draft, set[AuditKind]]], bool]:
    """Drafts with the kinds that each must be found to be of; and whether they lie in one folder."""
    numbers = draw(st.lists(st.integers(2, 49_930), min_size=1, max_size=24, unique=True))
    sharing = min(draw(st.integers(0, 20)), len(numbers))
    drafts: list[tuple[Draft, set[AuditKind]]] = []
    for count, number in enumerate(numbers):
        draft = sound(number)
        draft.note, draft.blogger = draw(st.booleans()), draw(st.booleans())
        if count < sharing:
            draft.blocks = [LONG]
            lacking = draw(st.sampled_from([(), (), JUNK[:1], JUNK[1:], JUNK]))
            for kind in lacking:
                draw(st.sampled_from(PLANTS[kind]))(draft)
            shared = AuditKind.SHARED_TEXT if len(lacking) == 2 else AuditKind.PUBLISHED_AGAIN
            drafts.append((draft, {*lacking, shared} if sharing > 1 else {*lacking}))
            continue
        alone = draw(st.sampled_from([None, None, None, *(kind for kind in WHOLE if kind in PLANTS)]))
        kinds = [alone] if alone else compatible(draw(st.lists(st.sampled_from(SINGLE), max_size=4)))
        for kind in kinds:
            draw(st.sampled_from(PLANTS[kind]))(draft)
        drafts.append((draft, set(kinds)))
    return drafts, draw(st.booleans())


@given(planted())
def test_exactly_what_was_planted_is_found(case: tuple[list[tuple[Draft, set[AuditKind]]], bool]) -> None:
    drafts, flat = case
    with tempfile.TemporaryDirectory() as folder:
        for draft, _ in drafts:
            place(Path(folder), draft, flat=flat)
        audit = audit_tree(Path(folder), workers=1)
    expected = {draft.number: kinds for draft, kinds in drafts if kinds}
    assert found(audit) == expected
    assert audit.refetch == {
        number for number, kinds in expected.items() if any(kind.class_ is REFETCH for kind in kinds)
    }
    assert sorted(audit.files) == sorted(draft.number for draft, _ in drafts)
    assert not audit.others
    assert not audit.unidentified
    counts = {kind: sum(kind in kinds for kinds in expected.values()) for kind in AuditKind}
    described = "\n".join(audit.describe())
    for kind, count in counts.items():
        assert f"\n{count:>7,}  {kind} " in described if count else f"  {kind} " not in described
    shown = audit.as_object()["kinds"]
    assert {kind: shown[kind.value]["count"] for kind in AuditKind} == counts
    assert all(
        shown[kind.value]["ids"] == sorted(number for number, kinds in expected.items() if kind in kinds)
        for kind in AuditKind
    )


# What many files share


@pytest.mark.parametrize(
    ("why", "make"),
    [
        ("a lone video", lambda number: with_text(number, video(number, "lamp"), title="直播")),
        (
            "a lone picture",
            lambda number: with_text(
                number, '<figure>\n<img src="https://x.example/a.jpg" alt="">\n</figure>', title="圖"
            ),
        ),
        ("a short text below different titles", lambda number: with_text(number, video(number, "lamp"), "詳見直播。")),
        (
            "a caption below different pictures",
            lambda number: with_text(number, f"![{LONG}](https://x.example/{number}.jpg)", LONG, title="漫畫"),
        ),
        ("links to different pages", lambda number: with_text(number, f"[{LONG}](https://x.example/{number})")),
        ("nothing but punctuation", lambda number: with_text(number, "……")),
        ("only note and blogger", sound),
    ],
)
def test_bodies_that_are_alike_and_not_the_same(tmp_path: Path, why: str, make: Callable[[int], Draft]) -> None:
    assert found(tree(tmp_path, *map(make, range(1, 6)))) == {}, why


@pytest.mark.parametrize(
    ("why", "make"),
    [
        ("a long text", lambda number: with_text(number, LONG)),
        ("but for the capture that it names", lambda number: with_text(number, LONG, video(number, "lamp"))),
        ("but for white space", lambda number: with_text(number, LONG.replace("，", "，" + "\n" * (number % 2)))),
        ("a short text below the same title", lambda number: with_text(number, "詳見直播。", title="直播")),
    ],
)
@pytest.mark.parametrize("ids", [2, 3, 20])
def test_articles_with_the_same_text_are_information_and_pages_with_it_that_lack_what_articles_have_are_junk(
    tmp_path: Path, why: str, make: Callable[[int], Draft], ids: int
) -> None:
    numbers = range(1, ids + 1)
    articles = tree(tmp_path / "articles", *map(make, numbers), sound(49))
    assert found(articles) == {number: {AuditKind.PUBLISHED_AGAIN} for number in numbers}, why
    assert articles.refetch == set()
    pages = [make(number) for number in numbers]
    for page in pages:
        del page.fields["date"], page.fields["category"]
    junk = tree(tmp_path / "junk", *pages, sound(49))
    assert found(junk) == {number: {AuditKind.SHARED_TEXT, *JUNK} for number in numbers}, why


def test_an_article_published_again_that_lost_something_is_due_for_that_alone(tmp_path: Path) -> None:
    drafts = [with_text(number, LONG) for number in range(1, 12)]
    PLANTS[AuditKind.NO_DATE][0](drafts[0])
    PLANTS[AuditKind.MOJIBAKE_ADDRESS][0](drafts[1])
    audit = tree(tmp_path, *drafts)
    assert found(audit)[1] == {AuditKind.NO_DATE, AuditKind.PUBLISHED_AGAIN}
    assert audit.refetch == {1}
    assert [finding.detail for finding in audit.files[5].findings] == ["also 1, 2, 3, 4, 6, 7, 8, 9, …"]


def test_of_two_files_the_one_whose_text_was_published_again_is_no_worse(tmp_path: Path) -> None:
    untidy = sound(5)
    PLANTS[AuditKind.RELATIVE_LINKS][0](untidy)
    place(tmp_path, untidy, flat=True)
    audit = tree(tmp_path, with_text(5, LONG), with_text(6, LONG))
    assert audit.files[5].file == "1-1000/article_5.md"


def test_a_page_that_is_known_as_junk_is_not_also_called_shared(tmp_path: Path) -> None:
    drafts = [sound(number) for number in range(1, 5)]
    for draft in drafts:
        PLANTS[AuditKind.OUTAGE_PAGE][1](draft)
    assert found(tree(tmp_path, *drafts)) == {number: {AuditKind.OUTAGE_PAGE} for number in range(1, 5)}


# Files of any name


def test_the_id_is_that_of_the_name_else_that_of_the_address(tmp_path: Path) -> None:
    for name, number in (("a.md", 5), ("deep/b.MD", 6), ("article_7.md", 7)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(sound(number).text(), "utf-8")
    only_url = sound(8)
    del only_url.fields["original_url"]
    (tmp_path / "c.md").write_text(only_url.text(), "utf-8")
    (tmp_path / "README.md").write_text("# About\n", "utf-8")
    (tmp_path / "notes.txt").write_text("no Markdown", "utf-8")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "article_9.md").write_text(sound(9).text(), "utf-8")
    audit = audit_tree(tmp_path, workers=1)
    assert {number: file.file for number, file in audit.files.items()} == {
        5: "a.md",
        6: "deep/b.MD",
        7: "article_7.md",
        8: "c.md",
    }
    assert found(audit) == {8: {AuditKind.NO_ADDRESS}}
    assert [named.file for named in audit.unidentified] == ["README.md"]
    assert audit.seen == 5


def test_the_best_file_of_an_article_speaks_for_it(tmp_path: Path) -> None:
    bad = sound(5)
    PLANTS[AuditKind.FAREWELL][0](bad)
    place(tmp_path, bad)
    place(tmp_path, sound(5), flat=True)
    audit = audit_tree(tmp_path, workers=1)
    assert audit.files[5].file == "article_5.md"
    assert audit.refetch == set()
    assert [named.file for named in audit.others] == ["1-1000/article_5.md"]


def test_what_is_no_file_or_leads_out_is_named_and_never_read(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "tree"
    outside.mkdir()
    place(outside, sound(1), flat=True)
    place(folder, sound(2), flat=True)
    (folder / "article_1.md").symlink_to(outside / "article_1.md")
    (folder / "linked").symlink_to(outside)
    (folder / "article_3.md").mkdir()
    (folder / "article_4.md").symlink_to("article_4.md")
    (folder / "article_5.md").symlink_to("nowhere")
    os.mkfifo(folder / "article_6.md")
    (folder / "article_7.md").write_bytes(b"\xff\xfe")
    audit = audit_tree(folder, workers=1)
    assert found(audit) == {number: {AuditKind.UNREADABLE} for number in (1, 3, 4, 5, 6, 7)}
    assert [named.file for named in audit.unidentified] == ["linked"]
    assert audit.refetch == {1, 3, 4, 5, 6, 7}


def test_a_tree_behind_a_link_is_read(tmp_path: Path) -> None:
    place(tmp_path / "real", sound(2))
    (tmp_path / "link").symlink_to("real")
    assert sorted(audit_tree(tmp_path / "link", workers=1).files) == [2]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_folder_that_may_not_be_listed_is_named(tmp_path: Path) -> None:
    place(tmp_path, sound(2), flat=True)
    (tmp_path / "closed").mkdir(mode=0)
    try:
        assert [named.file for named in audit_tree(tmp_path, workers=1).unidentified] == ["closed"]
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_several_processes_say_the_same_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "ENOUGH_FOR_ONE", 1)
    for number in range(1, CHUNK + 20):
        draft = sound(number)
        if number % 7 == 0:
            PLANTS[AuditKind.RELATIVE_LINKS][0](draft)
        place(tmp_path, draft)
    assert audit_tree(tmp_path, 2) == audit_tree(tmp_path, 1)


class _Pool:
    """Runs what it is given at once, but for chunks that hold a certain file."""

    error: BaseException
    timeouts: list[float]

    def __init__(self, **_: object) -> None:
        type(self).timeouts = []

    def schedule(self, function: Callable[..., object], args: list[Any], timeout: float) -> Future[object]:
        self.timeouts.append(timeout)
        future: Future[object] = Future()
        if any(file.file == "article_3.md" for file in args[1]):
            future.set_exception(self.error)
        else:
            future.set_result(function(*args))
        return future

    def close(self) -> None: ...

    def stop(self) -> None: ...

    def join(self) -> None: ...


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (TookTooLong(), "took too long to read"),
        (ProcessExpired("killed"), "stopped the process that read it"),  # type: ignore[no-untyped-call]
        (MemoryError(), "stopped the process that read it"),
    ],
)
def test_a_file_that_stops_its_reader_costs_itself_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, why: str
) -> None:
    monkeypatch.setattr(pools, "ProcessPool", _Pool)
    monkeypatch.setattr(_Pool, "error", error, raising=False)
    monkeypatch.setattr(auditing, "ENOUGH_FOR_ONE", 1)
    for number in range(1, 6):
        place(tmp_path, sound(number), flat=True)
    audit = audit_tree(tmp_path, 2)
    assert sorted(audit.files) == [1, 2, 3, 4, 5]
    assert list(audit.findings) == [(audit.files[3], Finding(AuditKind.UNREADABLE, why))]
    assert _Pool.timeouts == [auditing.CHUNK_SECONDS] + [auditing.FILE_SECONDS] * 5


# What is told of it


def test_the_table_is_safe_in_a_spreadsheet(tmp_path: Path) -> None:
    for number, name in ((5, "=HYPERLINK(1).md"), (6, '+a",\n.md')):
        draft = sound(number)
        del draft.fields["date"]
        (tmp_path / name).write_text(draft.text(), "utf-8")
    out = io.BytesIO()
    audit_tree(tmp_path, workers=1).write_csv(out)
    rows = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8"))))
    assert rows == [
        ["id", "file", "kind", "class", "detail"],
        ["5", "'=HYPERLINK(1).md", "no_date", "refetch", "the front matter has none"],
        ["6", "'+a\",\\n.md", "no_date", "refetch", "the front matter has none"],
    ]


def test_names_and_values_cannot_command_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "\x1b[2Jx.md").write_text("no id", "utf-8")
    (tmp_path / os.fsdecode(b"\xff.md")).write_text("no id", "utf-8")
    draft = sound(5)
    draft.fields["date"] = "\\x1b[2J2019"
    audit = tree(tmp_path, draft)
    told = "\n".join(audit.describe())
    assert "\\x1b[2Jx.md" in told
    assert "\\udcff.md" in told
    assert all(line.isprintable() for line in told.split("\n"))
    assert "\x1b" not in json.dumps(audit.as_object(), ensure_ascii=False)
    assert "\x1b" not in "".join(finding.detail for _, finding in audit.findings)


def test_many_examples_are_a_few(tmp_path: Path) -> None:
    drafts = [sound(number) for number in range(1, 9)]
    for draft in drafts:
        PLANTS[AuditKind.NO_DATE][0](draft)
    line = next(line for line in tree(tmp_path, *drafts).describe() if "no_date" in line)
    assert line.endswith("no date: 1, 2, 3, 4, 5, 6, …")


def test_an_audit_as_an_object_adds_up(tmp_path: Path) -> None:
    drafts = [*(sound(number) for number in range(1, 3)), with_text(3, LONG), with_text(4, LONG)]
    for plant in (PLANTS[AuditKind.NO_DATE][0], PLANTS[AuditKind.NO_CATEGORY][0], PLANTS[AuditKind.RELATIVE_LINKS][0]):
        plant(drafts[0])
    PLANTS[AuditKind.RELATIVE_LINKS][0](drafts[1])
    audit = tree(tmp_path, *drafts)
    shown = audit.as_object()
    assert (shown["files"], shown["articles"], shown["sound"], shown["refetch"]) == (4, 4, 3, [1])
    assert shown["classes"] == {
        "refetch": {"findings": 2, "articles": 1},
        "cosmetic": {"findings": 2, "articles": 2},
        "information": {"findings": 2, "articles": 2},
    }
    lines = list(audit.describe())
    heading = lines.index("For information, no defect and no reason for a request:")
    assert lines[heading + 1].split() == [
        "2",
        "published_again",
        *AuditKind.PUBLISHED_AGAIN.meaning.split()[:-1],
        "ids:",
        "3,",
        "4",
    ]
    assert shown["kinds"]["relative_links"] == {"class": "cosmetic", "count": 2, "ids": [1, 2]}
