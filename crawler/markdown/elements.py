"""HTML elements by what they are in a text, and what they say beyond its words: emphasis, the numbers of list items,
the order of a table's parts, the marks of a quotation. The conversion and the check both ask here."""

import re
from collections.abc import Container, Mapping, Sequence

from bs4 import Tag
from bs4.element import PageElement

CONTAINERS = frozenset(
    (
        *("address", "article", "aside", "body", "caption", "center", "dd", "details", "dialog", "dir", "div", "dl"),
        *("dt", "fieldset", "figcaption", "footer", "form", "header", "hgroup", "html", "legend", "li", "main"),
        *("menu", "nav", "p", "section", "summary", "tbody", "td", "tfoot", "th", "thead", "tr", "[document]"),
    )
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
FRAMES = ("iframe", "video", "audio", "embed", "object")
BLOCKS = CONTAINERS.union(HEADINGS, FRAMES, ("hr", "pre", "table", "figure", "blockquote", "ul", "ol"))


def has_block(node: Tag) -> bool:
    """Whether a block stands anywhere inside."""
    return has_element(node, BLOCKS)


def has_element(node: Tag, names: Container[str]) -> bool:
    """Whether an element with one of these names stands anywhere inside; BeautifulSoup's own search takes many times
    longer."""
    for child in node.contents:  # noqa: SIM110 - a loop takes half the time
        if isinstance(child, Tag) and (child.name in names or has_element(child, names)):
            return True
    return False


def elements_of(node: Tag) -> list[Tag]:
    """All elements inside, in reading order."""
    found: list[Tag] = []
    stack = node.contents[::-1]
    while stack:  # BeautifulSoup's `descendants` takes twice as long
        child = stack.pop()
        if isinstance(child, Tag):
            found.append(child)
            stack += child.contents[::-1]
    return found


def nearest_ancestor(node: PageElement, name: str) -> Tag | None:
    """The innermost element with this name around a node."""
    around = node.parent
    while around is not None and around.name != name:
        around = around.parent
    return around


BOLD, ITALIC, STRUCK = "bold", "italic", "struck"
KEPT_TAGS = ("sub", "sup", "del", "s", "strike", "ins", "kbd", "mark", "ruby", "rb", "rt", "rtc", "rp")
"""Elements inside a text that Markdown has no marks for, and that stay HTML."""
KINDS: Mapping[str, str] = dict(zip(KEPT_TAGS, KEPT_TAGS, strict=True)) | {
    **dict.fromkeys(("strong", "b"), BOLD),
    **dict.fromkeys(("em", "i"), ITALIC),
    **dict.fromkeys(("del", "s", "strike"), STRUCK),
}
"""What an element makes of its text: elements that look the same are of one kind."""
ELEMENTS: Mapping[str, str] = {BOLD: "strong", ITALIC: "em", STRUCK: "del", "sup": "sup", "sub": "sub"}
"""The element to write for what an inline style makes of a text."""
_BOLD_ANYWAY = frozenset({*HEADINGS, "th"})

_DECLARATION = re.compile(
    r"(?:^|;)\s*(font-weight|font-style|font|text-decoration(?:-line)?|vertical-align)\s*:\s*([^;!]*)", re.IGNORECASE
)
_WEIGHT = re.compile(r"bold|bolder|normal|lighter|[1-9]\d\d|1000")
_BOLD_FROM = 600
_SLANTED = ("italic", "oblique")

_INTEGER = re.compile(r"\s*([+-]?\d{1,10})(?!\d)", re.ASCII)
_TYPES = {
    "lower-alpha": "a",
    "lower-latin": "a",
    "upper-alpha": "A",
    "upper-latin": "A",
    "lower-roman": "i",
    "upper-roman": "I",
}
_LIST_STYLE = re.compile(r"(?:^|;)\s*list-style(?:-type)?\s*:([^;!]*)", re.IGNORECASE)
_COUNTER = re.compile(
    r"(?:lower|upper)-[a-z]+|cjk-[a-z-]+|(?:trad|simp|japanese|korean)-[a-z-]+|decimal-leading-zero|hiragana|katakana"
)
_HIGHEST = 999_999_999
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_CHINESE_MARKS, _WESTERN_MARKS = (("「", "」"), ("『", "』")), (("“", "”"), ("‘", "’"))


def emphasis(node: Tag) -> Mapping[str, bool]:
    """What an element makes of its text, by its name and its inline style: for each kind whether the text becomes it,
    or ceases to be."""
    kind = KINDS.get(node.name)
    found = {kind: True} if kind else {}
    style = node.attrs.get("style")
    for name, value in _DECLARATION.findall(str(style).lower()) if style else ():
        words = value.split()
        if name.startswith("text-decoration"):  # which nothing inside can take off again
            found.pop(STRUCK, None)
            found |= {STRUCK: True} if "line-through" in words else {}
        elif name == "vertical-align":
            found |= {kind: True for word, kind in (("super", "sup"), ("sub", "sub")) if word in words}
        else:
            found |= _of_font(name, words)
    if node.name in _BOLD_ANYWAY:
        found.pop(BOLD, None)
    return found


def without_emphasis(style: str) -> str:
    """An inline style without what `emphasis` reads from it."""
    return _DECLARATION.sub("", style)


def says_emphasis(style: str) -> bool:
    """Whether an inline style may make something of its text."""
    return _DECLARATION.search(style) is not None


def _of_font(name: str, words: Sequence[str]) -> Mapping[str, bool]:
    """What `font-weight`, `font-style`, or `font` with both and a size, say."""
    in_one = name == "font"
    if in_one and not any(character.isdigit() for word in words for character in word):
        return {}
    found = {}
    weight = next((word for word in words if _WEIGHT.fullmatch(word)), "normal" if in_one else "")
    if weight and name != "font-style":
        found[BOLD] = int(weight) >= _BOLD_FROM if weight.isdigit() else weight.startswith("bold")
    slanted = any(word.startswith(_SLANTED) for word in words)
    if name != "font-weight" and (slanted or in_one or "normal" in words):
        found[ITALIC] = slanted
    return found


def item_numbers(node: Tag) -> list[int]:
    """The numbers that the items of an ordered list have on the page."""
    items = [child for child in node.contents if isinstance(child, Tag) and child.name == "li"]
    is_reversed = "reversed" in node.attrs
    start = integer(node.attrs.get("start"))
    number = start if start is not None else len(items) if is_reversed else 1
    found = []
    for item in items:
        own = integer(item.attrs.get("value"))
        number = own if own is not None else number
        found.append(number)
        number += -1 if is_reversed else 1
    return found


def integer(value: object) -> int | None:
    """The whole number that a browser reads in an attribute's value, if any."""
    match = _INTEGER.match(str(value)) if value is not None else None
    return int(match[1]) if match else None


def counter(node: Tag) -> str:
    """How an ordered list counts, if not in Arabic numerals: the value of `type`, or a counter style of CSS."""
    declared = _LIST_STYLE.search(str(node.attrs.get("style") or ""))
    words = declared[1].lower().split() if declared else []
    if style := next((word for word in words if _COUNTER.fullmatch(word)), ""):
        return _TYPES.get(style, style)
    kind = str(node.attrs.get("type") or "")
    return kind if kind in ("a", "A", "i", "I") and not words else ""


def is_countable(node: Tag) -> bool:
    """Whether Markdown has the numbers of an ordered list."""
    return not counter(node) and all(0 <= number <= _HIGHEST for number in item_numbers(node))


def shown_children(table: Tag) -> list[PageElement]:
    """What a table holds as a browser shows it: captions above, the first head before all rows, the first foot behind
    them."""
    names = [child.name if isinstance(child, Tag) else "" for child in table.contents]
    above = [child for child, name in zip(table.contents, names, strict=True) if name == "caption"]
    above += [table.contents[names.index("thead")]] if "thead" in names else []
    below = [table.contents[names.index("tfoot")]] if "tfoot" in names else []
    placed = {id(child) for child in (*above, *below)}
    return [*above, *(child for child in table.contents if id(child) not in placed), *below]


def quotation_marks(node: Tag) -> tuple[str, str]:
    """The marks that a browser puts around a `<q>`, by its language and how deep it stands in others."""
    text = node.get_text()
    marks = (
        _CHINESE_MARKS
        if _HAN.search(text) or not any(char.isascii() and char.isalpha() for char in text)
        else _WESTERN_MARKS
    )
    return marks[sum(1 for around in node.parents if around.name == "q") % 2]
