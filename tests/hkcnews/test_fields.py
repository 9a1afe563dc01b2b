"""Fields: what the line of information says in its many forms, and the order of a field's sources."""

from __future__ import annotations

from crawler.hkcnews.dates import read_date, read_moment
from crawler.hkcnews.fields import SOURCES, every_source, find_field, find_tags, info_line, labelled
from crawler.hkcnews.layout import BYLINE, PUBLISHED, UPDATED
from crawler.hkcnews.page import read_page
from tests.hkcnews.cases import page_with
from tests.walking import walked


@walked(
    ("line", "author", "date", "updated"),
    [
        ("撰文: 甲 | 發佈日期: 19.09.20", "甲", "2020-09-19", ""),
        ("撰文：甲｜發佈日期：19.09.20｜最後更新：2020-09-20 01:02:03", "甲", "2020-09-19", "2020-09-20 01:02:03"),
        ("撰文: 甲 | 乙 | 發佈日期: 19.09.20", "甲 | 乙", "2020-09-19", ""),
        ("撰文: 文字：甲　圖：乙 | 發佈日期: 19.09.20", "文字：甲　圖：乙", "2020-09-19", ""),
        ("撰文: 甲發佈日期: 19.09.20最後更新: 2020-09-20 01:02:03", "甲", "2020-09-19", "2020-09-20 01:02:03"),
        ("發佈日期: 19.09.20 | 撰文: 甲", "甲", "2020-09-19", ""),
        ("最後更新: 2020-09-20 01:02:03 | 發佈日期: 19.09.20", "", "2020-09-19", "2020-09-20 01:02:03"),
        ("By: Harbour Desk | Publish Date: 05.03.19", "Harbour Desk", "2019-03-05", ""),
        (
            "By: Toby Barney | Published: 05.03.19 | Last Updated: 2019-03-06 00:00:00",
            "Toby Barney",
            "2019-03-05",
            "2019-03-06 00:00:00",
        ),
        ("發佈日期: 12.07.21 | 修訂: 2021-07-20 10:00:00", "", "2021-07-12", ""),
        ("發佈日期: | 修訂: 2021-07-20 10:00:00", "", "", ""),
        ("發佈時間: 12.07.21 最後更新 2021-07-20 10:00:00", "", "2021-07-12", "2021-07-20 10:00:00"),
        ("Publish Date: 05.03.19 | Last Update Date: 2019-03-06 00:00:00", "", "2019-03-05", "2019-03-06 00:00:00"),
        ("Publish Date: 05.03.19 | Last Modified: 2019-03-06 00:00:00", "", "2019-03-05", "2019-03-06 00:00:00"),
        ("撰文: | 發佈日期: ", "", "", ""),
        ("撰文: 甲 | 發佈日期: 31.02.20", "甲", "", ""),
        ("只有字", "", "", ""),
        ("", "", "", ""),
    ],
)
def test_the_line_of_information(line: str, author: str, date: str, updated: str) -> None:
    assert labelled(line, BYLINE) == author
    assert read_date(labelled(line, PUBLISHED)) == date
    assert read_moment(labelled(line, UPDATED)) == updated


@walked(
    ("text", "date"),
    [
        ("05.03.19", "2019-03-05"),
        ("5.3.2019", "2019-03-05"),
        ("05/03/19", "2019-03-05"),
        ("2019-03-05", "2019-03-05"),
        ("2019年3月5日", "2019-03-05"),
        ("2019-03-04T23:30:00Z", "2019-03-05"),
        ("2019-03-05T10:00:00+08:00", "2019-03-05"),
        ("2019-03-05T10:00:00+0800", "2019-03-05"),
        ("29.02.20", "2020-02-29"),
        ("29.02.19", ""),
        ("2019-13-01", ""),
        ("2019-99-99T99:99:99Z", ""),
        ("1.2.345", ""),
        ("12345.6.78", ""),
        ("３.４.１９", "2019-04-03"),
        ("", ""),
    ],
)
def test_dates(text: str, date: str) -> None:
    assert read_date(text) == date


@walked(
    ("text", "moment"),
    [
        ("2018-05-07 08:09:10", "2018-05-07 08:09:10"),
        ("2018-05-07T08:09:10", "2018-05-07 08:09:10"),
        ("2018-05-07", ""),
        ("2018-02-30 08:09:10", ""),
        ("2018-05-07 24:00:00", ""),
        ("２018-05-07 08:09:10", ""),
        ("07.05.18 08:09:10", ""),
    ],
)
def test_moments(text: str, moment: str) -> None:
    assert read_moment(text) == moment


def test_what_was_tried_is_told_in_order() -> None:
    page = read_page(
        page_with("<p>字。</p>", head='<meta name="author" content="筆名">').having(("撰文: 記者甄小帆 | ", "")).html
    )
    found = find_field(page, "author")
    assert (found.value, found.source) == ("筆名", "metadata author")
    said = [("markup info line", "", ""), ("metadata author", "筆名", ""), ("structured data author", "", "")]
    assert list(every_source(page, "author")) == said
    missing = find_field(page, "last_updated")
    assert (missing.value, missing.source) == ("", "")
    nothing = [("markup info line", "", ""), ("markup beside the info line", "", "")]
    assert list(every_source(page, "last_updated")) == nothing
    assert set(SOURCES) == {"title", "date", "last_updated", "author", "category"}


@walked(
    "head",
    [
        '<script type="application/ld+json">{"headline": </script>',
        '<script type="application/ld+json">[1, null, {"headline": 5, "author": [], "keywords": 7}]</script>',
        (
            '<script type="application/ld+json">{"headline": null, "author": {"name": ["x"]}, "datePublished":'
            " {}}</script>"
        ),
        f'<script type="application/ld+json">{"[" * 100_000}</script>',
        (
            '<meta property="og:title"><meta name="author" content="https://www.hkcnews.com/blogs/7"><meta'
            ' name="keywords" content=" , ,">'
        ),
    ],
)
def test_metadata_that_makes_no_sense_is_nothing(head: str) -> None:
    page = read_page(
        page_with("<p>字。</p>", head=head)
        .having(("撰文: 記者甄小帆 | 發佈日期: 12.07.21", ""), ('<div class="group">眾聞</div>', ""))
        .html
    )
    assert [find_field(page, field).value for field in SOURCES] == ["燈塔日誌", "", "", "", ""]
    assert find_tags(page) == ((), "")


def test_listings_navigation_and_foot_are_not_asked() -> None:
    line = '<div class="article-info">撰文: 別人 | 發佈日期: 01.01.01</div>'
    block = f'<div class="article-block"><h1>別的</h1><div class="group">眾觀</div>{line}</div>'
    elsewhere = f"<nav><a href='/tag/x'>x</a></nav><footer>{block}</footer>"
    case = page_with("<p>字。</p>").having(('<div class="container">', f'{block}{elsewhere}<div class="container">'))
    article = case.article()
    assert (article.title, article.author, article.category, article.tags) == ("燈塔日誌", "記者甄小帆", "眾聞", ())


def test_the_nearest_to_the_body_wins() -> None:
    far = '<div class="article-info">撰文: 別人 | 發佈日期: 01.01.01</div><div class="tags"><a href="/x">熱門</a></div>'
    near = '<div class="tags"><a href="/a">渡輪</a><a href="/b">渡輪</a><a href="/c"> </a></div>'
    case = page_with("<p>字。</p>", after=near).having(('<div class="container">', f'{far}<div class="container">'))
    article = case.article()
    assert (article.author, article.tags) == ("記者甄小帆", ("渡輪",))


def test_fields_are_one_line_each() -> None:
    case = page_with("<p>字。</p>", title="題\n  目　一").having(
        ("記者甄小帆", "記者\n\t甄"), ("眾聞</div>", "\u00a0眾聞 \u3000</div>")
    )
    article = case.article()
    assert (article.title, article.author, article.category) == ("題 目　一", "記者 甄", "眾聞")


def test_the_info_line_is_not_taken_from_the_body() -> None:
    page = read_page(
        page_with("<p>發佈日期: 01.01.01，這是內文。</p>").having(('class="article-info"', 'class="z"')).html
    )
    assert info_line(page) == "撰文: 記者甄小帆 | 發佈日期: 12.07.21"


UPDATE = "最後更新: 2021-07-12 10:11:12"
INFO = '<div class="article-info">撰文: 記者甄小帆 | 發佈日期: 12.07.21</div>'


@walked(
    "beside",
    [
        f"{INFO}<div>{UPDATE}</div>",
        f"{INFO}<span><b>最後更新</b>：2021-07-12 10:11:12</span>",
        f'{INFO}<div class="article-info">{UPDATE}</div>',
        (
            '<div class="article-info">撰文: 記者甄小帆</div><div class="article-info">發佈日期:'
            f" 12.07.21</div><p>{UPDATE}</p>"
        ),
    ],
)
def test_what_stands_beside_the_line_of_information(beside: str) -> None:
    article = page_with("<p>字。</p>").having((INFO, beside)).article()
    assert (article.author, article.date, article.last_updated) == ("記者甄小帆", "2021-07-12", "2021-07-12 10:11:12")
    assert article.body == "字。"


def test_the_last_update_below_or_in_the_body() -> None:
    below = page_with("<p>字。</p>", after=f"<div>{UPDATE}</div>").article()
    within = page_with(f"<p>字。</p><p>{UPDATE}</p>").article()
    assert (below.last_updated, below.body) == (within.last_updated, within.body) == ("2021-07-12 10:11:12", "字。")


def test_a_text_that_speaks_of_an_update_is_text() -> None:
    article = page_with(f"<p>網頁寫着「{UPDATE}」，之後再無更新。</p>").article()
    assert article.last_updated == ""
    assert UPDATE in article.body


def test_fields_are_read_as_they_are_shown() -> None:
    hidden = (
        '<a href="/cdn-cgi/l/email-protection" class="__cf_email__"'
        ' data-cfemail="422302236c21">[email&#160;protected]</a>'
    )
    case = page_with("<p>字。</p>").having(
        ("<h1>燈塔日誌</h1>", f"<h1>投訴 {hidden} 無回覆<script>x</script><i class='hidden'>y</i></h1>"),
        ("記者甄小帆", hidden),
    )
    article = case.article()
    assert (article.title, article.author) == ("投訴 a@a.c 無回覆", "a@a.c")


def test_structured_data_in_a_graph() -> None:
    data = (
        '<script type="application/ld+json">{"@graph": [{"@type": "WebSite"}, {"datePublished":'
        ' "2021-07-12"}]}</script>'
    )
    assert (
        find_field(read_page(page_with("<p>字。</p>", head=data).having((INFO, "")).html), "date").value == "2021-07-12"
    )
