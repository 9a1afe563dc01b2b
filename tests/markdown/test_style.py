"""How addresses on a page become addresses in a file: FORMAT's table."""

from __future__ import annotations

from crawler.markdown.style import SeedStyle, is_followable
from tests.markdown.conversion import ABROAD, HERE, STYLE
from tests.walking import walked


@walked(
    ("href", "target"),
    [
        ("/article/5", f"{HERE}/article/5"),
        ("/news_新聞/頁?a=1#b", f"{HERE}/news_新聞/頁?a=1#b"),
        ("https://a.example/x", f"{ABROAD}/https://a.example/x"),
        ("http://a.example/x", f"{ABROAD}/http://a.example/x"),
        ("HTTP://A.example/", f"{ABROAD}/HTTP://A.example/"),
        ("https://www.hkcnews.com/article/5", f"{ABROAD}/https://www.hkcnews.com/article/5"),
        ("#x", "#x"),
        ("#", "#"),
        ("mailto:x@y.example?subject=z", "mailto:x@y.example?subject=z"),
        ("tel:+852", "tel:+852"),
        ("a.example/x", "a.example/x"),
        ("../x", "../x"),
        ("//a.example/x", "//a.example/x"),
        ("/web/2021/https://a.example/", "/web/2021/https://a.example/"),
        (" \t\nhttps://a.example/\x01x \n", f"{ABROAD}/https://a.example/\x01x"),
        ("", None),
        (" ", None),
        ("javascript:void(0)", None),
        (" JaVaScRiPt:x", None),
        ("java\tscript:x", None),
        ("\x01javascript:x", None),
        ("vbscript:x", None),
        ("data:text/html,x", None),
        ("file:///c:/x.doc", None),
    ],
)
def test_links(href: str, target: str | None) -> None:
    assert STYLE.link(href) == target
    assert is_followable(href) == (target is not None)


@walked(
    ("src", "address"),
    [
        ("/news_新聞/甲%20乙.jpg", f"{ABROAD}im_/https://www.hkcnews.com/news_新聞/甲%20乙.jpg"),
        ("https://a.example/x.png", f"{ABROAD}im_/https://a.example/x.png"),
        ("//a.example/x.png", "//web.archive.org/web/20200102030405im_/https://a.example/x.png"),
        ("x.png", f"{ABROAD}im_/https://www.hkcnews.com/article/12/x.png"),
        ("../x.png", f"{ABROAD}im_/https://www.hkcnews.com/article/x.png"),
        ("data:image/gif;base64,R0", "data:image/gif;base64,R0"),
        (
            "https://web.archive.org/web/2019im_/https://a.example/x.png",
            "https://web.archive.org/web/2019im_/https://a.example/x.png",
        ),
        ("/web/2019im_/https://a.example/x.png", "/web/2019im_/https://a.example/x.png"),
    ],
)
def test_pictures(src: str, address: str) -> None:
    assert STYLE.image(src) == address


def test_frames() -> None:
    assert STYLE.frame("https://www.youtube.com/embed/x?a=1") == f"{ABROAD}if_/https://www.youtube.com/embed/x?a=1"
    assert (
        STYLE.frame("//www.youtube.com/embed/x")
        == "//web.archive.org/web/20200102030405if_/https://www.youtube.com/embed/x"
    )


@walked(
    ("original", "site"),
    [
        ("https://www.hkcnews.com/article/1", "https://www.hkcnews.com"),
        ("http://hkcnews.com/article/1?x=//y", "http://hkcnews.com"),
        ("http://www.hkcnews.com:80/article/1", "http://www.hkcnews.com"),
        ("https://hkcnews.com:443/article/1", "https://hkcnews.com"),
        ("http://hkcnews.com:8080/article/1", "http://hkcnews.com:8080"),
        ("HTTP://WWW.hkcnews.com/article/1", "http://WWW.hkcnews.com"),
        ("https://u:p@hkcnews.com/article/1", "https://hkcnews.com"),
        ("junk", "https://www.hkcnews.com"),
    ],
)
def test_the_host_is_the_captures_own(original: str, site: str) -> None:
    style = SeedStyle("https://web.archive.org/web", "20200102030405", original)
    assert style.link("/x") == f"/web/20200102030405/{site}/x"
    assert style.image("/x") == f"https://web.archive.org/web/20200102030405im_/{site}/x"


def test_another_archive() -> None:
    style = SeedStyle("https://archive.example/web", "20200102030405", "https://hkcnews.com/article/1")
    assert style.link("https://a.example/") == "https://archive.example/web/20200102030405/https://a.example/"
    assert style.frame("//a.example/x") == "//archive.example/web/20200102030405if_/https://a.example/x"
