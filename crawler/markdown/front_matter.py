"""YAML front matter: written in the seed's style, and read back from any file without harm."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import yaml
from yaml.emitter import ScalarAnalysis
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from crawler.markdown.article import Article, Evidence

_NONCHARACTERS = "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17))
_ESCAPED = re.compile(
    f'["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff{_NONCHARACTERS}]'
)
"""What cannot stand in a double-quoted value as it is, breaks tools that read line by line, or turns the direction of
what follows."""
_NOT_FOR_LIBYAML = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe-\U0010ffff]"
)
_LIBYAML: type[Any] | None = getattr(yaml, "CSafeDumper", None)
_ENDLESS = 10**9
_STR, _SEQ, _MAP = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))
_BEGINNING: tuple[Event, ...] = (
    StreamStartEvent(),
    DocumentStartEvent(explicit=False),
    MappingStartEvent(None, None, implicit=True, flow_style=False),
)
_ENDING: tuple[Event, ...] = (MappingEndEvent(), DocumentEndEvent(explicit=False), StreamEndEvent())


class FrontMatterError(ValueError):
    """The front matter does not read back as it was meant."""


class _Emitter(yaml.SafeDumper):
    """PyYAML escapes what is beyond the BMP and folds long lines; Cantonese needs the first, readers the second
    undone."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def analyze_scalar(self, scalar: str) -> ScalarAnalysis:
        """Without PyYAML's long look at every character: values are always in double quotes, keys are plain words of
        ours."""
        plain = scalar.isidentifier()
        return ScalarAnalysis(scalar, not scalar, False, plain, plain, True, True, False)

    def write_double_quoted(self, text: str, split: bool = True) -> None:
        written = _ESCAPED.sub(_escape, text)
        self.write_indicator('"', True)
        self.column += len(written)
        cast(Any, self).stream.write(written)
        self.write_indicator('"', False)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader, with the shortest way from texts, lists and mappings to Python's; every other node is left to
    it."""

    def get_single_data(self) -> Any:
        return self._plain(self.get_single_node())

    def _plain(self, node: Any) -> Any:
        kind = type(node)
        if kind is ScalarNode and node.tag == _STR:
            return node.value
        if kind is SequenceNode and node.tag == _SEQ:
            return [self._plain(item) for item in node.value]
        if kind is MappingNode and node.tag == _MAP:
            return {self._plain(key): self._plain(value) for key, value in node.value}
        return self.construct_document(node)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if short := yaml.SafeDumper.ESCAPE_REPLACEMENTS.get(found[0]):
        return f"\\{short}"
    return f"\\x{code:02X}" if code < 256 else f"\\u{code:04X}" if code < 65536 else f"\\U{code:08X}"


def _events(values: Mapping[str, Any]) -> Iterator[Event]:
    """The front matter as YAML's events: a mapping of plain keys to double-quoted values and lists of such."""
    yield from _BEGINNING
    for key, value in values.items():
        yield ScalarEvent(None, None, (True, True), key)
        if isinstance(value, str):
            yield ScalarEvent(None, None, (False, True), value, style='"')
            continue
        if isinstance(value, bool):
            yield ScalarEvent(None, None, (True, False), str(value).lower())
            continue
        yield SequenceStartEvent(None, None, implicit=True, flow_style=False)
        for item in value:
            yield ScalarEvent(None, None, (False, True), item, style='"')
        yield SequenceEndEvent()
    yield from _ENDING


def _emitted(values: Mapping[str, Any]) -> str:
    """The mapping of texts, lists of texts and truths as YAML. libyaml writes characters beyond the BMP as escapes,
    some that should be escapes as they are, and lists without indentation; the first two are left to PyYAML's own
    emitter, many times slower."""
    texts = (
        text
        for value in values.values()
        if not isinstance(value, bool)
        for text in ([value] if isinstance(value, str) else value)
    )
    if _LIBYAML is None or any(map(_NOT_FOR_LIBYAML.search, texts)):
        return str(yaml.emit(_events(values), Dumper=_Emitter, allow_unicode=True, width=float("inf")))
    return str(yaml.emit(_events(values), Dumper=_LIBYAML, allow_unicode=True, width=_ENDLESS)).replace(
        '\n- "', '\n  - "'
    )


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


def front_matter(values: dict[str, Any]) -> str:
    """The block between `---` lines, both included, with a newline at its end.

    Raises FrontMatterError when a YAML loader does not read back the same values.
    """
    text = _emitted(values)
    try:
        loaded = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise FrontMatterError(f"front matter that does not load: {error}") from error
    if loaded != values:
        raise FrontMatterError(f"front matter that loads as {loaded!r}, not as {values!r}")
    return f"---\n{text}---\n"


_READER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
NULL = frozenset({"", "~", "null", "Null", "NULL"})
"""How an empty value may be written."""


class InvalidFrontMatter(ValueError):
    """Not YAML, or not a mapping of keys, each once, to texts and lists of texts."""


def read_front_matter(text: str) -> dict[str, str | list[str]]:
    """What stands between the `---` lines. Read as events, one by one: what builds values follows aliases and recurses,
    and libyaml's builder crashes the process on a few thousand brackets (PyYAML 6.0.3). Raises NotFlat, whatever the
    text is."""
    reader = None
    try:
        reader = _READER(text)
        return _mapping(reader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidFrontMatter(str(error)) from error
    finally:
        if reader is not None:
            reader.dispose()


def _mapping(reader: Any) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    for begin in (yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.MappingStartEvent):
        _next(reader, begin)
    while not reader.check_event(yaml.MappingEndEvent):
        key = _text(reader)
        if key in found:
            raise InvalidFrontMatter(f"the key {key} stands twice")
        if not reader.check_event(yaml.SequenceStartEvent):
            found[key] = _text(reader)
            continue
        _next(reader, yaml.SequenceStartEvent)
        items = found[key] = []
        while not reader.check_event(yaml.SequenceEndEvent):
            items.append(_text(reader))
        _next(reader, yaml.SequenceEndEvent)
    for end in (yaml.MappingEndEvent, yaml.DocumentEndEvent, yaml.StreamEndEvent):
        _next(reader, end)
    return found


def _text(reader: Any) -> str:
    event = _next(reader, yaml.ScalarEvent)
    return "" if not event.style and event.value in NULL else str(event.value)


def _next(reader: Any, kind: type[yaml.Event]) -> Any:
    """The next event; an alias, a tag, an anchor, or something of another kind is refused."""
    if not reader.check_event(kind):
        raise InvalidFrontMatter(f"no {kind.__name__}")
    event = reader.get_event()
    if getattr(event, "tag", None) is not None or getattr(event, "anchor", None) is not None:
        raise InvalidFrontMatter("a tag or an anchor")
    return event
