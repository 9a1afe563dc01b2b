"""The ledger on what files refer to: other articles and pictures, and whether by a local link."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crawler.ledger.file import LedgerFile


class References(LedgerFile):
    """What links and pictures in the files lead to. Of files in the seed's format nothing is kept: they never lead to each other."""

    def refer(self, article: int, articles: Mapping[int, bool], pictures: Mapping[str, bool]) -> None:
        """What an article's file refers to: articles by id, pictures by address; True where the link is local."""
        with self.batch():
            self._db.execute("DELETE FROM link WHERE article = ?", (article,))
            self._db.execute("DELETE FROM shown WHERE article = ?", (article,))
            self._db.executemany("INSERT INTO link VALUES (?, ?, ?)", ((article, target, local) for target, local in articles.items()))
            self._db.executemany("INSERT INTO shown VALUES (?, ?, ?)", ((article, url, local) for url, local in pictures.items()))

    def forget_references(self) -> None:
        """No file refers to others any more."""
        with self.batch():
            self._db.execute("DELETE FROM link")
            self._db.execute("DELETE FROM shown")

    def misled(self, is_there: Callable[[str], bool]) -> list[int]:
        """Recovered articles whose file has a local link to what is not there, or another link to what is; lowest id first.

        `is_there` tells it of pictures; articles are there when they are recovered.
        """
        found = {
            article
            for (article,) in self._db.execute(
                "SELECT DISTINCT link.article FROM link LEFT JOIN article AS target ON target.id = link.target"
                " WHERE link.local != coalesce(target.state = 'recovered', 0)"
            )
        }
        for url, local in self._db.execute("SELECT DISTINCT url, local FROM shown").fetchall():
            if is_there(url) != bool(local):
                query = "SELECT article FROM shown WHERE url = ? AND local = ?"
                found.update(article for (article,) in self._db.execute(query, (url, local)))
        return sorted(found & set(self.recovered_ids()))

    def recovered_ids(self) -> list[int]:
        """Recovered articles, lowest id first."""
        return [article for (article,) in self._db.execute("SELECT id FROM article WHERE state = 'recovered' ORDER BY id")]

    def rewritten(self, article: int, sha256: str) -> None:
        """An article's file was written anew from the same capture."""
        self._db.execute("UPDATE article SET sha256 = ? WHERE id = ?", (sha256, article))
