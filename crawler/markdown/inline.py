"""Text inside a block: what is not markup is escaped, and emphasis is written so that CommonMark closes it in Chinese
text."""

import html
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

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
_NOT_PLAIN = re.compile(r"[\\*_`<&~{\]\[!\t\r\n\f\ufdd0-\ufdd5]")
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
    r"(?:#{1,6}(?=[ \t]|$)|[-+:](?=[ \t]|$)|[>|]|=+[ ]*$|-{2,}[ ]*$|[:-][-:| ]*$)|(?P<number>\d{1,9})[.)](?=[ \t]|$)"
)
_LINE_STARTS = frozenset("#-+:>|=0123456789")
_CLOSING_HASHES = re.compile(r"(?:^|(?<= ))(#+)$")
_NOT_IN_DESTINATION = re.compile(r"[\x00-\x20<>\\\x7f\s]")
_NOT_IN_AUTOLINK = re.compile(r"[\x00-\x20<>\x7f\s]")
_PARENTHESES = re.compile(r"[()]")
_NOT_IN_ATTRIBUTE = re.compile(r"[&<>{\"\r\n\t]")
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


def is_plain(text: str) -> bool:
    """Whether a text needs no care in a paragraph, but for its ends: no markup, one space at a time, no marks."""
    return _NOT_PLAIN.search(text) is None and "  " not in text


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
        return "\n".join(map(escape_line_starts, paragraph.split("\n")))
    found = _LINE_START.match(paragraph) if paragraph[:1] in _LINE_STARTS else None
    if found is None:
        return paragraph
    escaped = found.end("number") if found["number"] else 0
    return f"{paragraph[:escaped]}\\{paragraph[escaped:]}"


def escape_heading(text: str) -> str:
    """A heading's text: hash signs at its end, after a space, would be taken for its closing sequence."""
    return _CLOSING_HASHES.sub(r"\\\1", text) if text.endswith("#") else text


def destination(url: str) -> str:
    """A URL as the target of a link or image: one working target in CommonMark, characters otherwise as they are."""
    url = _NOT_IN_DESTINATION.sub(percent_encoded, url)
    if not _balanced(url):
        url = url.replace("(", "\\(").replace(")", "\\)")
    return (_ENTITY.sub("&amp;", url) if "&" in url else url).replace("{{", "%7B%7B")


def percent_encoded(found: re.Match[str]) -> str:
    """What was found, for an address."""
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


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
    if _NOT_IN_ATTRIBUTE.search(value) is None:
        return value
    return html.escape(_BREAKS.sub(" ", value), quote=True).replace("&#x27;", "'").replace("{{", "{&#123;")


_IN_SHORTCODE = {ord(char): f"%{ord(char):02X}" for char in ' "<>[]\\'}


def shortcode(address: str) -> str:
    """A frame as Hugo's shortcode; what would end it, or its string, is percent-encoded."""
    return '{{< video src="' + address.translate(_IN_SHORTCODE).replace("{{", "%7B%7B") + '" >}}'


def autolink(address: str) -> str:
    """An http address as a link that shows itself, in Markdown: what would end it is percent-encoded."""
    return f"<{_NOT_IN_AUTOLINK.sub(percent_encoded, address).replace('{{', '%7B%7B')}>"


BREAK = "\ufdd0"
"""Stands for `<br>` until the block is whole; a noncharacter, which cleaned text does not hold."""
STRONG, END_STRONG, EM, END_EM = "\ufdd1", "\ufdd2", "\ufdd3", "\ufdd4"
_SENTINEL = re.compile(f"[{STRONG}{END_STRONG}{EM}{END_EM}]")
_ENDS = {END_STRONG: STRONG, END_EM: EM}
_MARKER = {STRONG: "**", EM: "*"}
_TAG = {STRONG: "strong", EM: "em"}
_CROWDING = frozenset(("*", STRONG, END_STRONG, EM, END_EM))
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
EDGES = f" \t{_SPACES}\u2028\u2029\u200b\ufeff{BREAK}"
"""What does not show at the edges of emphasis: white space, also without width, and line breaks."""
_MARKUP = frozenset("\\[]()<>*_`&~|{}#$^+=")
_SPACE, _PUNCTUATION, _SYMBOL, _LETTER = "space", "punctuation", "symbol", "letter"


def surround(begin: str, end: str, text: str, edges: str = EDGES) -> str:
    """Set marks around a text; `edges` of it stay outside, and what consists of them only is not marked."""
    if not text.strip(f"{edges}{STRONG}{END_STRONG}{EM}{END_EM}"):
        return text
    inner = text.lstrip(edges)
    core = inner.rstrip(edges)
    return f"{text[: len(text) - len(inner)]}{begin}{core}{end}{inner[len(core) :]}"


def resolve_emphasis(text: str, *, as_elements: bool = False) -> str:
    """Replace the marks in a block's whole text with the markup that CommonMark reads as meant, or with elements of
    HTML."""
    if STRONG not in text and EM not in text:
        return text
    for end, begin in _ENDS.items():
        text = text.replace(end + begin, "")
        if as_elements:
            text = text.replace(begin, f"<{_TAG[begin]}>").replace(end, f"</{_TAG[begin]}>")
    chars = list(text)
    ends: dict[int, int] = {}
    begins: dict[int, int] = {}
    open_marks: list[int] = []
    for found in _SENTINEL.finditer(text):
        if found[0] in _MARKER:
            open_marks.append(found.start())
        elif open_marks:
            opening, closing = open_marks.pop(), found.start()
            ends[opening], begins[closing] = closing, opening
    for opening in sorted(ends):
        if chars[opening] in _MARKER:  # else it was chosen together with the emphasis around it
            _choose(chars, opening, ends, begins)
    return "".join(chars)


def _choose(chars: list[str], begin: int, ends: dict[int, int], begins: dict[int, int]) -> None:
    kind, end = chars[begin], ends[begin]
    at_edge = {child for child in (begin + 1, begins.get(end - 1, -1)) if child in ends}
    if len(at_edge) == 1 and _holds_together(chars, begin, end, child := at_edge.pop(), ends[child]):
        chars[child] = chars[ends[child]] = _MARKER[chars[child]]
        chars[begin] = chars[end] = _MARKER[kind]
    elif not at_edge and (place := _trimmed(chars, begin, end)):
        opening, closing = place  # the marks go inwards, punctuation outwards
        chars[begin : opening + 1] = *chars[begin + 1 : opening + 1], _MARKER[kind]
        chars[closing : end + 1] = _MARKER[kind], *chars[closing:end]
    else:
        chars[begin], chars[end] = f"<{_TAG[kind]}>", f"</{_TAG[kind]}>"


def _holds_together(chars: list[str], begin: int, end: int, child_begin: int, child_end: int) -> bool:
    """Whether emphasis and the only emphasis in it, which share an edge or both (`***…***`, `*…**…***`), open and
    close."""
    if len(_SENTINEL.findall("".join(chars[begin + 1 : end]))) != 2:
        return False
    before, after = _outside(chars, begin, end)
    sides = [(before, chars[child_begin + 1]), (after, chars[child_end - 1])]
    if child_begin > begin + 1:
        sides[0] = (before, chars[begin + 1])
        sides.append((chars[child_begin - 1], chars[child_begin + 1]))
    if child_end < end - 1:
        sides[1] = (after, chars[end - 1])
        sides.append((chars[child_end + 1], chars[child_end - 1]))
    return not _crowded(chain.from_iterable(sides)) and all(_opens(outside, inside) for outside, inside in sides)


def _outside(chars: list[str], begin: int, end: int) -> tuple[str, str]:
    """The characters beside emphasis; empty where the block begins or ends."""
    return chars[begin - 1][-1:] if begin else "", chars[end + 1][:1] if end + 1 < len(chars) else ""


def _crowded(neighbours: Iterable[str]) -> bool:
    """Whether a neighbour is an asterisk or emphasis not yet chosen, which would make one run of two."""
    return any(char[:1] in _CROWDING or char[-1:] in _CROWDING for char in neighbours)


def _trimmed(chars: list[str], begin: int, end: int) -> tuple[int, int] | None:
    """Where the marks hold: where they are, or with punctuation at the edges left outside; None if nowhere."""
    before, after = _outside(chars, begin, end)
    if _crowded((before, after, chars[begin + 1], chars[end - 1])):
        return None
    opening, closing = begin, end
    while not _opens(chars[opening] if opening > begin else before, chars[opening + 1]):
        if not _movable(chars, opening + 1):
            return None
        opening += 1
    while not _opens(chars[closing] if closing < end else after, chars[closing - 1]):
        if not _movable(chars, closing - 1):
            return None
        closing -= 1
    return (opening, closing) if opening + 1 < closing else None


def _movable(chars: list[str], at: int) -> bool:
    char = chars[at]
    is_image = char == "!" and chars[at + 1][:1] == "["
    return char not in _MARKUP and _kind(char) == _PUNCTUATION and chars[at - 1] != "\\" and not is_image


def _opens(outside: str, inside: str) -> bool:
    """CommonMark's flanking rule for one side of emphasis, read so that it holds in versions before and since 0.31."""
    kind = _kind(inside)
    return kind == _LETTER or (kind != _SPACE and _kind(outside) in (_SPACE, _PUNCTUATION))


@lru_cache(maxsize=4096)
def _kind(char: str) -> str:
    """What a character is to CommonMark, the end of a block being white space. Symbols count as punctuation only since
    0.31: neither reading may be relied on."""
    if not char or char in _SPACES or char in f" \t\n{BREAK}":
        return _SPACE
    if len(char) > 1:  # markup
        return _LETTER
    category = unicodedata.category(char)
    if category.startswith("P") or (char.isascii() and char in "$+<=>^`|~"):
        return _PUNCTUATION
    return _SYMBOL if category.startswith("S") else _LETTER
