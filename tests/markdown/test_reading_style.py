"""The format for reading: where links, pictures and frames lead, with every kind of address."""

from __future__ import annotations

import html
import re
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from crawler.hkcnews.fidelity import differences, visible
from crawler.hkcnews.layout import CITIZEN_NEWS
from crawler.hkcnews.region import clean_region, parse, prepare_region
from crawler.hkcnews.urls import article_id, is_of_site
from crawler.markdown.article import Article, Evidence
from crawler.markdown.document import render
from crawler.markdown.style import ReadingStyle, References, Video, is_followable, watch_url
from tests.markdown.conversion import CONVERTER
from tests.walking import walked

REPLAY = "https://web.archive.org/web"
ORIGINAL = "https://www.hkcnews.com/article/12/x"
THERE = (12, 34, 1500)
PRESENT = {
    "https://www.hkcnews.com/a.jpg": "images/3f/a-3f.jpg",
    "https://b.example/%25 %?.png": "images/4e/100%?#.png",
}


def style(replay: str = REPLAY, original: str = ORIGINAL, video: Video = Video.SHORTCODE) -> ReadingStyle:
    there = sum(1 << number for number in THERE)
    return ReadingStyle(replay, "", original, article_id, there, PRESENT.get, lambda url: False, video=video)


def written(page: str, like: ReadingStyle) -> str:
    """The Markdown of what stands in a body."""
    region = parse(f"<div>{page}</div>")
    clean_region(region, CITIZEN_NEWS)
    prepare_region(region)
    text = CONVERTER.convert_region(region, like)
    assert list(differences(visible(region), text)) == []
    return text


@walked(
    ("href", "target"),
    [
        # to articles that are recovered, in every spelling
        ("/article/34", "article_34.md"),
        ("/article/12", "article_12.md"),
        ("/article/1500/slug-1500/題", "../1001-2000/article_1500.md"),
        ("https://www.hkcnews.com/article/34", "article_34.md"),
        ("http://hkcnews.com/article/34?ref=a", "article_34.md"),
        ("//www.hkcnews.com/article/34", "article_34.md"),
        ("../34", "article_34.md"),
        ("?page=2#b", "article_12.md#b"),
        ("www.hkcnews.com/article/34", "article_34.md"),
        ("hkcnews.com:80/article/34", "article_34.md"),
        ("/article/34#names", "article_34.md#names"),
        ("/article/12/x#甲 乙", "article_12.md#甲 乙"),
        ("/web/20200102030405/https://www.hkcnews.com/article/34#a", "article_34.md#a"),
        ("https://web.archive.org/web/2019/http://hkcnews.com/article/1500", "../1001-2000/article_1500.md"),
        # to articles that are not
        ("/article/35", "https://www.hkcnews.com/article/35"),
        ("/article/35/題#b", "https://www.hkcnews.com/article/35/題#b"),
        ("/article/99999", "https://www.hkcnews.com/article/99999"),
        ("/article/999999", "https://www.hkcnews.com/article/999999"),
        ("//hkcnews.com/article/35?x", "https://hkcnews.com/article/35?x"),
        # elsewhere
        ("/tag/行山?a=1", "https://www.hkcnews.com/tag/行山?a=1"),
        ("https://a.example/x", "https://a.example/x"),
        ("HTTP://A.example/", "HTTP://A.example/"),
        ("//a.example/x", "https://a.example/x"),
        ("../../news", "https://www.hkcnews.com/news"),
        ("../../page.html", "https://www.hkcnews.com/page.html"),
        ("http:/a.example/", "http://a.example/"),
        ("cinema.example.org/soon", "http://cinema.example.org/soon"),
        ("cinema.example.org:8080", "http://cinema.example.org:8080"),
        (" \t\nhttps://a.example/\x01x \n", "https://a.example/\x01x"),
        # in the archive
        ("/web/2021/https://a.example/", "https://a.example/"),
        ("/web/20210102030405if_/http:/a.example/", "http://a.example/"),
        ("//web.archive.org/web/2021/https://a.example/", "https://a.example/"),
        ("https://web.archive.org/web/2021*/https://a.example/", "https://a.example/"),
        ("http://web.archive.org/web/*/a.example/x", "http://a.example/x"),
        ("https://web.archive.org/web/2021///a.example/x", "http://a.example/x"),
        ("https://web.archive.org/web/https://a.example/", "https://a.example/"),
        ("/web/2021/https://web.archive.org/web/2019/http://a.example/", "http://a.example/"),
        ("https://other.example/web/2019/https://a.example/", "https://a.example/"),
        # not in the archive, though it looks like it
        ("https://a.example/v2/web/?page=01", "https://a.example/v2/web/?page=01"),
        ("https://a.example/web/2019/report.html", "https://a.example/web/2019/report.html"),
        ("https://a.example/x?u=/web/2019/https://b.example/", "https://a.example/x?u=/web/2019/https://b.example/"),
        ("https://web.archive.org/", "https://web.archive.org/"),
        # as the seed has them
        ("#x", "#x"),
        ("#", "#"),
        ("mailto:x@y.example?subject=z", "mailto:x@y.example?subject=z"),
        ("tel:+852", "tel:+852"),
        ("", None),
        (" ", None),
        ("javascript:void(0)", None),
        ("java\tscript:x", None),
        ("vbscript:x", None),
        ("data:text/html,x", None),
        ("file:///c:/x.doc", None),
    ],
)
def test_links(href: str, target: str | None) -> None:
    assert style().link(href) == target
    assert is_followable(href) == (target is not None)


def test_what_is_gone_is_to_be_had_in_the_archive() -> None:
    gone = replace(style(), timestamp="20200102030405", is_gone=is_of_site)
    archived = "https://web.archive.org/web/20200102030405"
    for here, address in (
        ("/article/35", "https://www.hkcnews.com/article/35"),
        ("//HKCNEWS.com:80/tag/x#b", "https://HKCNEWS.com:80/tag/x#b"),
        ("/web/2019/http://m.hkcnews.com", "http://m.hkcnews.com"),
    ):
        assert gone.link(here) == f"{archived}/{address}"
        assert gone.image(here) == f"{archived}im_/{address}"
        assert gone.frame(here) == f"{archived}if_/{address}"
        assert replace(gone, video=Video.LINK).frame(here) == f"{archived}/{address}"
    for elsewhere in ("https://a.example/hkcnews.com", "https://nothkcnews.com/x", "https://hkcnews.com.example/x"):
        assert gone.link(elsewhere) == gone.image(elsewhere) == gone.frame(elsewhere) == elsewhere
    assert (gone.link("/article/34"), gone.image("/a.jpg")) == ("article_34.md", "../../images/3f/a-3f.jpg")


@walked(
    ("src", "address"),
    [
        ("/a.jpg", "../../images/3f/a-3f.jpg"),
        ("https://www.hkcnews.com/a.jpg", "../../images/3f/a-3f.jpg"),
        ("/web/2019im_/https://www.hkcnews.com/a.jpg", "../../images/3f/a-3f.jpg"),
        ("https://b.example/%25 %?.png", "../../images/4e/100%25%3F%23.png"),
        ("/news_新聞/甲%20乙.jpg", "https://www.hkcnews.com/news_新聞/甲%20乙.jpg"),
        ("//a.example/x.png", "https://a.example/x.png"),
        ("x.png", "https://www.hkcnews.com/article/12/x.png"),
        ("../x.png", "https://www.hkcnews.com/article/x.png"),
        ("https://web.archive.org/web/2019im_/https://a.example/x.png", "https://a.example/x.png"),
        ("data:image/gif;base64,R0", "data:image/gif;base64,R0"),
        ("data:text/html,x", "about:invalid"),
        ("javascript:x", "about:invalid"),
        ("file:///c:/x.png", "about:invalid"),
    ],
)
def test_pictures(src: str, address: str) -> None:
    assert style().image(src) == address


@walked(
    ("src", "address", "page"),
    [
        ("https://www.youtube.com/embed/x-_1?rel=0&start=5", None, "https://www.youtube.com/watch?v=x-_1"),
        ("//www.youtube.com/embed/x", "https://www.youtube.com/embed/x", "https://www.youtube.com/watch?v=x"),
        ("https://www.youtube-nocookie.com/embed/x", None, "https://www.youtube.com/watch?v=x"),
        ("https://youtube.com/v/x", None, "https://www.youtube.com/watch?v=x"),
        ("https://www.youtube.com/embed/videoseries?list=y", None, "https://www.youtube.com/embed/videoseries?list=y"),
        (
            "/web/2019if_/https://www.youtube.com/embed/x",
            "https://www.youtube.com/embed/x",
            "https://www.youtube.com/watch?v=x",
        ),
        (
            "https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2Fa%2Fvideos%2F1%2F&width=560",
            None,
            "https://www.facebook.com/a/videos/1/",
        ),
        (
            "https://www.facebook.com/plugins/post.php?href=javascript%3Ax",
            None,
            "https://www.facebook.com/plugins/post.php?href=javascript%3Ax",
        ),
        ("https://player.vimeo.com/video/12?h=a", None, "https://vimeo.com/12"),
        ("https://www.dailymotion.com/embed/video/x5", None, "https://www.dailymotion.com/video/x5"),
        ("https://maps.example.org/embed?pb=!1m18", None, "https://maps.example.org/embed?pb=!1m18"),
        ("https://www.notyoutube.com/embed/x", None, "https://www.notyoutube.com/embed/x"),
        ("/poll/5", "https://www.hkcnews.com/poll/5", "https://www.hkcnews.com/poll/5"),
        ("javascript:x", "about:invalid", "about:invalid"),
        ("https://[x/embed/1", None, "https://[x/embed/1"),
    ],
)
def test_frames(src: str, address: str | None, page: str) -> None:
    assert style().frame(src) == (address or src)
    assert style(video=Video.LINK).frame(src) == page
    assert watch_url(page) == page


def test_frames_are_written_as_the_style_says() -> None:
    page = (
        '<p>甲</p><iframe src="https://www.youtube.com/embed/x"></iframe><ul><li>乙<iframe src="/m?a=1&amp;b='
        ' <"></iframe></li></ul>'
    )
    assert (
        written(page, style()) == '甲\n\n{{< video src="https://www.youtube.com/embed/x" >}}\n\n* 乙\n\n  {{< video'
        ' src="https://www.hkcnews.com/m?a=1&b=%20%3C" >}}'
    )
    assert (
        written(page, style(video=Video.LINK))
        == "甲\n\n<https://www.youtube.com/watch?v=x>\n\n* 乙\n\n  <https://www.hkcnews.com/m?a=1&b=%20%3C>"
    )
    table = '<table><tr><td rowspan="2">甲<iframe src="/m?a=1&amp;b=2"></iframe></td></tr></table>'
    assert (
        '<div><a class="video"'
        ' href="https://www.hkcnews.com/m?a=1&amp;b=2">https://www.hkcnews.com/m?a=1&amp;b=2</a></div>'
        in written(table, style(video=Video.LINK))
    )
    assert '{{< video src="about:invalid" >}}' in written(
        '<iframe src="javascript:x"></iframe>', style(video=Video.LINK)
    )


@walked(
    ("page", "alt"),
    [
        (
            '<figure><img src="/b.jpg" alt=""><figcaption>甲 <b>"乙"</b>\n<a href="/x">丙</a></figcaption></figure>',
            "甲 &quot;乙&quot; 丙",
        ),
        ('<figure><img src="/b.jpg" alt=" "><figcaption>甲</figcaption></figure>', "甲"),
        ('<figure><img src="/b.jpg" alt="自己"><figcaption>甲</figcaption></figure>', "自己"),
        ('<figure><img src="/b.jpg"></figure>', ""),
        ('<figure><div><img src="/b.jpg"></div>甲</figure>', "甲"),
    ],
)
def test_a_picture_without_a_description_has_its_caption(page: str, alt: str) -> None:
    assert f'<img src="https://www.hkcnews.com/b.jpg" alt="{alt}">' in written(page, style())


def test_each_picture_has_the_caption_that_follows_it() -> None:
    page = (
        '<figure><img src="/1.jpg"><figcaption>甲</figcaption><img src="/2.jpg"><figcaption>乙</figcaption><img'
        ' src="/3.jpg"></figure>'
    )
    assert re.findall(r'(\d)\.jpg" alt="(.*?)"', written(page, style())) == [("1", "甲"), ("2", "乙"), ("3", "甲")]


def test_what_was_referred_to_is_collected() -> None:
    one = style()
    for href in ("/article/34", "/article/35#a", "https://a.example/", "#x"):
        one.link(href)
    for src in ("/a.jpg", "/b.jpg", "data:image/gif;base64,R0", "javascript:x"):
        one.image(src)
    assert one.references == References(
        {34: True, 35: False}, {"https://www.hkcnews.com/a.jpg": True, "https://www.hkcnews.com/b.jpg": False}
    )
    assert style().references == References()


def test_another_archive() -> None:
    other = style("https://arquivo.example/wayback", "http://hkcnews.com/article/1500")
    assert other.link("https://arquivo.example/wayback/2019/http://a.example/") == "http://a.example/"
    assert other.link("/wayback/2019/http://hkcnews.com/article/34") == "../1-1000/article_34.md"
    assert (
        other.link("https://a.example/wayback/2019/http://b.example/")
        == "https://a.example/wayback/2019/http://b.example/"
    )
    assert other.link("/x") == "http://hkcnews.com/x"


def test_the_file_has_the_evidence_and_no_note() -> None:
    article = Article(34, "20200102030405", ORIGINAL, "題", body="甲", source="mine.wacz")
    evidence = Evidence("2020-01-02T03:04:05Z", "sha1:" + "A" * 32, True, ("一", "二"))
    assert (
        render(article, REPLAY, evidence)
        == f'---\ntitle: "題"\nurl: "{REPLAY}/20200102030405/{ORIGINAL}"\noriginal_url: "{ORIGINAL}"\ncaptured:'
        f' "2020-01-02T03:04:05Z"\ndigest: "sha1:{"A" * 32}"\nverified: true\nfaults:\n  - "一"\n  - "二"\nsource:'
        ' "mine.wacz"\n---\n\n# 題\n\n甲\n'
    )
    doubtful = render(replace(article, source=""), REPLAY, replace(evidence, digest="", verified=False, faults=()))
    assert 'captured: "2020-01-02T03:04:05Z"\nverified: false\n---\n' in doubtful


_AROUND = st.sampled_from(
    [
        *(
            "https://web.archive.org/web/2020/",
            "http://web.archive.org/web/*/",
            "https://web.archive.org/web/",
            "//web.archive.org/web/2020if_/",
        ),
        "https://arquivo.example/wayback/20200102030405/",
    ]
)
_OUTSIDE = st.sampled_from(
    ["", "//web.archive.org/web/2020if_/", "/web/2020/", "/web/20200102030405im_/", "/wayback/20200102030405/"]
)
_TARGETS = st.sampled_from(
    [
        "https://a.example/(x",
        "http://hkcnews.com/article/34#a",
        "https://www.hkcnews.com/article/35",
        "http:/b.example/[1]",
    ]
)
_PATHS = st.sampled_from(
    ["/article/34", "/article/35", "//c.example/x", "../x y", "d.example/x", "?q", "javascript:x", "#z", "", "data:x"]
)
_ADDRESSES = st.builds(
    lambda outside, around, target: outside + "".join(around) + target,
    _OUTSIDE,
    st.lists(_AROUND, max_size=2),
    _TARGETS,
)
_SHAPES = st.sampled_from(
    [
        *(
            '<p><a href="{}">甲</a></p>',
            '<p><b>甲<a href="{}">乙</a></b></p>',
            '<figure><a href="{}"><img src="{}"></a>甲</figure>',
        ),
        *(
            '<figure><img src="{}"><figcaption><a href="{}">甲</a></figcaption></figure>',
            '<iframe src="{}"></iframe>',
            '<img src="{}">',
        ),
        *(
            '<table><tr><td rowspan="2"><a href="{}">甲</a><iframe src="{}"></iframe></td></tr></table>',
            '<ul><li><a href="{}">甲</a></ul>',
        ),
        *(
            '<pre><a href="{}">甲</a></pre>',
            '<blockquote><iframe src="{}"></iframe><p>甲</blockquote>',
            '<h2><a href="{}">甲</a></h2>',
        ),
    ]
)
_LED = re.compile(r"(?:href|src)=(?:&quot;|\")([^\"]*?)(?:&quot;|\")")


@given(st.lists(st.tuples(_SHAPES, _ADDRESSES | _PATHS, _ADDRESSES | _PATHS), max_size=5), st.sampled_from(Video))
def test_nothing_leads_into_the_archive_or_nowhere(things: list[tuple[str, str, str]], video: Video) -> None:
    # An address at the archive's host that is none of its captures is an address like any other.
    assume(not any("/web///" in address for _, *addresses in things for address in addresses))
    page = "".join(shape.format(html.escape(first), html.escape(second)) for shape, first, second in things)
    text = written(page, style("https://arquivo.example/wayback", video=video))
    assert "web.archive.org" not in text
    assert "arquivo.example" not in text
    assert "/web/" not in text
    for address in _LED.findall(MarkdownIt("commonmark").enable("table").render(text)):
        assert address in ("about:invalid", "article_12.md", "article_34.md", "article_34.md#a") or re.match(
            "https?://|#", address
        ), (address, text)
