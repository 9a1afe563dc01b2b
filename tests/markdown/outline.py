"""What a piece of HTML says to a reader, whatever its spelling: for comparing a page with the Markdown made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

from markdown_it import MarkdownIt

_RENDERER = MarkdownIt("commonmark", {"html": True}).enable("table")
_FRAME = re.compile(r'\{\{< video src="([^"]*)" >\}\}')
_BREAKING = frozenset(
    (
        *("p", "h1", "h2", "h3", "h4", "h5", "h6", "div", "section", "article", "center", "blockquote", "pre"),
        *("figure", "figcaption", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot"),
        *("tr", "td", "th"),
    )
)
_KINDS = {**{f"h{n}": f"h{n}" for n in range(1, 7)}, "li": "item", "blockquote": "quote", "td": "cell", "th": "cell"}
_VOID = frozenset(("area", "br", "col", "embed", "hr", "img", "input", "source", "wbr"))
_STYLES = (
    ("font-weight:700", "bold", 1),
    ("font-weight:400", "bold", 0),
    ("font-style:italic", "italic", 1),
    ("font-style:normal", "italic", 0),
)
MARKS = str.maketrans("“”‘’", "「」『』")
"""Which marks stand around a quotation depends on its language."""
_EDGES = (
    " \n\u3000\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f"
)


@dataclass(frozen=True)
class Outline:
    """`blocks` are (kind, text): line breaks as newlines, runs of white space as one space, none at the ends. `bold`
    and `italic` are letters and digits only. `links` are the targets of links that show something, `numbers` those of
    the items of ordered lists that do."""

    blocks: tuple[tuple[str, str], ...]
    bold: str
    italic: str
    links: tuple[str, ...]
    pictures: tuple[str, ...]
    frames: tuple[str, ...]
    numbers: tuple[int, ...]

    @property
    def texts(self) -> list[str]:
        """The blocks' text without any white space."""
        return [text for text in (re.sub(r"[\s\u200b\ufeff]+", "", text) for _, text in self.blocks) if text]


def outline_of_html(html: str) -> Outline:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.outline()


def outline_of_markdown(markdown: str) -> Outline:
    """The same of Markdown, read by a renderer of CommonMark with tables; frames are Hugo's shortcodes."""
    outline = outline_of_html(_RENDERER.render(_FRAME.sub("<!-- frame -->", markdown)))
    return replace(outline, frames=tuple(_FRAME.findall(markdown)))


@dataclass
class _Item:
    """An item of a list that may still be open; `value` is its own number, if it has one."""

    value: int | None
    number: int = 0
    shows: bool = False


@dataclass
class _List:
    """A list that is open; its items have no numbers until it ends."""

    start: int | None
    is_reversed: bool
    items: list[_Item] = field(default_factory=list)

    def end(self) -> None:
        number = self.start if self.start is not None else len(self.items) if self.is_reversed else 1
        for item in self.items:
            item.number = number if item.value is None else item.value
            number = item.number + (-1 if self.is_reversed else 1)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[tuple[str, str]] = []
        self.line: list[str] = []
        self.kinds = ["text"]
        self.preformatted = 0
        self.depth = {"bold": 0, "italic": 0}
        self.emphasised: dict[str, list[str]] = {"bold": [], "italic": []}
        self.links: list[list[str]] = []
        self.shown: list[bool] = []
        self.open_links: list[int] = []
        self.pictures: list[str] = []
        self.frames: list[str] = []
        self.lists: list[_List | None] = []
        self.items: list[_Item] = []
        self.open_items: list[_Item] = []
        self.around: list[tuple[str, dict[str, int]]] = []
        self.quotations = 0

    def outline(self) -> Outline:
        self._flush()
        bold, italic = (re.sub(r"[\W_]+", "", "".join(self.emphasised[kind])) for kind in ("bold", "italic"))
        links = tuple(link[0] for link, shown in zip(self.links, self.shown, strict=True) if shown)
        numbers = tuple(item.number for item in self.items if item.shows)
        return Outline(tuple(self.blocks), bold, italic, links, tuple(self.pictures), tuple(self.frames), numbers)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in _VOID:
            self.around.append((tag, dict(self.depth)))
        if tag in ("ol", "ul", "li"):
            self._list(tag, values)
        if tag == "q":
            self.handle_data("「『"[self.quotations % 2])
            self.quotations += 1
        elif tag == "hr":
            self._flush()
            self._shows()
        elif tag in _BREAKING:
            self._flush()
            self.kinds.append(_KINDS.get(tag, self.kinds[-1]))
            self.preformatted += tag == "pre"
        elif tag in ("strong", "b", "em", "i"):
            self.depth["bold" if tag in ("strong", "b") else "italic"] += 1
        elif tag == "br":
            self.line.append("\n")
        elif tag == "a" and values.get("href") is not None:
            self.open_links.append(len(self.links))
            self.links.append([values["href"] or ""])
            self.shown.append(False)
        elif tag == "img":
            self._flush()
            self.pictures.append(values.get("src") or "")
            self._shows()
        elif tag == "iframe":
            self._flush()
            self.frames.append(values.get("src") or "")
            self._shows()
        self._style(values.get("style") or "")

    def handle_comment(self, data: str) -> None:
        if data == " frame ":
            self._shows()

    def _style(self, style: str) -> None:
        for declaration, kind, depth in _STYLES:
            if declaration in style:
                self.depth[kind] = depth

    def _list(self, tag: str, values: dict[str, str | None]) -> None:
        if tag != "li":
            start = int(values["start"] or 1) if re.fullmatch(r"-?\d+", values.get("start") or "") else None
            self.lists.append(_List(start, "reversed" in values) if tag == "ol" else None)
            return
        item = _Item(int(values["value"] or 0) if re.fullmatch(r"-?\d+", values.get("value") or "") else None)
        if self.lists and self.lists[-1] is not None:
            self.lists[-1].items.append(item)
            self.items.append(item)
        self.open_items.append(item)

    def handle_endtag(self, tag: str) -> None:
        if tag == "q":
            self.quotations -= 1
            self.handle_data("」』"[self.quotations % 2])
        elif tag in ("ol", "ul") and self.lists and (ended := self.lists.pop()) is not None:
            ended.end()
        elif tag == "li" and self.open_items:
            self.open_items.pop()
        if tag in _BREAKING:
            self._flush()
            self.kinds.pop()
            self.preformatted -= tag == "pre"
        elif tag == "a" and self.open_links:
            self.open_links.pop()
        if self.around and self.around[-1][0] == tag:
            self.depth = self.around.pop()[1]

    def handle_data(self, data: str) -> None:
        data = data.translate(MARKS)
        self.line.append(re.sub(r"[ \t\r\f]+", " ", data) if self.preformatted else re.sub(r"[ \t\r\n\f]+", " ", data))
        for kind, depth in self.depth.items():
            if depth:
                self.emphasised[kind].append(data)
        if data.strip():
            self._shows()

    def _shows(self) -> None:
        for number in self.open_links:
            self.shown[number] = True
        for item in self.open_items:
            item.shows = True

    def _flush(self) -> None:
        text = re.sub(r" *\n *", "\n", re.sub(r" +", " ", "".join(self.line))).strip(_EDGES)
        self.line.clear()
        if text:
            self.blocks.append((self.kinds[-1], text))
