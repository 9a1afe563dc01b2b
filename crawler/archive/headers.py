"""Reading HTTP headers of archives: lists of pairs, names in any case, repeated, decoded nobody knows how."""

from collections.abc import Sequence

Headers = Sequence[tuple[str, str]]


def every(headers: Headers, name: str) -> list[str]:
    """All values of a header, in order, stripped of surrounding white space."""
    wanted = name.lower()
    return [value.strip() for key, value in headers if key.lower() == wanted]


def first(headers: Headers, name: str) -> str | None:
    """The first value of a header that is not empty, or None."""
    return next((value for value in every(headers, name) if value), None)


def declared_coding(headers: Headers) -> str | None:
    """All Content-Encoding values in one, in order: the archive may send an empty one beside a real one (recorded traffic, 2020-2024)."""
    return ", ".join(value for value in every(headers, "content-encoding") if value) or None


def raw(value: str) -> bytes:
    """The bytes of a header value: clients hand them over as Latin-1; what cannot be Latin-1 was text, and becomes UTF-8."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def as_text(value: str) -> str:
    """A header value whose bytes are UTF-8, read as such; any other is returned as it is."""
    try:
        return raw(value).decode("utf-8")
    except UnicodeDecodeError:
        return value
