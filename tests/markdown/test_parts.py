"""Files taken apart: what differs between two is named, and nothing that a file holds does harm."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from crawler.markdown.article import Article, Blogger
from crawler.markdown.document import changed_parts, fields_and_sections, render
from tests.walking import walked

ARTICLE = Article(
    5,
    "20210712013906",
    "https://www.hkcnews.com/article/5",
    "燈塔",
    date="2021-07-12",
    tags=("海",),
    body="第一段。\n\n---\n\n第二段。",
    note="請加入成為眾新聞的月費訂戶。",
    bloggers=(Blogger("博客 | 司徒潮", "https://x.example/a.png", "教過書。"),),
)
REPLAY = "https://archive.example/web"


def text(**changes: object) -> str:
    return render(replace(ARTICLE, **changes), REPLAY)  # type: ignore[arg-type]


def test_a_file_of_ours_comes_apart_into_what_it_was_made_of() -> None:
    assert fields_and_sections(text()) == {
        "title": "燈塔",
        "date": "2021-07-12",
        "tags": ["海"],
        "url": f"{REPLAY}/20210712013906/https://www.hkcnews.com/article/5",
        "original_url": "https://www.hkcnews.com/article/5",
        "body": f"# 燈塔\n\n{ARTICLE.body}",
        "note": ARTICLE.note,
        "blogger": "![博客 | 司徒潮](https://x.example/a.png)\n\n**博客 | 司徒潮**\n\n教過書。",
    }


def test_blocks_of_two_bloggers_are_told_from_a_body_with_a_rule() -> None:
    two = fields_and_sections(
        text(
            note="",
            bloggers=(Blogger("博客 | 一悠", "https://x.example/a.png", "甲"), Blogger("主筆 | 二悠", biography="乙")),
        )
    )
    assert two["body"] == f"# 燈塔\n\n{ARTICLE.body}"
    assert (
        two["blogger"]
        == "![博客 | 一悠](https://x.example/a.png)\n\n**博客 | 一悠**\n\n甲\n\n---\n\n**主筆 | 二悠**\n\n乙"
    )


@walked(
    ("changes", "names"),
    [
        ({"date": "2021-07-13"}, ("date",)),
        ({"date": ""}, ("date",)),
        ({"title": "燈"}, ("title", "body")),
        ({"tags": ("海", "山")}, ("tags",)),
        ({"body": "第一段。"}, ("body",)),
        ({"note": ""}, ("note",)),
        ({"bloggers": ()}, ("blogger",)),
        ({"bloggers": (*ARTICLE.bloggers, Blogger("博客 | 二悠"))}, ("blogger",)),
        ({"bloggers": (), "note": "", "author": "甄"}, ("author", "note", "blogger")),
    ],
)
def test_what_differs_is_named(changes: dict[str, object], names: tuple[str, ...]) -> None:
    assert changed_parts(text(), text(**changes)) == names
    assert set(changed_parts(text(**changes), text())) == set(names)


def test_white_space_alone_is_layout() -> None:
    assert changed_parts(text(), text() + "\n") == ("layout",)


@walked("head", ["[" * 60_000, "&a [*a, *a]", "!!python/object:os.system x", "a: b: c", "\x00", "- x", "a: {b: c}"])
def test_front_matter_that_is_none_does_no_harm(head: str) -> None:
    assert set(fields_and_sections(f"---\na: {head}\n---\n\n# x\n")) <= {"front_matter", "body", "a"}


@given(st.text())
def test_any_text_comes_apart(anything: str) -> None:
    assert isinstance(fields_and_sections(anything), dict)
    assert isinstance(fields_and_sections(f"---\n{anything}\n---\n{anything}"), dict)
