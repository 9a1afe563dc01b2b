"""Text inside a block: what is not markup is escaped, and emphasis is written so that CommonMark closes it in Chinese
text."""

from __future__ import annotations

import html
import re
import unicodedata

JOINT = "\ufdd5"
"""Stands where a text ends with what the text after it could make markup of: `<` before `b>`, `!` before a link. A
noncharacter, which cleaned text does not hold; `settle_joints` takes it out once the whole line is known."""
MARKS = "\ufdd1-\ufdd4"
"""The noncharacters that stand for emphasis until a block is whole (see `emphasis`), as a range for patterns."""

_ESCAPE_MARKUP = (
    r"[\\*_`]"  # code, emphasis; `_` and `*` always, as markdownify does
    r"|<(?=[A-Za-z/!?])|&(?=#?\w{1,32};)"  # HTML
    r"|~(?=~)|(?<=~)~"  # struck text
    r"|(?<=\{)\{(?=[<%])"  # Hugo shortcodes
)
_INLINE = re.compile(_ESCAPE_MARKUP + r"|\](?=[\[(:])|!(?=\[)")
_INLINE_IN_LINK = re.compile(_ESCAPE_MARKUP + r"|[\[\]]")
_MARKUP_CHARACTER = re.compile(r"[\\*_`<&~{\]\[!]")
NOT_PLAIN = re.compile(r"[\\*_`<&~{\]\[!\t\r\n\f\ufdd0-\ufdd5]|  ")
"""What a text without it needs no care in a paragraph, but for its ends: no markup, one space at a time, no marks."""
_SPACE_BUT_ONE = re.compile(r"[ \t\r\n\f]+")
_OPEN_ENDED = re.compile(r"(?:[<!\]]|(?<!~)~|&#?\w{0,32})\Z")
_OPEN_ENDED_IN_LINK = re.compile(r"(?:[<!]|(?<!~)~|&#?\w{0,32})\Z")
_JOINTS = re.compile(
    rf"<(?={JOINT}[{MARKS}]*[A-Za-z/!?])|!(?={JOINT}[{MARKS}]*\[)|\](?={JOINT}[{MARKS}]*[\[(:])|~(?={JOINT}[{MARKS}]*~)"
    rf"|&(?=[#\w]{{0,33}}{JOINT}[{MARKS}{JOINT}#\w]{{0,40}};)"
    rf"|(?P<code>`)(?={JOINT}[{MARKS}]*`)"
)
_SHORTCODE = re.compile(r"\{(?=\{[<%])")
_LINE_START = re.compile(
    r"^(?:(#{1,6}(?=[ \t]|$)|[-+:](?=[ \t]|$)|[>|]|=+[ ]*$|-{2,}[ ]*$|[:-][-:| ]*$)|(\d{1,9})([.)](?=[ \t]|$)))",
    re.MULTILINE,
)
_CLOSING_HASHES = re.compile(r"(?:^|(?<= ))(#+)$")
_DESTINATION = re.compile(r"[\x00-\x20<>\\\x7f]|\s")
_IN_AUTOLINK = re.compile(r"[\x00-\x20<>\x7f]|\s")
_PARENTHESES = re.compile(r"[()]")
_BREAKS = re.compile(r"[\r\n\t]+")
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")
_DEEPEST = 2
_LONGEST_END = 40
"""More characters than what decides whether a text is open-ended."""


def one_space(text: str) -> str:
    """Runs of ASCII white space as one space, as browsers show them."""
    if "\n" in text or "  " in text or "\t" in text or "\r" in text or "\f" in text:
        return _SPACE_BUT_ONE.sub(" ", text)
    return text


def escape_text(text: str, *, in_link: bool = False) -> str:
    """A text inside a paragraph; inside a link's text or a picture's description brackets are escaped too."""
    if _MARKUP_CHARACTER.search(text) is None:
        return text
    return (_INLINE_IN_LINK if in_link else _INLINE).sub(r"\\\g<0>", text)


def escape_part(text: str, *, in_link: bool = False) -> str:
    """The same for a text that others may follow on its line: with a joint where those decide what its end means."""
    if _MARKUP_CHARACTER.search(text) is None:
        return text
    open_ended = (_OPEN_ENDED_IN_LINK if in_link else _OPEN_ENDED).search(text, max(0, len(text) - _LONGEST_END))
    return escape_text(text, in_link=in_link) + (JOINT if open_ended else "")


def settle_joints(line: str) -> str:
    """Escape what stands before a joint where it would be markup together with what follows, and keep a code span apart
    from the next; no joint is left."""
    if JOINT in line:
        line = _JOINTS.sub(lambda found: "`<!---->" if found["code"] else f"\\{found[0]}", line).replace(JOINT, "")
    return _SHORTCODE.sub(r"{\\", line) if "{{" in line else line


def escape_line_starts(paragraph: str) -> str:
    """Keep the first characters of each line of a paragraph from beginning a heading, list, quote, rule or table."""
    if "\n" in paragraph:
        return _LINE_START.sub(_escaped_start, paragraph)
    found = _LINE_START.match(paragraph)
    return _escaped_start(found) + paragraph[found.end() :] if found else paragraph


def _escaped_start(found: re.Match[str]) -> str:
    return f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}"


def escape_heading(text: str) -> str:
    """A heading's text: hash signs at its end, after a space, would be taken for its closing sequence."""
    return _CLOSING_HASHES.sub(r"\\\1", text) if text.endswith("#") else text


def destination(url: str) -> str:
    """A URL as the target of a link or image: one working target in CommonMark, characters otherwise as they are."""
    url = _DESTINATION.sub(lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), url)
    if not _balanced(url):
        url = url.replace("(", "\\(").replace(")", "\\)")
    return _ENTITY.sub("&amp;", url).replace("{{", "%7B%7B")


def _balanced(url: str) -> bool:
    """Whether parentheses close in pairs, not nested deeper than every reader of Markdown follows."""
    depth = 0
    for char in _PARENTHESES.findall(url):
        depth += (char == "(") - (char == ")")
        if depth < 0 or depth > _DEEPEST:
            return False
    return depth == 0


def escape_html(text: str) -> str:
    """Text inside raw HTML: also safe from Hugo's shortcodes."""
    return html.escape(text, quote=False).replace("{{%", "{&#123;%")


def attribute(value: str) -> str:
    """An attribute's value inside raw HTML, for use between double quotes, on one line."""
    return html.escape(_BREAKS.sub(" ", value), quote=True).replace("&#x27;", "'").replace("{{", "{&#123;")


_IN_SHORTCODE = {ord(char): f"%{ord(char):02X}" for char in ' "<>[]\\'}


def shortcode(address: str) -> str:
    """A frame as Hugo's shortcode; what would end it, or its string, is percent-encoded."""
    return '{{< video src="' + address.translate(_IN_SHORTCODE).replace("{{", "%7B%7B") + '" >}}'


def autolink(address: str) -> str:
    """An http address as a link that shows itself, in Markdown: what would end it is percent-encoded."""
    quoted = _IN_AUTOLINK.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), address)
    return f"<{quoted.replace('{{', '%7B%7B')}>"


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


def surround(begin: str, end: str, text: str, edges: str = EDGES) -> str:
    """Set marks around a text; `edges` of it stay outside, and what consists of them only is not marked."""
    core = _SENTINEL.sub("", text).strip(edges)
    if not core:
        return text
    inner = text.lstrip(edges)
    before = text[: len(text) - len(inner)]
    core = inner.rstrip(edges)
    return f"{before}{begin}{core}{end}{inner[len(core) :]}"


def resolve_emphasis(text: str) -> str:
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
    """Whether emphasis and the only emphasis in it, which share an edge or both (`***…***`, `*…**…***`), open and
    close."""
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
