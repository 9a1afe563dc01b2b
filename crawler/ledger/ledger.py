"""The ledger: articles, what files refer to, versions. Each public method that writes is one transaction, or part of
one of `batch`."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crawler.ledger.captures import Captures
from crawler.ledger.images import Images
from crawler.ledger.rows import SETTLED, STORED, ArticleRow, FieldCount, RunRow, State, placeholders

RUN = """
    SELECT id, started, coalesce(ended, ''), status, coalesce(verdict, ''),
        (SELECT coalesce(group_concat(key || '=' || value, ' '), '') FROM json_each(arguments)), version
    FROM run"""
_FETCHED = "capture WHERE id IN (SELECT capture FROM attempt WHERE run = ?)"
_OF_RUN = {
    "answer": "attempt WHERE run = ?",
    "verdict": f"{_FETCHED} AND verdict IS NOT NULL",
    "digest_result": f"{_FETCHED} AND coalesce(digest_result, '') != ''",
}
_VERSION = "SELECT article, timestamp, original, sha256, capture FROM version"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """What one capture says. `timestamp` and `original` as served; `sha256` of title and text, see
    crawler/markdown/reader.py; `capture` the ledger's id of the capture that led to it."""

    article: int
    timestamp: str
    original: str
    sha256: str
    capture: int


def _article_row(number: int, state: str, reason: str, capture: int, file: str, sha256: str, faults: str) -> ArticleRow:
    return ArticleRow(number, State(state), reason, capture, file, sha256, tuple(json.loads(faults)))


class Ledger(Captures, Images):
    """Runs, articles and sums over them, beside captures and images. Opened with its path; see `LedgerFile`."""

    def begin_run(self, arguments: Mapping[str, Any], version: str) -> int:
        values = (self.moment(), json.dumps(dict(arguments)), version)
        cursor = self._db.execute("INSERT INTO run (started, arguments, version) VALUES (?, ?, ?)", values)
        return int(cursor.lastrowid or 0)

    def end_run(self, run: int, status: int, verdict: str) -> None:
        values = (self.moment(), status, verdict, run)
        self._db.execute("UPDATE run SET ended = ?, status = ?, verdict = ? WHERE id = ?", values)

    def due(self, ids: Collection[int] | None = None) -> list[int]:
        """Articles that are not settled, lowest id first, those that wait for the archive last; only these `ids`."""
        query = f"SELECT id FROM article WHERE state NOT IN ({placeholders(SETTLED)}) ORDER BY state = 'waiting', id"
        return [article for article in self._column(query, *SETTLED) if ids is None or article in ids]

    def article(self, article: int) -> ArticleRow | None:
        return next(self._articles("id = ?", article), None)

    def articles(self, *states: State) -> Iterator[ArticleRow]:
        """Articles in these states, lowest id first; all without any."""
        return self._articles(f"state IN ({placeholders(states)})" if states else "true", *states)

    def faulty(self) -> Iterator[ArticleRow]:
        """Recovered articles with a fault that is named, lowest id first."""
        return self._articles("state = 'recovered' AND faults != '[]'")

    def files(self) -> Iterator[tuple[int, str]]:
        """The files of recovered articles, relative to the output directory."""
        yield from self._db.execute("SELECT id, file FROM article WHERE state = 'recovered' ORDER BY id")

    def recovered_ids(self) -> list[int]:
        """Recovered articles, lowest id first."""
        return self._column("SELECT id FROM article WHERE state = 'recovered' ORDER BY id")

    def _articles(self, which: str, *values: object) -> Iterator[ArticleRow]:
        query = f"""
            SELECT id, state, reason, coalesce(capture, 0), coalesce(file, ''), coalesce(sha256, ''), faults
            FROM article WHERE {which} ORDER BY id"""
        return self._rows(_article_row, query, *values)

    def counts(self) -> dict[State, int]:
        """How many articles stand where."""
        found = self._counts("state", "article")
        return {state: found.get(state, 0) for state in State}

    def reasons(self, state: State) -> dict[str, int]:
        """The reasons of articles in a state, most frequent first."""
        return self._counts("reason", "article WHERE state = ?", state)

    def settle(self, row: ArticleRow, run: int, sources: Mapping[str, str] | None = None) -> None:
        """Write down where an article stands now. `sources`: where on the page each of its fields was found."""
        as_json = (json.dumps(value, ensure_ascii=False) for value in (row.faults, dict(sources or {})))
        made_of = (row.capture or None, row.file or None, row.sha256 or None)
        self._db.execute(
            """UPDATE article SET state = ?, reason = ?, capture = ?, file = ?, sha256 = ?, faults = ?, sources = ?,
            settled = ?, run = ? WHERE id = ?""",
            (row.state, row.reason, *made_of, *as_json, self.moment(), run, row.id),
        )

    def adopt(self, ids: Iterable[int], where: str) -> int:
        """Settle articles that the user has elsewhere, but those recovered here. Gives how many are new so."""
        adopt = """
            INSERT INTO article (id, state, reason, settled) VALUES (?, 'adopted', ?, ?) ON CONFLICT (id) DO UPDATE
            SET state = excluded.state, reason = excluded.reason, settled = excluded.settled
            WHERE state != 'recovered'"""
        with self.batch():
            before = self.counts()[State.ADOPTED]
            self._db.executemany(adopt, ((article, where, self.moment()) for article in ids))
            return self.counts()[State.ADOPTED] - before

    def unadopt(self, ids: Iterable[int]) -> None:
        """Make articles due again that were adopted, and are no longer thought to be sound."""
        with self.batch():
            self._for_each("UPDATE article SET state = 'listed', reason = '' WHERE id = ? AND state = 'adopted'", ids)

    def reopen_unread(self, run: int) -> None:
        """Make articles due again that this run gave up because it could not read their pages: our fault."""
        unread = "verdict IN ('unknown_layout', 'extraction_failed')"
        with self.batch():
            self._db.execute(
                f"""UPDATE article SET state = 'listed', reason = '', faults = '[]'
                WHERE run = ? AND state = 'unrecoverable'
                    AND EXISTS (SELECT 1 FROM capture WHERE article = article.id AND {unread})""",
                (run,),
            )
            self._db.execute(
                f"""UPDATE capture SET verdict = NULL, because = NULL
                WHERE {unread} AND article IN (SELECT id FROM article WHERE state = 'listed')"""
            )

    def reopen(self, ids: Iterable[int]) -> None:
        """Make these articles due again; what is known of their captures stays."""
        with self.batch():
            self._for_each("UPDATE article SET state = 'listed' WHERE id = ?", ids)

    def reopen_failed(self) -> int:
        """Make articles due again that were given up because a page could not be read here; gives their number."""
        return self._db.execute("""
            UPDATE article SET state = 'listed' WHERE state = 'unrecoverable'
            AND EXISTS (SELECT 1 FROM capture WHERE article = article.id AND verdict = 'extraction_failed')""").rowcount

    def retry(self, ids: Iterable[int]) -> list[int]:
        """Make these articles due again, but for the recovered ones, which are given: they keep their files until
        something takes their place. Judgements of their captures are forgotten, what is in the store stays there."""
        articles = list(ids)
        with self.batch():
            self._for_each("UPDATE article SET state = 'listed' WHERE id = ? AND state != 'recovered'", articles)
            forget = "UPDATE capture SET verdict = NULL, because = NULL, answer = NULL WHERE article = ?"
            self._for_each(forget, articles)
        recovered = set(self.recovered_ids())
        return [article for article in articles if article in recovered]

    def rewritten(self, article: int, sha256: str) -> None:
        """An article's file was written anew from the same capture."""
        self._db.execute("UPDATE article SET sha256 = ? WHERE id = ?", (sha256, article))

    # What links and pictures in files lead to. Files in the seed's format never lead to each other: nothing is kept.

    def note_references(self, article: int, articles: Mapping[int, bool], pictures: Mapping[str, bool]) -> None:
        """What an article's file refers to: articles by id, pictures by address; True where the link is local."""
        links = ((article, target, local) for target, local in articles.items())
        shown = ((article, url, local) for url, local in pictures.items())
        with self.batch():
            self._db.execute("DELETE FROM link WHERE article = ?", (article,))
            self._db.execute("DELETE FROM shown WHERE article = ?", (article,))
            self._db.executemany("INSERT INTO link VALUES (?, ?, ?)", links)
            self._db.executemany("INSERT INTO shown VALUES (?, ?, ?)", shown)

    def forget_references(self) -> None:
        """No file refers to others any more."""
        with self.batch():
            self._db.execute("DELETE FROM link")
            self._db.execute("DELETE FROM shown")

    def articles_with_stale_links(self, is_there: Callable[[str], bool]) -> list[int]:
        """Recovered articles whose file has a local link to what is not there, or another link to what is; lowest id
        first. `is_there` tells it of pictures; articles are there when they are recovered."""
        stale = """
            SELECT DISTINCT link.article FROM link LEFT JOIN article AS target ON target.id = link.target
            WHERE link.local != coalesce(target.state = 'recovered', 0)"""
        found = set(self._column(stale))
        for url, local in self._db.execute("SELECT DISTINCT url, local FROM shown").fetchall():
            if is_there(url) != bool(local):
                found.update(self._column("SELECT article FROM shown WHERE url = ? AND local = ?", url, local))
        return sorted(found & set(self.recovered_ids()))

    # Title and text of every capture that was extracted

    def note_version(self, row: VersionRow) -> None:
        """A capture of an article was extracted; what was known of the same capture before is replaced."""
        values = (row.article, row.timestamp, row.original, row.sha256, row.capture)
        self._db.execute("INSERT OR REPLACE INTO version VALUES (?, ?, ?, ?, ?)", values)

    def renew_versions(self, article: int, captures: Iterable[int], rows: Iterable[VersionRow]) -> None:
        """What these captures of an article say, extracted anew; those without a row are no article any more."""
        gone = ((article, capture) for capture in captures)
        with self.batch():
            self._db.executemany("DELETE FROM version WHERE article = ? AND capture = ?", gone)
            for row in rows:
                self.note_version(row)

    def version_counts(self) -> dict[int, int]:
        """How many different texts the captures of each article have, of which any is known."""
        return dict(self._db.execute("SELECT article, count(DISTINCT sha256) FROM version GROUP BY 1 ORDER BY 1"))

    def versions(self, article: int) -> list[VersionRow]:
        """What the captures of an article say, earliest first."""
        return list(self._rows(VersionRow, f"{_VERSION} WHERE article = ? ORDER BY timestamp, original", article))

    def all_versions(self) -> Iterator[VersionRow]:
        """What all captures say, lowest article first, then earliest first."""
        return self._rows(VersionRow, f"{_VERSION} ORDER BY article, timestamp, original")

    def versions_replayed(self) -> Iterator[tuple[int, str, str, str, str]]:
        """All versions: (article, timestamp, original, SHA-256, address of the archive's replay), in that order."""
        yield from self._db.execute("""
            SELECT v.article, v.timestamp, v.original, v.sha256, coalesce(c.replay, s.replay, '') FROM version AS v
            LEFT JOIN capture AS c ON c.id = v.capture LEFT JOIN source AS s ON s.name = c.source
            ORDER BY v.article, v.timestamp, v.original""")

    # Sums over what was done, in one run and in all

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
