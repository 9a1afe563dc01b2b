"""How two texts differ, for people: by lines, and within a line by words, or by characters where a language has no spaces."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from difflib import SequenceMatcher

_TOKENS = re.compile(r"[A-Za-z0-9\u00c0-\u024f]+|\s+|.", re.DOTALL)
_ALIKE = 0.4
"""Two lines of which less than this share is the same are not one line that was changed."""
_ISLAND = 2
"""Tokens: what is the same between two changes is part of one change when it is no longer than this and not longer than they are."""
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


def difference(old: str, new: str) -> Iterator[str]:
    """Lines: `  ` the same (one around each change), `- ` only in the old text, `+ ` only in the new one, `~ ` changed within, with
    `[-what was-]` and `{+what is+}`; `@@ line n @@` before each place, n that of the old text. Nothing for equal texts."""
    before, after = old.split("\n"), new.split("\n")
    left = _ALTOGETHER
    matcher = SequenceMatcher(None, before, after, autojunk=max(len(before), len(after)) > _MANY)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        yield f"@@ line {group[0][1] + 1} @@"
        for kind, a, b, c, d in group:
            if kind == "equal":
                yield from (f"  {line}" for line in before[a:b])
            else:
                left = yield from _changed(before[a:b], after[c:d], left)


def _changed(old: Sequence[str], new: Sequence[str], left: int) -> Generator[str, None, int]:
    """Lines that took the place of others: those alike are shown as one, in their order. `left`: pairs of characters that may still be
    compared; gives how many are left then."""
    at = 0
    for line in old:
        marked = None
        for number in range(at, min(at + _AHEAD, len(new))):
            left -= len(line) * len(new[number])
            if left > 0 and (marked := within(line, new[number])) is not None:
                yield from (f"+ {other}" for other in new[at:number])
                at = number + 1
                break
        yield f"- {line}" if marked is None else f"~ {marked}"
    yield from (f"+ {other}" for other in new[at:])
    return left


def within(old: str, new: str) -> str | None:
    """Both lines as one, with the changes marked; None when too little of them is the same, or they are too long to tell."""
    one, other = _TOKENS.findall(old), _TOKENS.findall(new)
    if len(one) * len(other) > _MOST:
        return None
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE or matcher.ratio() < _ALIKE:
        return None
    parts: list[str] = []
    for kind, a, b, c, d in _joined(matcher.get_opcodes()):
        was, now = "".join(one[a:b]), "".join(other[c:d])
        parts += [was] if kind == "equal" else [f"[-{was}-]" if was else "", f"{{+{now}+}}" if now else ""]
    return "".join(parts)


def _joined(changes: Sequence[Change]) -> list[Change]:
    """Changes with next to nothing between them as one: a character that two words happen to share is no island for a reader."""
    joined: list[Change] = []
    for number, change in enumerate(changes):
        same = change[0] == "equal" and not _is_island(changes, number)
        if same or not joined or joined[-1][0] == "equal":
            joined.append(change if same else ("replace", *change[1:]))
            continue
        _, begin, _, start, _ = joined.pop()
        joined.append(("replace", begin, change[2], start, change[4]))
    return joined


def _is_island(changes: Sequence[Change], number: int) -> bool:
    if not 0 < number < len(changes) - 1:
        return False
    return _size(changes[number]) <= min(_ISLAND, _size(changes[number - 1]), _size(changes[number + 1]))


def _size(change: Change) -> int:
    _, a, b, c, d = change
    return max(b - a, d - c)
