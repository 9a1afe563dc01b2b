from hypothesis import given
from hypothesis import strategies as st

from crawler.wayback.unrewrite import unrewrite
from tests.walking import walked

TS = "20210712012001"
HEAD = b"""<script type="text/javascript" src="https://web-static.archive.org/_static/js/bundle-playback.js?v=1" charset="utf-8"></script>
<script type="text/javascript">
    __wm.init("https://web.archive.org/web");
  __wm.wombat("http://site.example/","20210712012001","https://web.archive.org/","web","https://web-static.archive.org/_static/", "1");
</script>
<link rel="stylesheet" type="text/css" href="https://web-static.archive.org/_static/css/banner-styles.css?v=2" />
<!-- End Wayback Rewrite JS Include -->
"""  # noqa: E501
TOOLBAR = b"""<!-- BEGIN WAYBACK TOOLBAR INSERT -->
<style type="text/css">body { margin-top:0 !important; }</style>
<div id="wm-ipp-base"><a href="/web/20210712012001*/http://site.example/">42 captures</a></div>
<!-- END WAYBACK TOOLBAR INSERT -->
"""
FOOT = b"""<!--
     FILE ARCHIVED ON 01:20:01 Jul 12, 2021 AND RETRIEVED FROM THE
     INTERNET ARCHIVE ON 10:11:12 May 01, 2024.
-->
<!--
playback timings (ms):
  captures_list: 1.0
-->"""


def test_a_whole_page() -> None:
    before = (
        '<!DOCTYPE html><html><head><title>渡輪 /web/20210712012001/http://a/</title></head><body class="x">'
        '<a href="http://site.example/2">二</a><img src="http://cdn.site.example/a.jpg"></body></html>\n'
    ).encode()
    after = (
        before.replace(b"<head>", b"<head>" + HEAD)
        .replace(b'class="x">', b'class="x">' + TOOLBAR)
        .replace(b'href="http', b'href="/web/20210712012001/http')
        .replace(b'src="http://cdn', b'src="//web.archive.org/web/20210712012001im_/http://cdn')
        + FOOT
    )
    assert unrewrite(after, TS) == before


def test_a_page_without_a_head() -> None:
    assert unrewrite(HEAD + TOOLBAR + b"<p>x</p>" + FOOT, TS) == b"<p>x</p>"


def test_the_header_element_is_no_head() -> None:
    assert unrewrite(b"<header>x</header>" + HEAD + b"y", TS) == b"<header>x</header>y"


@walked(
    ("tag", "original"),
    [
        (
            b'<a href="https://web.archive.org/web/20210712012001/https://a.example/x">',
            b'<a href="https://a.example/x">',
        ),
        (
            b'<a href="http://web.archive.org:80/web/20210712012001/http://a.example:80/">',
            b'<a href="http://a.example:80/">',
        ),
        (b"<a href='/web/20210712012001/http://a.example/'>", b"<a href='http://a.example/'>"),
        (b"<a HREF=/web/20210712012001/http://a.example/>", b"<a HREF=http://a.example/>"),
        (
            b'<script src="/web/20210712012001js_/http://a.example/a.js"></script>',
            b'<script src="http://a.example/a.js"></script>',
        ),
        (
            (
                b'<img srcset="/web/20210712012001im_/http://a.example/1.jpg'
                b' 1x,/web/20210712012001im_/http://a.example/2.jpg 2x">'
            ),
            b'<img srcset="http://a.example/1.jpg 1x,http://a.example/2.jpg 2x">',
        ),
        (b'<video poster="/web/20210712012001im_/http://a.example/p.jpg">', b'<video poster="http://a.example/p.jpg">'),
        (b'<img data-src="/web/20210712012001im_/http://a.example/p.jpg">', b'<img data-src="http://a.example/p.jpg">'),
        (
            (
                b'<meta property="og:image"'
                b' content="https://web.archive.org/web/20210712012001im_/http://a.example/p.jpg">'
            ),
            b'<meta property="og:image" content="http://a.example/p.jpg">',
        ),
        (
            b'<meta http-equiv="refresh" content="0; url=/web/20210712012001/http://a.example/">',
            b'<meta http-equiv="refresh" content="0; url=http://a.example/">',
        ),
    ],
)
def test_addresses_come_back(tag: bytes, original: bytes) -> None:
    assert unrewrite(tag, TS) == original


@walked(
    "page",
    [
        b'<a href="https://b.example/web/20210712012001/http://a.example/">',
        b'<a href="http://b.example/?to=/web/20210712012001/http://a.example/">',
        b'<a href="/web/20210712012001/about">',
        b'<a href="/web/2021/http://a.example/">',
        b'<a title="/web/20210712012001/http://a.example/" data-href="/web/20210712012001/http://a.example/">',
        b"<a title=' href=/web/20210712012001/http://a.example/ '>",
        b"<p>/web/20210712012001/http://a.example/</p>",
        b"<script>x = \"<a href='/web/20210712012001/http://a.example/'>\"</script>",
        b'<!-- <a href="/web/20210712012001/http://a.example/"> -->',
        b'<textarea><a href="/web/20210712012001/http://a.example/"></textarea>',
        b"<!-- FILE ARCHIVED ON somewhere --> <p>and more</p>",
        b'<a href="x',
    ],
)
def test_everything_else_stays(page: bytes) -> None:
    assert unrewrite(page, TS) == page


def test_the_pages_own_links_to_the_archive_stay() -> None:
    page = b'<a href="https://web.archive.org/web/20150101000000/http://a.example/">then</a>'
    rewritten = b'<a href="/web/20210712012001/http://b.example/">now</a>'
    assert unrewrite(page + rewritten, TS) == page + b'<a href="http://b.example/">now</a>'


def test_a_page_that_was_asked_for_by_another_time() -> None:
    links = b'<a href="/web/20210712012002/http://b.example/"><a href="/web/20210712012002/http://c.example/">'
    other = b'<a href="/web/20150101000000/http://a.example/">'
    assert unrewrite(links + other, TS) == b'<a href="http://b.example/"><a href="http://c.example/">' + other


def test_an_address_of_the_archive_in_the_archive_loses_one_layer() -> None:
    page = b'<a href="/web/20210712012001/https://web.archive.org/web/20210712012001/http://a.example/">'
    assert unrewrite(page, TS) == b'<a href="https://web.archive.org/web/20210712012001/http://a.example/">'


pieces = st.lists(
    st.sampled_from(
        [
            b"<a href=",
            b'"',
            b"'",
            b">",
            b"<",
            b"<!--",
            b"-->",
            b"<script>",
            b"</script>",
            b"/web/2021",
            b"x",
            b" ",
            HEAD[:40],
            TOOLBAR[:20],
        ]
    )
)


@given(pieces.map(b"".join) | st.binary(max_size=200))
def test_what_the_archive_did_not_touch_is_not_touched(page: bytes) -> None:
    assert unrewrite(page, TS) == page
