"""Tables with pipes where those carry everything, as HTML where they do not."""

from __future__ import annotations

from tests.markdown.conversion import HERE, markdown_of
from tests.markdown.outline import outline_of_html, outline_of_markdown
from tests.walking import walked

PIPES: list[tuple[str, str]] = [
    (
        "<thead><tr><th>甲</th><th>乙</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody>",
        "| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |",
    ),
    ("<tr><th>甲</th><th>乙</th></tr><tr><td>1</td><td>2</td></tr>", "| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |"),
    ("<thead><tr><td>甲</td></tr></thead><tr><td>1</td></tr>", "| 甲 |\n| --- |\n| 1 |"),
    ("<tr><td>1</td><td>2</td></tr>", "|  |  |\n| --- | --- |\n| 1 | 2 |"),
    ("<tr><th>甲</th><td>1</td></tr>", "|  |  |\n| --- | --- |\n| 甲 | 1 |"),
    ("<tr><th>甲</th></tr><tr><td>1</td><td>2</td></tr>", "| 甲 |  |\n| --- | --- |\n| 1 | 2 |"),
    ('<tr><th colspan="2">甲</th></tr><tr><td>1</td><td>2</td></tr>', "| 甲 | |\n| --- | --- |\n| 1 | 2 |"),
    ("<tr><th>甲</th></tr><tr></tr><tr><td></td></tr>", "| 甲 |\n| --- |\n|  |"),
    ("<tr><th>甲|乙</th></tr><tr><td>\\|</td></tr>", "| 甲\\|乙 |\n| --- |\n| \\\\\\| |"),
    (
        "<tr><th><p>甲</p></th></tr><tr><td><div><b>乙：</b>丙<br>丁</div></td></tr>",
        "| 甲 |\n| --- |\n| **乙**：丙<br>丁 |",
    ),
    ('<tr><th><a href="/x|y">甲</a></th></tr>', f"| [甲]({HERE}/x\\|y) |\n| --- |"),
    ("<caption>題</caption><tr><th>甲</th></tr>", "題\n\n| 甲 |\n| --- |"),
    ('<tr><td colspan="x">1</td></tr>', "|  |\n| --- |\n| 1 |"),
]

RAW: list[tuple[str, str]] = [
    (
        '<tr><td rowspan="2">甲</td><td>乙</td></tr><tr><td>丙 &lt;</td></tr>',
        '<table>\n<tr>\n<td rowspan="2">甲</td><td>乙</td></tr>\n<tr>\n<td>丙 &lt;</td></tr>\n</table>',
    ),
    ("<tr><td><p>甲</p><p>乙</p></td></tr>", "<table>\n<tr>\n<td><p>甲</p><p>乙</p></td></tr>\n</table>"),
    ("<tr><td><div>甲</div>乙</td></tr>", "<table>\n<tr>\n<td><div>甲</div>乙</td></tr>\n</table>"),
    ("<tr><td><ul><li>甲</li></ul></td></tr>", "<table>\n<tr>\n<td><ul><li>甲</li></ul></td></tr>\n</table>"),
    ("<tr><td><hr><center>甲</center></td></tr>", "<table>\n<tr>\n<td><hr><div>甲</div></td></tr>\n</table>"),
    ("<tr><td><pre>甲\n\n乙</pre></td></tr>", "<table>\n<tr>\n<td><div>甲<br><br>乙</div></td></tr>\n</table>"),
    (
        "<caption> </caption><tr><td><table><tr><td>甲</td></tr></table></td></tr>",
        "<table>\n<tr>\n<td><table>\n<tr>\n<td>甲</td></tr>\n</table>\n</td></tr>\n</table>",
    ),
    (
        '<tr><td><iframe src="//x.example/"></iframe><p><a href="javascript:x">甲</a><a href="/y"> </a></p></td></tr>',
        (
            '<table>\n<tr>\n<td><div>{{< video src="//web.archive.org/web/20200102030405if_/https://x.example/"'
            " >}}</div><p>甲 </p></td></tr>\n</table>"
        ),
    ),
]


@walked(("html", "markdown"), [*PIPES, *RAW])
def test_tables(html: str, markdown: str) -> None:
    assert markdown_of(f"<table>{html}</table>") == markdown


@walked("html", ["", "<tr></tr>", "<tbody></tbody>"])
def test_a_table_without_cells_is_kept_for_the_count_and_says_nothing(html: str) -> None:
    markdown = markdown_of(f"<p>甲</p><table>{html}</table>")
    assert outline_of_markdown(markdown).texts == ["甲"]


@walked(
    "around",
    [
        "<blockquote>{}</blockquote>",
        "<ul><li>甲{}</li></ul>",
        "<ol><li><p>甲</p>{}</li></ol>",
        "<blockquote><ul><li>{}</li></ul></blockquote>",
    ],
)
@walked("html", [html for html, _ in (*PIPES, *RAW) if "|" not in html and "iframe" not in html])
def test_tables_in_other_blocks(around: str, html: str) -> None:
    page = around.format(f"<table>{html}</table>")
    shown, wanted = outline_of_markdown(markdown_of(page)), outline_of_html(page)
    assert (shown.blocks, shown.bold) == (wanted.blocks, wanted.bold)
