"""Our Markdown read back: text and counts; `test_faithful` holds the same against a renderer for all that is
written."""

from __future__ import annotations

from crawler.markdown.reader import MarkdownText, plain_text, read_markdown
from tests.markdown.conversion import markdown_of
from tests.walking import walked

CASES: list[tuple[str, MarkdownText]] = [
    ("", MarkdownText("")),
    ("甲\n\n乙", MarkdownText("甲\n乙")),
    ("甲  \n乙", MarkdownText("甲\n乙")),
    ("甲  \n<br>\n乙", MarkdownText("甲\n乙")),
    ("\\# 甲 \\*乙\\* \\\\ \\<b> [丙]", MarkdownText("# 甲 *乙* \\ <b> [丙]")),
    ("**甲**乙*丙*<strong>丁</strong><sub>2</sub>", MarkdownText("甲乙丙丁2")),
    ("[甲](https://a.example/(b)c)乙", MarkdownText("甲乙", links=1)),
    ("[甲\\]](x\\)y) [乙] [**丙**](z)", MarkdownText("甲] [乙] 丙", links=2)),
    ("[甲  \n乙](x)", MarkdownText("甲\n乙", links=1)),
    ("甲![乙](x)丙[![丁](y)](z)", MarkdownText("甲\n丙", pictures=2, links=1)),
    ("`a*b`<!---->`` ` `` &amp;", MarkdownText("a*b` &")),
    ("## 甲 \\#", MarkdownText("甲 #")),
    ("甲\n\n---\n\n乙", MarkdownText("甲\n乙")),
    ("* ___", MarkdownText("")),
    ("* 甲\n  + 乙\n    1. 丙\n\n       丁", MarkdownText("甲\n乙\n丙\n丁")),
    ("> 甲\n>\n> > 乙", MarkdownText("甲\n乙")),
    ("| 甲 | 乙\\|丙 |\n| --- | --- |\n|  | **丁**<br>戊 |", MarkdownText("甲\n乙|丙\n丁\n戊", tables=1)),
    ("> | 甲 |\n> | --- |", MarkdownText("甲", tables=1)),
    ('1. {{< video src="https://x.example/" >}}\n   甲', MarkdownText("甲", frames=1)),
    ("1. ```\n   > 甲\n\n   * 乙\n   ```\n2. 丙", MarkdownText("> 甲\n* 乙\n丙")),
    ("````\n```\n````", MarkdownText("```")),
    (
        (
            '<figure>\n<a href="x"><img src="y" alt=""></a>\n<figcaption>甲&lt;<a'
            ' href="z">乙</a></figcaption>\n</figure>\n\n丙'
        ),
        MarkdownText("甲<乙\n丙", 1, 0, 0, 2),
    ),
    (
        (
            "* <table>\n  <tr>\n  <td><table>\n  <tr>\n  <td>甲</td></tr>\n  </table>\n"
            '  </td><td>乙{{< video src="x" >}}</td></tr>\n  </table>\n* 丙'
        ),
        MarkdownText("甲\n乙\n丙", frames=1, tables=2),
    ),
    ("<pre>甲\n\n  乙</pre>", MarkdownText("甲\n乙")),
    ('<span><img src="data:x" alt="甲"></span>', MarkdownText("", pictures=1)),
]


@walked(("markdown", "reading"), CASES)
def test_reading(markdown: str, reading: MarkdownText) -> None:
    found = read_markdown(markdown)
    found.text = "\n".join(line.strip(" ") for line in found.text.split("\n") if line.strip(" "))
    assert found == reading


def test_what_only_looks_like_a_block_is_text() -> None:
    text = '| 甲 |<br>--- x<br>{{&lt; video src="x" &gt;}}<br>&lt;figure&gt;<br>```<br>1. 乙<br>___'
    shown = read_markdown(markdown_of(f"<p>{text}</p>"))
    assert (shown.frames, shown.tables, shown.pictures, shown.links) == (0, 0, 0, 0)
    assert shown.text.strip().split("\n") == [
        "| 甲 |",
        "--- x",
        '{{< video src="x" >}}',
        "<figure>",
        "```",
        "1. 乙",
        "___",
    ]


def test_raw_html_that_never_ends_is_read_to_the_end() -> None:
    assert read_markdown("<figure>\n甲").text.strip() == "甲"
    assert read_markdown("```\n甲").text.strip() == "甲"


def test_raw_html_is_read_as_far_as_it_goes() -> None:
    reading = read_markdown(
        '<table>\n</li></ol><ol start="x"><b></ol></b><li>甲</i></></li><li value="7">乙<li></ol></table>'
    )
    assert (reading.numbers, reading.tables) == (["1", "7"], 1)


@walked(
    ("markdown", "text"),
    [
        ("", ""),
        ("甲  \n乙\n\n\n\n丙", "甲\n乙\n\n丙"),
        ("![燈](https://a.example/1.jpg)\n\n甲", "甲"),
        ("甲\n\n![燈](https://a.example/1.jpg)\n\n![塔](https://a.example/2.jpg)\n\n乙", "甲\n\n乙"),
        ("\u3000\u3000甲\n\n\u3000\u3000乙", "\u3000\u3000甲\n\n\u3000\u3000乙"),
        ("- 一\n- 二\n\n> 三", "一\n二\n\n三"),
    ],
)
def test_plain_text_has_one_empty_line_between_blocks(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text
