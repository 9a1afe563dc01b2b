"""The addresses of pictures as the site had them, wherever on the page they are."""

from __future__ import annotations

from crawler.hkcnews.extract import extract_capture, image_url
from crawler.markdown.style import SeedStyle
from tests.walking import walked

PAGE = "https://www.hkcnews.com/article/33951/%E7%87%88-33951/x"


@walked(
    ("src", "address"),
    [
        ("/news_新聞/a b.jpg", "https://www.hkcnews.com/news_新聞/a b.jpg"),
        ("/news_新聞/a%20b.jpg", "https://www.hkcnews.com/news_新聞/a%20b.jpg"),
        (" /a\n.jpg ", "https://www.hkcnews.com/a.jpg"),
        ("https://cdn.example/a.jpg?x=1&y=2#z", "https://cdn.example/a.jpg?x=1&y=2"),
        ("//cdn.example/a.jpg", "https://cdn.example/a.jpg"),
        ("a.jpg", "https://www.hkcnews.com/article/33951/%E7%87%88-33951/a.jpg"),
        ("../a.jpg", "https://www.hkcnews.com/article/33951/a.jpg"),
        ("/web/20210712013906im_/https://hkcnews.com/a.jpg", "https://hkcnews.com/a.jpg"),
        ("https://web.archive.org/web/20210712013906im_/http://hkcnews.com/a.jpg", "http://hkcnews.com/a.jpg"),
        ("data:image/gif;base64,R0lGOD", ""),
        ("javascript:alert(1)", ""),
        ("file:///C:/a.jpg", ""),
        ("https://", ""),
        ("https://[::1", "https://[::1"),
        ("//[x", "https://[x"),
        ("", ""),
    ],
)
def test_an_address_is_absolute_and_as_the_page_spells_it(src: str, address: str) -> None:
    assert image_url(src, PAGE) == address


def test_the_port_that_goes_without_saying_is_left_out() -> None:
    assert image_url("/a.jpg", "http://hkcnews.com:80/article/1") == "http://hkcnews.com/a.jpg"


def test_an_article_has_the_pictures_of_its_body_and_its_blogger_and_no_others() -> None:
    page = (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>燈塔</title></head><body><img src="/logo.png"><div'
        ' class="group">眾說</div><h1>燈塔</h1><div class="article-info">撰文: 甄 | 發佈日期: 12.07.21</div><div'
        ' class="article-content"><figure class="image"><img'
        ' src="/a.jpg"><figcaption>相</figcaption></figure><p>文字<img src="data:image/gif;base64,R0"'
        ' data-src="/lazy.jpg"><img src="/a.jpg"></p><table><tr><td><img src="/cell.png"></td></tr></table><div'
        ' style="display:none"><img src="/hidden.png"></div></div><div class="blogger-intro"><img class="avatar"'
        ' src="/u/x.png?5" alt="博客 | 甄"><h4>博客 | 甄</h4><p>寫字。</p></div><section class="related"><div'
        ' class="article-block"><img src="/teaser.jpg"></div></section></body></html>'
    ).encode()
    found = extract_capture(
        page,
        "text/html; charset=utf-8",
        200,
        5,
        "20210712013906",
        PAGE,
        SeedStyle("https://a.example/web", "20210712013906", PAGE),
    )
    assert found.article is not None
    site = "https://www.hkcnews.com"
    assert found.article.images == (f"{site}/a.jpg", f"{site}/lazy.jpg", f"{site}/cell.png", f"{site}/u/x.png?5")
