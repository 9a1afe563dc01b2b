"""The ledger on images: which ones recovered articles have, where each stands, and what the archive answered when it
was asked."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any

from crawler.ledger.file import LedgerFile
from crawler.ledger.rows import placeholders
from crawler.warc.writer import RecordLocation
from crawler.wayback.capture import Capture


class ImageState(StrEnum):
    """Where an image stands. WANTED: not done yet; WAITING: the archive had troubles of its own, the next run tries
    again."""

    WANTED = "wanted"
    HAVE = "have"
    MISSING = "missing"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class ImageRow:
    """An image and, when there is one, its file. `file` is relative to the output directory and tells images apart;
    `url` is the address as the first page that has it spells it. `timestamp` and `original` name the capture served,
    `digest` is that of the image's bytes (base32 SHA-1, as in an index), `size` their number, `place` where the store
    has them, `fault` what is known to be wrong."""

    file: str
    url: str
    state: ImageState = ImageState.WANTED
    reason: str = ""
    attempts: int = 0
    timestamp: str = ""
    original: str = ""
    digest: str = ""
    type: str = ""
    size: int = 0
    sha256: str = ""
    fault: str = ""
    place: RecordLocation | None = None


@dataclass(frozen=True, slots=True)
class ImageAnswer:
    """What an archive answered for an image: `answer` by its name, for a capture the archived `status`, what was
    served, and where the store has it; for what leads on, `target` as (timestamp, original). `coding` as declared."""

    answer: str
    status: int = 0
    timestamp: str = ""
    original: str = ""
    coding: str = ""
    target: tuple[str, str] | None = None
    place: RecordLocation | None = None


_STORED_AT = "warc, warc_offset, warc_length"
_SETTLED = ("state", "reason", "timestamp", "original", "digest", "type", "size", "sha256", "fault")
_settled_values = attrgetter(*_SETTLED)
_IMAGE = f"""
    SELECT file, url, state, reason, attempts, timestamp, original, digest, type, size, sha256, fault, {_STORED_AT}
    FROM image"""
_SHOWN = """EXISTS (SELECT 1 FROM image_use JOIN article ON article.id = image_use.article
    WHERE image_use.image = image.file AND article.state = 'recovered')"""
_KEY = "source = ? AND timestamp = ? AND original = ?"


def _image_row(file: str, url: str, state: str, *described: Any) -> ImageRow:
    *known, warc, offset, length = described
    return ImageRow(file, url, ImageState(state), *(*known, _location(warc, offset, length)))


def _image_answer(*row: Any) -> ImageAnswer:
    *answered, timestamp, original, warc, offset, length = row
    target = (timestamp, original) if timestamp is not None else None
    return ImageAnswer(*(*answered, target, _location(warc, offset, length)))


def _location(warc: str | None, offset: int, length: int) -> RecordLocation | None:
    return RecordLocation(warc, offset, length) if warc else None


def _location_values(place: RecordLocation | None) -> tuple[str | int | None, ...]:
    return (place.file, place.offset, place.length) if place else (None, None, None)


class Images(LedgerFile):
    """Images, the articles that have them, and the archive's answers."""

    # The wanted list

    def want_images(self, article: int, capture: int, images: Iterable[tuple[str, str]]) -> None:
        """An article's images, (file, address) each, as it was recovered from a capture; not those of before."""
        rows = list(images)
        with self.batch():
            self._db.executemany("INSERT OR IGNORE INTO image (file, url) VALUES (?, ?)", rows)
            self._db.execute("DELETE FROM image_use WHERE article = ?", (article,))
            self._db.executemany("INSERT OR IGNORE INTO image_use VALUES (?, ?)", ((file, article) for file, _ in rows))
            self._db.execute("INSERT OR REPLACE INTO image_list VALUES (?, ?)", (article, capture))

    def without_images(self) -> list[int]:
        """Recovered articles whose images are not known, or only those of another capture, lowest id first."""
        return self._column("""
            SELECT id FROM article WHERE state = 'recovered' AND capture IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM image_list WHERE article = article.id AND capture = article.capture)
            ORDER BY id""")

    def due_images(self, ids: Collection[int] | None = None, articles: int | None = None) -> list[str]:
        """Files of images that are not settled, by their articles, lowest id first; only of these, of so many."""
        query = """
            SELECT image.file, article.id FROM image
            JOIN image_use ON image_use.image = image.file JOIN article ON article.id = image_use.article
            WHERE article.state = 'recovered' AND image.state IN ('wanted', 'waiting')
            ORDER BY article.id, image.file"""
        found: dict[str, None] = {}
        seen: set[int] = set()
        for file, article in self._db.execute(query):
            if ids is not None and article not in ids:
                continue
            seen.add(article)
            if articles is not None and len(seen) > articles:
                break
            found[file] = None
        return list(found)

    # Where images stand

    def image(self, file: str) -> ImageRow | None:
        return next(self._rows(_image_row, f"{_IMAGE} WHERE file = ?", file), None)

    def images(self, *states: ImageState) -> Iterator[ImageRow]:
        """Images of recovered articles in these states, by file; all without any."""
        of_states = f" AND state IN ({placeholders(states)})" if states else ""
        return self._rows(_image_row, f"{_IMAGE} WHERE {_SHOWN}{of_states} ORDER BY file", *states)

    def image_counts(self) -> dict[ImageState, int]:
        """How many images of recovered articles stand where."""
        found = self._counts("state", f"image WHERE {_SHOWN}")
        return {state: found.get(state, 0) for state in ImageState}

    def image_reasons(self, state: ImageState) -> dict[str, int]:
        """The reasons of images in a state, most frequent first."""
        return self._counts("reason", f"image WHERE state = ? AND {_SHOWN}", state)

    def image_articles(self, file: str) -> list[int]:
        """The articles that have an image, lowest id first."""
        return self._column("SELECT article FROM image_use WHERE image = ? ORDER BY article", file)

    def image_use(self, file: str) -> tuple[str, str]:
        """Where an image is asked for first: the source and the time of the capture that its recovered article with the
        lowest id was made of; empty without one."""
        query = """
            SELECT capture.source, coalesce(nullif(served_timestamp, ''), timestamp) FROM image_use
            JOIN article ON article.id = image_use.article JOIN capture ON capture.id = article.capture
            WHERE image_use.image = ? AND article.state = 'recovered' ORDER BY article.id LIMIT 1"""
        source, timestamp = self._row(query, file) or ("", "")
        return source, timestamp

    def same_image(self, sha256: str) -> str:
        """The file of an image with these very bytes; empty when there is none."""
        query = "SELECT file FROM image WHERE sha256 = ? AND sha256 != '' AND state = 'have' LIMIT 1"
        return self._value(query, sha256) or ""

    def image_bytes(self) -> tuple[int, int]:
        """How many images there are and how many bytes they have."""
        return self._pair("SELECT count(*), coalesce(sum(size), 0) FROM image WHERE state = 'have'")

    def settle_image(self, row: ImageRow, run: int) -> None:
        """Write down where an image stands now."""
        columns = ", ".join(f"{name} = ?" for name in _SETTLED)
        values = (*_settled_values(row), *_location_values(row.place), self.moment(), run, row.file)
        self._db.execute(
            f"UPDATE image SET {columns}, ({_STORED_AT}, settled, run) = (?, ?, ?, ?, ?) WHERE file = ?", values
        )

    def reopen_images(self, files: Iterable[str]) -> None:
        """Make these images due again; what the archive answered stays known."""
        with self.batch():
            self._for_each("UPDATE image SET state = 'wanted' WHERE file = ?", files)

    def retry_images(self, articles: Iterable[int]) -> None:
        """Make missing images of these articles due again, and forget the answers that are not in the store."""
        missing = "SELECT file FROM image JOIN image_use ON image = file WHERE article = ? AND state = 'missing'"
        with self.batch():
            for article in articles:
                self._db.execute(f"DELETE FROM image_answer WHERE warc IS NULL AND image IN ({missing})", (article,))
                self._db.execute(f"DELETE FROM image_index WHERE image IN ({missing})", (article,))
                self._db.execute(f"UPDATE image SET state = 'wanted' WHERE file IN ({missing})", (article,))

    # What the archive answered

    def image_attempt(self, file: str) -> None:
        """One request more for an image."""
        self._db.execute("UPDATE image SET attempts = attempts + 1 WHERE file = ?", (file,))

    def image_answer(self, source: str, timestamp: str, original: str) -> ImageAnswer | None:
        """What a source answered when asked for an image at this time and address (as on the request line)."""
        query = f"""
            SELECT answer, status, served_timestamp, served_original, coding, target_timestamp, target_original,
                {_STORED_AT} FROM image_answer WHERE {_KEY}"""
        return next(self._rows(_image_answer, query, source, timestamp, original), None)

    def note_image_answer(
        self, source: str, timestamp: str, original: str, said: ImageAnswer, file: str | None
    ) -> None:
        """Write an answer down; `file` is that of the image it was asked for, None where that is not known."""
        answered = (said.answer, said.status, said.timestamp, said.original, said.coding)
        target = said.target or (None, None)
        values = (source, timestamp, original, file, *answered, *target, *_location_values(said.place))
        self._db.execute(f"INSERT OR REPLACE INTO image_answer VALUES ({placeholders(values)})", values)

    def forget_image_answer(self, source: str, timestamp: str, original: str) -> None:
        """An answer whose bytes cannot be read from the store any more."""
        self._db.execute(f"DELETE FROM image_answer WHERE {_KEY}", (source, timestamp, original))

    def image_index(self, file: str, source: str) -> list[Capture] | None:
        """The captures of an image that a source's index gave; None when it was not asked."""
        captures = self._value("SELECT captures FROM image_index WHERE image = ? AND source = ?", file, source)
        if captures is None:
            return None
        return [
            Capture(timestamp=at, original=original, digest=digest) for at, original, digest in json.loads(captures)
        ]

    def note_image_index(self, file: str, source: str, captures: Iterable[Capture]) -> None:
        """Write down what an index gave for an image: the captures that are worth asking for."""
        rows = json.dumps([(each.timestamp, each.original, each.digest) for each in captures], ensure_ascii=False)
        self._db.execute("INSERT OR REPLACE INTO image_index VALUES (?, ?, ?)", (file, source, rows))
