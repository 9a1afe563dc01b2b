"""From a page to a file, byte for byte, and fields that are found wherever a page has them."""

from __future__ import annotations

import re
from pathlib import Path

from crawler.hkcnews.verdict import Verdict
from tests.hkcnews.cases import FIXTURES, Case, case_in, page_with, twin
from tests.shared import shared
from tests.walking import walked

FOLDERS = sorted((FIXTURES / "pages").iterdir())


def test_the_seed_byte_for_byte() -> None:
    folder = shared("sample", "seed")
    assert case_in(folder).file().encode() == (folder / "article_33951.md").read_bytes()


def test_the_twin_of_the_seed_byte_for_byte() -> None:
    assert twin().file().encode() == (FIXTURES / "twin" / "article_34011.md").read_bytes()


@walked("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_a_fixture_byte_for_byte(folder: Path) -> None:
    assert case_in(folder).file().encode() == (folder / "expected.md").read_bytes()


# A page with everything that an article has; the changes below move and rename what no source attests.
_BLOGGER = (
    '<div class="blogger-intro"><img class="avatar" src="/uploads/avatars/11aa22bb.png?1288" alt="博客 | 榕樹頭">'
    '<h4>博客 | 榕樹頭</h4><div class="intro">退休後改寫字，<a href="/blogs/7">共三十篇</a>。</div></div>'
)
_NOTE_TEXT = '<hr /><p>請加入成為眾新聞的月費訂戶，讓小故事有人記下。</p><p>訂閱辦法 <a href="/aboutus">看這頁</a></p>'
_NOTE = f'<div class="subscribe-note">{_NOTE_TEXT}</div>'
_INFO = '<div class="article-info">撰文: 榕樹頭 | 發佈日期: 06.05.18 | 最後更新: 2018-05-07 08:09:10</div>'
_TAGS = '<div class="tags"><a class="tag" href="/tag/a">隨筆</a> <a class="tag" href="/tag/b">裁縫 Tailor</a></div>'
_GROUP = '<div class="group">眾說</div>'
_TITLE = "<h1>樓梯底的裁縫</h1>"
_BODY = "<p>她的店只有一張枱闊。</p><p>改褲腳收二十元。</p>"
_RELATED = (
    '<section class="related"><div class="article-block"><a href="/article/44"><p>另一篇</p></a><div'
    ' class="article-block-footer"><div class="line">記者冼海星</div><div'
    ' class="line">27.06.17</div></div></div></section>'
)
FULL = Case(
    '<!DOCTYPE html><html lang="zh-Hant"><head><meta charset="utf-8"><title>樓梯底的裁縫 | 眾新聞</title></head><body>'
    '<nav class="navbar"><a href="/blogs">眾說</a></nav><div class="container"><div class="article-wrapper">'
    f'{_GROUP}{_TITLE}{_INFO}{_TAGS}<div class="article-content">{_BODY}{_NOTE}</div>{_BLOGGER}</div></div>'
    f"{_RELATED}<footer><p>© 眾新聞</p></footer></body></html>".encode()
)
_SUPPOSED = (
    "container",
    "article-wrapper",
    "tags",
    "tag",
    "subscribe-note",
    "blogger-intro",
    "intro",
    "avatar",
    "related",
)
_CLASSES = tuple((f'class="{name}"', f'class="z-{number}"') for number, name in enumerate(_SUPPOSED))
_END = ("</div></div><section", "</div><section")

SAME: dict[str, Case] = {
    "as supposed": FULL,
    "every supposed class renamed": FULL.having(*_CLASSES),
    "every supposed class left out": FULL.having(*((old, "") for old, _ in _CLASSES)),
    "no wrapper": FULL.having(('<div class="container"><div class="article-wrapper">', "<div>"), _END),
    "no wrapper at all": (
        FULL.having(
            ('<div class="container"><div class="article-wrapper">', ""), ("</div></div><section", "</div><section")
        ).having((_BLOGGER + "</div>", _BLOGGER))
    ),
    "three more wrappers": FULL.having(
        ('<div class="article-content">', '<div><main><section><div class="article-content">'),
        (_BLOGGER, "</section></main></div>" + _BLOGGER),
    ),
    "information after the body": FULL.having((_INFO, ""), (_BLOGGER, _INFO + _BLOGGER)),
    "category outside the wrapper": FULL.having(
        (_GROUP, ""), ('<div class="container">', f'{_GROUP}<div class="container">')
    ),
    "category after the title": FULL.having((_GROUP + _TITLE, _TITLE + _GROUP)),
    "tags before the title": FULL.having((_TAGS, ""), (_TITLE, _TAGS + _TITLE)),
    "tags after the body": FULL.having((_TAGS, ""), (_BLOGGER, _TAGS + _BLOGGER)),
    "tags as bare links": FULL.having((_TAGS, '<p><a href="/tag/a">隨筆</a>、<a href="/tag/b">裁縫 Tailor</a></p>')),
    "tags as links of a search": FULL.having(
        (_TAGS, '<p><a href="/search?tag=a">隨筆</a> <a href="/search?tag=b">裁縫 Tailor</a></p>')
    ),
    "tags in keywords": FULL.having(
        (_TAGS, ""), ("</title>", '</title><meta name="keywords" content="隨筆,裁縫 Tailor">')
    ),
    "tags in metadata": FULL.having(
        (_TAGS, ""),
        (
            "</title>",
            '</title><meta property="article:tag" content="隨筆"><meta property="article:tag" content="裁縫 Tailor">',
        ),
    ),
    "tags in structured data": FULL.having(
        (_TAGS, ""),
        (
            "</title>",
            (
                '</title><script type="application/ld+json">{"headline": "x", "keywords": ["隨筆", "裁縫'
                ' Tailor"]}</script>'
            ),
        ),
    ),
    "byline as a link": FULL.having(("撰文: 榕樹頭", '撰文: <a href="/blogs/7">榕樹頭</a>')),
    "parts of the line as elements": FULL.having(
        (
            _INFO,
            (
                '<div class="article-info"><span>撰文: <b>榕樹頭</b></span> | <time>發佈日期: 06.05.18</time>'
                " <i>最後更新: 2018-05-07 08:09:10</i></div>"
            ),
        )
    ),
    "full-width colons": FULL.having((_INFO, _INFO.replace(": ", "："))),
    "full-width bars": FULL.having((_INFO, _INFO.replace(" | ", "｜"))),
    "parts in another order": FULL.having(
        (_INFO, '<div class="article-info">最後更新: 2018-05-07 08:09:10 | 發佈日期: 06.05.18 | 撰文: 榕樹頭</div>')
    ),
    "English labels": FULL.having(
        (
            _INFO,
            '<div class="article-info">By: 榕樹頭 | Publish Date: 06.05.18 | Last Update: 2018-05-07 08:09:10</div>',
        )
    ),
    "blogger inside the body": FULL.having((_BLOGGER, ""), (_NOTE + "</div>", _NOTE + _BLOGGER + "</div>")),
    "blogger inside the body, unnamed": (
        FULL.having((_BLOGGER, ""), (_NOTE + "</div>", _NOTE + _BLOGGER + "</div>")).having(*_CLASSES)
    ),
    "blogger outside the wrapper": FULL.having((_BLOGGER + "</div>", "</div>" + _BLOGGER)),
    "blogger in columns": (
        FULL.having(*_CLASSES).having(
            ("<h4>博客", '</div><div class="col"><h4>博客'),
            ('<img class="z-7"', '<div class="col"><img'),
            ("</a>。</div></div>", "</a>。</div></div></div>"),
        )
    ),
    "blogger before the note": FULL.having((_BLOGGER, ""), (_NOTE, _BLOGGER + _NOTE)),
    "note flat at the end of the body": FULL.having((_NOTE, _NOTE_TEXT)),
    "note without a rule": FULL.having((_NOTE, _NOTE.replace("<hr />", ""))),
    "note after the body": FULL.having((_NOTE + "</div>", "</div>" + _NOTE)),
    "note after the body, unnamed": FULL.having((_NOTE + "</div>", "</div>" + _NOTE)).having(*_CLASSES),
    "note flat after the body": FULL.having((_NOTE + "</div>", "</div>" + _NOTE_TEXT)),
    "note flat after the blogger": FULL.having((_NOTE, ""), (_BLOGGER, _BLOGGER + _NOTE_TEXT)),
    "note in a box in a box": FULL.having((_NOTE, f"<section><div>{_NOTE_TEXT}</div></section>")),
    "share widgets about": FULL.having(
        (
            _NOTE + "</div>",
            '<div class="share-buttons"><a href="https://social.example/?u=1">分享</a></div>'
            + _NOTE
            + '<div class="fb-like">讚</div></div>',
        )
    ),
}


@walked("case", SAME.values(), ids=SAME.keys())
def test_the_same_article_however_it_is_laid_out(case: Case) -> None:
    article, plain = case.article(), FULL.article()
    assert article.title == "樓梯底的裁縫"
    assert (article.date, article.last_updated) == ("2018-05-06", "2018-05-07 08:09:10")
    assert (article.author, article.category, article.tags) == ("榕樹頭", "眾說", ("隨筆", "裁縫 Tailor"))
    assert article.body == "她的店只有一張枱闊。\n\n改褲腳收二十元。"
    assert (
        article.note == plain.note == "請加入成為眾新聞的月費訂戶，讓小故事有人記下。\n\n訂閱辦法"
        " [看這頁](/web/20210712003330/https://www.hkcnews.com/aboutus)"
    )
    assert article.bloggers == plain.bloggers
    (blogger,) = article.bloggers
    assert blogger.name == "博客 | 榕樹頭"
    assert blogger.avatar.endswith("im_/https://www.hkcnews.com/uploads/avatars/11aa22bb.png?1288")
    assert blogger.biography.startswith("退休後改寫字，[共三十篇](")
    assert article.faults == ()


def test_each_field_names_its_source() -> None:
    assert FULL.article().sources == {
        "title": "markup h1",
        "date": "markup info line",
        "last_updated": "markup info line",
        "author": "markup info line",
        "category": "markup .group",
        "tags": "markup .tags a",
    }


METADATA = (
    '<meta property="og:title" content="標題在後設資料 | 眾新聞">'
    '<meta property="article:published_time" content="2018-05-05T23:30:00+00:00">'
    '<meta name="author" content="筆名"><meta property="article:section" content="眾觀">'
)
STRUCTURED = (
    '<script type="application/ld+json">{"headline": "標題在結構資料", "datePublished": "2018-05-06T10:00:00+08:00",'
    ' "author": {"name": "筆名二"}, "articleSection": "眾坊"}</script>'
)


@walked(
    ("head", "fields"),
    [
        (METADATA, ("標題在後設資料", "2018-05-06", "筆名", "眾觀")),
        (STRUCTURED, ("標題在結構資料", "2018-05-06", "筆名二", "眾坊")),
        (METADATA + STRUCTURED, ("標題在後設資料", "2018-05-06", "筆名", "眾觀")),
        ("", ("樓梯底的裁縫", "", "", "")),
    ],
    ids=["metadata", "structured data", "both", "neither"],
)
def test_fields_that_the_markup_does_not_have(head: str, fields: tuple[str, str, str, str]) -> None:
    case = FULL.having((_GROUP, ""), (_TITLE, ""), (_INFO, ""), ("</title>", f"</title>{head}"))
    article = case.article()
    assert (article.title, article.date, article.author, article.category) == fields
    assert article.body == FULL.article().body


def test_addresses_and_image_names_never_fill_a_field() -> None:
    body = (
        '<figure class="image"><img'
        ' src="/news_新聞/hk-discuss/2019/03/甲-乙-20190304050607_5c1d_large.jpg"></figure><p>一。</p>'
    )
    group = '<div class="group">眾聞</div>'
    bare = (
        f"<!DOCTYPE html><html><head><title>題</title></head><body>{group}<div"
        f' class="article-content">{body}</div></body></html>'
    )
    article = Case(bare.encode(), original="https://www.hkcnews.com/article/34011/標籤-作者-34011/2019-03-04").article()
    assert (article.date, article.last_updated, article.author, article.category, article.tags) == (
        "",
        "",
        "",
        "眾聞",
        (),
    )


def test_a_line_of_information_without_its_class() -> None:
    line = '<p class="x"><span>撰文: 榕樹頭</span> <span>發佈日期: 06.05.18</span></p>'
    article = FULL.having((_INFO, line)).article()
    assert (article.date, article.author) == ("2018-05-06", "榕樹頭")


def test_a_body_without_its_class_is_taken_from_around_and_said_to_be() -> None:
    case = FULL.having(('class="article-content"', 'class="z"'), (_BLOGGER, ""))
    article = case.article()
    assert article.body.startswith("她的店只有一張枱闊。\n\n改褲腳收二十元。")
    assert (article.title, article.author, article.category) == ("樓梯底的裁縫", "榕樹頭", "眾說")
    assert article.note.startswith("請加入成為眾新聞")
    assert any("no element that we know" in fault for fault in article.faults)


def test_pictures_with_bars_in_their_description_are_no_bloggers() -> None:
    article = page_with('<p>甲<img src="/a.jpg" alt="圖 | 美聯社">乙</p>').article()
    assert article.bloggers == ()
    assert "![圖 | 美聯社](" in article.body


def test_an_article_that_speaks_of_subscriptions_has_no_note() -> None:
    body = "<p>請加入成為眾新聞的月費訂戶，是這篇的題目。</p>" + "".join(f"<p>第{n}段。</p>" for n in range(5))
    article = page_with(body).article()
    assert article.note == ""
    assert article.body.count("\n\n") == 5


def test_what_is_no_content_is_left_out() -> None:
    body = (
        '<h2 class="hidden">燈塔日誌</h2><p>甲。</p><script>var p = "<p>乙</p>";</script><style>p{}</style><p'
        ' style="display: none">丙</p><ins class="adsbygoogle"></ins><p hidden>丁</p><!-- 戊'
        " --><noscript><p>己</p></noscript><button>分享</button><p>庚。</p>"
    )
    assert page_with(body).article().body == "甲。\n\n庚。"


def test_protected_addresses_are_decoded_and_those_that_cannot_be_are_named() -> None:
    code = bytes([0x5A, *(byte ^ 0x5A for byte in b"a_b@x.example")]).hex()
    article = page_with(
        '<p>一<a href="/cdn-cgi/l/email-protection" class="__cf_email__"'
        f' data-cfemail="{code}">[email&#160;protected]</a>，二<a href="/cdn-cgi/l/email-protection#{code}">寫信</a>，'
        '三<span data-cfemail="zz">[email&#160;protected]</span></p>'
    ).article()
    assert article.body == "一a\\_b@x.example，二[寫信](mailto:a_b@x.example)，三[email\u00a0protected]"
    assert article.faults == ("a protected e-mail address cannot be decoded: zz",)


def test_a_page_whose_body_is_only_the_note_is_blank() -> None:
    assert page_with(_NOTE).recovered().verdict is Verdict.BLANK


def test_damage_that_does_not_lose_the_article_is_named() -> None:
    damaged = Case(FULL.page.replace("改褲腳".encode(), "改褲腳".encode()[:-1], 1))
    article = damaged.article()
    assert article.faults == ("1 bytes are not utf-8",)
    cut = Case(FULL.page[: FULL.page.index(b"<footer>")])
    assert cut.article().faults == ("the document ends before its end tag, after the article",)
    assert re.sub(r"\s", "", cut.article().body) == re.sub(r"\s", "", FULL.article().body)
