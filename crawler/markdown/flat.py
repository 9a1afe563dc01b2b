"""Front matter read back from any file: texts and lists of texts by key, and nothing that could do harm."""

from __future__ import annotations

from typing import Any

import yaml

_READER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
NULL = frozenset({"", "~", "null", "Null", "NULL"})
"""How an empty value may be written."""


class NotFlat(ValueError):
    """Not YAML, or not a mapping of keys to texts and lists of texts."""


def read_flat(text: str) -> dict[str, str | list[str]]:
    """What stands between the `---` lines. Read as events, one by one: what builds values follows aliases and recurses, and libyaml's
    builder crashes the process on a few thousand brackets (PyYAML 6.0.3). Raises NotFlat, whatever the text is."""
    reader = None
    try:
        reader = _READER(text)
        return _mapping(reader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise NotFlat(str(error)) from error
    finally:
        if reader is not None:
            reader.dispose()


def _mapping(reader: Any) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    for begin in (yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.MappingStartEvent):
        _next(reader, begin)
    while not reader.check_event(yaml.MappingEndEvent):
        key = _text(reader)
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
        raise NotFlat(f"no {kind.__name__}")
    event = reader.get_event()
    if getattr(event, "tag", None) is not None or getattr(event, "anchor", None) is not None:
        raise NotFlat("a tag or an anchor")
    return event
