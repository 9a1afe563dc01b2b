"""What an article says: the same from captures that differ only in what is theirs, and another as soon as a word is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from crawler.hkcnews.extract import extract_capture
from crawler.hkcnews.urls import article_id
from crawler.markdown.article import Article, Blogger
from crawler.markdown.reader import readable_text, text_digest, version_digest
from crawler.markdown.style import ReadingStyle, SeedStyle, Style
from tests.pages import address, article

REPLAY = "https://archive.example/web"
TEXT = (
    "燈塔<b>今晚</b>亮起。<a href='/article/7'>往日</a>、<a href='http://x.example/a'>別處</a><br>第二行</p>"
    "<p><img src='/news/a.jpg' alt='燈'></p><iframe src='https://video.example/1'></iframe>"
    "<figure><img src='/b.jpg'><figcaption>圖說 *不是標記*</figcaption></figure>"
    "<ul><li>一</li><li>二</li></ul><table><tr><th>甲</th><th>乙</th></tr><tr><td>丙</td><td>丁</td></tr></table><p>完"
)
ARTICLE = Article(
    5, "20210712013906", address(5), "燈塔日誌", body="燈塔 **今晚** 亮起。\n\n![](https://a.example/1.jpg)\n\n第二段。"
)


def extracted(style: Style, timestamp: str = "20210712013906", original: str = address(5), text: str = TEXT) -> Article:
    found = extract_capture(article(5, text), "text/html; charset=utf-8", 200, 5, timestamp, original, style)
    assert found.article is not None, found.judgement
    assert not found.differences
    return found.article


def test_it_is_the_title_and_the_lines_of_the_text() -> None:
    found = extracted(SeedStyle(REPLAY, "20210712013906", address(5)))
    lines = readable_text(found.title, found.body).split("\n")
    assert lines[:3] == ["燈塔日誌5", "第5日：燈塔今晚亮起。往日、別處", "第二行"]
    assert "圖說 *不是標記*" in lines
    assert lines[-1] == "完"
    assert {"一", "二", "甲", "乙", "丙", "丁"} <= set(lines)
    assert not any(mark in "\n".join(lines) for mark in ("http", "/article/", ".jpg", "**", "video"))


def test_captures_at_other_times_and_addresses_and_other_formats_say_the_same() -> None:
    styles: list[tuple[Style, str, str]] = []
    for timestamp, original in (
        ("20190101000000", "http://hkcnews.com/article/5/slug"),
        ("20210712013906", address(5)),
    ):
        styles.append((SeedStyle(REPLAY, timestamp, original), timestamp, original))
        for recovered in (0, 1 << 7):
            about = (article_id, recovered, lambda url: "images/a.jpg", lambda url: False)
            styles.append((ReadingStyle(REPLAY, timestamp, original, *about), timestamp, original))
    assert len({version_digest(extracted(*one)) for one in styles}) == 1


def test_what_is_no_other_version() -> None:
    same: dict[str, dict[str, Any]] = {
        "white space": {"body": "燈塔  **今晚** 亮起。 \n\n\n第二段。"},
        "emphasis and pictures": {"body": "燈塔 今晚 亮起。\n\n![別的](https://b.example/2.jpg)\n\n第二段。"},
        "around the title": {"title": " 燈塔日誌　"},
        "what is not the text": {
            "author": "別人",
            "date": "2020-01-01",
            "tags": ("燈塔",),
            "note": "訂閱",
            "bloggers": (Blogger("博客"),),
        },
    }
    assert {name: version_digest(replace(ARTICLE, **change)) for name, change in same.items()} == dict.fromkeys(
        same, version_digest(ARTICLE)
    )


def test_what_is_another_version() -> None:
    others: dict[str, dict[str, Any]] = {
        "itself": {},
        "title": {"title": "燈塔日記"},
        "a character": {"body": "燈塔 **今晚** 亮起。\n\n第二段"},
        "a paragraph's end": {"body": "燈塔 **今晚** 亮起。第二段。"},
        "a space": {"body": "燈塔今晚亮起。\n\n第二段。"},
        "title and text": {"title": "燈塔", "body": "日誌\n\n燈塔 **今晚** 亮起。\n\n第二段。"},
    }
    names: dict[str, list[str]] = defaultdict(list)
    for name, change in others.items():
        names[version_digest(replace(ARTICLE, **change))].append(name)
    assert [*names.values()] == [[name] for name in others]


def test_the_digest_is_of_what_is_said() -> None:
    assert version_digest(ARTICLE) == text_digest(readable_text(ARTICLE.title, ARTICLE.body))
    assert len(text_digest("\ud800")) == 64
