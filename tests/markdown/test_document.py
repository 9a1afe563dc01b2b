"""A whole file from an article's parts, and where it lies."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from crawler.markdown.article import Blogger
from crawler.markdown.document import relative_path, render
from tests.markdown.outline import outline_of_markdown
from tests.markdown.test_front_matter import FULL, PUBLIC
from tests.walking import walked

BLOGGER = Blogger("博客 | 榕樹頭", "https://web.archive.org/x (1).png?1", "賣了半世涼茶。\n\n退休後改寫字。")
ARTICLE = replace(FULL, body="甲\n\n乙")


def body_of(file: str) -> str:
    return file.split("\n---\n", 1)[1]


@walked(
    ("note", "blogger", "written"),
    [
        ("", None, "\n# 題　「目」\n\n甲\n\n乙\n"),
        ("請加入\n\n辦法", None, "\n# 題　「目」\n\n甲\n\n乙\n\n\n---\n\n\n請加入\n\n辦法\n"),
        (
            "",
            BLOGGER,
            (
                "\n# 題　「目」\n\n甲\n\n乙\n\n---\n\n"
                "![博客 | 榕樹頭](https://web.archive.org/x%20(1).png?1)\n\n**博客 | 榕樹頭**\n\n賣了半世涼茶。"
                "\n\n退休後改寫字。\n"
            ),
        ),
        ("請加入", Blogger("主筆 | 名"), "\n# 題　「目」\n\n甲\n\n乙\n\n\n---\n\n\n請加入\n\n---\n\n**主筆 | 名**\n"),
    ],
)
def test_the_parts_of_a_file(note: str, blogger: Blogger | None, written: str) -> None:
    assert body_of(render(replace(ARTICLE, note=note, bloggers=(blogger,) if blogger else ()), PUBLIC)) == written


def test_no_body_leaves_no_gap() -> None:
    assert body_of(render(replace(FULL, note="請加入"), PUBLIC)) == "\n# 題　「目」\n\n\n---\n\n\n請加入\n"


@walked(
    ("title", "line"),
    [
        ("C#", "# C#"),
        ("標題 #", "# 標題 \\#"),
        ("# 標題", "# # 標題"),
        ("*標題*", "# \\*標題\\*"),
        ("<script>x</script>", "# \\<script>x\\</script>"),
        ("{{< script >}}", "# {\\{< script >}}"),
        ("[x](y)", "# [x\\](y)"),
        ("1. 標題", "# 1. 標題"),
        ("---", "# ---"),
    ],
)
def test_titles_stay_titles(title: str, line: str) -> None:
    file = body_of(render(replace(ARTICLE, title=title), PUBLIC))
    assert file.startswith(f"\n{line}\n\n甲")
    assert outline_of_markdown(file).blocks[0] == ("h1", title)


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Z"], exclude_characters="\ufeff\u200b"), min_size=1)
)
def test_any_title_and_any_name_are_shown_as_they_are(text: str) -> None:
    file = render(
        replace(ARTICLE, title=text, bloggers=(Blogger(f"博客 | {text}", "https://x.example/a.png"),)), PUBLIC
    )
    shown = outline_of_markdown(body_of(file))
    assert shown.blocks[0] == ("h1", text)
    assert shown.blocks[-1] == ("text", f"博客 | {text}")
    assert shown.pictures == ("https://x.example/a.png",)


@walked(
    ("number", "path"),
    [
        (1, "1-1000/article_1.md"),
        (1000, "1-1000/article_1000.md"),
        (1001, "1001-2000/article_1001.md"),
        (33951, "33001-34000/article_33951.md"),
        (34000, "33001-34000/article_34000.md"),
        (49930, "49001-50000/article_49930.md"),
    ],
)
def test_where_a_file_lies(number: int, path: str) -> None:
    assert relative_path(number) == path
