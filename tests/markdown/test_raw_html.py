"""The real addresses of pictures and frames; figures, tables and captions are in `test_converter` and `test_tables`."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

from crawler.markdown.raw_html import figure, source
from tests.markdown.conversion import STYLE
from tests.walking import walked


def element(html: str) -> Tag:
    found = BeautifulSoup(html, "html.parser").find(True)
    assert isinstance(found, Tag)
    return found


@walked(
    ("html", "address"),
    [
        ('<img src="/a.jpg">', "/a.jpg"),
        ('<img src=" /a.jpg\n">', "/a.jpg"),
        ('<img src="/a.jpg" data-src="/b.jpg">', "/b.jpg"),
        ('<img srcset="/a.jpg 1x, /b.jpg 2x">', "/a.jpg"),
        ('<img src="data:image/gif;base64,R0" data-srcset="/a.jpg, /b.jpg 2x">', "/a.jpg"),
        ('<img data-src="/b.jpg">', "/b.jpg"),
        ('<img src="" data-original="/b.jpg">', "/b.jpg"),
        ('<img src="data:image/gif;base64,R0" data-lazy-src="/b.jpg">', "/b.jpg"),
        ('<img src="data:image/gif;base64,R0">', "data:image/gif;base64,R0"),
        ("<img>", ""),
        ('<iframe src="about:blank"></iframe>', ""),
        ('<iframe src="about:blank" data-src="https://x.example/"></iframe>', "https://x.example/"),
        ('<object data="/a.swf"></object>', "/a.swf"),
        ('<object><embed src="/a.swf"></object>', "/a.swf"),
        ('<object><iframe src="/a"></iframe></object>', "/a"),
        ('<video><source src="/a.mp4"><source src="/a.webm"></video>', "/a.mp4"),
    ],
)
def test_the_address_of_a_picture_or_frame(html: str, address: str) -> None:
    assert source(element(html)) == address


def test_a_figure_without_a_picture_is_none() -> None:
    assert figure(element("<figure><img><figcaption>甲</figcaption></figure>"), STYLE) == ""
