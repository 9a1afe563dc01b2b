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
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
EDGES = f" \t{_SPACES}\u2028\u2029\u200b\ufeff{BREAK}"
"""What does not show at the edges of emphasis: white space, also without width, and line breaks."""
_MARKUP = set("\\[]()<>*_`&~|{}#$^+=")


def around(begin: str, end: str, text: str, edges: str = EDGES) -> str:
    """Set marks around a text; `edges` of it stay outside, and what consists of them only is not marked."""
    core = _SENTINEL.sub("", text).strip(edges)
    if not core:
        return text
    inner = text.lstrip(edges)
    before = text[: len(text) - len(inner)]
    core = inner.rstrip(edges)
    return f"{before}{begin}{core}{end}{inner[len(core) :]}"


def resolve(text: str) -> str:
    """Replace the marks in a block's whole text with the markup that CommonMark reads as meant."""
    if STRONG not in text and EM not in text:
        return text
    for end, begin in _ENDS.items():
        text = text.replace(end + begin, "")
    chars = list(text)
    ends = _pairs(text)
    begins = {closing: opening for opening, closing in ends.items()}
    for opening in sorted(ends):
        _choose(chars, opening, ends, begins)
    return "".join(chars)


def _pairs(text: str) -> dict[int, int]:
    """Where emphasis begins and where the same ends."""
    pairs: dict[int, int] = {}
    open_marks: list[int] = []
    for found in _SENTINEL.finditer(text):
        if found[0] in _MARKER:
            open_marks.append(found.start())
        elif open_marks:
            pairs[open_marks.pop()] = found.start()
    return pairs


def _choose(chars: list[str], begin: int, ends: dict[int, int], begins: dict[int, int]) -> None:
    kind, end = chars[begin], ends[begin]
    if kind not in _MARKER:
        return  # chosen together with the emphasis around it
    at_edge = {child for child in (begin + 1, begins.get(end - 1, -1)) if child in ends}
    if len(at_edge) == 1 and _holds_together(chars, begin, end, child := at_edge.pop(), ends[child]):
        chars[child] = chars[ends[child]] = _MARKER[chars[child]]
        chars[begin] = chars[end] = _MARKER[kind]
    elif not at_edge and (place := _trimmed(chars, begin, end)):
        _move(chars, begin, end, *place)
        chars[place[0]] = chars[place[1]] = _MARKER[kind]
    else:
        chars[begin], chars[end] = f"<{_TAG[kind]}>", f"</{_TAG[kind]}>"


def _holds_together(chars: list[str], begin: int, end: int, child_begin: int, child_end: int) -> bool:
    """Whether emphasis and the only emphasis in it, which share an edge or both (`***…***`, `*…**…***`), open and close."""
    if len(_SENTINEL.findall("".join(chars[begin + 1 : end]))) != 2:
        return False
    sides = [(_before(chars, begin), chars[child_begin + 1]), (_after(chars, end), chars[child_end - 1])]
    if child_begin > begin + 1:
        sides[0] = (_before(chars, begin), chars[begin + 1])
        sides.append((chars[child_begin - 1], chars[child_begin + 1]))
    if child_end < end - 1:
        sides[1] = (_after(chars, end), chars[end - 1])
        sides.append((chars[child_end + 1], chars[child_end - 1]))
    return all(not _crowded(outside, inside) and _opens(outside, inside) for outside, inside in sides)


def _crowded(*neighbours: str) -> bool:
    """Whether a neighbour is an asterisk or emphasis not yet chosen, which would make one run of two."""
    return any(char[:1] == "*" or char[-1:] == "*" or _SENTINEL.match(char) for char in neighbours)


def _before(chars: list[str], at: int) -> str:
    return chars[at - 1][-1:] if at else ""


def _after(chars: list[str], at: int) -> str:
    return chars[at + 1][:1] if at + 1 < len(chars) else ""


def _trimmed(chars: list[str], begin: int, end: int) -> tuple[int, int] | None:
    """Where the marks hold: where they are, or with punctuation at the edges left outside; None if nowhere."""
    if _crowded(_before(chars, begin), _after(chars, end), chars[begin + 1], chars[end - 1]):
        return None
    opening, closing = begin, end
    while not _opens(chars[opening] if opening > begin else _before(chars, begin), chars[opening + 1]):
        if not _movable(chars, opening + 1):
            return None
        opening += 1
    while not _opens(chars[closing] if closing < end else _after(chars, end), chars[closing - 1]):
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
    is_image = char == "!" and chars[at + 1][:1] == "["
    return len(char) == 1 and char not in _MARKUP and _is_punctuation(char) and chars[at - 1] != "\\" and not is_image


def _opens(outside: str, inside: str) -> bool:
    """CommonMark's flanking rule for one side of emphasis, read so that it holds in versions before and since 0.31."""
    if not inside or _is_space(inside):
        return False
    if not _is_punctuation(inside) and not _is_symbol(inside):
        return True
    return not outside or _is_space(outside) or (_is_punctuation(outside) and not _is_symbol(outside))


def _is_space(char: str) -> bool:
    return char in _SPACES or char in f" \t\n{BREAK}"


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char).startswith("P") or (char.isascii() and char in "$+<=>^`|~")


def _is_symbol(char: str) -> bool:
    """Symbols count as punctuation only since CommonMark 0.31: neither reading may be relied on."""
    return unicodedata.category(char).startswith("S") and not char.isascii()
