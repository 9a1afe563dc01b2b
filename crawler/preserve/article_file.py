"""A file of an article as others wrote it, read leniently: id, fields, body; never raising for what it holds."""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crawler.hkcnews.layout import BLOGGER_NAME, NOTE, NOTE_BLOCKS
from crawler.hkcnews.text import clean
from crawler.hkcnews.urls import HIGHEST_ID, article_id
from crawler.markdown.front_matter import NULL, InvalidFrontMatter, read_front_matter
from crawler.markdown.hugo import NAMES, plain_file
from crawler.preserve.files import UnreadableFile, read_chunks, walk
from crawler.wayback.playback import split_replay

KEYS = frozenset(
    ("title", "date", "last_updated", "author", "category", "tags", "url", "original_url", "source", *NAMES.values())
)
LARGEST = 16 * 1024 * 1024
"""Bytes; the longest article has some 200,000."""
_LARGEST_FRONT_MATTER = 64 * 1024
"""Characters; the longest of the public backup is some 7,000, nearly all of it addresses."""
_LONGEST_VALUE = 8000
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
_LEADING_TABS = re.compile(r"^\t+", re.MULTILINE)
_LINE = re.compile(r"([a-z_]{3,12})[ \t]*:(?:[ \t]+|\Z)")
_ITEM = re.compile(r"[ \t]*-[ \t]+")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([\"\\/]))")
_NAME = re.compile(rf"article_0*([1-9][0-9]{{0,{len(str(HIGHEST_ID)) - 1}}})\.md", re.IGNORECASE | re.ASCII)
_HEAD_END = re.compile(r"\n---[ \t]*\r?(?:\n|\Z)")
_RULE = re.compile(r"(?:\A|\n)[ \t]*-{3,}[ \t]*(?=\n|\Z)")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
_MARKS = " \t\n*_#>"


@dataclass(frozen=True, slots=True)
class ArticleFile:
    """`article`: of the file's name, else of its addresses, None when neither says. `fields` and `lists`: the front
    matter by key, empty values left out; `mended`: what a strict reader of it would have stumbled on, in words;
    `has_head` is False where nothing could be made of it. `rest`: all below it, with `\n` as line ends unless only the
    body had others; `body` and `bloggers`: what `split_parts` makes of it."""

    article: int | None
    fields: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mended: str = ""
    has_head: bool = True
    rest: str = ""
    body: str = ""
    bloggers: str = ""

    @property
    def title(self) -> str:
        return self.fields.get("title", "").strip()

    @property
    def tags(self) -> tuple[str, ...]:
        return self.lists.get("tags", ())


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file by its path below a tree's root; `why` says what keeps it from being read, or used, if something does."""

    file: str
    why: str = ""

    @property
    def article(self) -> int | None:
        """The id that its name gives: 33951 for `article_33951.md`; None for every other form of name."""
        found = _NAME.fullmatch(self.file.rpartition("/")[2])
        return int(found[1]) if found else None


def find_files(folder: Path) -> list[FoundFile]:
    """All names that end in `.md`, those nearest to the root first; also folders that cannot be listed, and links to
    folders outside. No link to a folder is followed, no hidden folder entered."""
    root = folder.resolve()
    found: list[FoundFile] = []
    for file, entry in walk(root, hidden=False):
        if isinstance(entry, OSError):
            found.append(FoundFile(file, entry.strerror or "cannot be listed"))
        elif file.lower().endswith(".md"):
            found.append(FoundFile(file, _hindrance(entry, root)))
        elif entry.is_symlink() and entry.is_dir() and (why := _hindrance(entry, root)) == _OUTSIDE:
            found.append(FoundFile(file, why))
    return sorted(found, key=lambda one: (one.file.count("/"), one.file))


_OUTSIDE = "a symbolic link that leads out of the directory"


def _hindrance(entry: os.DirEntry[str], root: Path) -> str:
    if entry.is_file(follow_symlinks=False):
        return ""
    try:
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
            return _OUTSIDE
        mode = entry.stat().st_mode
    except RuntimeError:  # links in a circle
        return "a symbolic link that leads nowhere"
    except OSError as error:
        return error.strerror or "cannot be read"
    return "" if stat.S_ISREG(mode) else "a directory" if stat.S_ISDIR(mode) else "not a file"


def archived_address(url: str) -> str:
    """The address that an archive's address replays; itself when it is none of an archive."""
    return split_replay(url)[2] or url


def read_text(path: Path) -> str:
    """The file's text. Raises UnreadableFile."""
    try:
        return b"".join(read_chunks(path, follow_link=True, largest=LARGEST)).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"not UTF-8 at byte {error.start}") from error


def parse_article_file(text: str, article: int | None = None) -> ArticleFile:
    """A file's text; `article` is the id that its name gives, if it does."""
    text = text.removeprefix("\ufeff")
    found: _Fields = {}
    mended, rest = "", text
    if text.startswith(("---\n", "---\r\n")) and (end := _HEAD_END.search(text, 3)):
        found, mended = _read_lenient(text[4 + text.startswith("---\r") : end.start() + 1])
        rest = text[end.end() :]
    if mended.startswith("CRLF"):
        rest = rest.replace("\r\n", "\n")
    found, rest = plain_file(found, rest)
    fields = {key: value for key, value in found.items() if isinstance(value, str) and value}
    lists = {key: tuple(value) for key, value in found.items() if isinstance(value, list)}
    if article is None:
        article = article_id(fields.get("original_url", ""))
    if article is None:
        article = article_id(archived_address(fields.get("url", "")))
    body, _, bloggers = split_parts(rest)
    return ArticleFile(article, fields, lists, mended, bool(found), rest, body, bloggers)


_Fields = dict[str, str | list[str]]


def _read_lenient(text: str) -> tuple[_Fields, str]:
    """The lines between the `---`, with any line ends, and what was to be mended; nothing when nothing can be made of
    them."""
    if len(text) > _LARGEST_FRONT_MATTER:
        return {}, ""
    plain = text.replace("\r\n", "\n")
    if found := _strict(plain):
        return found, "CRLF line ends" if plain != text else ""
    cleaned = clean(_CONTROL.sub("", plain.replace("\r", " ")))
    tidied = _LEADING_TABS.sub(lambda tabs: "  " * len(tabs[0]), cleaned)
    if tidied != plain and (found := _strict(tidied)):
        return found, "control characters" if cleaned != plain else "tabs"
    return _by_lines(tidied), "not YAML; read line by line"


def _strict(text: str) -> _Fields:
    """Texts and lists of texts by key; nothing where a strict reader refuses them or no key is one of an article's."""
    try:
        found = read_front_matter(text)
    except InvalidFrontMatter:
        return {}
    return found if KEYS & found.keys() else {}


def _by_lines(text: str) -> _Fields:
    """What is left to see when no YAML reader goes on: lines that begin with a key of ours, and the items of tags."""
    found: _Fields = {}
    key = ""
    tags: list[str] = []
    for line in text.split("\n"):
        begun = _LINE.match(line)
        if begun and begun[1] in KEYS:
            key = begun[1]
            found.setdefault(key, _unquoted(line[begun.end() :]))
        elif key == "tags" and (item := _ITEM.match(line)):
            tags.append(_unquoted(line[item.end() :]))
        elif key and line.strip() and line[:1] in " \t":
            value = found[key]
            if isinstance(value, str) and len(value) < _LONGEST_VALUE:
                found[key] = f"{value} {_unquoted(line)}".strip()
    return found | {"tags": tags} if tags else found


def _unquoted(value: str) -> str:
    value = value.strip(" \t")
    if value.startswith("'"):
        return value.strip("'").replace("''", "'")
    if value.startswith('"') or value.endswith('"'):
        value = value.removeprefix('"').removesuffix('"')
        return _ESCAPE.sub(lambda found: found[3] or chr(int(found[1] or found[2], 16)), value)
    return "" if value in NULL else value


def split_parts(rest: str) -> tuple[str, str, str]:
    """What stands below the front matter in parts: the body without its title, the subscription note, the bloggers'
    blocks. The title is the only heading of the first level, and comes first; a blogger's block is behind a rule at
    the end, and begins with `![博客 | 名](…)` or `**博客 | 名**`."""
    rest = rest.lstrip("\n\r \t")
    if rest.startswith("# "):
        rest = rest.partition("\n")[2]
    if "---" not in rest and NOTE not in rest:
        return rest.strip("\n"), "", ""
    sections, bloggers, note = _RULE.split(rest), list[str](), ""
    while len(sections) > 1:
        first = sections[-1].strip("\n").partition("\n")[0].replace("\\", "")
        if not (first.startswith(("![", "**")) and BLOGGER_NAME.match(first.lstrip("![*"))):
            break
        bloggers.append(sections.pop().strip("\n"))
    for number in reversed(range(len(sections))):
        if NOTE in sections[number] and (apart := _note_apart(sections[number])) is not None:
            if len(sections) - number <= 2:
                before, note = apart
                note = "\n\n".join([note, *sections[number + 1 :]])
                sections[number:] = [before] if before else []
            break
    # The shortest rule stands for whichever it was: nothing is written back from here.
    return "\n---\n".join(sections).strip("\n"), note.strip("\n"), "\n\n".join(reversed(bloggers))


def _note_apart(section: str) -> tuple[str, str] | None:
    """What stands in a section before the note that ends it, and the note; None if it does not end with one. Nothing
    but a few blocks may follow its first words: else it is an article that speaks of subscriptions."""
    paragraphs = _PARAGRAPHS.split(section.strip())
    for number, paragraph in enumerate(paragraphs):
        if paragraph.lstrip(_MARKS).startswith(NOTE):
            if len(paragraphs) - number > NOTE_BLOCKS:
                return None
            return "\n\n".join(paragraphs[:number]), "\n\n".join(paragraphs[number:])
    return None
