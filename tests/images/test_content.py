"""What bytes are: each type by its content, and the reason why something is none."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from crawler.images.case import MEANING, Lack
from crawler.images.content import Content, Flaw, Type, read_content
from tests.images.samples import SVG, avif, bmp, gif, icon, jpeg, png, tiff, webp

WHOLE = {
    "png": (png(), Type.PNG),
    "jpeg": (jpeg(), Type.JPEG),
    "jpeg with a thumbnail": (jpeg(thumbnail=True), Type.JPEG),
    "jpeg with more behind it": (jpeg() + b"\0" * 40 + b"camera", Type.JPEG),
    "gif": (gif(), Type.GIF),
    "webp": (webp(), Type.WEBP),
    "bmp": (bmp(), Type.BMP),
    "tiff": (tiff(), Type.TIFF),
    "tiff of the other order": (tiff(">"), Type.TIFF),
    "icon": (icon(), Type.ICON),
    "avif": (avif(), Type.AVIF),
    "svg": (SVG, Type.SVG),
    "svg with a mark": (b"\xef\xbb\xbf" + SVG, Type.SVG),
    "svg alone": (b"<svg/>", Type.SVG),
    "one pixel high": (png(height=1), Type.PNG),
}
HTML = b"<!DOCTYPE html><html><head><title>404</title></head><body><svg></svg></body></html>"


def test_a_whole_image_is_known_by_its_bytes() -> None:
    assert {name: read_content(data) for name, (data, _) in WHOLE.items()} == {name: Content(kind) for name, (_, kind) in WHOLE.items()}


def test_a_cut_image_is_refused_wherever_it_was_cut() -> None:
    for name, (data, kind) in WHOLE.items():
        if name == "jpeg with more behind it" or kind is Type.SVG:
            continue
        spare = 8 if kind is Type.TIFF else 4 if kind is Type.PNG else 0  # behind the directory; the last checksum
        for length in range(30, len(data) - spare):
            found = read_content(data[:length])
            assert found.flaw is Flaw.CUT, (name, length, found)
            assert found.because


NONE: list[tuple[bytes, Flaw]] = [
    (b"", Flaw.BLANK),
    (b"\0" * 500, Flaw.BLANK),
    (b" \r\n\t", Flaw.BLANK),
    (HTML, Flaw.HTML),
    (b"\xef\xbb\xbf\n" + HTML, Flaw.HTML),
    (HTML.decode().encode("utf-16"), Flaw.HTML),
    (b"<p>Not found</p>", Flaw.HTML),
    (b"Not found", Flaw.NOT_IMAGE),
    (b'{"error": 404}', Flaw.NOT_IMAGE),
    (b"%PDF-1.4", Flaw.NOT_IMAGE),
    (b"\x89PN", Flaw.NOT_IMAGE),
    (b"\xff\xd8\xff\xd9", Flaw.CUT),
    (png(width=1, height=1), Flaw.ONE_PIXEL),
    (gif(1, 1), Flaw.ONE_PIXEL),
    (jpeg(width=1, height=1), Flaw.ONE_PIXEL),
    (SVG[:-10], Flaw.CUT),
    (SVG.replace(b"<circle", b"<script>alert(1)</script><circle"), Flaw.SCRIPT),
    (SVG.replace(b"<circle", b"<x:script xlink:href='//a.example/'/><circle"), Flaw.SCRIPT),
    (SVG.replace(b"<circle", b"<circle onload = 'alert(1)'"), Flaw.SCRIPT),
    (SVG.replace(b"<circle", b"<a href='java&#115;cript:alert(1)'/><circle"), Flaw.SCRIPT),
    (SVG.replace(b"<circle", b"<a href=' java\nscript:alert(1)'/><circle"), Flaw.SCRIPT),
    (SVG.replace(b"<circle", b"<foreignObject><p/></foreignObject><circle"), Flaw.SCRIPT),
    (SVG.decode().encode("utf-16"), Flaw.NOT_IMAGE),
]


def test_what_is_no_image_is_refused_by_name() -> None:
    found = [(data, read_content(data)) for data, _ in NONE]
    assert [(data, content.flaw) for data, content in found] == NONE
    assert [data for data, content in found if not content.because] == []


STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF1234WEBP", b"BM", b"II*\0", b"\0\0\1\0", b"1234ftypavif", b"<svg", b"")


@given(st.sampled_from(STARTS), st.binary(max_size=200))
@example(b"1234ftypavif", b"\0\0\0\1ftyp")
@example(b"\xff\xd8\xff", b"\xe0\0\0" * 30)
def test_no_bytes_at_all_make_it_fail(start: bytes, rest: bytes) -> None:
    found = read_content(start + rest)
    assert (found.type is None) <= (found.flaw is not None)


def test_every_reason_has_its_words() -> None:
    assert set(MEANING) == {*Flaw, *Lack}
