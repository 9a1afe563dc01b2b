"""What bytes are: each type by its content, and the reason why something is none."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from crawler.recovery.image_content import Content, ImageFault, read_content
from tests.recovery.image_samples import SVG, avif, bmp, gif, icon, jpeg, png, tiff, webp

WHOLE = {
    "png": (png(), "image/png"),
    "jpeg": (jpeg(), "image/jpeg"),
    "jpeg with a thumbnail": (jpeg(thumbnail=True), "image/jpeg"),
    "jpeg with more behind it": (jpeg() + b"\0" * 40 + b"camera", "image/jpeg"),
    "gif": (gif(), "image/gif"),
    "webp": (webp(), "image/webp"),
    "bmp": (bmp(), "image/bmp"),
    "tiff": (tiff(), "image/tiff"),
    "tiff of the other order": (tiff(">"), "image/tiff"),
    "icon": (icon(), "image/vnd.microsoft.icon"),
    "avif": (avif(), "image/avif"),
    "svg": (SVG, "image/svg+xml"),
    "svg with a mark": (b"\xef\xbb\xbf" + SVG, "image/svg+xml"),
    "svg alone": (b"<svg/>", "image/svg+xml"),
    "one pixel high": (png(height=1), "image/png"),
}
HTML = b"<!DOCTYPE html><html><head><title>404</title></head><body><svg></svg></body></html>"


def test_a_whole_image_is_known_by_its_bytes() -> None:
    assert {name: read_content(data) for name, (data, _) in WHOLE.items()} == {
        name: Content(kind) for name, (_, kind) in WHOLE.items()
    }


def test_a_cut_image_is_refused_wherever_it_was_cut() -> None:
    for name, (data, kind) in WHOLE.items():
        if name == "jpeg with more behind it" or kind == "image/svg+xml":
            continue
        spare = (
            8 if kind == "image/tiff" else 4 if kind == "image/png" else 0
        )  # behind the directory; the last checksum
        for length in range(30, len(data) - spare):
            found = read_content(data[:length])
            assert found.flaw is ImageFault.CUT, (name, length, found)
            assert found.because


NONE: list[tuple[bytes, ImageFault]] = [
    (b"", ImageFault.BLANK),
    (b"\0" * 500, ImageFault.BLANK),
    (b" \r\n\t", ImageFault.BLANK),
    (HTML, ImageFault.HTML),
    (b"\xef\xbb\xbf\n" + HTML, ImageFault.HTML),
    (HTML.decode().encode("utf-16"), ImageFault.HTML),
    (b"<p>Not found</p>", ImageFault.HTML),
    (b"Not found", ImageFault.NOT_IMAGE),
    (b'{"error": 404}', ImageFault.NOT_IMAGE),
    (b"%PDF-1.4", ImageFault.NOT_IMAGE),
    (b"\x89PN", ImageFault.NOT_IMAGE),
    (b"\xff\xd8\xff\xd9", ImageFault.CUT),
    (png(width=1, height=1), ImageFault.ONE_PIXEL),
    (gif(1, 1), ImageFault.ONE_PIXEL),
    (jpeg(width=1, height=1), ImageFault.ONE_PIXEL),
    (SVG[:-10], ImageFault.CUT),
    (SVG.replace(b"<circle", b"<script>alert(1)</script><circle"), ImageFault.SCRIPT),
    (SVG.replace(b"<circle", b"<x:script xlink:href='//a.example/'/><circle"), ImageFault.SCRIPT),
    (SVG.replace(b"<circle", b"<circle onload = 'alert(1)'"), ImageFault.SCRIPT),
    (SVG.replace(b"<circle", b"<a href='java&#115;cript:alert(1)'/><circle"), ImageFault.SCRIPT),
    (SVG.replace(b"<circle", b"<a href=' java\nscript:alert(1)'/><circle"), ImageFault.SCRIPT),
    (SVG.replace(b"<circle", b"<foreignObject><p/></foreignObject><circle"), ImageFault.SCRIPT),
    (SVG.decode().encode("utf-16"), ImageFault.NOT_IMAGE),
]


def test_what_is_no_image_is_refused_by_name() -> None:
    found = [(data, read_content(data)) for data, _ in NONE]
    assert [(data, content.flaw) for data, content in found] == NONE
    assert [data for data, content in found if not content.because] == []


STARTS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"RIFF1234WEBP",
    b"BM",
    b"II*\0",
    b"\0\0\1\0",
    b"1234ftypavif",
    b"<svg",
    b"",
)


@given(st.sampled_from(STARTS), st.binary(max_size=200))
@example(b"1234ftypavif", b"\0\0\0\1ftyp")
@example(b"\xff\xd8\xff", b"\xe0\0\0" * 30)
def test_no_bytes_at_all_make_it_fail(start: bytes, rest: bytes) -> None:
    found = read_content(start + rest)
    assert (not found.type) <= (found.flaw is not None)
