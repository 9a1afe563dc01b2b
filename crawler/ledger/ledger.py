"""The ledger: reads and writes. Each public method that writes is one transaction, or part of one opened by `batch`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from crawler.ledger.captures import Captures
from crawler.ledger.figures import Figures
from crawler.ledger.gaps import Gaps
from crawler.ledger.images import Images
from crawler.ledger.listings import Listings
from crawler.ledger.references import References
from crawler.ledger.rows import SETTLED, ArticleRow, State
from crawler.ledger.runs import Runs
from crawler.ledger.versions import Versions


class Ledger(Listings, Captures, Images, References, Gaps, Versions, Runs, Figures):
    """Runs and articles, beside listings, captures and images. Open with the path of its file; see `LedgerFile`."""

    def begin_run(self, arguments: Mapping[str, Any], version: str) -> int:
        cursor = self._db.execute(
            "INSERT INTO run (started, arguments, version) VALUES (?, ?, ?)", (self.moment(), json.dumps(dict(arguments)), version)
        )
        return int(cursor.lastrowid or 0)

    def end_run(self, run: int, status: int, verdict: str) -> None:
        self._db.execute("UPDATE run SET ended = ?, status = ?, verdict = ? WHERE id = ?", (self.moment(), status, verdict, run))

    def due(self, ids: Collection[int] | None = None) -> list[int]:
        """Articles that are not settled, lowest id first, but those that wait for the archive at the end; only these if `ids` is given."""
        cursor = self._db.execute(
            f"SELECT id FROM article WHERE state NOT IN ({', '.join('?' * len(SETTLED))}) ORDER BY state = 'waiting', id", SETTLED
        )
        return [i for (i,) in cursor if ids is None or i in ids]

    def article(self, article: int) -> ArticleRow | None:
        return next(self._articles("WHERE id = ?", (article,)), None)

    def articles(self, *states: State) -> Iterator[ArticleRow]:
        """Articles in these states, lowest id first; all without any."""
        marks = ", ".join("?" * len(states))
        return self._articles(f"WHERE state IN ({marks})" if states else "", states)

    def faulty(self) -> Iterator[ArticleRow]:
        """Recovered articles with a fault that is named, lowest id first."""
        return self._articles("WHERE state = ? AND faults != '[]'", (State.RECOVERED,))

    def files(self) -> Iterator[tuple[int, str]]:
        """The files of recovered articles, relative to the output directory."""
        yield from self._db.execute("SELECT id, file FROM article WHERE state = ? ORDER BY id", (State.RECOVERED,))

    def _articles(self, where: str, values: tuple[Any, ...]) -> Iterator[ArticleRow]:
        query = f"SELECT id, state, reason, capture, file, sha256, faults FROM article {where} ORDER BY id"
        for number, state, reason, capture, file, sha256, faults in self._db.execute(query, values):
            yield ArticleRow(number, State(state), reason, capture or 0, file or "", sha256 or "", tuple(json.loads(faults)))

    def counts(self) -> dict[State, int]:
        """How many articles stand where."""
        found = dict(self._db.execute("SELECT state, count(*) FROM article GROUP BY state").fetchall())
        return {state: int(found.get(state, 0)) for state in State}

    def reasons(self, state: State) -> dict[str, int]:
        """The reasons of articles in a state, most frequent first."""
        query = "SELECT reason, count(*) FROM article WHERE state = ? GROUP BY reason ORDER BY count(*) DESC, reason"
        return dict(self._db.execute(query, (state,)).fetchall())

    def settle(
        self,
        article: int,
        state: State,
        run: int,
        *,
        reason: str = "",
        capture: int | None = None,
        file: str | None = None,
        sha256: str | None = None,
        faults: Iterable[str] = (),
        sources: Mapping[str, str] | None = None,
    ) -> None:
        """Write down where an article stands now."""
        self._db.execute(
            "UPDATE article SET state = ?, reason = ?, capture = ?, file = ?, sha256 = ?, faults = ?, sources = ?, settled = ?, run = ?"
            " WHERE id = ?",
            (
                *(state, reason, capture, file, sha256),
                *(json.dumps(list(faults), ensure_ascii=False), json.dumps(dict(sources or {}), ensure_ascii=False)),
                *(self.moment(), run, article),
            ),
        )

    def adopt(self, ids: Iterable[int], where: str) -> int:
        """Settle articles that the user has elsewhere, listed or not; what was recovered here stays so. Gives how many are new so."""
        with self.batch():
            before = self.counts()[State.ADOPTED]
            for article in ids:
                self._db.execute("INSERT OR IGNORE INTO article (id, state) VALUES (?, 'listed')", (article,))
                self._db.execute(
                    "UPDATE article SET state = 'adopted', reason = ?, settled = ? WHERE id = ? AND state != 'recovered'",
                    (where, self.moment(), article),
                )
            return self.counts()[State.ADOPTED] - before

    def disown(self, ids: Iterable[int]) -> None:
        """Make articles due again that were adopted, and are no longer thought to be sound."""
        with self.batch():
            self._db.executemany("UPDATE article SET state = 'listed', reason = '' WHERE id = ? AND state = 'adopted'", ((i,) for i in ids))

    def reopen_unread(self, run: int) -> None:
        """Make articles due again that this run gave up because their pages could not be read: that is our fault, not theirs."""
        with self.batch():
            self._db.execute(
                "UPDATE article SET state = 'listed', reason = '', faults = '[]' WHERE run = ? AND state = 'unrecoverable'"
                " AND EXISTS (SELECT 1 FROM capture WHERE article = article.id AND verdict IN ('unknown_layout', 'extraction_failed'))",
                (run,),
            )
            self._db.execute(
                "UPDATE capture SET verdict = NULL, because = NULL WHERE verdict IN ('unknown_layout', 'extraction_failed')"
                " AND article IN (SELECT id FROM article WHERE state = 'listed')"
            )

    def reopen(self, ids: Iterable[int]) -> None:
        """Make these articles due again; what is known of their captures stays."""
        with self.batch():
            self._db.executemany("UPDATE article SET state = 'listed' WHERE id = ?", ((article,) for article in ids))

    def reopen_failed(self) -> int:
        """Make articles due again that were given up because a page could not be read here; gives their number."""
        ids = [i for (i,) in self._db.execute("SELECT DISTINCT article FROM capture WHERE verdict = 'extraction_failed'")]
        due = [i for i in ids if (row := self.article(i)) is not None and row.state is State.UNRECOVERABLE]
        self.reopen(due)
        return len(due)

    def again(self, ids: Iterable[int]) -> list[int]:
        """Make these articles due again, but for the recovered ones, which are given: they keep their files until something takes their
        place. Judgements of their captures are forgotten, what is in the store stays there."""
        recovered = []
        with self.batch():
            for article in ids:
                self._db.execute("UPDATE article SET state = 'listed' WHERE id = ? AND state != 'recovered'", (article,))
                self._db.execute("UPDATE capture SET verdict = NULL, because = NULL, answer = NULL WHERE article = ?", (article,))
                row = self.article(article)
                recovered += [article] if row is not None and row.state is State.RECOVERED else []
        return recovered
