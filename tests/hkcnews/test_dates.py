"""Dates: none that the site cannot have printed by the time of the capture, and none that is dropped without a word."""

from __future__ import annotations

from dataclasses import replace

from crawler.hkcnews.verdict import Verdict
from tests.hkcnews.cases import page_with
from tests.walking import walked

INFO = "撰文: 記者甄小帆 | 發佈日期: 12.07.21"
PAGE = page_with("<p>字。</p>")


@walked(
    ("line", "date"),
    [
        ("發佈日期: 12.07.21 13:45", "2021-07-12"),
        ("發佈日期: 12.07.21（星期一）", "2021-07-12"),
        ("發佈日期: 12.07.21 攝影: 乙", "2021-07-12"),
        ("發佈日期: <span>12.07.21</span><span>13:45</span>", "2021-07-12"),
        ("發佈日期: 12.07.2113:45", "2021-07-12"),
        ("發佈日期: 12.07.2013:45", "2020-07-12"),
        ("發佈日期: <span>12.07.21</span><span>1288</span>次瀏覽", "2021-07-12"),
        ("發佈日期：１２．０７．２１，更新版", "2021-07-12"),
        ("發表日期: 12.07.21", "2021-07-12"),
        ("刊登於 12.07.21", "2021-07-12"),
        ("日期：12.07.21", "2021-07-12"),
        ("Publish Date: 12.07.21 Photo: Z", "2021-07-12"),
        ("Publish Date : 12.07.2021, 1:45pm", "2021-07-12"),
        ("Author: Z | Publish Date: 12.07.21 (Opinion)", "2021-07-12"),
        ("Date Published: 12.07.21", "2021-07-12"),
        ("Publication Date 12.07.21", "2021-07-12"),
        ("Posted on 12.07.21 by Z", "2021-07-12"),
        ("Last Update Date: 2021-07-11 01:02:03 | Publish Date: 10.07.21", "2021-07-10"),
        ("更新日期: 2021-07-11 01:02:03 | 發佈日期: 10.07.21", "2021-07-10"),
        ("發佈日期: 30.12.16", "2016-12-30"),
        ("發佈日期: 29.02.20", "2020-02-29"),
        ("發佈日期: ", ""),
        ("發佈日期: | 撰文: 甲", ""),
    ],
)
def test_text_may_stand_behind_the_date(line: str, date: str) -> None:
    article = PAGE.having((INFO, line)).article()
    assert (article.date, article.faults) == (date, ())


@walked(
    ("stated", "why"),
    [
        ("01.01.70", "2070-01-01 is after the capture, 2021-07-12"),
        ("01.01.1970", "1970-01-01 is before the site's first day, 2016-12-30"),
        ("12.07.00", "2000-07-12 is before"),
        ("29.12.16", "2016-12-29 is before"),
        ("13.07.21", "2021-07-13 is after the capture"),
        ("12.08.21 10:00", "2021-08-12 is after the capture"),
        *(
            (day, "no day or moment that there is")
            for day in ("31.02.18", "29.02.19", "29.02.2018", "00.00.00", "0000-00-00", "2018-02-30")
        ),
        *(
            (day, "no day or moment that there is")
            for day in ("32.01.20", "01.13.20", "30.11.-1", "1.2.345", "N/A", "99.99.99 甲", "31.11.20")
        ),
    ],
)
def test_an_impossible_date_is_left_out_and_named(stated: str, why: str) -> None:
    article = PAGE.having(("12.07.21", stated)).article()
    (fault,) = article.faults
    assert (article.date, "date" in article.sources, article.author) == ("", False, "記者甄小帆")
    assert fault.startswith(f"the date “{stated}” is left out: {why}")


@walked(
    ("timestamp", "day", "is_possible"),
    [
        ("20210711155959", "12.07.21", False),
        ("20210711160000", "12.07.21", True),
        ("20211231235959", "02.01.22", False),
        ("20220103235959", "03.01.22", True),
        ("20220103235959", "04.01.22", False),
        ("20230321004615", "01.02.22", False),
        ("20230321004615", "03.01.22", True),
        ("20210000000000", "12.07.21", True),
        ("2021", "12.07.21", True),
        ("20000101000000", "12.07.21", True),
        ("99991231235959", "12.07.21", True),
        ("x", "12.07.21", True),
    ],
)
def test_no_date_is_later_than_the_capture_in_hong_kong(timestamp: str, day: str, is_possible: bool) -> None:
    article = replace(PAGE.having(("12.07.21", day)), timestamp=timestamp).article()
    assert bool(article.date) == (not article.faults) == is_possible


@walked(
    ("stated", "why"),
    [
        ("2021-07-13 08:00:00", "2021-07-13 is after the capture"),
        ("2016-12-29 08:00:00", "2016-12-29 is before"),
        ("-0001-11-30 00:00:00", "0001-11-30 is before"),
        ("0000-00-00 00:00:00", "no day or moment that there is"),
        ("2021-07-12 25:00:00", "no day or moment that there is"),
        ("12.07.21", "no day or moment that there is"),
    ],
)
def test_neither_is_an_impossible_update(stated: str, why: str) -> None:
    article = PAGE.having(("12.07.21", f"12.07.21 | 最後更新: {stated}")).article()
    assert (article.date, article.last_updated) == ("2021-07-12", "")
    assert [fault.startswith(f"the last update “{stated}” is left out: {why}") for fault in article.faults] == [True]


def test_a_later_source_gives_the_date_and_the_first_is_named() -> None:
    head = '<meta property="article:published_time" content="2021-07-10T08:00:00+08:00">'
    article = page_with("<p>字。</p>", head=head).having(("12.07.21", "31.06.21")).article()
    assert (article.date, article.sources["date"], len(article.faults)) == (
        "2021-07-10",
        "metadata article:published_time",
        1,
    )


def test_a_time_that_is_no_day_is_none() -> None:
    times = '<time datetime="PT3M">3</time><time datetime="2021-07-11T09:00">x</time>'
    article = PAGE.having((f'<div class="article-info">{INFO}</div>', times)).article()
    assert (article.date, article.sources["date"], article.faults) == ("2021-07-11", "markup time", ())


def test_an_article_with_nothing_but_an_impossible_date_is_one() -> None:
    case = PAGE.having((INFO, "發佈日期: 00.00.00"), ('<div class="group">眾聞</div>', ""))
    assert case.recovered().verdict is Verdict.ARTICLE


@walked("line", ["記者甄小帆 | 12.07.21", "撰文: 記者甄小帆 | 攝於 12.07.21 | 最後更新: 2021-07-12 01:02:03"])
def test_a_day_without_a_label_is_not_taken_and_named(line: str) -> None:
    article = PAGE.having((INFO, line)).article()
    assert (article.date, len(article.faults), "12.07.21" in article.faults[0]) == ("", 1, True)
