"""Where the parts of a page are: which element holds the body, who is the blogger, what metadata says."""

from __future__ import annotations

import pytest

from crawler.hkcnews.page import blogger_block, metadata, read_page, structured_data
from tests.hkcnews.cases import page_with

CONTENT: dict[str, tuple[str, str]] = {
    "the first with anything in it": ('<div class="article-content"> </div><div class="article-content"><p>甲</p></div>', "甲"),
    "not one in a listing": (
        '<div class="article-block"><div class="article-content">乙</div></div><div class="article-content">甲</div>',
        "甲",
    ),
    "not one in an aside": ('<aside><div class="article-content">乙</div></aside><div class="article-content">甲</div>', "甲"),
    "by the name in its markup": ('<div itemprop="articleBody">甲</div>', "甲"),
    "the attested name before others": ('<div itemprop="articleBody">乙</div><div class="article-content">甲</div>', "甲"),
    "an empty one rather than none": ('<div class="article-content"></div>', ""),
}


@pytest.mark.parametrize(("html", "text"), CONTENT.values(), ids=CONTENT.keys())
def test_the_element_with_the_body(html: str, text: str) -> None:
    page = read_page(f"<html><body><h1>題</h1>{html}</body></html>")
    assert page.content is not None
    assert page.content.text().strip() == text
    assert not page.degraded


@pytest.mark.parametrize(
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


@pytest.mark.parametrize(
    ("after", "name"),
    [
        ('<div><img src="/uploads/avatars/1.png"><b>博客 | 甲</b><p>字</p></div>', "博客 | 甲"),
        ('<div><img src="/uploads/avatars/1.png" alt="主筆 | 甲"><p>字</p></div>', "主筆 | 甲"),
        ('<div><img src="/uploads/avatars/1.png" alt="主筆｜甲"><p>主筆｜甲</p><p>字</p></div>', "主筆｜甲"),
        ('<div class="blogger-intro"><h4>博客 | 甲</h4><p>字</p></div>', "博客 | 甲"),
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
    assert (article.blogger.name if article.blogger else None) == name
    assert article.body == "內文。"
    assert (blogger_block(read_page(case.html)) is not None) == (name is not None)
    if article.blogger:
        assert article.blogger.biography == "字"


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
