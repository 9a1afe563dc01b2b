"""As much of JSON Schema (draft 2020-12) as our schema uses, judged by hand: a keyword that is not known here is an
error, not ignored."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_ABOUT = frozenset({"$schema", "title", "description"})
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def violations(value: Any, schema: Mapping[str, Any], where: str = "line") -> Iterator[str]:
    """What of a value is not as the schema has it, in words."""
    for keyword, wanted in schema.items():
        if keyword not in _ABOUT:
            yield from _KEYWORDS[keyword](value, wanted, schema, where)


def _type(value: Any, wanted: str | list[str], _: Mapping[str, Any], where: str) -> Iterator[str]:
    names = [wanted] if isinstance(wanted, str) else wanted
    if not any(
        isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names
    ):
        yield f"{where}: {value!r} is no {' or '.join(names)}"


def _pattern(value: Any, wanted: str, _: Mapping[str, Any], where: str) -> Iterator[str]:
    if isinstance(value, str) and not re.search(wanted.replace("$", r"\Z"), value):
        yield f"{where}: {value!r} does not match {wanted}"


def _minimum(value: Any, wanted: int, _: Mapping[str, Any], where: str) -> Iterator[str]:
    if isinstance(value, int) and value < wanted:
        yield f"{where}: {value} is less than {wanted}"


def _items(value: Any, wanted: Mapping[str, Any], _: Mapping[str, Any], where: str) -> Iterator[str]:
    for number, item in enumerate(value if isinstance(value, list) else []):
        yield from violations(item, wanted, f"{where}[{number}]")


def _properties(value: Any, wanted: Mapping[str, Any], _: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, schema in wanted.items():
        if name in value:
            yield from violations(value[name], schema, f"{where}.{name}")


def _required(value: Any, wanted: list[str], _: Mapping[str, Any], where: str) -> Iterator[str]:
    yield from (f"{where}: {name} is missing" for name in wanted if name not in value)


def _additional(value: Any, wanted: bool, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    assert wanted is False
    yield from (f"{where}: {name} is not in the schema" for name in value if name not in schema["properties"])


_KEYWORDS: dict[str, Callable[[Any, Any, Mapping[str, Any], str], Iterator[str]]] = {
    "type": _type,
    "pattern": _pattern,
    "minimum": _minimum,
    "items": _items,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
}
