"""Text that stays text: what Markdown, HTML or Hugo would take for markup gets a backslash."""

from __future__ import annotations

import html
import re

JOINT = "\ufdd5"
"""Stands where a text ends with what the text after it could make markup of: `<` before `b>`, `!` before a link. A
noncharacter, which cleaned text does not hold; `settle_joints` takes it out once the whole line is known."""
MARKS = "\ufdd1-\ufdd4"
"""The noncharacters that stand for emphasis until a block is whole (see `emphasis`), as a range for patterns."""

_MARKUP = (
    r"[\\*_`]"  # code, emphasis; `_` and `*` always, as markdownify does
    r"|<(?=[A-Za-z/!?])|&(?=#?\w{1,32};)"  # HTML
    r"|~(?=~)|(?<=~)~"  # struck text
    r"|(?<=\{)\{(?=[<%])"  # Hugo shortcodes
)
_INLINE = re.compile(_MARKUP + r"|\](?=[\[(:])|!(?=\[)")
_INLINE_IN_LINK = re.compile(_MARKUP + r"|[\[\]]")
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
    r"^(?:(#{1,6}(?=[ \t]|$)|[-+:](?=[ \t]|$)|[>|]|=+[ ]*$|-{2,}[ ]*$|[:-][-:| ]*$)|(\d{1,9})([.)](?=[ \t]|$)))", re.MULTILINE
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
    return _CLOSING_HASHES.sub(r"\\\1", text)


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
    return f"<{_IN_AUTOLINK.sub(lambda found: ''.join(f'%{byte:02X}' for byte in found[0].encode()), address).replace('{{', '%7B%7B')}>"
