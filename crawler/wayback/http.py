"""HTTP messages as archives keep them: header fields, chunks, content codings, none of which can be trusted."""

import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import brotli
import zstandard

Headers = Sequence[tuple[str, str]]


def header_values(headers: Headers, name: str) -> list[str]:
    """All values of a header, in order, stripped of surrounding white space."""
    wanted = name.lower()
    return [value.strip() for key, value in headers if key.lower() == wanted]


def first_header(headers: Headers, name: str) -> str | None:
    """The first value of a header that is not empty, or None."""
    return next((value for value in header_values(headers, name) if value), None)


def declared_coding(headers: Headers) -> str | None:
    """All Content-Encoding values in one, in order; archives send empty ones beside real ones (traffic, 2020-2024)."""
    return ", ".join(value for value in header_values(headers, "content-encoding") if value) or None


def header_bytes(value: str) -> bytes:
    """The bytes of a header value: clients give them as Latin-1; what cannot be Latin-1 was text, becomes UTF-8."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def header_text(value: str) -> str:
    """A header value whose bytes are UTF-8, read as such; any other is returned as it is."""
    try:
        return header_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        return value


_LINE = rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?"
_SIZE = re.compile(_LINE + rb"\r?\n")
_CUT_SIZE = re.compile(rb"[0-9A-Fa-f]{0,15}[ \t]*(?:;[^\r\n]*)?\r?")
_ENDS = re.compile(rb"(?:\r?\n)+")
_END = re.compile(rb"\r\n|(?<!\r)\n|\r?\Z")
_TRAILERS = re.compile(rb"(?:[!#-'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*(?:\r?\n|\Z))*\s*")
_FIRST = re.compile(rb"\s*" + _LINE + rb"\r?\n\s*(?:[<{\[]|\x1f\x8b)")
_LAST = re.compile(rb"\n0+[ \t]*(?:\r?\n\s*)?\Z")
_INSIDE = re.compile(rb"\n" + _LINE + rb"\r\n")  # looked for much faster than with the \r before it
_TAIL = 64
_NUMBERS = b"0123456789abcdefABCDEF \t\r\n"


@dataclass(frozen=True, slots=True)
class Chunks:
    """What chunks hold, and whether they are there to the last one, which has the size 0."""

    body: bytes
    whole: bool


def without_chunks(headers: Headers, body: bytes) -> bytes:
    """The body without chunked coding. Where its header names that, which many writers keep and store it without, as
    far as it has come; without the header, which other writers drop, if all of it has the form to its end. Other bytes
    are returned as they are."""
    chunks = dechunked(body)
    if chunks is None:
        return body
    named = any("chunked" in value.lower() for value in header_values(headers, "transfer-encoding"))
    return chunks.body if chunks.whole or named else body


def dechunked(body: bytes) -> Chunks | None:
    """What chunks hold, or None when these are none. Lines may end in LF alone, and empty lines stand around chunks: a
    chunk's bytes begin behind the line with their size or the next, if a line or all ends behind them."""
    blank = _ENDS.match(body)
    start = at = blank.end() if blank is not None else 0
    out = bytearray()
    while found := _SIZE.match(body, at):
        size = int(found[1], 16)
        if not size:
            return Chunks(bytes(out), _TRAILERS.fullmatch(body, found.end()) is not None)
        empty = _END.match(body, found.end())
        for begin in (found.end(), empty.end() if empty is not None else found.end()):
            if begin + size >= len(body) or _END.match(body, begin + size):
                break
        else:
            return None
        out += body[begin : begin + size]
        ends = _ENDS.match(body, begin + size)
        if ends is None:
            return Chunks(bytes(out), whole=False)
        at = ends.end()
    return Chunks(bytes(out), whole=False) if at > start and _CUT_SIZE.fullmatch(body, at) else None


def has_sizes(body: bytes) -> bool:
    """Whether sizes of chunks stand in a text: before its markup, 0 at its end, or right for what lies between two."""
    if _FIRST.match(body) or _LAST.search(body, max(len(body) - _TAIL, 0)):
        return True
    for found in _INSIDE.finditer(body) if b"\r" in body else ():
        start, end = found.end(), found.end() + int(found[1], 16)
        agrees = end == len(body) or (body.startswith(b"\r\n", end) and _SIZE.match(body, end + 2))
        if agrees and body.startswith(b"\r", found.start() - 1) and body[start:end].translate(None, _NUMBERS):
            return True  # else it may be a column of numbers
    return False


MAX_BYTES = 64 * 1024 * 1024
MAX_LAYERS = 3

_CHUNK = 64 * 1024
_ZLIB_PIECE = 4096
_ZSTD_PIECE = 256  # four bytes can stand for 128 KiB, and the library has no limit on what one call returns
_ZSTD_WINDOW = 8 * 1024 * 1024  # the most that HTTP allows (RFC 9659)
_MAX_MEMBERS = 10_000
_SAMPLE = 1024

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_CONTROLS = bytes(sorted({*range(32), 127} - set(b"\t\n\r\f")))
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*[<{\[]")
_KNOWN_BINARY = re.compile(
    rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF|BM.{4}\x00\x00\x00\x00|\x00\x00[\x01\x02]\x00|II\*\x00|MM\x00\*"
    rb"|%PDF|PK[\x03\x05]\x04?|7z\xbc\xaf|wOF[F2]|\x00\x01\x00\x00|OTTO|OggS|ID3|\x1aE\xdf\xa3|.{4}ftyp",
    re.DOTALL,
)


class Coding(StrEnum):
    """The codings that are recognised, by HTTP names; DEFLATE: zlib or raw; CHUNKED: left on from the transfer."""

    GZIP = "gzip"
    ZSTD = "zstd"
    DEFLATE = "deflate"
    BROTLI = "br"
    CHUNKED = "chunked"


class CodingError(Exception):
    """The bytes are coded, but cut, damaged, or larger than permitted when decoded."""


class _TooLarge(CodingError):
    pass


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body and the codings taken off it, outermost first; `fault`: what is wrong with these, if anything is."""

    body: bytes
    codings: tuple[str, ...] = ()
    fault: str = ""


def decode(body: bytes, declared: str | None, max_bytes: int = MAX_BYTES) -> Decoded:
    """Take off every coding, up to MAX_LAYERS.

    `declared` is the Content-Encoding ("", None and lists permitted). Raises CodingError when bytes that are certainly
    coded do not decode to their end, or decode to more than `max_bytes`.
    """
    return deque(decoded_layers(body, declared, max_bytes), maxlen=1)[0]


def decode_what_came(body: bytes, declared: str | None) -> Decoded:
    """As `decode`, but of coded bytes that are cut off what is there, and a fault, as where sizes of chunks are left in
    a text. Raises CodingError where nothing can be had, and for damage in the middle: all behind could be anything."""
    found = deque(decoded_layers(body, declared, cut=True), maxlen=1)[0]
    if not found.fault and has_sizes(found.body):
        return replace(found, fault="sizes of chunks from its transfer are left in it")
    return found


def decoded_layers(
    body: bytes, declared: str | None, max_bytes: int = MAX_BYTES, *, cut: bool = False
) -> Iterator[Decoded]:
    """The body as it came, then after each coding taken off. Raises as `decode`; `cut` permits a cut body."""
    hints = {_ALIASES.get(name.strip(), name.strip()) for name in (declared or "").lower().split(",")}
    current = Decoded(body)
    yield current
    while len(current.codings) < MAX_LAYERS:
        step = _take_off(current.body, hints, max_bytes, outermost=not current.codings, cut=cut)
        if step is None:
            return
        coding, inner, fault = step
        hints.discard(coding)
        current = Decoded(inner, (*current.codings, coding.value), current.fault or fault)
        yield current


def looks_like_text(body: bytes) -> bool:
    """Whether the first KiB can be text. Of compressed bytes one in nine is a control character; real pages hold a
    stray one at most."""
    sample = body[:_SAMPLE]
    if sample.startswith(_BOMS):
        return True
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls == 0 or (_MARKUP.match(sample) is not None and len(sample) >= 64 and controls / len(sample) < 0.05)


_ALIASES: dict[str, str] = {"x-gzip": Coding.GZIP, "brotli": Coding.BROTLI, "zlib": Coding.DEFLATE}


def _take_off(
    body: bytes, hints: set[str], max_bytes: int, *, outermost: bool, cut: bool
) -> tuple[Coding, bytes, str] | None:
    """A coding, what it was taken off from, and what is wrong with that. Raises CodingError."""
    if (certain := _by_its_bytes(body, max_bytes, cut=cut)) is not None or not body or _KNOWN_BINARY.match(body):
        return certain
    text = looks_like_text(body)
    failure: CodingError | None = None
    for coding, attempt in _TRIALS:
        declared = coding in hints
        if text and not declared:
            continue  # plain text is never searched for a coding that nobody announced
        try:
            inner, fault = _attempted(attempt, body, max_bytes, cut=cut)
        except _TooLarge:
            if declared:
                raise
            continue
        except CodingError as error:
            if declared and not text and outermost:
                failure = failure or error
            continue
        readable = looks_like_text(inner)
        if (readable and _MARKUP.match(inner)) or (declared and (not text or (inner and readable))):
            return coding, inner, fault
    if failure is not None:
        raise failure
    return None


def _by_its_bytes(body: bytes, max_bytes: int, *, cut: bool) -> tuple[Coding, bytes, str] | None:
    """As `_take_off`, for codings that cannot be mistaken."""
    for magic, coding, attempt in _MAGIC:
        if body.startswith(magic):
            return (coding, *_attempted(attempt, body, max_bytes, cut=cut))
    chunks = dechunked(body) if body[:1] in _BEFORE_CHUNKS else None
    if chunks is None or not (chunks.whole or (cut and has_sizes(body))):
        return None
    fault = "" if chunks.whole else f"its transfer is cut off after {len(chunks.body)} bytes"
    return Coding.CHUNKED, chunks.body, fault


_Decoder = Callable[[bytes, int], tuple[bytes, str]]
"""Decodes a body to at most so many bytes; gives these, and that it is cut off, if it is. Raises CodingError."""


def _attempted(decoder: _Decoder, body: bytes, max_bytes: int, *, cut: bool) -> tuple[bytes, str]:
    """As `decoder`; of a cut body only if `cut` permits that, and something came."""
    inner, fault = decoder(body, max_bytes)
    if fault and not (cut and inner):
        raise CodingError(fault)
    return inner, fault


def _cut_off(name: str, came: bytes | bytearray) -> str:
    return f"{name} is cut off after {len(came)} decoded bytes"


def _stream(name: str, stream: Any, body: bytes, start: int, piece: int, max_bytes: int) -> tuple[bytes, int | None]:
    """One stream of zlib or zstandard, and where it ends; None if it is cut off. Small pieces unpack to little."""
    out = bytearray()
    at = start
    try:
        while not stream.eof:
            part = body[at : at + piece]
            if not part:
                return bytes(out), None
            at += len(part)
            out += stream.decompress(part)
            _limit(len(out), max_bytes)
    except (zlib.error, zstandard.ZstdError) as error:
        raise CodingError(f"{name} is damaged: {error}") from error
    return bytes(out), at - len(stream.unused_data)


def _members(
    name: str, magic: bytes, new: Callable[[], Any], piece: int, body: bytes, max_bytes: int
) -> tuple[bytes, str]:
    """Several members in a row are one body; other bytes behind the last are padding, which browsers ignore."""
    out = bytearray()
    at = 0
    for _ in range(_MAX_MEMBERS):
        part, end = _stream(name, new(), body, at, piece, max_bytes - len(out))
        out += part
        if end is None:
            return bytes(out), _cut_off(name, out)
        if body[end : end + len(magic)] != magic:
            return bytes(out), ""
        at = end
    raise CodingError(f"more than {_MAX_MEMBERS} members")


def _gunzip(body: bytes, max_bytes: int) -> tuple[bytes, str]:
    return _members("gzip", _GZIP, lambda: zlib.decompressobj(zlib.MAX_WBITS | 16), _ZLIB_PIECE, body, max_bytes)


def _unzstd(body: bytes, max_bytes: int) -> tuple[bytes, str]:
    frames = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    return _members("zstd", _ZSTD, frames.decompressobj, _ZSTD_PIECE, body, max_bytes)


def _undeflate(body: bytes, max_bytes: int) -> tuple[bytes, str]:
    """HTTP's deflate is zlib; some servers send it raw. No raw stream that an encoder makes begins as zlib does."""
    raw = body[0] & 15 != 8 or int.from_bytes(body[:2], "big") % 31 != 0
    name, wbits = ("raw deflate", -zlib.MAX_WBITS) if raw else ("zlib", zlib.MAX_WBITS)
    out, end = _stream(name, zlib.decompressobj(wbits), body, 0, _ZLIB_PIECE, max_bytes)
    if end is None:
        return out, _cut_off(name, out)
    if end != len(body):
        raise CodingError(f"{len(body) - end} bytes follow the end of {name}")
    return out, ""


def _unbrotli(body: bytes, max_bytes: int) -> tuple[bytes, str]:
    stream = brotli.Decompressor()
    out = bytearray()
    try:
        for at in range(0, len(body), _CHUNK):
            out += stream.process(body[at : at + _CHUNK], output_buffer_limit=_CHUNK)
            _limit(len(out), max_bytes)
            while not stream.can_accept_more_data():
                out += stream.process(b"", output_buffer_limit=_CHUNK)
                _limit(len(out), max_bytes)
        while not stream.is_finished() and (part := stream.process(b"", output_buffer_limit=_CHUNK)):
            out += part  # what it has decoded of a cut body it holds back until it is asked
            _limit(len(out), max_bytes)
    except brotli.error as error:
        raise CodingError(f"br is damaged: {error}") from error
    return bytes(out), "" if stream.is_finished() else _cut_off("br", out)


def _limit(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise _TooLarge(f"larger than {max_bytes} bytes when decoded")


_BEFORE_CHUNKS = b"0123456789abcdefABCDEF\r\n"
_MAGIC: tuple[tuple[bytes, Coding, _Decoder], ...] = ((_GZIP, Coding.GZIP, _gunzip), (_ZSTD, Coding.ZSTD, _unzstd))
_TRIALS: tuple[tuple[Coding, _Decoder], ...] = ((Coding.DEFLATE, _undeflate), (Coding.BROTLI, _unbrotli))
