"""The ledger on runs and on averages. Nothing is written here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from crawler.ledger.file import LedgerFile
from crawler.ledger.rows import STORED, State

RUN = "SELECT id, started, coalesce(ended, ''), status, coalesce(verdict, ''), arguments, version FROM run"
_FETCHED = "capture WHERE id IN (SELECT capture FROM attempt WHERE run = ?)"
_OF_RUN = {
    "answer": "attempt WHERE run = ?",
    "verdict": f"{_FETCHED} AND verdict IS NOT NULL",
    "digest_result": f"{_FETCHED} AND coalesce(digest_result, '') != ''",
}


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run. `ended` is empty and `status` None while it is under way, and for ever when it was killed; `arguments` as
    they were given."""

    id: int
    started: str
    ended: str = ""
    status: int | None = None
    verdict: str = ""
    arguments: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class FieldCount:
    """Of how many articles that a run recovered how many lack a field; and of those recovered before it."""

    of: int
    missing: int
    earlier: int
    earlier_missing: int


class Figures(LedgerFile):
    """Sums over what was done, in one run and in all."""

    def last_run(self) -> RunRow | None:
        """The newest run; None before the first."""
        return next(self._rows(RunRow, f"{RUN} ORDER BY id DESC LIMIT 1"), None)

    def run_times(self, run: int) -> tuple[str, str]:
        """When a run began and ended (ISO 8601, UTC); the second is empty while it goes on."""
        return self._pair("SELECT started, coalesce(ended, '') FROM run WHERE id = ?", run)

    def run_counts(self, run: int, column: str) -> dict[str, int]:
        """Most frequent first: the `answer` to a run's requests for captures, or `verdict` or `digest_result` of those
        that it fetched; redirects and jumps are among them."""
        return self._counts(column, _OF_RUN[column], run)

    def settled_in_run(self, run: int, state: State) -> set[int]:
        """The articles in a state that a run put there."""
        return set(self._column("SELECT id FROM article WHERE run = ? AND state = ?", run, state))

    def field_counts(self, run: int, names: Collection[str]) -> dict[str, FieldCount]:
        """For each field how many recovered articles lack it, of this run and of the earlier ones."""
        missing = ", ".join(f"count(*) FILTER (WHERE json_extract(sources, '$.{name}') IS NULL)" for name in names)
        query = f"SELECT count(*), {missing} FROM article WHERE state = 'recovered' AND run"
        of, *now = self._row(f"{query} = ?", run)
        earlier, *before = self._row(f"{query} < ?", run)
        return {name: FieldCount(of, now[place], earlier, before[place]) for place, name in enumerate(names)}

    def listed_so_far(self) -> tuple[int, int]:
        """Rows of the index that all listings have brought, and the number of the newest capture."""
        return self._pair(
            "SELECT (SELECT coalesce(sum(rows), 0) FROM listing_page), (SELECT coalesce(max(id), 0) FROM capture)"
        )

    def listed_after(self, capture: int) -> int:
        """How many captures a listing brought that came to be known after this one."""
        return int(self._value("SELECT count(*) FROM capture WHERE id > ? AND found = 'listed'", capture))

    def requests_so_far(self) -> tuple[int, int]:
        """How many articles captures were asked for of, and with how many requests."""
        return self._pair(
            "SELECT count(DISTINCT article), count(*) FROM attempt JOIN capture ON capture.id = attempt.capture"
        )

    def stored(self) -> tuple[int, int]:
        """How many articles have captures in the store, and how many bytes these have there."""
        return self._pair(f"SELECT count(DISTINCT article), coalesce(sum(warc_length), 0) FROM capture WHERE {STORED}")

    def shown_images(self) -> tuple[int, int]:
        """Of how many articles the images are known, and how many images they have."""
        return self._pair("SELECT (SELECT count(*) FROM image_list), (SELECT count(*) FROM image)")

    def readable_articles(self, since: str = "", until: str = "") -> set[int]:
        """Articles with a stored capture of this time, here or in a file, that is an article or was not judged yet."""
        query = f"""
            SELECT DISTINCT article FROM capture
            WHERE ({STORED} OR held IS NOT NULL) AND coalesce(verdict, 'article') = 'article'
                AND timestamp >= ?1 AND (?2 = '' OR substr(timestamp, 1, length(?2)) <= ?2)"""
        return set(self._column(query, since, until))
