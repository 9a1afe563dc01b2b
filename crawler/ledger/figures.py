"""The ledger on runs and on averages: the last run, and what an article has come to so far in requests and bytes."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.ledger.file import LedgerFile


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
        query = "SELECT id, started, coalesce(ended, ''), status, coalesce(verdict, '') FROM run ORDER BY id DESC LIMIT 1"
        row = self._db.execute(query).fetchone()
        return LastRun(*row) if row else None

    def asked_for(self) -> tuple[int, int]:
        """How many articles captures were asked for of, and with how many requests."""
        query = "SELECT count(DISTINCT capture.article), count(*) FROM attempt JOIN capture ON capture.id = attempt.capture"
        articles, requests = self._db.execute(query).fetchone()
        return int(articles), int(requests)

    def stored(self) -> tuple[int, int]:
        """How many articles have captures in the store, and how many bytes these have there."""
        query = "SELECT count(DISTINCT article), coalesce(sum(warc_length), 0) FROM capture WHERE coalesce(warc, '') != ''"
        articles, size = self._db.execute(query).fetchone()
        return int(articles), int(size)

    def shown_images(self) -> tuple[int, int]:
        """Of how many articles the images are known, and how many images they have."""
        query = "SELECT (SELECT count(*) FROM image_list), (SELECT count(*) FROM image)"
        articles, images = self._db.execute(query).fetchone()
        return int(articles), int(images)

    def readable(self, since: str = "", until: str = "") -> set[int]:
        """Articles with a capture of this time in the store or in a file of web archives that is an article, or was not judged yet."""
        query = (
            "SELECT DISTINCT article FROM capture WHERE (coalesce(warc, '') != '' OR held IS NOT NULL)"
            " AND coalesce(verdict, 'article') = 'article' AND timestamp >= ? AND (? = '' OR substr(timestamp, 1, length(?)) <= ?)"
        )
        return {article for (article,) in self._db.execute(query, (since, until, until, until))}
