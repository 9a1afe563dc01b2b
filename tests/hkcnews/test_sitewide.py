"""What every page of the site says names no article and fills no field; titles are the article's alone, and twins are
one."""

from __future__ import annotations

from crawler.hkcnews.verdict import Verdict
from tests.hkcnews.cases import Case, page_with
from tests.walking import walked

KEYWORDS = '<meta name="keywords" content="{}">'
JSON = '<script type="application/ld+json">{}</script>'
OF_THE_SITE = {
    "keywords": KEYWORDS.format("眾新聞, hkcnews"),
    "keywords in other forms": KEYWORDS.format("hkcnews.com,眾新聞,CitizenNews,Citizen News , www.hkcnews.com"),
    "keywords with full-width commas": KEYWORDS.format("眾新聞，HKCNews"),
    "news keywords": '<meta name="news_keywords" content="眾新聞">',
    "a tag": '<meta property="article:tag" content="眾新聞"><meta property="article:tag" content="hkcnews">',
    "an author": (
        '<meta name="author" content="眾新聞 CitizenNews"><meta property="article:author" content="hkcnews.com">'
    ),
    "a section": '<meta property="article:section" content="眾新聞">',
    "Open Graph": '<meta property="og:type" content="article"><meta property="og:site_name" content="眾新聞">',
    "the site itself": JSON.format('{"@type": "WebSite", "headline": "眾新聞", "datePublished": "2017-01-01"}'),
    "a page of the organisation": JSON.format(
        '{"@type": "WebPage", "headline": "眾新聞", "articleSection": "眾新聞", "keywords": ["眾新聞", "hkcnews"],'
        ' "author": {"@type": "Organization", "name": "眾新聞"}}'
    ),
}
ABOUT = (
    "<!DOCTYPE html><html><head><title>眾新聞 - 關於我們</title>{}</head><body><h1>關於我們</h1>"
    '<div class="article-content"><p>字。</p></div>{}</body></html>'
)
HOT = '<div class="sidebar"><h4>熱門標籤</h4><div class="tags"><a href="/tags/a">甲</a></div></div>'


@walked("head", [*OF_THE_SITE.values(), KEYWORDS.format("眾新聞, hkcnews, 關於我們, 訂閱")])
def test_what_is_the_same_on_every_page_makes_no_article(head: str) -> None:
    assert Case(ABOUT.format(head, HOT).encode()).recovered().verdict is Verdict.UNKNOWN_LAYOUT


@walked("head", OF_THE_SITE.values(), ids=OF_THE_SITE.keys())
def test_nor_does_it_fill_a_field(head: str) -> None:
    article = (
        page_with("<p>字。</p>", head=head)
        .having(("撰文: 記者甄小帆 | ", ""), ('<div class="group">眾聞</div>', ""))
        .article()
    )
    assert (article.title, article.date, article.author, article.category, article.tags) == (
        "燈塔日誌",
        "2021-07-12",
        "",
        "",
        (),
    )


@walked(
    ("head", "tags"),
    [
        (KEYWORDS.format("眾新聞, hkcnews, 燈塔, 渡輪"), ("燈塔", "渡輪")),
        (KEYWORDS.format("燈塔, 渡輪, 眾新聞, hkcnews"), ("燈塔", "渡輪")),
        (KEYWORDS.format("眾新聞，hkcnews，燈塔，渡輪"), ("燈塔", "渡輪")),
        (KEYWORDS.format("眾新聞, hkcnews, 燈塔, 眾新聞, 渡輪"), ("燈塔", "眾新聞", "渡輪")),
        (
            KEYWORDS.format("眾新聞, hkcnews, 眾新聞中國組, Citizen News Reporter"),
            ("眾新聞中國組", "Citizen News Reporter"),
        ),
        ('<meta property="article:tag" content="眾新聞"><meta property="article:tag" content="燈塔">', ("燈塔",)),
        (
            (
                '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "x", "keywords":'
                ' "眾新聞,燈塔"}</script>'
            ),
            ("燈塔",),
        ),
    ],
)
def test_the_articles_own_keywords_stay(head: str, tags: tuple[str, ...]) -> None:
    assert page_with("<p>字。</p>", head=head).article().tags == tags


def test_what_the_article_itself_says_of_the_site_stays() -> None:
    tags = '<div class="tags"><a href="/tags/a">眾新聞</a></div>'
    article = (
        page_with("<p>字。</p>", after=tags, head=KEYWORDS.format("眾新聞, hkcnews, 眾新聞"))
        .having(("記者甄小帆", "眾新聞"))
        .article()
    )
    assert (article.author, article.tags) == ("眾新聞", ("眾新聞",))
    head = '<meta name="author" content="眾新聞"><meta property="article:author" content="筆名">'
    assert page_with("<p>字。</p>", head=head).having(("撰文: 記者甄小帆 | ", "")).article().author == "筆名"


def og(title: str) -> str:
    return f'<meta property="og:title" content="{title}">'


TITLES: list[tuple[str, str, str]] = [
    ("<title>眾新聞 - 渡輪</title>", "", "渡輪"),
    ("<title>渡輪 | 眾新聞</title>", "", "渡輪"),
    *(
        (f"<title>眾新聞{bar}渡輪</title>", "", "渡輪")
        for bar in (" | ", "｜", " – ", " — ", " · ", "_", " » ", "：", " :: ", "-")
    ),
    *((f"<title>渡輪{bar}眾新聞</title>", "", "渡輪") for bar in (" | ", "｜", " – ", " — ", " · ", "_", " » ", "-")),
    *(
        (f"<title>{name} | 渡輪 - {name}</title>", "", "渡輪")
        for name in ("眾新聞 CitizenNews", "Citizen News", "hkcnews.com", "HKCNEWS")
    ),
    ("<title>眾新聞 | Citizen News - 渡輪 | 眾新聞 - Citizen News HK</title>", "", "渡輪"),
    ("<title>渡輪（眾新聞）</title>", "", "渡輪"),
    ("<title>眾新聞中國組 28/10/2021 - 眾新聞</title>", "", "眾新聞中國組 28/10/2021"),
    ("<title>甲 - 乙 | 丙 | 眾新聞</title>", "", "甲 - 乙 | 丙"),
    ("<title>眾新聞</title>", og("渡輪 | 記者甄小帆"), "渡輪"),
    ("<title>眾新聞</title>", og("渡輪 | 博客 | 記者甄小帆"), "渡輪"),
    ("<title>眾新聞</title>", og("渡輪｜記者甄小帆 - 眾新聞"), "渡輪"),
    ("<title>眾新聞 - 渡輪</title>", og("渡輪 | 榕樹頭"), "渡輪"),
    ("<title>眾新聞 - 渡輪</title>", og("渡輪 | 對岸"), "渡輪"),
    ("<title>眾新聞</title>", og("渡輪 | 對岸"), "渡輪 | 對岸"),
    ("<title>眾新聞 - 渡輪</title>", og("眾新聞"), "渡輪"),
    ("<title>眾新聞</title>", og("眾新聞") + og("渡輪"), "渡輪"),
    ("<title>眾新聞</title>", og("眾新聞") + '<meta name="twitter:title" content="眾新聞 - 渡輪">', "渡輪"),
    (
        "<title>眾新聞</title>",
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "渡輪 | 眾新聞"}</script>',
        "渡輪",
    ),
]


@walked(("label", "head", "title"), TITLES)
@walked("heading", ["<h1></h1>", "<h1>&#x200b;</h1>", "<h1>眾新聞</h1>", ""])
def test_a_title_from_the_head_is_the_articles_alone(label: str, head: str, title: str, heading: str) -> None:
    case = page_with("<p>字。</p>", head=head).having(
        ("<title>燈塔日誌 | 眾新聞</title>", label), ("<h1>燈塔日誌</h1>", heading)
    )
    assert case.article().title == title


NONE = [
    "眾新聞",
    "hkcnews.com",
    "Citizen News",
    "眾新聞 CitizenNews | 眾新聞",
    "&#x200b; | 眾新聞",
    "眾新聞 - &#8203;&#xfeff;",
    "&shy;&#x2060;&#x3164;",
    " | ",
]


@walked("label", NONE)
def test_the_sites_name_and_what_is_not_seen_are_no_titles(label: str) -> None:
    case = page_with("<p>字。</p>", head=og(label)).having(
        ("<title>燈塔日誌 | 眾新聞</title>", f"<title>{label}</title>"), ("<h1>燈塔日誌</h1>", "<h1></h1>")
    )
    assert (case.recovered().verdict, case.recovered().judgement.because) == (
        Verdict.BLANK,
        "no title anywhere on the page",
    )


def test_a_heading_is_the_title_as_it_stands() -> None:
    assert (
        page_with("<p>字。</p>", title="眾新聞 - 最後一天 | 記者甄小帆").article().title
        == "眾新聞 - 最後一天 | 記者甄小帆"
    )


INFO = '<div class="article-info">撰文: 記者甄小帆 | 發佈日期: 12.07.21</div>'
H1 = "<h1>燈塔日誌</h1>"
TWINS: dict[str, tuple[tuple[str, str], ...]] = {
    "wide first": ((H1, '<h1 class="hidden-xs">燈塔日誌</h1><h1 class="visible-xs">燈塔…</h1>'),),
    "narrow first": ((H1, '<h1 class="a visible-xs">燈塔…</h1><h1 class="hidden-xs">燈塔日誌</h1>'),),
    "narrow by other names": (
        (H1, '<h1 class="visible-sm-block">燈塔…</h1><h1 class="hidden-sm">燈塔日誌</h1>'),
        (INFO, INFO.replace("info", "info d-md-none") + INFO.replace("info", "info d-none d-md-block")),
    ),
    "narrow by its box": (
        (
            H1,
            (
                '<div class="hidden-md hidden-lg"><h1>燈塔…</h1></div><div class="hidden-sm'
                ' hidden-xs"><h1>燈塔日誌</h1></div>'
            ),
        ),
    ),
    "in one heading": (
        (H1, '<h1><span class="visible-xs-inline">燈塔…</span><span class="hidden-xs">燈塔日誌</span></h1>'),
    ),
    "two lines": ((INFO, INFO.replace("info", "info hidden-xs") + INFO.replace("info", "info visible-xs")),),
    "two lines, the byline alone": (
        (
            INFO,
            '<div class="article-info hidden-xs">發佈日期: 12.07.21</div>'
            + '<div class="article-info">撰文: 記者甄小帆</div>' * 2,
        ),
    ),
    "two lines, the narrow one without labels": (
        (
            INFO,
            '<div class="article-info visible-xs">甄小帆 12.07.21</div>'
            + INFO.replace("info", "info hidden-xs hidden-sm"),
        ),
    ),
    "in one line": (
        (
            INFO,
            (
                '<div class="article-info"><p class="visible-xs">撰文: 甄小帆 12.07.21</p><p'
                f' class="hidden-xs">{INFO[26:-6]}</p></div>'
            ),
        ),
    ),
    "category": (
        ('<div class="group">眾聞</div>', '<p class="group visible-xs">眾聞</p><p class="group hidden-xs">眾聞</p>'),
    ),
    "tags": (
        (
            "</h1>",
            "</h1>"
            + "".join(
                f'<ul class="tags {one}"><li><a href="/tags/a">甲</a></li></ul>' for one in ("hidden-xs", "visible-xs")
            ),
        ),
    ),
    "body": (
        (
            '<div class="article-content">',
            '<div class="article-content visible-xs"><p>字。</p></div><div class="article-content hidden-xs">',
        ),
    ),
    "body without classes": (
        (
            '<div class="article-content">',
            '<div class="article-content"><p> 字。</p></div><div class="article-content">',
        ),
    ),
}


@walked("changes", TWINS.values(), ids=TWINS.keys())
def test_twins_for_wide_and_narrow_windows_are_one(changes: tuple[tuple[str, str], ...]) -> None:
    article = page_with("<p>字。</p>").having(*changes).article()
    assert (article.title, article.author, article.date, article.category) == (
        "燈塔日誌",
        "記者甄小帆",
        "2021-07-12",
        "眾聞",
    )
    assert (article.body, article.tags, article.faults) == ("字。", ("甲",) if "tags" in str(changes) else (), ())
