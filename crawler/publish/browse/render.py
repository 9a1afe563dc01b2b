"""An article's Markdown as HTML that can do no harm, with links and pictures of this tree, and found words marked."""

import html
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

import nh3
from markdown_it import MarkdownIt

from crawler.hkcnews.urls import article_id
from crawler.markdown.style import SCHEME, absolute, without_archive
from crawler.publish.browse.rows import STOPS, gap_between
from crawler.publish.words import say
from crawler.recovery.image_content import ImageFault, read_content
from crawler.recovery.image_files import FOLDER, image_file
from crawler.wayback.playback import split_replay

_PLAIN = (
    "p br hr h1 h2 h3 h4 h5 h6 blockquote pre code em strong b i u s del ins sub sup small mark ul ol li dl dt dd"
    " figure figcaption div span cite q kbd strike ruby rb rt rtc rp table caption thead tbody tfoot tr th td"
)
TAGS = frozenset({*_PLAIN.split(), "a", "img"})
"""Every element that may be in what is shown."""
ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
"""Their attributes, beside the `rel` that links get."""
_GONE = "script style template noscript title textarea select xmp noembed noframes plaintext svg math"
"""Elements whose content is no text either."""
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
_SCHEMES = {"http", "https", "mailto"}
_FRAME = re.compile(r'^(?P<before>[ >*+.)\d-]*)\{\{< video src="(?P<address>[^"]*)" >\}\}[ ]*$', re.MULTILINE)
_IFRAME = re.compile(r"<i?frame\b[^<>]*>", re.IGNORECASE)
_SRC = re.compile(r"\bsrc\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_VIDEO = re.compile(
    r"(?:^|\.)(?:youtube(?:-nocookie)?\.com|youtu\.be|vimeo\.com|dailymotion\.com|facebook\.com)$", re.IGNORECASE
)
_ANCHOR_OR_PICTURE = re.compile(r"<a\b[^>]*>|</a>|<img\b[^>]*>")
_ATTRIBUTE = re.compile(r'\b(src|alt)="([^"]*)"')
_SAID = {"#video": say("Video").__html__(), "#embedded": say("Embedded content").__html__()}
"""Pictures that stand for our words until what is theirs is cleaned."""


def to_html(body: str, *, local_image: Callable[[str], str | None], link: Callable[[str], str]) -> str:
    """A body as HTML whose every element and attribute is of `TAGS` and `ATTRIBUTES`, and well nested.

    `local_image` gives the address under which a picture is served here, None when it is not there: then its
    description stands in its place, linked, and nothing is asked of another host. `link` gives where a link leads, ''
    for nowhere. Embedded players become links.
    """
    if not body:
        return ""
    linked = _FRAME.sub(lambda found: f"{found['before']}{_player_link(found['address'])}", body)
    rendered = _IFRAME.sub(_frame, _MARKDOWN.render(linked))
    cleaned = nh3.clean(
        rendered,
        tags=TAGS,
        attributes=ATTRIBUTES,
        clean_content_tags={*_GONE.split()},
        url_schemes={*_SCHEMES, "data"},
        attribute_filter=lambda tag, name, value: _address(link(value)) if (tag, name) == ("a", "href") else value,
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    return "".join(_settled(cleaned, local_image, link))


def _address(address: str) -> str | None:
    """An address that may be linked to, or None: one of ours, a place in the page, or one on the web."""
    address = address.strip()
    if address.startswith("#") or (address.startswith("/") and not address.startswith(("//", "/\\"))):
        return address
    try:
        scheme = urlsplit(address).scheme.lower()
    except ValueError:
        return None
    return address if scheme in _SCHEMES else None


def _frame(found: re.Match[str]) -> str:
    src = _SRC.search(found[0])
    return _player_link(src[1] or src[2] or src[3] or "") if src else found[0]


def _player_link(escaped: str) -> str:
    address = html.unescape(escaped)
    what, host = embedded(address)
    return f'<a href="{html.escape(address)}"><img src="#{what}">{html.escape(f" ({host})" if host else "")}</a>'


def embedded(address: str) -> tuple[str, str]:
    """What was embedded by its address, `video` or `embedded`, and from which host, '' when that is not known."""
    shown, host = split_replay(address)[2] or address, ""
    with suppress(ValueError):
        host = urlsplit(f"https:{shown}" if shown.startswith("//") else shown).hostname or ""
    return ("video" if not host or _VIDEO.search(host) or "video" in shown else "embedded"), host


def _settled(cleaned: str, local_image: Callable[[str], str | None], link: Callable[[str], str]) -> Iterator[str]:
    """Links that lead nowhere as plain text; pictures that are here, and what stands for those that are not."""
    last = 0
    anchors: list[str] = []  # within a table's cell HTML has links in links
    for found in _ANCHOR_OR_PICTURE.finditer(cleaned):
        yield cleaned[last : found.start()]
        last = found.end()
        if found[0].startswith("<img"):
            yield _picture(found[0], local_image, link, linked="a" in anchors)
        elif found[0] == "</a>":
            yield f"</{anchors.pop()}>"
        else:
            anchors.append("a" if " href=" in found[0] and "a" not in anchors else "span")
            yield found[0] if anchors[-1] == "a" else "<span>"
    yield cleaned[last:]


def _picture(
    element: str, local_image: Callable[[str], str | None], link: Callable[[str], str], *, linked: bool
) -> str:
    """A picture that is here, or its description and a link to it unless it stands in one."""
    given = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(element)}
    src, alt = given.get("src", ""), given.get("alt", "")
    if src in _SAID:
        return f"▶ {_SAID[src]}"
    here = local_image(src) if src else None
    if here is not None:
        return f'<img src="{html.escape(here)}" alt="{html.escape(alt)}" loading="lazy">'
    said = (say("Picture not here: {description}", description=alt) if alt else say("Picture not here")).__html__()
    address = _address(link(src)) if src and not linked and not src.lower().startswith("data:") else None
    return (
        f'<a href="{html.escape(address)}" rel="noopener noreferrer">{said}</a>' if address else f"<span>{said}</span>"
    )


_OF_THE_TREE = re.compile(r"(?:\.\./\d+-\d+/)?article_(\d{1,9})\.md(#.*)?\Z")
_PICTURE_OF_THE_TREE = re.compile(rf"(?:\.\./)+{FOLDER}/(.+)\Z")
_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of an output directory."""

    output: Path

    def address(self, src: str, url: str, original: str) -> str | None:
        """Where a picture of an article is served; None when it is not in the tree. `url` and `original`: the article's
        addresses."""
        if not os.path.isdir(f"{self.output}/{FOLDER}"):  # noqa: PTH112 - for every picture of all articles
            return None
        found = _PICTURE_OF_THE_TREE.match(src)
        if found:
            path = f"{FOLDER}/{unquote(found[1])}"
        elif src[:5].lower() == "data:":
            return None
        else:
            path = str(image_file(absolute(src, original, split_replay(url)[0])))
        return f"/{quote(path)}" if self._file(path.removeprefix(f"{FOLDER}/")) else None

    def read(self, path: str) -> tuple[bytes, str] | None:
        """The bytes and the media type of `images/<path>`; None when there is no such picture, or it lies outside of
        that folder.

        The type is that of the bytes, whatever the name says. A drawing with scripts in it is no picture. Raises
        OSError.
        """
        file = self._file(path)
        if file is None:
            return None
        data = file.read_bytes()
        content = read_content(data)
        return None if not content.type or content.flaw is ImageFault.SCRIPT else (data, content.type)

    def _file(self, path: str) -> Path | None:
        parts = path.split("/")
        if not all(_NAME.fullmatch(part) and part not in (".", "..") for part in parts):
            return None
        folder = self.output / FOLDER
        file = folder.joinpath(*parts)
        try:
            # Most that is asked for is not there, and that is soon known.
            return file if file.is_file() and file.resolve().is_relative_to(folder.resolve()) else None
        except OSError:  # a name that is too long
            return None


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one article. `url`, `original`: its addresses; `known` tells whether an article is in the tree."""

    url: str
    original: str
    known: Callable[[int], bool]

    def address(self, href: str) -> str:
        """Where a link leads: `/article/<id>` for articles that are here, into the archive for what the page's own
        archive holds."""
        href = href.strip()
        if href.startswith("#"):
            return href
        found = _OF_THE_TREE.match(href)
        if found:
            return f"/article/{int(found[1])}{found[2] or ''}"
        if href.startswith("//"):
            href = f"https:{href}"
        elif not SCHEME.match(href):
            # What begins with a slash is of the archive that the capture is from.
            href = urljoin(self.url if href.startswith("/") else self.original, href)
        number = article_id(without_archive(href, split_replay(self.url)[0]))
        return f"/article/{number}" if number is not None and self.known(number) else href


AROUND = 70
"""Characters shown on either side of what was found."""

_PHRASE = re.compile(r'"((?:[^"]|"")*)"')
_BETWEEN = rf"(?:(?![{STOPS}])[\W_])*"
"""The index takes no account of brackets, spaces and the like within a word; so neither does what is marked."""
_LATIN = re.compile(r"[0-9A-Za-z]+\Z")
_GAPS = re.compile(r"[ \t]*\n[ \t\n]*")
_LINE_END = re.compile(r"(?<=.)\n(?=.)")


def lines_of(words: str) -> str:
    """A plain text with its paragraphs and lines one below the other."""
    return _GAPS.sub("\n", words).strip()


def finder(match: str) -> re.Pattern[str] | None:
    """Finds in a text what an FTS5 expression of quoted phrases matches; None when there is no phrase."""
    phrases = [each for found in _PHRASE.findall(match) if (each := _pattern(found.replace('""', '"').split()))]
    return re.compile("|".join(sorted(phrases, key=len, reverse=True)), re.IGNORECASE) if phrases else None


def _pattern(tokens: Sequence[str]) -> str:
    """A phrase, whose Latin words are whole words."""
    words = [word for token in tokens for word in re.findall(r"[^\W_]+", token)]
    patterns = [
        rf"(?<![0-9A-Za-z]){word}(?![0-9A-Za-z])" if _LATIN.match(word) else _BETWEEN.join(map(re.escape, word))
        for word in words
    ]
    return _BETWEEN.join(patterns)


def marked(text: str, find: re.Pattern[str] | None) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it was found."""
    if find is None:
        return [(text, False)]
    pieces: list[tuple[str, bool]] = []
    end = 0
    for found in find.finditer(text):
        pieces += [(text[end : found.start()], False), (found[0], True)]
        end = found.end()
    return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]


def excerpt(text: str, find: re.Pattern[str] | None) -> list[tuple[str, bool]]:
    """A piece of a text around the first place that was found, marked; empty when there is no such place."""
    found = find.search(text) if find else None
    if found is None:
        return []
    start, end = max(0, found.start() - AROUND // 2), min(len(text), found.end() + AROUND)
    piece = text[start:end].strip()
    piece = f"{'…' + piece.lstrip(STOPS) if start else piece}{'…' if end < len(text) else ''}"
    # A line's end stays where it is until the words are marked: none of them goes over it.
    return [(part.replace("\n", ""), hit) for part, hit in marked(gapped(piece), find)]


def gapped(text: str) -> str:
    """A text with a space behind each line's end where its lines, when they become one, have one between them."""
    return _LINE_END.sub(lambda gap: f"\n{gap_between(text[gap.start() - 1], text[gap.end()])}", text)
