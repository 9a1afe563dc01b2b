"""An output directory made by an older version: what was recovered is still there, and every command goes on with it.

`tests/fixtures/ledgers` has one for each schema of the ledger that a state of this software wrote, made by that
software: articles 174, 2045 and 4410 of the demo archive, crawled from the stand-in, packed without `run.lock`. No
state wrote schema 4: it came together with 5. A new schema needs a directory of its own here.
"""

from __future__ import annotations

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from crawler.ledger import Ledger, State
from crawler.ledger.file import VERSION
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import Run, command, crawl, run
from tests.standin import StandIn, load_sample

LEDGERS = Path(__file__).parents[1] / "fixtures" / "ledgers"
MADE = {int(path.name.removeprefix("schema-").removesuffix(".tar.xz")): path for path in sorted(LEDGERS.iterdir())}
RECOVERED = {174: "除夕渡輪加班", 2045: "【蛋撻節】"}
"""The recovered articles with the beginnings of their titles; 4410 was given up as not found."""


def test_each_schema_that_was_ever_written_has_a_directory() -> None:
    assert list(MADE) == [1, 2, 3, 5, VERSION]


@pytest.mark.parametrize("schema", MADE)
def test_a_directory_made_before_works_after(tmp_path: Path, schema: int) -> None:
    output = tmp_path / "output"
    with tarfile.open(MADE[schema]) as packed:
        packed.extractall(output, filter="data")
    with closing(sqlite3.connect(output / "ledger.sqlite")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (schema,)
    texts = articles(output)
    assert list(texts) == list(RECOVERED)

    def ours(name: str, *arguments: str) -> Run:
        given = {
            "OUTPUT_DIR": str(output),
            "ARCHIVE_URL": "http://127.0.0.1:9",
            "ARCHIVE_PUBLIC_URL": "https://archive.example",
        }
        done = run(command(name, *arguments, **given), output)
        assert done.status == 0, done.out + done.err
        return done

    status = json.loads(ours("status", "--json").out)
    assert [status[name] for name in ("listed", "recovered", "recovered_with_faults", "unrecoverable")] == [3, 2, 0, 1]
    assert "Nothing is wrong" in ours("verify").out
    assert articles(output) == texts
    with StandIn(load_sample(ARCHIVE)) as archive:
        again = crawl(archive, output, {"ids": "174,2045,4410"})
        assert again.status == 0, again.err
        assert archive.record.playback_requests() == []
    ours("extract")
    for number, text in articles(output).items():
        assert f"\n# {RECOVERED[number]}" in text
    with Ledger(output / "ledger.sqlite") as ledger:
        assert {row.id: row.state for row in ledger.articles()} == {
            **dict.fromkeys(RECOVERED, State.RECOVERED),
            4410: State.UNRECOVERABLE,
        }
    with closing(sqlite3.connect(output / "ledger.sqlite")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)


def articles(output: Path) -> dict[int, str]:
    """Every file of an article, by its id."""
    found = {
        int(path.stem.removeprefix("article_")): path.read_text("utf-8") for path in output.glob("articles/*/*.md")
    }
    return dict(sorted(found.items()))
