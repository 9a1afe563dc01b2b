"""From an article's file to its row in archive.db, and to what is searched of it, character by character."""

import hashlib
import html
import os
import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from crawler.markdown.reader import plain_text, text_digest, titled_text
from crawler.preserve.article_file import parse_article_file, read_text, split_parts
from crawler.preserve.files import UnreadableFile
from crawler.utils.timestamps import is_timestamp, read_moment
from crawler.wayback.playback import split_replay

SINGLE = re.compile(
    "([\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3040-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\ue000-\uf7ff\uf900-\ufaff\U00016fe0-\U00018cff\U0001aff0-\U0001b2ff\U00020000-\U0003ffff])"
)
"""Han, Bopomofo, kana, Hangul and their kin, and characters for private use, which Hong Kong once wrote its own with:
characters that are words or parts of them."""
STOPS = "。！？；，、：…\n"
"""No word goes on behind one of these."""
_STOP = re.compile(f"[{STOPS}]+")
STOP_MARK = "\uf8fe"
_END = f" {STOP_MARK} "
"""A token for them, of a private character that no page means anything by."""
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
QUOTES = str.maketrans(dict.fromkeys("“”„‟「」『』〝〞＂", '"'))
"""What a query's quotation marks may look like."""
_PARTS = re.compile(r'"([^"]*)"|([^\s"]+)')


def ended_text(text: str) -> str:
    """A text in compatible forms (NFKC: `ＡＢ` is `AB`), its clauses divided by STOP_MARK."""
    return unicodedata.normalize("NFKC", _UNSAFE.sub(" ", _STOP.sub(_END, text)))


def spaced_text(text: str) -> str:
    """A text as it goes into the index: as `ended_text`, each of its characters that is a word set apart."""
    return " ".join(SINGLE.split(ended_text(text)))


def match_of(query: str) -> str:
    """What a reader typed, as an FTS5 expression: every word is to be found, what stands in quotation marks as one
    phrase.

    Safe for any query; '' when there is nothing in it to search for.
    """
    parts = (quoted or word for quoted, word in _PARTS.findall(_UNSAFE.sub(" ", query).translate(QUOTES)))
    phrases = (" ".join(spaced_text(part).replace('"', " ").split()).strip(_END) for part in parts)
    return " AND ".join(f'"{phrase}"' for phrase in phrases if _has_word(phrase.replace(STOP_MARK, "")))


def _has_word(phrase: str) -> bool:
    return any(char.isalnum() or SINGLE.match(char) for char in phrase)


SUMMARY = 120
"""Characters of the text that a list shows."""
_YEAR = re.compile(r"(\d{4})-\d\d-\d\d", re.ASCII)
_PICTURE = re.compile(r'<img src="([^"]*)"|!\[(?:\\.|[^\]\\])*\]\(((?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\])*\))+)\)')
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_SHAPING = ("publish/browse/rows.py", "markdown/reader.py", "wayback/playback.py", "preserve/article_file.py")


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it lies there: relative to the output directory; size in bytes, time of its last change in
    nanoseconds."""

    article: int
    file: str
    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class Row:
    """An article as its file tells of it: `values` by column of archive.db, None for what it does not say; `words` as
    `words_of` gives them; `body` packed as `unpacked` reads it."""

    values: Mapping[str, str | int | None]
    tags: tuple[str, ...]
    words: tuple[str, str, str, str]
    body: bytes


@cache
def reader_id() -> str:
    """What tells this reading of files from another, as hexadecimal SHA-256."""
    here = Path(__file__).parents[2]
    sources = "".join((here / name).read_text("utf-8") for name in _SHAPING)
    return hashlib.sha256(f"{unicodedata.unidata_version}\n{sources}".encode()).hexdigest()


def file_state(output: Path, article: int, file: str) -> FileState | None:
    """How a file lies there now; None when it does not."""
    try:
        found = os.stat(f"{output}/{file}")  # noqa: PTH116 - 49,000 of them
    except OSError:
        return None
    return FileState(article, file, found.st_size, found.st_mtime_ns)


def read_row(output: Path, seen: FileState) -> Row | str:
    """An article's file, or why it cannot be read."""
    article, file = seen.article, seen.file
    try:
        text = read_text(output / file)
    except UnreadableFile as error:
        return str(error)
    apart = parse_article_file(text, article)
    if not apart.has_head:
        return "its front matter cannot be read"
    fields = apart.fields
    title, body = apart.title or f"article {article}", apart.rest.strip("\n")
    words = plain_text(searched(body))
    plain = running_text(words)
    year = _YEAR.fullmatch(fields.get("date", ""))
    _, timestamp, _ = split_replay(fields.get("url", ""))
    moment = read_moment(timestamp) if is_timestamp(timestamp) else None
    values = {
        "id": article,
        "title": title,
        "date": fields.get("date") if year else None,
        "year": int(year[1]) if year else None,
        **{name: fields.get(name) for name in ("last_updated", "author", "category", "url", "original_url")},
        "captured": f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None,
        **{name: fields.get(name) for name in ("source", "digest")},
        "verified": {"true": 1, "false": 0}.get(fields.get("verified", "")),
        "file": file,
        "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
        "text_sha256": text_digest(titled_text(title, words)) if plain else None,
        "chars": len(plain.replace(" ", "")),
        "summary": plain if len(plain) <= SUMMARY else f"{plain[:SUMMARY].rstrip()}…",
        "picture": _picture(apart.body),
    }
    tags = tuple(dict.fromkeys(filter(None, apart.tags)))
    indexed = words_of(title, fields.get("author"), labels_of(fields.get("category"), tags), words)
    return Row(values, tags, indexed, zlib.compress(body.encode("utf-16-le"), _LEVEL))


_LEVEL = 6
"""How hard zlib tries: the levels above gain next to nothing."""


def unpacked(body: bytes) -> str:
    """A text as archive.db has it: UTF-16 (little-endian), of which Chinese takes less than of UTF-8, packed with
    zlib."""
    return zlib.decompress(body).decode("utf-16-le")


def labels_of(category: str | None, tags: Iterable[str]) -> str:
    """Section and tags, a line for each."""
    return "\n".join([category or "", *sorted(tags)])


def words_of(title: str, author: str | None, labels: str, text: str) -> tuple[str, str, str, str]:
    """What the index has of a row, its characters apart: text, title, byline; section and tags. `text`: the plain text
    of what is `searched`."""
    return spaced_text(text), spaced_text(title), spaced_text(author or ""), spaced_text(labels)


def searched(body: str) -> str:
    """What is searched of all that stands below the front matter, as Markdown."""
    return split_parts(body)[0]


_GAP = re.compile(r"\s*\n\s*")
_WIDE = re.compile(
    "[\u2e80-\ua4cf\uac00-\ud7af\ue000-\uf8ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\u2018-\u201d\u2026\U00020000-\U0003ffff]"
)
"""Characters that Chinese is written with, its punctuation among them: between two of them a new line is no space."""


def gap_between(before: str, after: str) -> str:
    """What stands for a line's end between two characters when lines become one: a space, but not in Chinese, nor
    beside its punctuation."""
    wide = [each for each in (before, after) if _WIDE.match(each)]
    return "" if len(wide) > 1 or any(not each.isalnum() for each in wide) else " "


def running_text(text: str) -> str:
    """Paragraphs and lines as one line."""
    text = text.strip()
    joined = _GAP.sub(lambda gap: gap_between(text[gap.start() - 1], text[gap.end()]), text)
    return " ".join(joined.split())


def _picture(body: str) -> str | None:
    """The address of the first picture of a text."""
    found = _PICTURE.search(body)
    if found is None:
        return None
    return html.unescape(found[1] if found[1] is not None else _ESCAPED.sub(r"\1", found[2]))
