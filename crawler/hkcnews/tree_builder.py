"""Builds BeautifulSoup's tree from what Lexbor writes, which is well-formed: splitting at the tags is all the parsing
it takes. The tree is the same as that of BeautifulSoup's own builder on html.parser."""

import re
from collections.abc import Mapping

from bs4 import BeautifulSoup, Comment, Tag
from bs4.builder import HTMLTreeBuilder
from bs4.element import AttributeDict, AttributeValueList, NavigableString, PageElement

_ATTRIBUTE = re.compile(r' ([a-z][a-z0-9_-]*)="([^"]*)"')
_AROUND_VALUE = len(' =""')
_VOID = frozenset(
    {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_RAW = frozenset({"script", "style", "iframe"})
"""Lexbor writes what stands in them as it is; html.parser reads it as HTML in frames."""
_KNOWN = _VOID.union(
    _RAW,
    ("a", "abbr", "address", "article", "aside", "audio", "b", "big", "blockquote", "button", "caption", "center"),
    ("cite", "code", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "fieldset", "figcaption"),
    ("figure", "font", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "i", "ins", "kbd"),
    ("label", "legend", "li", "main", "mark", "nav", "noscript", "object", "ol", "p", "picture", "pre", "q", "s"),
    ("samp", "section", "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td"),
    ("tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "video"),
)
"""Elements on which Lexbor and html.parser agree; a region with any other is left to html.parser."""
_STRINGS = HTMLTreeBuilder.DEFAULT_STRING_CONTAINERS
_UNLIKE = _VOID.union(_STRINGS)
_LISTS = HTMLTreeBuilder.DEFAULT_CDATA_LIST_ATTRIBUTES
_LISTS_ANYWHERE = frozenset(_LISTS["*"])
_SPACES = " \n\t\f\r"


class _Element(Tag):
    """A tag like any other; what is the same for nearly all of them is not set anew for each."""

    parser_class = BeautifulSoup
    namespace = None
    prefix = None
    sourceline = None
    sourcepos = None
    known_xml = False
    can_be_empty_element = False
    attribute_value_list_class = AttributeValueList
    cdata_list_attributes = _LISTS
    preserve_whitespace_tags = HTMLTreeBuilder.DEFAULT_PRESERVE_WHITESPACE_TAGS
    interesting_string_types = Tag.MAIN_CONTENT_STRING_TYPES
    next_element = None
    next_sibling = None
    previous_sibling = None
    _decomposed = False
    _namespaces: dict[str, str] = {}  # noqa: RUF012 - BeautifulSoup's name; HTML has no namespaces, nothing writes to it

    def __init__(self, name: str, attributes: AttributeDict) -> None:
        self.name = name
        self.attrs = attributes
        self.contents = []
        if name in _UNLIKE:
            self.can_be_empty_element = name in _VOID
            self.interesting_string_types = {_STRINGS[name]} if name in _STRINGS else Tag.MAIN_CONTENT_STRING_TYPES


def element(name: str, attributes: Mapping[str, str] | None = None) -> Tag:
    """A new element that stands nowhere yet; making one with BeautifulSoup takes a whole soup."""
    node = _Element(name, AttributeDict(attributes or {}))
    node.parent = node.previous_element = None
    return node


def build_tree(markup: str) -> Tag | None:
    """The tree of one element, without a parent; None where the markup is not of the plain form."""
    first, *pieces = markup.split("<")
    if first:
        return None
    root: Tag | None = None
    current: Tag | None = None
    last: PageElement | None = None
    preserved = 0
    for piece in pieces:
        head, end, text = piece.partition(">")
        if current is None and root is not None:
            return None
        if head.startswith("/"):
            if current is None or head[1:] != current.name:
                return None
            preserved -= head == "/pre"
            current = current.parent
        else:
            node = _opened(head) if end else None
            if node is None or (current is not None and current.name in _RAW):
                return None
            _link(node, current, last)
            last = node
            if isinstance(node, Tag) and not node.can_be_empty_element:
                current = node
                root = node if root is None else root
                preserved += node.name == "pre"
        if text:
            if current is None or (string := _string(text, current.name, preserved > 0)) is None:
                return None
            _link(string, current, last)
            last = string
    return root if current is None else None


def dismantle(root: Tag) -> None:
    """Have the nodes of a tree that nobody needs any more hold only what comes after them: else they hold each other,
    and wait for the garbage collector, which costs several times as much."""
    node: PageElement | None = root
    while node is not None:
        node.parent = node.previous_element = node.previous_sibling = None
        node = node.next_element


def _link(node: PageElement, parent: Tag | None, last: PageElement | None) -> None:
    """Set a node after all that came before it; it has no neighbours yet."""
    node.parent = parent
    node.previous_element = last
    if last is not None:
        last.next_element = node
    if parent is not None:
        contents = parent.contents
        if contents:
            before = node.previous_sibling = contents[-1]
            before.next_sibling = node
        contents.append(node)


def _opened(head: str) -> Tag | Comment | None:
    """What begins with the inside of a tag: an element, or a comment of a form that leaves no doubt where it ends."""
    if head in _KNOWN:
        return _Element(head, AttributeDict())
    name, _, _ = head.partition(" ")
    if name not in _KNOWN:
        inside = head[3:-2]
        is_plain = len(head) > 4 and head.startswith("!--") and head.endswith("--") and "-" not in inside
        return Comment(_collapsed(inside)) if is_plain else None
    attributes = AttributeDict()
    left = len(head) - len(name)
    lists = _LISTS.get(name, ())
    for key, value in _ATTRIBUTE.findall(head, len(name)):
        left -= len(key) + len(value) + _AROUND_VALUE
        plain = _unescaped(value.replace("&quot;", '"')) if "&" in value else value
        if plain is None:
            return None
        attributes[key] = AttributeValueList(plain.split()) if key in _LISTS_ANYWHERE or key in lists else plain
    return _Element(name, attributes) if not left else None


def _string(text: str, holder: str, is_preserved: bool) -> NavigableString | None:
    """A text in an element; None where its references are not Lexbor's."""
    if "&" in text and holder not in ("script", "style"):
        unescaped = _unescaped(text) if holder != "iframe" else None
        if unescaped is None:
            return None
        text = unescaped
    if text[0] in _SPACES and text != "\n" and not is_preserved:
        text = _collapsed(text)
    string: NavigableString = str.__new__(_STRINGS.get(holder, NavigableString), text)
    string.previous_sibling = string.next_element = string.next_sibling = None
    return string


def _collapsed(text: str) -> str:
    """A text, or white space alone as BeautifulSoup has it."""
    return text if text.strip(_SPACES) else "\n" if "\n" in text else " "


def _unescaped(text: str) -> str | None:
    """A text with the references that Lexbor writes as characters; None if there is any other."""
    if text.count("&") != text.count("&amp;") + text.count("&lt;") + text.count("&gt;") + text.count("&nbsp;"):
        return None
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u00a0").replace("&amp;", "&")
