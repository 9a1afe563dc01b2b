"""Bold and italic that CommonMark closes, also in Chinese text, where no space stands around the markers.

The converter marks where emphasis begins and ends with noncharacters; once a block's text is whole, the characters on
both sides are known and the markers are chosen: `**…**` where CommonMark's flanking rules open and close it; else with
the punctuation at its edges moved outside (`**新聞**：自由`); else `<strong>…</strong>`, which always holds.
"""

from __future__ import annotations

import re
import unicodedata

BREAK = "\ufdd0"
"""Stands for `<br>` until the block is whole; a noncharacter, which cleaned text does not hold."""
STRONG, END_STRONG, EM, END_EM = "\ufdd1", "\ufdd2", "\ufdd3", "\ufdd4"
_SENTINEL = re.compile(f"[{STRONG}{END_STRONG}{EM}{END_EM}]")
_ENDS = {END_STRONG: STRONG, END_EM: EM}
_MARKER = {STRONG: "**", EM: "*"}
_TAG = {STRONG: "strong", EM: "em"}
_EDGE = f"[ \t\u3000\u00a0\u200b\ufeff{BREAK}]"
_LEADING = re.compile(f"^(?:{_EDGE})+")
_TRAILING = re.compile(f"(?:{_EDGE})+$")
_MARKUP = set("\\[]()<>*_`&~|{}#$^+=")


def wrap(begin: str, end: str, text: str) -> str:
    """Mark emphasis around a text; white space and line breaks at its edges stay outside, emptiness is not marked."""
    core = _TRAILING.sub("", _LEADING.sub("", text))
    if not _SENTINEL.sub("", core):
        return text
    at = text.index(core)
    return f"{text[:at]}{begin}{core}{end}{text[at + len(core) :]}"


def resolve(text: str) -> str:
    """Replace the marks in a block's whole text with the markup that CommonMark reads as meant."""
    if STRONG not in text and EM not in text:
        return text
    for end, begin in _ENDS.items():
        text = text.replace(end + begin, "")
    chars = list(text)
    for start, stop in _pairs(text):
        _choose(chars, start, stop)
    return "".join(chars)


def _pairs(text: str) -> list[tuple[int, int]]:
    """Positions of begin and end marks that belong together, outermost first, as in the text."""
    pairs: list[tuple[int, int]] = []
    open_marks: list[int] = []
    for found in _SENTINEL.finditer(text):
        if found[0] in _MARKER:
            open_marks.append(found.start())
        elif open_marks:
            pairs.append((open_marks.pop(), found.start()))
    return sorted(pairs)


def _choose(chars: list[str], begin: int, end: int) -> None:
    kind = chars[begin]
    if kind not in _MARKER:
        return
    inner = _only_child(chars, begin, end)
    first, last = (begin + 2, end - 2) if inner else (begin + 1, end - 1)
    neighbours = (_before(chars, begin), _after(chars, end), chars[first][:1], chars[last][-1:])
    crowded = any(char == "*" or _SENTINEL.match(char) for char in neighbours if char)
    if not crowded and inner and _opens(neighbours[0], neighbours[2]) and _opens(neighbours[1], neighbours[3]):
        chars[begin] = chars[end] = _MARKER[kind]
        chars[begin + 1] = chars[end - 1] = _MARKER[chars[begin + 1]]
    elif not crowded and not inner and (trimmed := _trimmed(chars, begin, end)):
        _move(chars, begin, end, *trimmed)
        chars[trimmed[0]] = chars[trimmed[1]] = _MARKER[kind]
    else:
        chars[begin], chars[end] = f"<{_TAG[kind]}>", f"</{_TAG[kind]}>"


def _before(chars: list[str], at: int) -> str:
    return chars[at - 1][-1:] if at else ""


def _after(chars: list[str], at: int) -> str:
    return chars[at + 1][:1] if at + 1 < len(chars) else ""


def _only_child(chars: list[str], begin: int, end: int) -> bool:
    """Whether the text between is one emphasis of the other kind and nothing else, as in `***…***`."""
    if chars[begin + 1] not in _MARKER or chars[end - 1] not in _ENDS:
        return False
    between = "".join(chars[begin + 2 : end - 1])
    return not _SENTINEL.search(between)


def _trimmed(chars: list[str], begin: int, end: int) -> tuple[int, int] | None:
    """Where the marks hold: where they are, or with punctuation at the edges left outside; None if nowhere."""
    opening, closing = begin, end
    while not _opens(chars[opening][-1:] if opening > begin else _before(chars, begin), chars[opening + 1][:1]):
        if not _movable(chars, opening + 1):
            return None
        opening += 1
    while not _opens(chars[closing][:1] if closing < end else _after(chars, end), chars[closing - 1][-1:]):
        if not _movable(chars, closing - 1):
            return None
        closing -= 1
    return (opening, closing) if opening + 1 < closing else None


def _move(chars: list[str], begin: int, end: int, opening: int, closing: int) -> None:
    """Shift the marks inwards, the punctuation outwards."""
    mark, end_mark = chars[begin], chars[end]
    chars[begin:opening] = chars[begin + 1 : opening + 1]
    chars[opening] = mark
    chars[closing + 1 : end + 1] = chars[closing:end]
    chars[closing] = end_mark


def _movable(chars: list[str], at: int) -> bool:
    char = chars[at]
    is_image = char == "!" and chars[at + 1] == "["
    return len(char) == 1 and char not in _MARKUP and _is_punctuation(char) and chars[at - 1] != "\\" and not is_image


def _opens(outside: str, inside: str) -> bool:
    """CommonMark's flanking rule for one side of emphasis, read so that it holds in versions before and since 0.31."""
    if not inside or _is_space(inside):
        return False
    if not _is_punctuation(inside) and not _is_symbol(inside):
        return True
    return not outside or _is_space(outside) or (_is_punctuation(outside) and not _is_symbol(outside))


def _is_space(char: str) -> bool:
    return char.isspace() or char == BREAK


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char).startswith("P") or (char.isascii() and char in "$+<=>^`|~")


def _is_symbol(char: str) -> bool:
    """Symbols count as punctuation only since CommonMark 0.31: neither reading may be relied on."""
    return unicodedata.category(char).startswith("S") and not char.isascii()
