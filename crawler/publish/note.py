"""An article as a note for Obsidian: its name, its properties, and its text with links and pictures as Obsidian has
them."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from crawler.hkcnews.urls import HOST, is_of_site
from crawler.markdown.hugo import Piece, PieceKind, continued, pieces_of
from crawler.markdown.inline import attribute, destination, escape_text
from crawler.markdown.style import watch_url, without_archive
from crawler.publish.browse.render import ATTRIBUTES, TAGS, Links, embedded
from crawler.publish.words import TABLE
from crawler.wayback.playback import split_replay

_LONGEST = 150
"""Bytes (UTF-8) of a title in a name: with folders and drive within what Windows takes, 260 characters."""
_WIDE = {ord(char): ord(char) + 0xFEE0 for char in '#^[]|\\/:*?"<>%'}
"""What a file system, or a link of Obsidian, cannot have in a name, by its full-width form."""
_DEVICE = re.compile(r"(?=(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *\.)", re.IGNORECASE)
"""Windows opens a device under these names, whatever follows the dot."""


def note_name(title: str, article: int) -> str:
    """The name of an article's note, without its ending: `立法會選舉押後 (33951)`. Any file system takes it, any link
    leads to it, and for each article there is another, whatever the title."""
    shown = unicodedata.normalize("NFC", title)
    kept = "".join(
        char for char in shown if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Cn")
    )
    name = unicodedata.normalize("NFC", " ".join(kept.translate(_WIDE).split())).lstrip(". ")
    name = _DEVICE.sub("_", name, count=1) if _DEVICE.match(name) else name
    if len(name.encode()) > _LONGEST:
        name = name.encode()[:_LONGEST].decode("utf-8", "ignore").rstrip(". ") + "…"
    return f"{name or '無題'} ({article})"


def valid_tags(tags: Iterable[str]) -> list[str]:
    """Tags as Obsidian takes them, letters and digits with `_` for all else, never digits alone; each once, whatever
    its case. What no letter or digit is in is none."""
    found: dict[str, str] = {}
    for tag in tags:
        shown = unicodedata.normalize("NFC", tag)
        kept = "".join(char if unicodedata.category(char)[0] in "LMN" or char == "-" else "_" for char in shown)
        name = re.sub("_+", "_", kept).strip("_-")
        if name:
            name = f"_{name}" if name.replace("_", "").replace("-", "").isnumeric() else name
            found.setdefault(name.casefold(), name)
    return list(found.values())


_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)")
_AS_THEY_ARE = ("author", "category", "url", "captured", "digest", "faults", "source")


def properties(article: Mapping[str, Any]) -> dict[str, Any]:
    """A note's front matter, of an article as archive.db has it."""
    title, verified = article["title"], article["verified"]
    values = {
        "title": title,
        "aliases": list(dict.fromkeys((title, str(article["id"])))),
        "date": article["date"],
        "last_updated": _MOMENT.sub(r"\1T\2", article["last_updated"] or ""),
        **{name: article[name] for name in _AS_THEY_ARE[:2]},
        "tags": valid_tags(article["tags"]),
        "url": article["url"],
        # Without its scheme it is no link: nobody answers there any more.
        "original_url": re.sub("^https?://", "", article["original_url"] or ""),
        **{name: article[name] for name in _AS_THEY_ARE[3:5]},
        "verified": None if verified is None else bool(verified),
        **{name: article[name] for name in _AS_THEY_ARE[5:]},
    }
    return {name: value for name, value in values.items() if value or value is False}


class Shown(NamedTuple):
    """How something is written within a link's text, and elsewhere."""

    in_link: str
    elsewhere: str


_DESTINATION = r"\((?P<target>(?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\])*\))*\))*)\)"
_TAG = r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<attributes>(?: [a-z-]+(?:=\"[^\"<>]*\")?)*) ?/?>"
_VIDEO = r'\{\{< video src="(?P<video>[^"]*)" >\}\}'
_TOKEN = re.compile(
    r"\\[!-/:-@\[-`{-~]"
    r"|(?P<ticks>`+).+?(?<!`)(?P=ticks)(?!`)"
    rf"|{_VIDEO}|<(?P<shown>https?://[^<>\s]*)>|{_TAG}|<!---->"
    rf"|\]{_DESTINATION}|(?P<open>!?\[)"
    r"|(?P<bare>https?://(?:\\.|[^\s<>\\\[\]()\u3000-\u303f\uff00-\uffef])+)"
    r"|(?P<literal><|#(?=[^\s#])|%(?=%)|(?<=%)%|=(?==)|(?<==)=|[$^])"
    r"|(?P<gap>\n[ >]*(?=\n))"
)
"""What is looked at in a text; escapes and code are passed over. `literal`: what Obsidian alone takes for markup (tags,
comments, highlights, formulas, names of blocks), and HTML that is none of ours."""
_HTML = re.compile(rf"{_VIDEO}|{_TAG}|<")
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_LINE_OF_FIGURE = re.compile(
    r"(?:<a href=\"(?P<link>[^\"<>]*)\">)?<img src=\"(?P<src>[^\"<>]*)\" alt=\"(?P<alt>[^\"<>]*)\">(?(link)</a>)"
    r"|<figcaption>(?P<caption>.*)</figcaption>"
)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_IN_WIKI_LINK = re.compile(r"(?:\\.|[^\\\[\]<>&`*|\n])+")
_NOT_IN_WIKI_LINK = re.compile(r"[\[\]|<>`$*\n]|%%|==|~~")
_NOT_IN_EMBED = re.compile(r"[\[\]|#^]")
_EMBEDDED = {"video": f"▶ {TABLE['Video']} Video", "embedded": f"{TABLE['Embedded content']} Embedded content"}
_SIZE = re.compile(r"\d+(?:x\d+)?")
_ROW = re.compile(r"(?:[ >]|[*+-] |\d{1,9}[.)] )*\|")
_ARTICLE = re.compile(r"/article/(\d+)(?:#.*)?")


@dataclass(frozen=True, slots=True)
class NoteText:
    """Makes the text of one article's note. `url`: the address of its capture; `links`: its links; `path_of` gives the
    path of an article's note in the vault without its ending, None where there is none; `picture` gives that of a
    picture, None where there is none; `up` leads from the note's folder to the vault."""

    url: str
    links: Links
    path_of: Callable[[int], str | None]
    picture: Callable[[str], str | None]
    up: str

    def of(self, markdown: str) -> str:
        """Markdown as the conversion writes it, for Obsidian."""
        parts: list[str] = []
        for kind, pieces in groupby(pieces_of(markdown), key=lambda piece: piece.kind):
            if kind is PieceKind.LINE:
                parts.append(self._lines("\n".join(piece.text for piece in pieces)))
            else:
                parts += [piece.text if kind is PieceKind.CODE else self._block(piece) for piece in pieces]
        return "\n".join(parts)

    def _lines(self, text: str) -> str:
        done: list[Shown] = []
        begun: list[int] = []  # the places of brackets that may begin a link or a picture
        last = 0
        for found in _TOKEN.finditer(text):
            done.append(Shown(text[last : found.start()], text[last : found.start()]))
            last = found.end()
            if found["open"]:
                begun.append(len(done))
                written = found["open"].replace("[", "\\[")
                done.append(Shown(written, written))
            elif found["target"] is not None and begun:
                first = begun.pop()
                inner = "".join(part.in_link for part in done[first + 1 :])
                is_picture = done[first].in_link.startswith("!")
                in_row = _ROW.match(text, text.rfind("\n", 0, found.start()) + 1) is not None
                target = html.unescape(_ESCAPE.sub(r"\1", found["target"]))
                made = self._picture(target, _plain(inner)) if is_picture else self._link(target, inner)
                done[first:] = [Shown(*(_in_row(each) for each in made)) if in_row else made]
            else:
                if found["gap"]:
                    begun.clear()
                done.append(self._token(found))
        return "".join(part.elsewhere for part in done) + text[last:]

    def _token(self, found: re.Match[str]) -> Shown:
        written = found[0]
        if found["video"] is not None:
            return self._player(html.unescape(found["video"]))
        if found["shown"]:
            return self._link(found["shown"], escape_text(found["shown"], in_link=True))
        if found["name"]:
            return self._element(found)
        if found["bare"] and is_of_site(address := html.unescape(_ESCAPE.sub(r"\1", written))):
            return Shown(written, self._link(address, written).elsewhere)
        if found["literal"]:
            written = f"\\{written}"
        return Shown(written, written)

    def _target(self, href: str) -> int | str:
        """The article that a link leads to, or the address; '' for nowhere."""
        address = self.links.address(href)
        if found := _ARTICLE.fullmatch(address):
            number = int(found[1])
            if self.path_of(number) is not None:
                return number
            address = f"https://www.{HOST}/article/{number}"
        return self._to_be_had(address)

    def _to_be_had(self, address: str, flag: str = "") -> str:
        """An address on the web where there is still something; '' for any other, also for a place in the page, since a
        note has none."""
        if is_of_site(address):
            replay, timestamp, _ = split_replay(self.url)
            return f"{replay}/{timestamp}{flag}/{address}" if replay else ""
        try:
            scheme = urlsplit(address).scheme.lower()
        except ValueError:
            return ""
        return address if scheme in ("http", "https", "mailto") else ""

    def _link(self, href: str, inner: str) -> Shown:
        """A link around a text that is Markdown."""
        target = self._target(href)
        if not target or not inner.strip():
            return Shown(inner, inner)
        if isinstance(target, str):
            return Shown(inner, f"[{inner}]({destination(target)})")
        path = self.path_of(target) or ""
        if _IN_WIKI_LINK.fullmatch(inner) and not _NOT_IN_WIKI_LINK.search(shown := _plain(inner)):
            return Shown(inner, f"[[{path.rpartition('/')[2]}|{shown}]]")
        return Shown(inner, f"[{inner}]({self.up}{quote(path)}.md)")

    def _picture(self, src: str, alt: str) -> Shown:
        """A picture that is there embedded, any other from where it is to be had."""
        alt = " ".join(_NOT_IN_WIKI_LINK.sub(" ", alt).split())
        alt = "" if _SIZE.fullmatch(alt) else alt
        path = self.picture(src)
        if path is not None:
            plain = f"![{escape_text(alt, in_link=True)}]({self.up}{quote(path)})"
            return Shown(plain, plain if _NOT_IN_EMBED.search(path) else f"![[{path}{f'|{alt}' if alt else ''}]]")
        address = src if src[:11].lower().startswith("data:image/") else self._to_be_had(src, "im_")
        said = escape_text(alt, in_link=True)
        plain = f"![{said}]({destination(address)})" if address else said
        return Shown(plain, plain)

    def _player(self, src: str) -> Shown:
        replay = split_replay(self.url)[0]
        address = self._to_be_had(watch_url(without_archive(src, replay)), "if_")
        what, host = embedded(address or src)
        label = f"{_EMBEDDED[what]}{f' ({host})' if host else ''}"
        return Shown(label, f"[{label}]({destination(address)})" if address else label)

    def _element(self, found: re.Match[str]) -> Shown:
        """An element of HTML in a text."""
        if found["name"] == "img":
            given = dict(_attributes(found))
            return self._picture(given.get("src", ""), given.get("alt", ""))
        tag = self._tag(found)
        return Shown(tag, tag) if tag else Shown(f"\\{found[0]}", f"\\{found[0]}")

    def _tag(self, found: re.Match[str]) -> str:
        """A tag with nothing in it that could do anything; '' for one that is none of ours."""
        name = found["name"]
        if name not in TAGS:
            return ""
        if found["end"]:
            return f"</{name}>"
        given = _attributes(found)
        kept = [(key, value) for key, value in given if key in ATTRIBUTES.get(name, ()) and key not in ("href", "src")]
        for key, value in given if name == "a" else ():
            if key == "href" and (target := self._target(value)):
                note = (self.path_of(target) or "").rpartition("/")[2] if isinstance(target, int) else ""
                kept += [("class", "internal-link"), ("data-href", note)] if note else []
                kept.append(("href", note or str(target)))
        told = "".join(f' {key}="{attribute(value)}"' for key, value in kept)
        return f"<{name}{told}>"

    def _block(self, piece: Piece) -> str:
        lines = piece.text.split("\n")
        figure = None
        if (lines[0], lines[-1]) == ("<figure>", "</figure>"):
            figure = self._figure("\n".join(lines[1:-1]).replace("<figcaption>\n", "<figcaption>").split("\n"))
        made = self._html(piece.text) if figure is None else figure
        return piece.prefix + made.replace("\n", f"\n{continued(piece.prefix)}")

    def _figure(self, lines: Iterable[str]) -> str | None:
        """A figure as pictures with their captions in italics below them; None for one of another make."""
        made: list[str] = []
        for line in lines:
            found = _LINE_OF_FIGURE.fullmatch(line)
            if found is None:
                return None
            if found["src"] is not None:
                picture = self._picture(html.unescape(found["src"]), html.unescape(found["alt"]))
                linked = self._link(html.unescape(found["link"]), picture.in_link) if found["link"] else picture
                made.append(linked.elsewhere)
            elif caption := self._caption(found["caption"]):
                made.append(f"*{caption}*")
        return "  \n".join(made)

    def _caption(self, caption: str) -> str:
        """What stands in a caption, text and elements of HTML, in one line of Markdown."""
        caption = re.sub(r"</p>\s*<p>", "<br>", caption)
        parts: list[str] = []
        for number, part in enumerate(re.split(r"(<[^<>]*>)", re.sub("</?p>", "", caption))):
            found = re.fullmatch(_TAG, part) if number % 2 else None
            parts.append(self._tag(found) if found else self._lines(escape_text(html.unescape(part))))
        return "".join(parts).strip()

    def _html(self, block: str) -> str:
        """A block that stays HTML. Obsidian shows no picture of the vault there: these follow it."""
        pictures: list[str] = []

        def safe(found: re.Match[str]) -> str:
            if found["video"] is not None:
                address = self._player(html.unescape(found["video"])).elsewhere
                shown = re.fullmatch(r"\[(.*)\]\((.*)\)", address)
                return f'<a href="{attribute(shown[2])}">{shown[1]}</a>' if shown else attribute(address)
            if not found["name"]:
                return "&lt;"
            if found["name"] != "img":
                return self._tag(found) or f"&lt;{found[0][1:]}"
            given = dict(_attributes(found))
            pictures.append(self._picture(given.get("src", ""), given.get("alt", "")).elsewhere)
            return attribute(given.get("alt", "")) or "〔圖〕"

        made = _HTML.sub(safe, block)
        return "\n\n".join((made, *pictures))


def _attributes(found: re.Match[str]) -> list[tuple[str, str]]:
    """Names and values of a tag's attributes, as they stand in it."""
    return [(name, html.unescape(value)) for name, value in _ATTRIBUTE.findall(found["attributes"])]


def _plain(inner: str) -> str:
    return html.unescape(_ESCAPE.sub(r"\1", inner))


def _in_row(written: str) -> str:
    """What was made in a row of a table, where a bar would end the cell."""
    return re.sub(r"(?<!\\)\|", r"\\|", written)
