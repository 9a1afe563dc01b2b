"""A file taken apart into its fields and sections, to say what differs between two of them."""

from __future__ import annotations

import re
from typing import Any

from crawler.markdown.flat import NotFlat, read_flat

_RULE = "\n\n---\n\n"
_BLOGGER = re.compile(r"!\[|\*\*")
_ANOTHER = re.compile(r"(?:!\[[^\n]*\n\n)?\*\*[^*\n]{1,16}[|｜]")
"""A blogger's block before the last one, by the form of his name."""


def parts(text: str) -> dict[str, Any]:
    """Front matter by key, and `body`, `note`, `blogger` as far as the file has them; `front_matter` where it cannot be read.

    Never raises for what a file holds.
    """
    head, found, rest = text.partition("\n---\n")
    if not head.startswith("---\n") or not found:
        return {"body": text}
    try:
        named: dict[str, Any] = dict(read_flat(head[4:]))
    except NotFlat:
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


def differing(old: str, new: str) -> tuple[str, ...]:
    """The names of the fields and sections in which two files differ, in the new file's order; `layout` when only white space does."""
    before, after = parts(old), parts(new)
    names = [name for name in (*after, *(name for name in before if name not in after)) if before.get(name) != after.get(name)]
    return tuple(names) or ("layout",)
