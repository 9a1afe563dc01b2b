"""What a page is: one table for each verdict, and pages cut off anywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawler.hkcnews.verdict import Verdict
from tests.hkcnews.cases import Case, page_with, twin
from tests.walking import walked

_FAREWELL = "<html><head><title>{0}</title></head><body><h1>{0}</h1><p>{1}</p></body></html>"
_MISSING = '<h1>{}</h1><div class="article-content"><p>這裏沒有文章。</p></div>'
_BLANK = '<h1></h1><div class="article-info">撰文: | 發佈日期: </div><div class="article-content">{}</div>'


_BYE = '<h1>眾新聞告別{}感謝讀者</h1><div class="article-content"><p>再會。</p></div>'
_LINE = '<div class="article-info">撰文: {} | 發佈日期: {}</div>'
_BY = (
    '<meta name="author" content="甄小帆"><meta property="article:published_time" content="2021-07-02T08:00:00+08:00">'
)
_SITES = (
    '<meta name="keywords" content="眾新聞, hkcnews"><meta name="author" content="眾新聞"><meta property="og:type"'
    ' content="article">'
)


def _html(body: str, head: str = "") -> Case:
    return Case(f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode())


PAGES: list[tuple[str, Case, Verdict]] = [
    ("the article", twin(), Verdict.ARTICLE),
    ("a picture only", page_with('<figure><img src="/a.jpg"></figure>'), Verdict.ARTICLE),
    ("a video only", page_with('<p><iframe src="https://www.youtube.com/embed/x"></iframe></p>'), Verdict.ARTICLE),
    ("farewell", Case(_FAREWELL.format("眾新聞告別    感謝讀者", "再會。").encode()), Verdict.FAREWELL),
    (
        "farewell with NBSPs",
        Case(_FAREWELL.format("眾新聞告別&nbsp;&nbsp;&nbsp; 感謝讀者", "再會。").encode()),
        Verdict.FAREWELL,
    ),
    (
        "farewell with the site's name",
        Case(_FAREWELL.format("眾新聞告別 感謝讀者 | 眾新聞", "再會。").encode()),
        Verdict.FAREWELL,
    ),
    ("farewell by its title alone", _html("<p>再會。</p>", "<title>眾新聞告別 感謝讀者</title>"), Verdict.FAREWELL),
    (
        "farewell in the element of bodies",
        _html('<h1>眾新聞告別 感謝讀者</h1><div class="article-content"><p>再會。</p></div>'),
        Verdict.FAREWELL,
    ),
    (
        "an article about the farewell",
        page_with("<p>記者最後一天上班。</p>", title="眾新聞告別 感謝讀者"),
        Verdict.ARTICLE,
    ),
    (
        "the article that is titled so",
        page_with("<p>最後一天。</p>", title="眾新聞告別\u3000感謝讀者"),
        Verdict.ARTICLE,
    ),
    ("the article, its date and byline in the head", _html(_BYE.format("\u3000"), _BY), Verdict.ARTICLE),
    (
        "the article, without a category",
        _html(_BYE.format("\u3000") + _LINE.format("甄小帆", "02.07.21")),
        Verdict.ARTICLE,
    ),
    (
        "farewell in the template, its line empty",
        _html(_BYE.format("&nbsp; ") + _LINE.format("", "")),
        Verdict.FAREWELL,
    ),
    ("farewell with the site's own metadata", _html(_BYE.format(" &nbsp;"), _SITES), Verdict.FAREWELL),
    ("the template without anything", _html(_BLANK.format("")), Verdict.BLANK),
    ("a body of spaces", _html(_BLANK.format("<p>&nbsp;\u3000\u200b</p>"), "<title>題</title>"), Verdict.BLANK),
    ("a body of scripts", page_with('<script>var a = "b";</script><ins class="adsbygoogle">c</ins>'), Verdict.BLANK),
    ("a body of a hidden heading", page_with('<h2 class="hidden">燈塔日誌</h2>'), Verdict.BLANK),
    ("a body without a title", _html('<div class="article-content"><p>字。</p></div>'), Verdict.BLANK),
    ("no bytes", Case(b""), Verdict.BLANK),
    ("white space", Case(b" \r\n\t "), Verdict.BLANK),
    (
        "not found by its heading",
        _html("<h1>404 Not Found</h1><p>nginx</p>", "<title>眾新聞</title>"),
        Verdict.NOT_FOUND,
    ),
    ("not found by its title", _html("<p>沒有此頁</p>", "<title>Page not found | 眾新聞</title>"), Verdict.NOT_FOUND),
    ("not found in Chinese", _html("<h1>找不到頁面</h1>"), Verdict.NOT_FOUND),
    (
        "not found in the article's template",
        _html('<h1>找不到頁面</h1><div class="article-content"></div>', "<title>眾新聞</title>"),
        Verdict.NOT_FOUND,
    ),
    (
        "not found with words in the element of bodies",
        _html(_MISSING.format("404"), "<title>404 | 眾新聞</title>"),
        Verdict.NOT_FOUND,
    ),
    ("not found with a heading and words", _html(_MISSING.format("找不到頁面")), Verdict.NOT_FOUND),
    (
        "the protection before the site",
        _html(_MISSING.format(""), "<title>Just a moment...</title>"),
        Verdict.ARCHIVED_ERROR,
    ),
    ("an error of the site's", _html(_MISSING.format("500 Internal Server Error")), Verdict.ARCHIVED_ERROR),
    (
        "words in the element of bodies, and nothing of an article",
        _html(_MISSING.format("關於我們")),
        Verdict.UNKNOWN_LAYOUT,
    ),
    (
        "an error in the template, its line empty",
        _html(_MISSING.format("404 Not Found") + _LINE.format("", "")),
        Verdict.NOT_FOUND,
    ),
    ("words and the site's own metadata", _html(_MISSING.format("關於我們"), _SITES), Verdict.UNKNOWN_LAYOUT),
    ("an article about an error", page_with("<p>服務器。</p>", title="Error 錯誤"), Verdict.ARTICLE),
    ("an article about a number", page_with("<p>房號。</p>", title="404 號房"), Verdict.ARTICLE),
    *((f"archived {status}", replace(twin(), status=status), Verdict.NOT_FOUND) for status in (404, 410)),
    *(
        (f"archived {status}", replace(twin(), status=status), Verdict.ARCHIVED_ERROR)
        for status in (301, 302, 403, 429, 500, 503)
    ),
    ("a PDF", Case(b"%PDF-1.4\n%\xe2\xe3<html>"), Verdict.NOT_HTML),
    ("a JPEG", Case(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 20), Verdict.NOT_HTML),
    ("a PNG", Case(b"\x89PNG\r\n\x1a\n\x00\x00<body"), Verdict.NOT_HTML),
    ("JSON", Case(b'{"items": []}'), Verdict.NOT_HTML),
    ("plain text", Case("只有字。".encode()), Verdict.NOT_HTML),
    (
        "another page of the site",
        _html("<h1>關於我們</h1><p>我們是誰。</p>", "<title>關於我們</title>"),
        Verdict.UNKNOWN_LAYOUT,
    ),
    (
        "a page of someone else",
        _html("<p>This domain is for sale.</p>", "<title>hkcnews.com</title>"),
        Verdict.UNKNOWN_LAYOUT,
    ),
]


@pytest.mark.parametrize(("case", "verdict"), [pytest.param(case, verdict, id=name) for name, case, verdict in PAGES])
def test_what_a_page_is(case: Case, verdict: Verdict) -> None:
    recovered = case.recovered()
    assert recovered.verdict is verdict, recovered.judgement
    assert (recovered.article is not None) == (verdict is Verdict.ARTICLE)
    assert (recovered.judgement.because == "") == (verdict is Verdict.ARTICLE)


_NAMES: list[tuple[str, Verdict]] = [
    ('<link rel="canonical" href="https://www.hkcnews.com/article/34011/別的標題">', Verdict.ARTICLE),
    ('<link rel="canonical" href="/article/34011">', Verdict.ARTICLE),
    ('<link rel="canonical" href="https://www.hkcnews.com/">', Verdict.ARTICLE),
    ('<link rel="canonical" href="https://other.example/article/5">', Verdict.ARTICLE),
    ('<link rel="canonical" href="http://hkcnews.com/article/34012/-">', Verdict.OTHER_ARTICLE),
    ('<link rel="canonical" href="/article/34012/x">', Verdict.OTHER_ARTICLE),
    ('<link rel="canonical" href="//www.hkcnews.com/article/34012/x">', Verdict.OTHER_ARTICLE),
    ('<meta property="og:url" content="https://www.hkcnews.com/article/34012/x">', Verdict.OTHER_ARTICLE),
    ('<meta property="og:url" content="https://www.hkcnews.com/article/34011/y-34012">', Verdict.ARTICLE),
    (
        '<link rel="canonical" href="/"><meta property="og:url" content="https://hkcnews.com/article/5">',
        Verdict.OTHER_ARTICLE,
    ),
]


@walked(("head", "verdict"), _NAMES)
def test_the_article_that_a_page_says_it_is(head: str, verdict: Verdict) -> None:
    assert page_with("<p>字。</p>", head=head).recovered().verdict is verdict


_WRAPPED = page_with(
    '<figure class="image"><img src="/a.jpg"><figcaption>圖</figcaption></figure><p>第一段<a href="/x?a=1">有連結</a>。'
    "</p><p>第二段。</p>",
    after=(
        '<div class="blogger-intro"><img src="/uploads/avatars/1.png" alt="博客 | 名"><h4>博客 | 名</h4><div>簡介。'
        "</div></div>"
    ),
)
_TAIL = (
    '<section class="related"><div class="article-block"><a href="/article/5"><p>另一篇</p></a></div></section>'
    "<script>var a = '<b>';</script><!-- 尾 --><footer>© 眾新聞</footer></body></html>"
)
CUTS = {"twin": twin(), "wrapped": _WRAPPED.having(("</div></div></body></html>", "</div></div>" + _TAIL))}


@walked("case", CUTS.values(), ids=CUTS.keys())
def test_a_page_cut_off_anywhere(case: Case) -> None:
    """Before the wrapper's end it is never the article; after it the article is whole, and the missing end is named."""
    html = case.page
    wrapper_ends = (
        html.index(b"</div>\n</div></div>" if b"</div>\n</div></div>" in html else b"</div></div><section") + 6
    )
    whole = case.article()
    around = range(wrapper_ends - 60, wrapper_ends + 40)
    for length in sorted({*range(1, html.rindex(b"</html>") + 7, 23), *around, html.rindex(b"</html>") + 6}):
        recovered = replace(case, page=html[:length]).recovered()
        if recovered.verdict is Verdict.ARTICLE:
            assert length >= wrapper_ends, html[:length][-60:]
            assert recovered.article is not None
            assert recovered.article.body == whole.body
            assert recovered.article.bloggers == whole.bloggers
            assert "the document ends before its end tag, after the article" in recovered.article.faults
        else:
            assert recovered.verdict in (Verdict.CUT_OFF, Verdict.NOT_HTML), (recovered.judgement, html[:length][-60:])
            assert recovered.verdict is Verdict.CUT_OFF or length < 40
            assert length < wrapper_ends + 60 or html[:length].rindex(b"<") > length - 90, html[:length][-60:]
    assert recovered.verdict is Verdict.ARTICLE


def test_a_page_cut_between_the_body_and_what_belongs_to_it() -> None:
    html = _WRAPPED.html
    assert Case(html[: html.index('<div class="blogger-intro">')].encode()).recovered().verdict is Verdict.CUT_OFF


def test_what_follows_the_end_of_the_document_does_no_harm() -> None:
    """Neither comments and scripts after it nor very many of them with junk at the end."""
    assert Case(twin().page + b"\n<!-- a --><script>b()</script>\n<!-- c -->").article().faults == ()
    case = Case(twin().page + b"<!-- a -->" * 500 + b"junk")
    assert case.article().faults == ("the document ends before its end tag, after the article",)


def test_parts_that_nothing_encloses() -> None:
    """Title and body right in the page's body: cut right after the body it is unknown what is missing, later it is
    not."""
    html = (
        page_with("<p>字。</p>")
        .html.replace('<div class="container"><div class="article-wrapper">', "")
        .replace("</div></div></body>", "</body>")
    )
    assert Case(html.replace("</body></html>", "").encode()).recovered().verdict is Verdict.CUT_OFF
    assert Case(html.replace("</body></html>", "<footer>尾").encode()).article().body == "字。"
