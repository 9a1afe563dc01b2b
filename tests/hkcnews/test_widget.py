"""Tags and category: the article's own wherever they stand with it, and none that only a widget has."""

from __future__ import annotations

from tests.demo.chrome import head
from tests.demo.chrome import page as chrome
from tests.hkcnews.cases import Case, page_with
from tests.walking import walked

LIST = '<ul class="tags"><li><a href="/tags/a">熱話</a></li><li><a href="/tags/b">海岸</a></li></ul>'
LINKS = '<p><a href="/tag/a">熱話</a> <a href="/tag/b">海岸</a></p>'
GROUP = '<span class="group">眾觀</span>'
CARD = '<div class="article-block"><a href="/article/44"><p>另一篇</p></a></div>'
ARTICLE = (
    '<div class="article-block-wrapper">{}<h1>燈塔日誌</h1><div class="article-info">撰文: 記者甄小帆 | 發佈日期:'
    " 12.07.21</div>{}"
    '<div class="article-content"><p>字。</p></div>{}</div>'
)


def article(
    *, before: str = "", between: str = "", after: str = "", keywords: tuple[str, ...] = (), **around: str
) -> Case:
    """A page in the site's chrome, with something before the title, after the line of information, after the body, and
    elsewhere."""
    return Case(
        chrome(
            head("眾新聞 - 燈塔日誌", "燈塔日誌", keywords, "/article/34011"),
            ARTICLE.format(before, between, after),
            **around,
        ).encode()
    )


def bare(*, above: str = "", after: str = "", below: str = "") -> Case:
    """The same without chrome and keywords: `above` and `below` stand outside of the article's element."""
    return Case(
        f"<!DOCTYPE html><html><head></head><body>{above}{ARTICLE.format('', '', after)}{below}</body></html>".encode()
    )


WIDGETS = {
    "in the column beside": article(beside=LIST + GROUP),
    "in the column beside, as links": article(beside=LINKS + GROUP),
    "in the column beside, with cards": article(beside=CARD + LIST + GROUP),
    "near the foot": article(below=f"{CARD}<div>{LIST}{GROUP}</div>"),
    "near the foot, although the article has keywords": article(below=LIST, keywords=()),
    "outside, without a head that tells": bare(below=f"<div>{LIST}{GROUP}</div>"),
    "above, with a head that tells": (
        article(before="").having(('<div class="col-md-8', f'{LINKS}<div class="col-md-8'))
    ),
    "in the article's element, by its name": article(after=f'<div class="hot-tags">{LIST}</div>'),
    "in the article's element, by its name as a column": article(after=f'<div id="sidebar">{LIST}{GROUP}</div>'),
    "in the article's element, by its label": article(after=f"<section><h4>熱門標籤</h4>{LIST}</section>"),
    "in the article's element, by its label before it": article(after=f"<h4>Hot Tags</h4>{LIST}"),
    "in the article's element, by a label in it": article(after=LIST.replace("<li>", "<li>最新標籤</li><li>", 1)),
    "in the article's element, behind other articles": article(after=f"<div>{CARD}</div><div>{LIST}{GROUP}</div>"),
    "nothing around the article": (
        page_with("<p>字。</p>").having(
            ('<div class="container"><div class="article-wrapper"><div class="group">眾聞</div>', ""),
            ("</div></div></body>", f"{CARD}<div>{LIST}</div></body>"),
        )
    ),
}


@walked("case", WIDGETS.values(), ids=WIDGETS.keys())
def test_a_widgets_tags_and_category_are_not_the_articles(case: Case) -> None:
    found = case.article()
    assert (found.title, found.author, found.date) == ("燈塔日誌", "記者甄小帆", "2021-07-12")
    assert (found.tags, found.category) == ((), "")


OWN = {
    "after the line of information": article(between=LIST + GROUP),
    "before the title": article(before=LIST + GROUP),
    "after the body": article(after=f"<div>{LIST}{GROUP}</div>"),
    "after the body, as links": article(after=LINKS + GROUP),
    "after the body, beside a widget's": article(
        after=LIST + GROUP, beside=LIST.replace("熱話", "別的") + '<i class="group">眾數</i>'
    ),
    "labelled as tags": article(before=GROUP, after=f"<h5>標籤</h5>{LIST}"),
    "in boxes": article(before=f"<div>{GROUP}</div>", after=f"<footer-box><div><div>{LIST}</div></div></footer-box>"),
    "with the site's keywords alone": article(between=LIST + GROUP, keywords=()),
    "with other keywords": article(between=LIST + GROUP, keywords=("霧",)),
    "outside, as the keywords say": article(before=GROUP, beside=LIST, keywords=("海岸",)),
    "outside and above, without a head that tells": bare(above=f"<div>{GROUP}{LIST}</div>"),
    "a tag that is called like a widget": article(before=GROUP, between=f"<p>標籤</p>{LIST}"),
}


@walked("case", OWN.values(), ids=OWN.keys())
def test_the_articles_own_are_found_where_they_stand_with_it(case: Case) -> None:
    found = case.article()
    assert (found.tags, found.category) == (("熱話", "海岸"), "眾觀")


def test_several_categories_away_from_the_article_are_none_of_its() -> None:
    assert bare(above=f"<div>{GROUP}<span class='group'>眾數</span></div>").article().category == ""


def test_the_nearest_of_several_is_the_articles() -> None:
    found = bare(above=f"<div>{GROUP}</div>", after='<b class="group">眾坊</b>').article()
    assert found.category == "眾坊"
