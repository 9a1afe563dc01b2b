"""The versions of one article, from the captures that the store has, and how they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from crawler.ledger import ArticleRow, CaptureRow, Ledger, State
from crawler.markdown.reader import readable_text, text_digest
from crawler.recovery.extraction_job import NO_VERSION
from crawler.recovery.judge import Judge, ReadPage
from crawler.recovery.store import Store
from crawler.warc.record import WarcDamaged
from crawler.wayback.digest import DigestResult

GONE = "no longer in the store"
MISMATCH = "its bytes do not match the digest of the archive's index"


@dataclass(frozen=True, slots=True)
class CaptureText:
    """A capture and what it says. `text`: title and text as in `readable_text`; None when it cannot be read again,
    `why` not. `sha256` is of it, or of what the ledger noted. `fault`: what is known to be wrong with the capture;
    `is_current`: whether the article's file is from it."""

    timestamp: str
    original: str
    replay: str
    source: str
    sha256: str
    text: str | None = None
    why: str = ""
    fault: str = ""
    is_current: bool = False
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """Captures that say the same, earliest first. `text`: None when none of them can be read again."""

    sha256: str
    captures: tuple[CaptureText, ...]

    @property
    def text(self) -> str | None:
        return next((one.text for one in self.captures if one.text is not None), None)

    @property
    def is_current(self) -> bool:
        """Whether the article's file is from one of them."""
        return any(one.is_current for one in self.captures)


def versions_of(ledger: Ledger, store: Store, row: ArticleRow, read_page: ReadPage) -> list[Version]:
    """All known versions of an article, by their first captures. Pages go through `read_page`, one by one."""
    found: dict[str, list[CaptureText]] = {}
    for one in sorted(_captures(ledger, store, row, read_page), key=lambda one: (one.timestamp, one.original)):
        found.setdefault(one.sha256, []).append(one)
    return [Version(digest, tuple(captures)) for digest, captures in found.items()]


def _captures(ledger: Ledger, store: Store, article: ArticleRow, read_page: ReadPage) -> Iterator[CaptureText]:
    rows = ledger.captures(article.id)
    current = next((r.served for r in rows if r.id == article.capture and article.state is State.RECOVERED), None)
    noted = {(row.timestamp, row.original): row for row in ledger.versions(article.id)}
    judge = Judge(read_page)
    seen: set[tuple[str, str]] = set()
    for row in rows:
        key = row.served
        if not row.warc or key in seen or (row.verdict in NO_VERSION and key not in noted):
            continue
        before = noted[key].sha256 if key in noted else ""
        if (found := _read(judge, store, row, before)) is not None:
            seen.add(key)
            yield replace(found, is_current=key == current)
    for key, version in noted.items():
        if key not in seen:
            of = next((row for row in rows if row.id == version.capture), None)
            about = (of.replay, of.source) if of is not None else ("", "")
            yield CaptureText(*key, *about, version.sha256, why=GONE, is_current=key == current)


def _read(judge: Judge, store: Store, row: CaptureRow, noted: str) -> CaptureText | None:
    """What a stored capture says; None when it is and was no article. `noted`: the digest in the ledger."""
    fault = MISMATCH if row.digest_result == DigestResult.MISMATCH.value else ""
    unread = CaptureText(*row.served, row.replay, row.source, noted, fault=fault)
    try:
        found = judge.extract(row, store.read_capture(row))
    except FileNotFoundError:
        return replace(unread, why=GONE) if noted else None
    except (OSError, WarcDamaged) as error:
        return replace(unread, why=f"it cannot be read: {error}", damaged=True)
    if found.article is None or found.differences:
        why = "; ".join(found.differences) or found.judgement.because or found.verdict.value
        return replace(unread, why=f"this version of the software cannot extract it: {why}") if noted else None
    text = readable_text(found.article.title, found.article.body)
    return replace(unread, sha256=text_digest(text), text=text)


_TOKENS = re.compile(r"[A-Za-z0-9\u00c0-\u024f]+|\s+|.", re.DOTALL)
_ALIKE = 0.4
"""Two lines of which less than this share is the same are not one line that was changed."""
_ISLAND = 2
"""Tokens: so few, and not more than either has, that are the same between two changes are part of one change."""
_MOST = 4_000_000
"""Pairs of tokens; comparing longer lines token by token would take seconds."""
_ALTOGETHER = 20 * _MOST
"""The same for two whole texts: what is left after that is told by whole lines."""
_AHEAD = 8
"""So many new lines are looked through for what has become of an old one."""
_MANY = 2000
"""Lines; from here on those that are everywhere do not count when the texts are laid side by side."""
_CONTEXT = 1

Change = tuple[str, int, int, int, int]
Piece = tuple[str, str]
"""What was, and what is: twice the same where nothing changed."""


@dataclass(frozen=True, slots=True)
class DiffRow:
    """A line of two texts beside each other. `kind`: a space for the same in both, `-` only in the old one, `+` only in
    the new one, `~` changed within."""

    kind: str
    pieces: tuple[Piece, ...]


def diff_lines(old: str, new: str) -> Iterator[str]:
    """Lines: `  ` the same (one around each change), `- ` only in the old text, `+ ` only in the new one, `~ ` changed
    within, with `[-what was-]` and `{+what is+}`; `@@ line n @@` before each place, n that of the old text. Nothing for
    equal texts."""
    for line, rows in diff_places(old, new, _CONTEXT):
        yield f"@@ line {line} @@"
        for row in rows:
            text = _marked(row.pieces) if row.kind == "~" else "".join(was or now for was, now in row.pieces)
            yield f"{row.kind} {text}"


def _marked(pieces: Sequence[Piece]) -> str:
    return "".join(
        was if was == now else (f"[-{was}-]" if was else "") + (f"{{+{now}+}}" if now else "") for was, now in pieces
    )


def diff_places(old: str, new: str, context: int) -> Iterator[tuple[int, list[DiffRow]]]:
    """The places where two texts differ, with so many equal lines around: the old text's first line there, and rows."""
    before, after = old.split("\n"), new.split("\n")
    left = _ALTOGETHER
    matcher = SequenceMatcher(None, before, after, autojunk=max(len(before), len(after)) > _MANY)
    for group in matcher.get_grouped_opcodes(context):
        rows: list[DiffRow] = []
        for kind, a, b, c, d in group:
            if kind == "equal":
                rows += [DiffRow(" ", ((line, line),)) for line in before[a:b]]
            else:
                left = _changed(before[a:b], after[c:d], left, rows)
        yield group[0][1] + 1, rows


def _changed(old: Sequence[str], new: Sequence[str], left: int, rows: list[DiffRow]) -> int:
    """Add lines that took the place of others: those alike are shown as one, in their order. `left`: pairs of
    characters that may still be compared; gives how many are left then."""
    at = 0
    for line in old:
        pieces = None
        for number in range(at, min(at + _AHEAD, len(new))):
            left -= len(line) * len(new[number])
            if left > 0 and (pieces := diff_pieces(line, new[number])) is not None:
                rows += [DiffRow("+", (("", other),)) for other in new[at:number]]
                at = number + 1
                break
        rows.append(DiffRow("-", ((line, ""),)) if pieces is None else DiffRow("~", pieces))
    rows += [DiffRow("+", (("", other),)) for other in new[at:]]
    return left


def diff_pieces(old: str, new: str) -> tuple[Piece, ...] | None:
    """Two lines in pieces, in their order; None when too little is the same, or they are too long."""
    one, other = _TOKENS.findall(old), _TOKENS.findall(new)
    if len(one) * len(other) > _MOST:
        return None
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE or matcher.ratio() < _ALIKE:
        return None
    changes = matcher.get_opcodes()
    joined: list[Change] = []
    for number, change in enumerate(changes):
        # What a reader sees as one change: a character that two words happen to share is no island.
        same = change[0] == "equal" and not _is_island(changes, number)
        if same or not joined or joined[-1][0] == "equal":
            joined.append(change if same else ("replace", *change[1:]))
        else:
            _, begin, _, start, _ = joined.pop()
            joined.append(("replace", begin, change[2], start, change[4]))
    return tuple(("".join(one[a:b]), "".join(other[c:d])) for _, a, b, c, d in joined)


def _is_island(changes: Sequence[Change], number: int) -> bool:
    if not 0 < number < len(changes) - 1:
        return False
    before, same, after = (max(b - a, d - c) for _, a, b, c, d in changes[number - 1 : number + 2])
    return same <= min(_ISLAND, before, after)
