"""How formats spell a file, as values: plainly, or for Hugo, whose Markdown leaves HTML out and whose front matter has
names of its own; and any file back as it is spelt plainly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from crawler.markdown.inline import escape_heading, escape_text
from crawler.markdown.reader import FENCE, PREFIX, RAW, until_closed

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spelling:
    """`fields` makes a front matter of FORMAT's; `titled`: whether the title stands above the text too; `text` makes a
    file's text, the blocks below the title, of Markdown as the conversion writes it."""

    fields: Callable[[Mapping[str, Any]], Fields] = dict
    titled: bool = True
    text: Callable[[str], str] = str


NAMES = {"last_updated": "lastmod", "category": "categories", "url": "archive_url"}
"""FORMAT's keys that Hugo has others for, or another meaning of."""
_PLAIN_NAMES = {name: key for key, name in NAMES.items()}
MARK = NAMES["url"]
"""The key by which a front matter for Hugo is told from others."""
_HONG_KONG = "+08:00"
_UPDATED = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)")
_LASTMOD = re.compile(rf"(\d{{4}}-\d\d-\d\d)T(\d\d:\d\d:\d\d){re.escape(_HONG_KONG)}")


def _hugo_fields(values: Mapping[str, Any]) -> Fields:
    found: Fields = {NAMES.get(key, key): value for key, value in values.items()}
    if "categories" in found:
        found["categories"] = [found["categories"]]
    if "lastmod" in found:
        found["lastmod"] = _UPDATED.sub(rf"\1T\2{_HONG_KONG}", found["lastmod"])
    return found


def plain_fields(found: Mapping[str, Any]) -> Fields:
    """A front matter, whatever format it is of, with FORMAT's keys and values."""
    if MARK not in found:
        return dict(found)
    fields: Fields = {_PLAIN_NAMES.get(key, key): value for key, value in found.items()}
    if isinstance(category := fields.get("category"), list):
        fields["category"] = next(iter(category), "")
    if isinstance(updated := fields.get("last_updated"), str):
        fields["last_updated"] = _LASTMOD.sub(r"\1 \2", updated)
    return fields


_MARKER = re.compile(r"[^ >]")
_ARTICLE = r"(?:\.\./\d+-\d+/)?article_\d+\.md"
_PICTURE = r"images/[^\s()\"\\<>]+"
_CODE = r"(?P<ticks>`+).+?(?<!`)(?P=ticks)(?!`)"
_TAG = r"<(?:/?[A-Za-z][A-Za-z0-9]*(?: [^<>]*)?|!----)>"
_PLAIN = re.compile(
    rf"\\[!-/:-@\[-`{{-~]|{_CODE}|\{{\{{< video src=\"[^\"]*\" >\}}\}}"
    rf"|(?P<tag>{_TAG})|(?<=\]\()(?:(?P<article>{_ARTICLE})(?=[#)])|\.\./\.\./(?P<picture>{_PICTURE})(?=\)))"
    r"|(?P<bare>:(?=//)|(?<=www)\.|@)|(?<=\[)(?P<task>[ xX])(?=\])"
)
"""What is looked at in a line of text, escapes and code only to be passed over. `[x]` would be a box to tick in an
item's line."""
_TAGS = re.compile(_TAG)
_OWN_ADDRESS = re.compile(rf' (src|href)="(?:({_ARTICLE})(?=["#])|\.\./\.\./({_PICTURE})(?="))')
_FIGURE = re.compile(
    rf"<figure>\n(?:<a href=\"(?P<link>https?://[^\"]*)\">)?<img src=\"(?P<src>\.\./\.\./{_PICTURE}|https?://[^\"]*)\""
    r" alt=\"(?P<alt>[^\"]*)\">(?(link)</a>)\n(?:<figcaption>(?P<caption>[^<]*)</figcaption>\n)?</figure>"
)
_PARAMETERS = ("src", "alt", "link", "caption")
_NOT_IN_PARAMETER = str.maketrans({'"': "&#34;", "\\": "&#92;"})
_LINE_BREAK, _TICK = "&#10;", "&#96;"
_BARE = {":": "&#58;", ".": "&#46;", "@": "&#64;"}
"""Behind these Hugo makes links of addresses in a text, and takes a shortcode that follows for a part of them."""


class PieceKind(StrEnum):
    """What Markdown as the conversion writes it is made of: lines, and blocks of code or HTML, each of several."""

    LINE = "line"
    CODE = "code"
    HTML = "html"


class Piece(NamedTuple):
    """`prefix`: what stands before a block of HTML, which is in lists and quotations; `text`: all else of the piece."""

    kind: PieceKind
    prefix: str
    text: str


def pieces_of(markdown: str) -> Iterator[Piece]:
    """Markdown as the conversion writes it, piece by piece; with newlines between them it is whole again, but for the
    prefixes of lines within a block of HTML."""
    lines = iter(markdown.split("\n"))
    for line in lines:
        found = PREFIX.match(line)
        assert found is not None  # it may be empty
        prefix, text = found[0], line[found.end() :]
        if FENCE.fullmatch(text):
            block = [line]
            for inside in lines:
                if inside[len(prefix) :] == text:
                    break
                block.append(inside)
            yield Piece(PieceKind.CODE, "", "\n".join((*block, continued(prefix) + text)))
        elif opening := RAW.match(text):
            yield Piece(PieceKind.HTML, prefix, until_closed(text, opening[1], len(prefix), lines))
        else:
            yield Piece(PieceKind.LINE, "", line)


def continued(prefix: str) -> str:
    """How the lines after the first of a block begin that stands in lists and quotations."""
    return _MARKER.sub(" ", prefix)


def _hugo_text(markdown: str) -> str:
    return "\n".join(map(_hugo_piece, pieces_of(markdown)))


def _hugo_piece(piece: Piece) -> str:
    if piece.kind is PieceKind.HTML:
        return piece.prefix + _hugo_block(piece.text, within=bool(piece.prefix))
    return _hugo_line(piece.text) if piece.kind is PieceKind.LINE else piece.text


def _hugo_block(raw: str, *, within: bool) -> str:
    """A block of HTML. `within` a list or a quotation it is one line: Hugo takes shortcodes out before it reads
    Markdown, and would take the beginnings of further lines with them."""
    found = _FIGURE.fullmatch(raw)
    if found:
        values = {name: value for name in _PARAMETERS if (value := found[name])}
        values["src"] = values["src"].removeprefix("../../")
        told = (f'{name}="{value.translate(_NOT_IN_PARAMETER)}"' for name, value in values.items())
        return f"{{{{< picture {' '.join(told)} >}}}}"
    html = _TAGS.sub(lambda tag: _OWN_ADDRESS.sub(_hugo_attribute, tag[0]), raw)
    return f"{{{{< html >}}}}{html.replace(chr(10), _LINE_BREAK) if within else html}{{{{< /html >}}}}"


def _hugo_attribute(found: re.Match[str]) -> str:
    name, article, picture = found.groups()
    return f' {name}="{_reference(article) if article else _static(picture)}'


def _reference(article: str) -> str:
    return f'{{{{< relref "{article}" >}}}}'


def _static(picture: str) -> str:
    return f'{{{{< static "{picture}" >}}}}'


def _hugo_line(line: str) -> str:
    has_tags = False

    def spelt(found: re.Match[str]) -> str:
        if tag := found["tag"]:
            return f"{{{{< tag `{tag.replace('`', _TICK)}` >}}}}"
        if found["article"]:
            return _reference(found["article"])
        if found["picture"]:
            return _static(found["picture"])
        if found["task"]:
            return f"&#{ord(found['task'])};"
        return _BARE[found["bare"]] if found["bare"] and has_tags else found[0]

    if "<" in line:
        has_tags = any(found["tag"] for found in _PLAIN.finditer(line))
    return _PLAIN.sub(spelt, line) if has_tags or "[" in line else line


_SPELT = re.compile(
    r"\\[!-/:-@\[-`{-~]"
    r'|\{\{< (?:tag `(?P<tag>[^`]*)`|relref "(?P<article>[^"]*)"|static "(?P<picture>[^"]*)") >\}\}'
    rf"|{_CODE}|(?P<code>&#(?:58|46|64);|(?<=\[)&#(?:32|88|120);(?=\]))"
)
_SPELT_ATTRIBUTE = re.compile(r'\{\{< (relref|static) "([^"]*)" >\}\}')
_BLOCK = re.compile(
    rf"^(?P<prefix>{PREFIX.pattern})\{{\{{< (?:picture (?P<parameters>[^\n]*?)|html >\}}\}}(?P<html>.*?)\{{\{{< /html)"
    r" >\}\}$",
    re.MULTILINE | re.DOTALL,
)
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


def plain_file(found: Mapping[str, Any], rest: str) -> tuple[Fields, str]:
    """A file's front matter, and what stands below it, as files of other formats have them; those of others as they
    are."""
    fields = plain_fields(found)
    if MARK not in found:
        return fields, rest
    title = fields.get("title", "")
    heading = f"\n# {escape_heading(escape_text(title))}\n" if title and isinstance(title, str) else ""
    return fields, heading + _plain_text(rest)


def _plain_text(text: str) -> str:
    parts: list[str] = []
    last = 0
    for found in _BLOCK.finditer(text):
        html = found["html"]
        raw = _plain_figure(found["parameters"]) if html is None else _plain_html(html)
        first, *others = raw.split("\n")
        beginning = continued(found["prefix"])
        block = "\n".join((found["prefix"] + first, *((beginning + line).rstrip(" ") for line in others)))
        parts += [_plain_lines(text[last : found.start()]), block]
        last = found.end()
    return "".join([*parts, _plain_lines(text[last:])])


def _plain_figure(parameters: str) -> str:
    values = {
        name: value.replace("&#34;", '"').replace("&#92;", "\\") for name, value in _PARAMETER.findall(parameters)
    }
    src, link, caption = (values.get(name, "") for name in ("src", "link", "caption"))
    src = f"../../{src}" if src.startswith("images/") else src
    picture = f'<img src="{src}" alt="{values.get("alt", "")}">'
    lines = ["<figure>", f'<a href="{link}">{picture}</a>' if link else picture]
    return "\n".join((*lines, *([f"<figcaption>{caption}</figcaption>"] if caption else ()), "</figure>"))


def _plain_html(html: str) -> str:
    return _SPELT_ATTRIBUTE.sub(
        lambda found: f"../../{found[2]}" if found[1] == "static" else found[2], html.replace(_LINE_BREAK, "\n")
    )


def _plain_lines(text: str) -> str:
    return "\n".join(
        _SPELT.sub(_unspelt, line) if "{{<" in line or "[&#" in line else line for line in text.split("\n")
    )


def _unspelt(found: re.Match[str]) -> str:
    if found["tag"]:
        return found["tag"].replace(_TICK, "`")
    if found["picture"]:
        return f"../../{found['picture']}"
    return found["article"] or (chr(int(found["code"][2:-1])) if found["code"] else found[0])


PLAIN = Spelling()
HUGO = Spelling(_hugo_fields, False, _hugo_text)
