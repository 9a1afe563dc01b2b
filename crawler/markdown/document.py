"""A whole file: rendered from an article, placed below `articles/`, and taken apart again."""

import hashlib
import re
from pathlib import Path
from typing import Any

from crawler.markdown.article import Article, Blogger, Evidence
from crawler.markdown.front_matter import InvalidFrontMatter, fields_of, front_matter, read_front_matter
from crawler.markdown.hugo import PLAIN, Spelling
from crawler.markdown.inline import destination, escape_heading, escape_text
from crawler.utils.files import write_file

RANGE = 1000
"""Articles in one folder, as in the public backup."""


def render(article: Article, replay: str, evidence: Evidence | None = None, spelling: Spelling = PLAIN) -> str:
    """The file's text, with one newline at its end. `replay` is the public address under which the archive replays
    captures, as `https://web.archive.org/web`; `evidence` goes into the front matter of formats that have it there.

    Raises FrontMatterError when the fields cannot be written so that they read back the same.
    """
    head = front_matter(spelling.fields(fields_of(article, replay, evidence)))
    title = f"# {escape_heading(escape_text(article.title))}\n\n" if spelling.titled else ""
    text = title + article.body
    if article.note:
        text = f"{text.rstrip(chr(10))}\n\n\n---\n\n\n{article.note}"
    for blogger in article.bloggers:
        text = f"{text.rstrip(chr(10))}\n\n---\n\n{_blogger(blogger)}"
    return f"{head}\n{spelling.text(text)}".rstrip("\n") + "\n"


def _blogger(blogger: Blogger) -> str:
    parts = [
        f"![{escape_text(blogger.name, in_link=True)}]({destination(blogger.avatar)})" if blogger.avatar else "",
        f"**{escape_text(blogger.name)}**",
        blogger.biography,
    ]
    return "\n\n".join(filter(None, parts))


def relative_path(article_id: int) -> str:
    """Where an article's file lies below `articles/`: `33001-34000/article_33951.md`."""
    first = (article_id - 1) // RANGE * RANGE + 1
    return f"{first}-{first + RANGE - 1}/article_{article_id}.md"


def article_file(article_id: int) -> str:
    """Where an article's file lies below the output directory."""
    return f"articles/{relative_path(article_id)}"


def write_article(
    output: Path, article_id: int, text: str, *, sync: bool = True, dry_run: bool = False
) -> tuple[str, str]:
    """Write an article's file below the output directory, whole or not at all; gives its path there and its SHA-256.
    Raises OSError. `sync` as for `write_file`."""
    file, data = article_file(article_id), text.encode("utf-8")
    if not dry_run:
        write_file(output, file, data, sync=sync)
    return file, hashlib.sha256(data).hexdigest()


_RULE = "\n\n---\n\n"
_BLOGGER = re.compile(r"!\[|\*\*")
_ANOTHER = re.compile(r"(?:!\[[^\n]*\n\n)?\*\*[^*\n]{1,16}[|｜]")
"""A blogger's block before the last one, by the form of his name."""


def fields_and_sections(text: str) -> dict[str, Any]:
    """Front matter by key, and `body`, `note`, `blogger` as far as the file has them; `front_matter` where it cannot be
    read.

    Never raises for what a file holds.
    """
    head, found, rest = text.partition("\n---\n")
    if not head.startswith("---\n") or not found:
        return {"body": text}
    try:
        named: dict[str, Any] = dict(read_front_matter(head[4:]))
    except InvalidFrontMatter:
        named = {"front_matter": head}
    body, note, blogger = _sections(rest)
    sections = {"body": body.strip("\n"), "note": note.strip("\n"), "blogger": blogger.strip("\n")}
    return named | {name: section for name, section in sections.items() if section}


def _sections(rest: str) -> tuple[str, str, str]:
    body, found, after = rest.rpartition("\n\n\n---\n\n\n")
    if found:
        note, _, blogger = after.partition(_RULE)
        return body, note, blogger
    body, found, blogger = rest.rpartition(_RULE)
    if not (found and _BLOGGER.match(blogger)):
        return rest, "", ""
    while found:
        rest, found, after = body.rpartition(_RULE)
        if not _ANOTHER.match(after):
            break
        body, blogger = rest, f"{after}{_RULE}{blogger}"
    return body, "", blogger


def changed_parts(old: str, new: str) -> tuple[str, ...]:
    """The names of the fields and sections in which two files differ, in the new file's order; `layout` when only white
    space does."""
    before, after = fields_and_sections(old), fields_and_sections(new)
    names = [
        name
        for name in (*after, *(name for name in before if name not in after))
        if before.get(name) != after.get(name)
    ]
    return tuple(names) or ("layout",)
