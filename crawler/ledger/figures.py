"""The ledger on runs and on averages."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from crawler.ledger.file import LedgerFile
from crawler.ledger.rows import State


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run. `ended` is empty and `status` None while it is under way, and for ever when it was killed."""

    id: int
    started: str
    ended: str = ""
    status: int | None = None
    verdict: str = ""


class Figures(LedgerFile):
    """Sums over what was done."""

    def last_run(self) -> LastRun | None:
        """The newest run; None before the first."""
        query = (
            "SELECT id, started, coalesce(ended, ''), status, coalesce(verdict, '') FROM run ORDER BY id DESC LIMIT 1"
        )
        row = self._db.execute(query).fetchone()
        return LastRun(*row) if row else None

    def asked_for(self) -> tuple[int, int]:
        """How many articles captures were asked for of, and with how many requests."""
        query = (
            "SELECT count(DISTINCT capture.article), count(*) FROM attempt JOIN capture ON capture.id = attempt.capture"
        )
        articles, requests = self._db.execute(query).fetchone()
        return int(articles), int(requests)

    def stored(self) -> tuple[int, int]:
        """How many articles have captures in the store, and how many bytes these have there."""
        query = (
            "SELECT count(DISTINCT article), coalesce(sum(warc_length), 0) FROM capture WHERE coalesce(warc, '') != ''"
        )
        articles, size = self._db.execute(query).fetchone()
        return int(articles), int(size)

    def shown_images(self) -> tuple[int, int]:
        """Of how many articles the images are known, and how many images they have."""
        query = "SELECT (SELECT count(*) FROM image_list), (SELECT count(*) FROM image)"
        articles, images = self._db.execute(query).fetchone()
        return int(articles), int(images)

    def readable(self, since: str = "", until: str = "") -> set[int]:
        """Articles with a capture of this time in the store or in a file of web archives that is an article, or was not
        judged yet."""
        query = (
            "SELECT DISTINCT article FROM capture WHERE (coalesce(warc, '') != '' OR held IS NOT NULL) AND"
            " coalesce(verdict, 'article') = 'article' AND timestamp >= ? AND (? = '' OR substr(timestamp, 1,"
            " length(?)) <= ?)"
        )
        return {article for (article,) in self._db.execute(query, (since, until, until, until))}


@dataclass(frozen=True, slots=True)
class FieldCount:
    """Of the articles that a run recovered, how many lack a field; and the same for the articles recovered before
    it."""

    of: int
    missing: int
    earlier: int
    earlier_missing: int


class Runs(LedgerFile):
    """What is known of single runs. Nothing is written here."""

    def run_times(self, run: int) -> tuple[str, str]:
        """When a run began and ended (ISO 8601, UTC); the second is empty while it goes on."""
        started, ended = self._db.execute("SELECT started, ended FROM run WHERE id = ?", (run,)).fetchone()
        return started, ended or ""

    def run_answers(self, run: int) -> dict[str, int]:
        """What a run's requests for captures were answered, most frequent first."""
        return self._counts("SELECT answer, count(*) FROM attempt WHERE run = ? GROUP BY answer", run)

    def run_verdicts(self, run: int) -> dict[str, int]:
        """What the captures that a run fetched were judged to be, most frequent first; redirects and jumps are among
        them."""
        return self._counts(
            "SELECT verdict, count(*) FROM capture WHERE id IN (SELECT capture FROM attempt WHERE run = ?) AND verdict"
            " IS NOT NULL GROUP BY verdict",
            run,
        )

    def run_digests(self, run: int) -> dict[str, int]:
        """How the captures that a run fetched compare with their digests, most frequent first."""
        return self._counts(
            "SELECT digest_result, count(*) FROM capture WHERE id IN (SELECT capture FROM attempt WHERE run = ?)"
            " AND coalesce(digest_result, '') != '' GROUP BY digest_result",
            run,
        )

    def settled_by(self, run: int, state: State) -> set[int]:
        """The articles in a state that a run put there."""
        return {
            article
            for (article,) in self._db.execute("SELECT id FROM article WHERE run = ? AND state = ?", (run, state))
        }

    def field_counts(self, run: int, names: Collection[str]) -> dict[str, FieldCount]:
        """For each field how many recovered articles lack it, of this run and of the earlier ones."""
        missing = ", ".join(f"count(*) FILTER (WHERE json_extract(sources, '$.{name}') IS NULL)" for name in names)
        query = f"SELECT count(*), {missing} FROM article WHERE state = 'recovered' AND run IS NOT NULL AND run"
        of, *now = self._db.execute(f"{query} = ?", (run,)).fetchone()
        earlier, *before = self._db.execute(f"{query} < ?", (run,)).fetchone()
        return {name: FieldCount(of, now[place], earlier, before[place]) for place, name in enumerate(names)}

    def listed_so_far(self) -> tuple[int, int]:
        """Rows of the index that all listings have brought, and the number of the newest capture."""
        (rows,) = self._db.execute("SELECT coalesce(sum(rows), 0) FROM listing_page").fetchone()
        (newest,) = self._db.execute("SELECT coalesce(max(id), 0) FROM capture").fetchone()
        return rows, newest

    def listed_after(self, capture: int) -> int:
        """How many captures a listing brought that came to be known after this one."""
        (number,) = self._db.execute(
            "SELECT count(*) FROM capture WHERE id > ? AND found = 'listed'", (capture,)
        ).fetchone()
        return int(number)

    def made_of(self) -> Iterator[tuple[int, int]]:
        """Recovered articles, each with the number of the capture that its file was made of."""
        yield from self._db.execute("SELECT id, capture FROM article WHERE state = 'recovered' AND capture IS NOT NULL")

    def _counts(self, query: str, run: int) -> dict[str, int]:
        return dict(self._db.execute(f"{query} ORDER BY count(*) DESC, 1", (run,)).fetchall())
