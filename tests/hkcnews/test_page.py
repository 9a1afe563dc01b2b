"""Where the parts of a page are: which element holds the body, who is the blogger, what metadata says."""

from __future__ import annotations

from crawler.hkcnews.blogger import blogger_blocks
from crawler.hkcnews.page import metadata, read_page, structured_data
from tests.counting import assert_in_proportion
from tests.hkcnews.cases import page_with
from tests.walking import walked

CONTENT: dict[str, tuple[str, str]] = {
    "the first with anything in it": (
        '<div class="article-content"> </div><div class="article-content"><p>甲</p></div>',
        "甲",
    ),
    "not one in a listing": (
        '<div class="article-block"><div class="article-content">乙</div></div><div class="article-content">甲</div>',
        "甲",
    ),
    "not one in an aside": (
        '<aside><div class="article-content">乙</div></aside><div class="article-content">甲</div>',
        "甲",
    ),
    "by the name in its markup": ('<div itemprop="articleBody">甲</div>', "甲"),
    "the attested name before others": (
        '<div itemprop="articleBody">乙</div><div class="article-content">甲</div>',
        "甲",
    ),
    "an empty one rather than none": ('<div class="article-content"></div>', ""),
}


@walked(("html", "text"), CONTENT.values(), ids=CONTENT.keys())
def test_the_element_with_the_body(html: str, text: str) -> None:
    page = read_page(f"<html><body><h1>題</h1>{html}</body></html>")
    assert page.content is not None
    assert page.content.text().strip() == text
    assert not page.degraded


@walked(
    "html",
    [
        "",
        "<h1>題</h1><p>字</p>",
        "<p>發佈日期: 01.02.20</p>",
        "<h1> </h1><p>發佈日期: 01.02.20</p>",
        "<h1>題</h1><p>發佈日期: 01.02.20</p>",
    ],
)
def test_pages_without_one(html: str) -> None:
    """The whole page is never taken for the body: there must be an element around title and date."""
    assert read_page(f"<html><body>{html}</body></html>").content is None


@walked(
    ("after", "name"),
    [
        ('<div><img src="/uploads/avatars/1.png"><b>博客 | 甲</b><p>字</p></div>', "博客 | 甲"),
        ('<div><img src="/uploads/avatars/1.png" alt="主筆 | 甲"><p>字</p></div>', "主筆 | 甲"),
        ('<div><img src="/uploads/avatars/1.png" alt="主筆｜甲"><p>主筆｜甲</p><p>字</p></div>', "主筆｜甲"),
        ('<div class="blogger-intro"><h4>博客 | 甲</h4><p>字</p></div>', "博客 | 甲"),
        ('<aside class="blogger-intro"><h4>博客 | 甲</h4><p>字</p></aside>', "博客 | 甲"),
        ('<div class="blogger-intro"><img src="/uploads/avatars/1.png" alt=""><h4>甲</h4><p>字</p></div>', "甲"),
        ('<div class="blogger-intro"><img src="/uploads/avatars/1.png" alt="甲"><h4>甲</h4><p>字</p></div>', "甲"),
        ('<nav><div class="blogger-intro"><h4>博客 | 甲</h4><p>字</p></div></nav>', None),
        ('<p><img src="/x.png" alt="博客 | 甲"></p><h4>博客 | 甲</h4><p>字</p>', None),
        ('<div><img src="/x.png" alt="博客 | 甲"><h4>博客 | 甲</h4><p>字</p></div>', "博客 | 甲"),
        ('<div><img src="/x.png" alt="圖 | 美聯社"><p>字</p></div>', None),
        ('<header><img src="/uploads/avatars/1.png" alt="博客 | 甲"></header>', None),
        ('<div class="article-block"><img src="/uploads/avatars/1.png" alt="博客 | 甲"></div>', None),
        ("", None),
    ],
)
def test_the_blogger_after_the_body(after: str, name: str | None) -> None:
    case = page_with("<p>內文。</p>", after=after)
    article = case.article()
    assert [blogger.name for blogger in article.bloggers] == ([name] if name else [])
    assert article.body == "內文。"
    assert bool(blogger_blocks(read_page(case.html))) == (name is not None)
    assert all(blogger.biography == "字" for blogger in article.bloggers)


def test_metadata_and_structured_data() -> None:
    page = read_page(
        '<meta property="og:title" content=" "><meta name="og:title" content="甲\n乙"><meta itemprop="x" content="丙">'
        '<script type="application/ld+json">{"@type": "WebSite"}</script>'
        '<script type="application/ld+json">[{}, {"headline": "丁"}]</script>'
    )
    assert metadata(page, "no", "og:title") == "甲 乙"
    assert metadata(page, "x") == "丙"
    assert metadata(page, "no") == ""
    assert structured_data(page) == {"headline": "丁"}
    assert structured_data(read_page("<p>")) == {}


def test_the_body_is_the_one_with_the_title() -> None:
    popup = '<div class="popup"><div class="article-content"><p>別的</p></div></div>'
    article = page_with("<p>一</p>").having(('<div class="container">', f'<div class="container">{popup}')).article()
    assert (article.body, article.faults) == ("一", ())


def test_two_bloggers_have_a_block_each() -> None:
    block = '<div class="blogger-intro"><h4>博客 | {0}</h4><p>{0}的生平</p></div>'
    article = page_with("<p>內文。</p>", after=block.format("甲") + block.format("乙")).article()
    assert [(blogger.name, blogger.biography) for blogger in article.bloggers] == [
        ("博客 | 甲", "甲的生平"),
        ("博客 | 乙", "乙的生平"),
    ]


@walked("alt", ["", "作者"])
def test_a_face_in_the_body_that_names_nobody_takes_no_text_with_it(alt: str) -> None:
    article = page_with(f'<div><img src="/uploads/avatars/z.png" alt="{alt}"> 重要文字</div><p>內文。</p>').article()
    assert "重要文字" in article.body
    assert article.bloggers == ()


def test_a_block_that_names_nobody_is_left_out_and_said_to_be() -> None:
    article = page_with("<p>內文。</p>", after='<div class="blogger-intro"><p>生平</p></div>').article()
    assert (article.bloggers, article.faults) == ((), ("a block about a blogger without a name is left out",))


def test_a_body_in_two_elements_is_one() -> None:
    more = '<div class="article-content"><p>二</p><p>請加入成為眾新聞的月費訂戶。</p></div>'
    article = page_with("<p>一</p>", after=more).article()
    assert (article.body, article.note, article.faults) == ("一\n\n二", "請加入成為眾新聞的月費訂戶。", ())


def test_a_stray_end_tag_loses_no_text_and_is_named() -> None:
    case = page_with(
        '<p>一</p></div><p>二</p><figure><img src="/a.jpg"></figure>', after='<div class="share">分享</div><p>別的</p>'
    )
    article = case.article()
    assert article.body.startswith("一\n\n二\n\n<figure>")
    assert "別的" not in article.body
    assert [fault for fault in article.faults if "stray end tag" in fault] == list(article.faults)
    tidy = page_with("<p>一</p>", after="<p>二</p>").article()
    assert (tidy.body, tidy.faults) == ("一", ())


@walked("mark", ["data-recovery-part", "DATA-recovery-PART", "data-recovery-part1"])
def test_a_page_cannot_mark_its_own_parts(mark: str) -> None:
    after = '<div class="blogger-intro"><h4>博客 | 甲</h4><p>字</p></div>'
    article = page_with(
        f'<p {mark}="update">一</p><p {mark}="blogger">博客 | 乙</p><p>最後更新: 2021-07-12 10:11:12</p>{after}'
    ).article()
    assert article.body == "一\n\n博客 | 乙"
    assert [blogger.name for blogger in article.bloggers] == ["博客 | 甲"]
    assert article.last_updated == "2021-07-12 10:11:12"


LINE = "發佈日期: 12.07.21"
CROWDED: dict[str, tuple[str, str, str, str]] = {
    "labels": (LINE, f"{LINE} | ", "發佈日期: ", ""),
    "categories": ("</body>", "", "<div><i class='group'>甲</i></div>", "</body>"),
    "lists of tags": ("</body>", "", '<div><b class="tags"><a href="/tag/x">甲</a></b></div>', "</body>"),
    "bloggers": (
        "</body>",
        "",
        '<div class="article-block"><img src="/uploads/avatars/1.png"><b>博客 | 甲</b></div>',
        "</body>",
    ),
    "headings": (
        "</body>",
        "",
        "<h1>甲</h1>",
        '<aside><img src="/uploads/avatars/1.png"><p>甲</p></aside></body>',
    ),
    "roles": ("</body>", "<p>", "博客<i> ", "</body>"),
}


@walked("change", CROWDED.values(), ids=CROWDED.keys())
def test_very_many_parts_take_work_in_proportion(change: tuple[str, str, str, str]) -> None:
    replaced, before, part, behind = change

    def read(many: int) -> None:
        article = page_with("<p>一</p>").having((replaced, before + part * many + behind)).article()
        read = (article.title, article.date, article.category, article.tags, article.bloggers)
        assert read == ("燈塔日誌", "2021-07-12", "眾聞", (), ())

    read(2_000)
    assert_in_proportion(read)
