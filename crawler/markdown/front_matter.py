"""YAML front matter: written in the seed's style, and read back from any file without harm."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from yaml import events as ev

from crawler.markdown.article import Article, Evidence

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_UNFOLDED = 10**9
"""Columns of a line."""
_TO_RESPELL = re.compile(r"[\\\u202a-\u202e\u2066-\u2069](?:(?<=\\)(?:U([0-9A-F]{8})|.))?")
NULL = frozenset({"", "~", "null", "Null", "NULL"})
"""How an empty value may be written."""


class FrontMatterError(ValueError):
    """The front matter does not read back as it was meant."""


class InvalidFrontMatter(ValueError):
    """Not YAML, or not a mapping of keys, each once, to texts and lists of texts."""


def fields_of(article: Article, replay: str, evidence: Evidence | None = None) -> dict[str, Any]:
    """The front matter of an article: FORMAT's keys in FORMAT's order, then those of the evidence; what is empty is
    absent, only `verified` is not. `replay`, `evidence`: see `render`."""
    values: dict[str, Any] = {
        "title": article.title,
        "date": article.date,
        "last_updated": article.last_updated,
        "author": article.author,
        "category": article.category,
        "tags": list(article.tags),
        "url": f"{replay}/{article.timestamp}/{article.original}",
        "original_url": article.original,
    }
    if evidence is not None:
        values |= {
            "captured": evidence.captured,
            "digest": evidence.digest,
            "verified": evidence.verified,
            "faults": list(evidence.faults),
        }
    values["source"] = article.source
    return {key: value for key, value in values.items() if value or value is False}


def front_matter(values: Mapping[str, Any]) -> str:
    """The block between `---` lines, both included, with a newline at its end, of texts, lists of texts and truths.

    Raises FrontMatterError when a YAML loader does not read back the same values.
    """
    meant = {key: str(value).lower() if isinstance(value, bool) else value for key, value in values.items()}
    try:
        text = "".join(f"{key}:{_spelt(value)}\n" for key, value in values.items())
        # Texts in which every character stands for itself read back the same, and to try takes as long as to write it.
        is_plain = _is_plain(text.replace("\n", "")) and all(isinstance(value, str | list) for value in values.values())
        loaded = meant if is_plain else read_front_matter(text)
    except ValueError as error:
        raise FrontMatterError(f"front matter that does not load: {error}") from error
    if loaded != meant:
        raise FrontMatterError(f"front matter that loads as {loaded!r}, not as {meant!r}")
    return f"---\n{text}---\n"


def _spelt(value: Any) -> str:
    """What stands behind a key, or the dash of an item: a text between quotes, items on lines of their own, a truth."""
    if isinstance(value, list):
        return "".join(f"\n  -{_spelt(item)}" for item in value) or " []"
    if not isinstance(value, str):
        return f" {str(value).lower()}"
    if '"' not in value and _is_plain(value):
        return f' "{value}"'
    quoted = yaml.dump(value, Dumper=_DUMPER, default_style='"', allow_unicode=True, width=_UNFOLDED)
    return " " + _TO_RESPELL.sub(_respelled, quoted.rstrip("\n"))


def _is_plain(text: str) -> bool:
    """Whether every character stands for itself, quotes aside; U+3000 does so to YAML, and is a space to Python."""
    return "\\" not in text and text.replace("\u3000", "").isprintable()


def _respelled(found: re.Match[str]) -> str:
    """Cantonese beyond the BMP as it is, which YAML's emitters escape; what turns the direction of the text after it
    escaped, which they write as it is."""
    if found[1]:
        code = int(found[1], 16)
        return found[0] if code & 0xFFFE == 0xFFFE else chr(code)  # noncharacters
    return found[0] if found[0].startswith("\\") else f"\\u{ord(found[0]):04X}"


def read_front_matter(text: str) -> dict[str, str | list[str]]:
    """What stands between the `---` lines. Read as events, one by one: what builds values follows aliases and recurses,
    and libyaml's builder crashes the process on a few thousand brackets (PyYAML 6.0.3). Raises InvalidFrontMatter,
    whatever the text is."""
    reader = None
    try:
        reader = _LOADER(text)
        return _mapping(reader.get_event)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidFrontMatter(str(error)) from error
    finally:
        if reader is not None:
            reader.dispose()


def _mapping(next_event: Callable[[], Any]) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    for begin in (ev.StreamStartEvent, ev.DocumentStartEvent, ev.MappingStartEvent):
        _expected(begin, next_event())
    while not isinstance(event := next_event(), ev.MappingEndEvent):
        key = _text(event)
        if key in found:
            raise InvalidFrontMatter(f"the key {key} stands twice")
        event = next_event()
        if not isinstance(event, ev.SequenceStartEvent):
            found[key] = _text(event)
            continue
        _expected(ev.SequenceStartEvent, event)
        items = found[key] = []
        while not isinstance(event := next_event(), ev.SequenceEndEvent):
            items.append(_text(event))
    for end in (ev.DocumentEndEvent, ev.StreamEndEvent):
        _expected(end, next_event())
    return found


def _text(event: Any) -> str:
    _expected(ev.ScalarEvent, event)
    return "" if not event.style and event.value in NULL else str(event.value)


def _expected(kind: type[ev.Event], event: Any) -> None:
    """An alias, a tag, an anchor, or something of another kind is refused."""
    if not isinstance(event, kind):
        raise InvalidFrontMatter(f"no {kind.__name__}")
    if getattr(event, "tag", None) is not None or getattr(event, "anchor", None) is not None:
        raise InvalidFrontMatter("a tag or an anchor")
