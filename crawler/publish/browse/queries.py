"""What the pages of one article and of the whole archive ask archive.db for."""

import json
import sqlite3
from collections import Counter
from typing import Any

from crawler.publish.addresses import calendar_address, replay_address
from crawler.publish.browse.catalogue import Facet
from crawler.publish.browse.rows import unpacked
from crawler.publish.browse.search import ListQuery, Search, records


def article(db: sqlite3.Connection, number: int) -> dict[str, Any] | None:
    """Everything about one article, by column, with its `tags` and its `faults` as lists; None when it is not in the
    archive."""
    sql = "SELECT article.*, text.body FROM article JOIN text ON text.article = id WHERE id = ?"
    for found in records(db, sql, (number,)):
        tags = [name for (name,) in db.execute("SELECT name FROM tag WHERE article = ? ORDER BY name", (number,))]
        return {**found, "body": unpacked(found["body"]), "tags": tags, "faults": json.loads(found["faults"])}
    return None


def is_known(db: sqlite3.Connection, number: int) -> bool:
    """Whether the article is in the archive."""
    return db.execute("SELECT 1 FROM article WHERE id = ?", (number,)).fetchone() is not None


def has_page(db: sqlite3.Connection, number: int) -> bool:
    """Whether the article is in the archive, or known to be missing."""
    sql = "SELECT 1 FROM article WHERE id = ?1 UNION SELECT 1 FROM missing WHERE article = ?1"
    return db.execute(sql, (number,)).fetchone() is not None


def neighbours(db: sqlite3.Connection, date: str | None, number: int) -> list[dict[str, Any] | None]:
    """The article before and the one after, by date and then id; those without a date stand before all others."""
    found = []
    for side, order in (("<", "DESC"), (">", "ASC")):
        if date is None:
            ways = [f"date IS NULL AND id {side} :id", *(["date IS NOT NULL"] if side == ">" else [])]
        else:
            ways = [f"(date, id) {side} (:date, :id)", *(["date IS NULL"] if side == "<" else [])]
        # A query for each, so that it goes by the index of dates.
        sql = f"SELECT id, title FROM article WHERE {{}} ORDER BY date {order}, id {order} LIMIT 1"
        rows = (records(db, sql.format(way), {"date": date, "id": number}) for way in ways)
        found.append(next((some[0] for some in rows if some), None))
    return found


def twins(db: sqlite3.Connection, number: int, text_sha256: str | None) -> list[dict[str, Any]]:
    """Other articles that say the same, title and text: the site published it under several ids."""
    return records(
        db,
        "SELECT id, date, category FROM article WHERE text_sha256 = ? AND id != ? ORDER BY id LIMIT 50",
        (text_sha256, number),
    )


def missing(db: sqlite3.Connection, number: int) -> dict[str, Any] | None:
    """What the ledger knows of an article that is not here: `state`, `reason`; `captures` with the `address` of each
    one's replay, `more` beside them; None when it knows nothing."""
    for found in records(db, "SELECT * FROM missing WHERE article = ?", (number,)):
        captures = [
            {**each, "address": replay_address(each["replay"], each["timestamp"], each["original"])}
            for each in json.loads(found["captures"])
        ]
        public = db.execute("SELECT value FROM meta WHERE key = 'archive'").fetchone()
        return {**found, "captures": captures, "calendar": calendar_address(public[0] if public else "", number)}
    return None


def beside(db: sqlite3.Connection, number: int) -> list[dict[str, Any] | None]:
    """The articles that are here with the next lower and the next higher id."""
    sides = (("<", "DESC"), (">", "ASC"))
    found = (
        records(db, f"SELECT id, title FROM article WHERE id {side} ? ORDER BY id {order} LIMIT 1", (number,))
        for side, order in sides
    )
    return [rows[0] if rows else None for rows in found]


def versions(db: sqlite3.Connection, number: int) -> list[dict[str, Any]]:
    """The captures of an article by their time, where they do not all say the same: `text` numbers the texts that they
    have, oldest first; `same` captures have it. `address`: of its replay, or empty."""
    rows = records(db, "SELECT * FROM version WHERE article = ? ORDER BY timestamp, original", (number,))
    counts = Counter(row["sha256"] for row in rows)
    texts = [*counts]
    if len(texts) < 2:
        return []
    return [
        {
            "timestamp": row["timestamp"],
            "address": replay_address(row["replay"] or "", row["timestamp"], row["original"]),
            "text": texts.index(row["sha256"]) + 1,
            "same": counts[row["sha256"]],
        }
        for row in rows
    ]


def overview(db: sqlite3.Connection) -> dict[str, Any]:
    """What archive.db holds in all: numbers of articles, and of each category and year."""
    (found,) = records(
        db,
        "SELECT count(*) AS articles, min(nullif(date, '')) AS first, max(date) AS last,"
        " count(*) - count(nullif(date, '')) AS undated, total(verified = 1) AS verified,"
        " total(verified = 0) AS mismatched, total(coalesce(faults, '[]') != '[]') AS faulty,"
        " count(DISTINCT nullif(author, '')) AS authors,"
        " (SELECT count(DISTINCT name) FROM tag) AS tags FROM article",
    )
    everything = Search(db, ListQuery())
    return {**found, "categories": everything.values(Facet.CATEGORY), "years": everything.values(Facet.YEAR)}
