"""What stays HTML in the Markdown: figures, tables that pipes cannot carry, and preformatted text that is more than
text."""

import re
from collections.abc import Iterator, Sequence

from bs4 import Comment, Tag
from bs4.element import NavigableString, PageElement

from crawler.markdown.elements import (
    BLOCKS,
    FRAMES,
    HEADINGS,
    KINDS,
    counter,
    has_block,
    has_element,
    integer,
    item_numbers,
    nearest_ancestor,
)
from crawler.markdown.inline import attribute, autolink, escape_html, one_space, shortcode
from crawler.markdown.style import Style, Video

_INLINE = frozenset(("a", "u", "small", "code", "br", "img", *KINDS))
_TABLE = _INLINE.union(
    ("table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "p", "ul", "ol", "li", "blockquote", "figure"),
    ("figcaption", "hr"),
    HEADINGS,
)
_PICTURE = frozenset({"img"})
_VOID = frozenset({"br", "img", "hr"})
_LAZY = frozenset(
    (
        *("data-src", "data-original", "data-lazy-src", "data-lazy", "data-lazyload", "data-cfsrc", "data-echo"),
        *("data-actualsrc", "data-real-src"),
    )
)
_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
_LATER = _LAZY.union(_SETS)
_DESCRIPTOR = re.compile(r"[\d.]+[wxh],?")
_NO_ADDRESS = re.compile(r"data:|about:|#", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"(?:\A|/)(?:blank|spacer|placeholder|transparent|pixel|loading|lazy|1x1)[\w-]*\.(?:gif|png|svg)(?:[?#]|\Z)",
    re.IGNORECASE,
)
_PICTURE_FILE = re.compile(r"\A[^\s,]+\.(?:jpe?g|png|gif|webp|svg|bmp|avif)(?:[?#]|\Z)", re.IGNORECASE)
_WEB = re.compile(r"(?:https?:)?//[^\s/]", re.IGNORECASE)
_PARAMETERS = frozenset({"movie", "src", "url", "filename"})
"""Of `<param>`: those that name what an `<object>` plays."""
_EDGE_BREAKS = re.compile(r"^(?:<br>| )+|(?:<br>| )+$")


def source(node: Tag) -> str:
    """The address of a picture or frame; of lazily loaded ones the real one, not the placeholder's."""
    attributes = node.attrs
    src = str(attributes.get("src") or attributes.get("data") or "").strip()
    if src and _LATER.isdisjoint(attributes) and not _NO_ADDRESS.match(src):
        return src
    found = next((address for address in _addresses(node, src) if not stands_in(address)), src)
    return "" if found.startswith(("about:", "#")) else found


def stands_in(address: str) -> bool:
    """Whether it is no address, or that of something that only holds a place until a script knows better."""
    return not address or _NO_ADDRESS.match(address) is not None or _PLACEHOLDER.search(address) is not None


def _addresses(node: Tag, src: str) -> Iterator[str]:
    """Where an element and what belongs to it may have the address, the surest places first."""
    attributes = node.attrs
    yield from (str(attributes[name]).strip() for name in attributes if name in _LAZY)
    yield src
    yield from _of_sets(node)
    if node.name == "img":
        around = node.parent
        if around is not None and around.name == "picture":
            for one in around.find_all("source"):
                yield from _of_sets(one)
        yield from (
            value
            for name in attributes
            if name.startswith("data-") and _PICTURE_FILE.search(value := str(attributes[name]).strip())
        )
        return
    for inner in node.find_all(["source", "embed", "iframe", "param"]) if node.contents else ():
        is_source = inner.name != "param" or str(inner.get("name")).lower() in _PARAMETERS
        yield (str(inner.get("src") or inner.get("data-src") or inner.get("value") or "") if is_source else "").strip()
    yield from (
        value for name in attributes if name.startswith("data-") and _WEB.match(value := str(attributes[name]).strip())
    )


def _of_sets(node: Tag) -> Iterator[str]:
    """The addresses in the attributes with several pictures for several screens."""
    for name in _SETS:
        words = str(node.attrs.get(name) or "").split()
        yield from (word.rstrip(",") for word in words if not _DESCRIPTOR.fullmatch(word))


def is_lazy(node: Tag) -> bool:
    """Whether a script was to load a picture or frame."""
    return not _LATER.isdisjoint(node.attrs)


def alt_text(img: Tag, style: Style) -> str:
    """A picture's description: its own or, where the format says so, the caption of the figure that it is in."""
    alt = str(img.attrs.get("alt") or "")
    if not style.captions_describe or alt.strip():
        return alt
    around = nearest_ancestor(img, "figure")
    if around is None:
        return alt
    captions = around.find_all("figcaption")
    following = img.find_next("figcaption")
    caption = following if any(following is one for one in captions) else next(iter(captions), around)
    return one_space(caption.get_text()).strip() if isinstance(caption, Tag) else alt


def frame(node: Tag, style: Style, *, in_html: bool = False) -> str:
    """A frame as its style writes frames: Hugo's shortcode, or a link that shows its address. Empty without an
    address."""
    src = source(node)
    if not src:
        return ""
    address = style.frame(src)
    if style.video is not Video.LINK or not address.lower().startswith(("http://", "https://")):
        return shortcode(address)
    shown = attribute(address)
    return f'<a class="video" href="{shown}">{shown}</a>' if in_html else autolink(address)


def figure(node: Tag, style: Style) -> str:
    """A figure of pictures and text as FORMAT has it: a line for each picture and for each text, in order. Empty
    without a picture."""
    lines: list[str] = []
    _figure_lines(node, style, lines)
    pictures = any(line.startswith(("<img ", "<a href=")) for line in lines)
    return "\n".join(["<figure>", *lines, "</figure>"]) if pictures else ""


def _figure_lines(node: Tag, style: Style, lines: list[str], tags: tuple[str, ...] = ()) -> None:
    """`tags`: the emphasis around all of it."""
    run: list[PageElement] = []
    for child in node.contents:
        shows = isinstance(child, Tag) and (child.name == "img" or has_element(child, _PICTURE))
        if not isinstance(child, Tag) or not (shows or child.name == "figcaption"):
            run.append(child)
            continue
        _caption(run, style, lines, tags)
        run = []
        if not shows:
            _caption(child.contents, style, lines, tags)
        elif child.name != "img":
            _figure_lines(child, style, lines, (*tags, child.name) if child.name in KINDS else tags)
        elif attributes := _attributes(child, style):
            link = nearest_ancestor(child, "a")
            target = _attributes(link, style) if link is not None else ""
            lines.append(f"<a{target}><img{attributes}></a>" if target else f"<img{attributes}>")
    _caption(run, style, lines, tags)


def _caption(nodes: Sequence[PageElement], style: Style, lines: list[str], tags: Sequence[str]) -> None:
    """A text as a caption on one line; its links and emphasis stay HTML, and so do paragraphs where it has several."""
    paragraphs = [text for text in _paragraphs(nodes, style) if text and not text.isspace()] if nodes else []
    for name in reversed(tags):
        paragraphs = [f"<{name}>{text}</{name}>" for text in paragraphs]
    if paragraphs:
        text = paragraphs[0] if len(paragraphs) == 1 else "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
        lines.append(f"<figcaption>{text}</figcaption>")


def _paragraphs(nodes: Sequence[PageElement], style: Style) -> list[str]:
    found, run = [], ""
    for node in nodes:
        if isinstance(node, Tag) and (node.name in BLOCKS or has_block(node)):
            found += [run, *_paragraphs(node.contents, style)]
            run = ""
        else:
            run += _html(node, style, _INLINE)
    return [
        _EDGE_BREAKS.sub("", text) if text[:1] in " <" or text[-1:] in " >" else text
        for text in map(one_space, (*found, run))
    ]


def table(node: Tag, style: Style) -> str:
    """A table as HTML without blank lines (one would end it as an HTML block)."""
    return re.sub(r" *\n\s*", "\n", _html(node, style, _TABLE)).strip()


def ordered(node: Tag, style: Style) -> str:
    """A list whose numbers Markdown does not have, as HTML."""
    return table(node, style).replace("<li", "\n<li")


def preformatted(node: Tag, style: Style) -> str:
    """Preformatted text with links, pictures or line breaks in it: its lines as they are."""
    lines = "".join(_html(child, style, _INLINE, verbatim=True) for child in node.contents)
    return f"<pre>{lines.strip(chr(10))}</pre>"


def _html(node: PageElement, style: Style, kept: frozenset[str], verbatim: bool = False) -> str:
    if not isinstance(node, Tag):
        text = escape_html(str(node)) if isinstance(node, NavigableString) and not isinstance(node, Comment) else ""
        return text if verbatim else one_space(text)
    name = node.name
    if name in FRAMES:
        player = frame(node, style, in_html=True)
        return f"<div>{player}</div>" if player else ""
    inner = "".join([_html(child, style, kept, verbatim or name == "pre") for child in node.contents])
    if name == "pre":
        return f"<div>{inner.strip(chr(10)).replace(chr(10), '<br>')}</div>"
    if name not in kept:
        return f"<div>{inner}</div>" if name in BLOCKS and kept is _TABLE else inner
    attributes = _attributes(node, style)
    if (name in ("img", "a") and not attributes) or (name == "caption" and not inner.strip()):
        return inner
    if name == "a":
        is_within = nearest_ancestor(node, "a") is not None
        if is_within or not (node.get_text().strip(" \t\r\n\f") or "<img " in inner):
            return inner
    line = "\n" if name in ("table", "tr", "thead", "tbody") else ""
    return f"<{name}{attributes}>{line}" if name in _VOID else f"<{name}{attributes}>{line}{inner}</{name}>{line}"


def _attributes(node: Tag, style: Style) -> str:
    """What an element has to say in its start tag; nothing of a picture or a link without an address."""
    name = node.name
    if name == "a":
        target = style.link(str(node.attrs.get("href") or ""))
        return f' href="{attribute(target)}"' if target else ""
    if name == "img":
        src = source(node)
        return f' src="{attribute(style.image(src))}" alt="{attribute(alt_text(node, style))}"' if src else ""
    if name == "li" and node.parent is not None and node.parent.name == "ol":
        number = integer(node.attrs.get("value"))
        return f' value="{number}"' if number is not None else ""
    if name in ("td", "th"):
        spans = ((span, str(node.attrs.get(span) or "")) for span in ("rowspan", "colspan"))
        return "".join(
            f' {span}="{value}"' for span, value in spans if value.isascii() and value.isdigit() and value != "1"
        )
    if name != "ol":
        return ""
    kind, is_reversed = counter(node), "reversed" in node.attrs
    numerals = f' type="{kind}"' if len(kind) == 1 else f' style="list-style-type:{kind}"' if kind else ""
    start = next(iter(item_numbers(node)), 1)
    return numerals + (f' start="{start}"' if start != 1 or is_reversed else "") + (" reversed" if is_reversed else "")
