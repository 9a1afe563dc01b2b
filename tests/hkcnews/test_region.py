"""The region made ready: what goes, what is put back, and what is nested as Markdown cannot nest it."""

from __future__ import annotations

from collections.abc import Callable

from bs4 import Tag
from hypothesis import given
from hypothesis import strategies as st

from crawler.hkcnews.fidelity import visible
from crawler.hkcnews.layout import CITIZEN_NEWS
from crawler.hkcnews.region import DEEPEST, drop, flatten, parse, prepare_region, reveal
from crawler.hkcnews.verdict import Verdict
from tests.counting import assert_in_proportion
from tests.hkcnews.cases import page_with
from tests.walking import walked


def inside(region: Tag) -> str:
    return region.decode_contents(formatter="minimal")


def depth_of(region: Tag) -> int:
    return max((sum(1 for _ in text.parents) for text in region.find_all(string=True)), default=0)


@walked(
    ("html", "left"),
    [
        ("<p>甲</p><script>x</script><style>y</style><p>乙</p>", "<p>甲</p><p>乙</p>"),
        ('<p>甲<ins class="adsbygoogle"><p>x</p></ins></p>', "<p>甲</p>"),
        ('<div class="share-buttons big"><script>x</script></div>甲', "甲"),
        (
            (
                '<h2 class="hidden">甲</h2><p hidden="">乙</p><p style="color:red; DISPLAY : none">丙</p><p'
                ' style="x">丁</p>'
            ),
            '<p style="x">丁</p>',
        ),
        ("<ins>甲</ins><del>乙</del>", "<ins>甲</ins><del>乙</del>"),
        ('<p class="hiddenness">甲</p>', '<p class="hiddenness">甲</p>'),
    ],
)
def test_what_is_no_content_goes(html: str, left: str) -> None:
    region = parse(f"<div>{html}</div>")
    drop(region, CITIZEN_NEWS)
    assert inside(region) == left


@walked(
    ("html", "pushed"),
    [
        ("<b><p>甲</p><p>乙</p></b>", "<p><b>甲</b></p><p><b>乙</b></p>"),
        ("<b>甲<p>乙</p>丙</b>", "<b>甲</b><p><b>乙</b></p><b>丙</b>"),
        ("<b>甲<i>乙<p>丙</p>丁</i></b>", "<b>甲</b><b><i>乙</i></b><p><b><i>丙</i></b></p><b><i>丁</i></b>"),
        ("<b><ul><li>甲</li><li>乙</li></ul></b>", "<ul><li><b>甲</b></li><li><b>乙</b></li></ul>"),
        ("<b><table><tr><td>甲</td></tr></table></b>", "<table><tr><td><b>甲</b></td></tr></table>"),
        ('<b>甲<iframe src="x">y</iframe></b>', '<b>甲</b><iframe src="x">y</iframe>'),
        ('<a href="/x"><p> </p><p>甲</p><p>乙</p></a>', '<p> </p><p><a href="/x">甲</a></p><p>乙</p>'),
        ('<a href="/x"><figure><img src="y"/><figcaption>甲</figcaption></figure></a>', None),
        ("<b>甲</b>", "<b>甲</b>"),
    ],
)
def test_emphasis_and_links_around_blocks(html: str, pushed: str | None) -> None:
    region = parse(f"<div>{html}</div>")
    assert prepare_region(region) == []
    found = inside(region).replace("<b><i>", "<i><b>").replace("</i></b>", "</b></i>")
    wanted = pushed or '<figure><a href="/x"><img src="y"/></a><figcaption>甲</figcaption></figure>'
    assert found == wanted.replace("<b><i>", "<i><b>").replace("</i></b>", "</b></i>")


def test_a_code_that_hides_an_address() -> None:
    assert reveal("5a39353b2e1a3c3f282823743f223b372a363f") == "coat@ferry.example"
    assert [reveal(code) for code in ("", "5", "zz", "5aff")] == ["", "", "", ""]


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1), st.integers(0, 255))
def test_every_hidden_address_is_revealed(address: str, key: int) -> None:
    assert reveal(bytes([key, *(byte ^ key for byte in address.encode())]).hex()) == address


MANY = 3_000
DEEP: dict[str, str] = {
    "divisions": "<div>" * MANY + "<p>甲</p>" + "</div>" * MANY,
    "divisions with text": "<div>甲" * MANY,
    "divisions with paragraphs": '<div><p>甲<b>乙</b><a href="/x">丙</a></p>' * (MANY // 4),
    "spans": "<p>" + "<span>甲" * (MANY // 2),
    "bold": "<p>" + "<strong>甲" * (MANY // 2) + "</p><p>乙</p>",
    "bold and italic": "<p>" + "<b>甲<i>乙" * (MANY // 4),
    "quotations": "<blockquote>甲" * (MANY // 5),
    "lists": "<ul><li>甲" * (MANY // 5),
    "tables": "<table><tr><td>甲" * (MANY // 10),
    "pictures and frames": '<div>甲<img src="/a.jpg"><iframe src="https://x.example/"></iframe>' * (MANY // 10),
}


@walked("body", DEEP.values(), ids=DEEP.keys())
def test_what_is_nested_beyond_reason_keeps_its_text_and_says_so(body: str) -> None:
    """With a depth at which anything that is not linear would take minutes, and anything recursive would fail."""
    recovered = page_with(body).recovered()
    assert recovered.verdict is Verdict.ARTICLE
    assert recovered.article is not None
    assert recovered.differences == ()
    assert recovered.article.faults == (f"nested deeper than {DEEPEST} elements: structure simplified",)
    for part in ("甲", "乙", "丙", "![", "{{<"):
        assert recovered.article.body.count(part) == body.count({"![": "<img", "{{<": "<iframe"}.get(part, part))


WIDE: dict[str, Callable[[int], str]] = {
    "paragraphs": lambda many: "<p>甲</p>" * many,
    "a long paragraph": lambda many: "<p>" + "新聞自由，「<b>言論</b>」。" * many + "</p>",
    "unclosed bold": lambda many: "<p>" + "<b>甲<p>乙" * (many // 2),
    "unclosed links": lambda many: '<a href="/x">甲<p>' * (many // 2),
    "brackets": lambda many: "<p>" + "[" * many + "](x" * many,
    "asterisks, ticks and signs": lambda many: (
        "<p>" + "*" * many + "`" * many + "&lt;" * many + "&amp;" * many + "!<b>[</b>" * many
    ),
    "spaces": lambda many: "<p>" + ("\u3000" * 1000 + "甲<b> 乙 </b>") * (many // 5),
    "code": lambda many: "<p>" + "<code>甲</code>" * many,
    "notes": lambda many: "<p>甲</p>" * 5 + "<p>請加入成為眾新聞的月費訂戶</p>" * (many // 2),
}


@walked("body_of", WIDE.values(), ids=WIDE.keys())
def test_what_is_long_takes_work_in_proportion(body_of: Callable[[int], str]) -> None:
    def read(many: int) -> None:
        body = body_of(many)
        article = page_with(f"<p>始</p>{body}").article()
        assert article.faults == ()
        assert article.body.count("甲") == body.count("甲")

    read(1_500)
    assert_in_proportion(read)


def test_flattening_leaves_what_is_not_deep_and_keeps_what_means_something() -> None:
    html = "<p>甲<b>乙</b></p><ul><li>丙</li></ul>"
    region = parse(f"<div>{html}</div>")
    assert flatten(region) == []
    assert inside(region) == html
    deep = parse(
        "<div>"
        + "<div>" * 200
        + f'{html}<table><tr><td>丁</td></tr></table><a href="/x?a&amp;b">戊</a><!-- 己 -->'
        + "</div>" * 201
    )
    before = visible(deep)
    assert len(flatten(deep)) == 1
    assert visible(deep) == before
    assert depth_of(deep) < DEEPEST
    for kept in ("<b>乙</b>", "<li>丙</li>", "<td>丁</td>", '<a href="/x?a&amp;b">戊</a>'):
        assert kept in inside(deep)
