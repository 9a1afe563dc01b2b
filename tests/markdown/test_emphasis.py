"""Bold and italic that a renderer shows, with markers where those hold and tags where they do not."""

from __future__ import annotations

from tests.markdown.conversion import ABROAD, HERE, markdown_of
from tests.markdown.outline import outline_of_markdown
from tests.walking import walked


@walked(
    ("html", "markdown"),
    [
        ("<b>粗</b>", "**粗**"),
        ("<i>斜</i>", "*斜*"),
        ("甲<strong>粗</strong>乙<em>斜</em>丙", "甲**粗**乙*斜*丙"),
        ("<b>記者：</b> 你好", "**記者：** 你好"),
        ("<b>全句。</b>", "**全句。**"),
        # punctuation at the edges goes outside where the markers would not hold
        ("<b>新聞：</b>自由", "**新聞**：自由"),
        ("他說<b>「可以」</b>便走", "他說「**可以**」便走"),
        ("<b>甲」。</b>乙", "**甲」**。乙"),
        ("（<b>「甲」</b>）", "（**「甲」**）"),
        # tags where nothing else holds
        ("甲<b>[1]</b>乙", "甲<strong>[1]</strong>乙"),
        ("甲<b>。</b>乙", "甲<strong>。</strong>乙"),
        ("甲<b>😀</b>乙", "甲<strong>😀</strong>乙"),
        ("甲<b>100%</b>乙", "甲**100**%乙"),
        ("甲<b>a+</b>乙", "甲<strong>a+</strong>乙"),
        ("甲<b>x\\</b>乙", "甲<strong>x\\\\</strong>乙"),
        ('甲<b><a href="/x">乙</a></b>丙', f"甲<strong>[乙]({HERE}/x)</strong>丙"),
        ("甲<b>*</b>乙", "甲<strong>\\*</strong>乙"),
        # white space at the edges, also the wide and the invisible, stays where it is
        ("甲<b> 乙 </b>丙", "甲 **乙** 丙"),
        ("甲<b>　乙　</b>丙", "甲　**乙**　丙"),
        ("甲<b>&nbsp;乙&nbsp;</b>丙", "甲\u00a0**乙**\u00a0丙"),
        ("甲<b>\u200b乙\ufeff</b>丙", "甲\u200b**乙**\ufeff丙"),
        ("甲<b>\u2003乙</b>", "甲\u2003**乙**"),
        ("<b>題<br></b>文", "**題**  \n文"),
        ("<b>甲<br>乙</b>", "**甲  \n乙**"),
        ("甲<b> </b>乙<b></b>丙<b><br></b>丁", "甲 乙丙  \n丁"),
        # one inside or beside the other
        ("<b>前</b><strong>後</strong>", "**前後**"),
        ("<b>外<strong>內</strong>外</b>", "**外內外**"),
        ("<b><b>甲</b></b>", "**甲**"),
        ("<b>甲</b><i>乙</i>", "<strong>甲</strong>*乙*"),
        ("<b><i>甲</i></b>", "***甲***"),
        ("<i><b>甲</b></i>乙", "***甲***乙"),
        ("<i>斜<b>粗</b></i>。", "*斜**粗***。"),
        ("<i><b>粗</b>斜</i>。", "***粗**斜*。"),
        ("<b>粗<i>斜</i>粗</b>", "**粗*斜*粗**"),
        ("<b><i>甲</i>乙<i>丙</i></b>", "<strong>*甲*乙*丙*</strong>"),
        ("甲<b><i>「乙」</i></b>丙", "甲<strong>*「乙」*</strong>丙"),
        ("<b>甲</b> <b>乙</b>", "**甲** **乙**"),
        # what would be a picture, were the exclamation mark moved
        ('<b>好!</b><a href="https://a.example/">乙</a>', f"**好\\!**[乙]({ABROAD}/https://a.example/)"),
        ("<b>好!</b>乙", "**好**!乙"),
        (
            '甲<b><img src="https://a.example/a.png">乙</b>丙',
            f"甲<strong>![]({ABROAD}im_/https://a.example/a.png)乙</strong>丙",
        ),
        # in other places
        ("<h3><b>甲。</b>乙</h3>", "### **甲**。乙"),
        ("<h3>甲<br><b>「乙」</b></h3>", "### 甲<br>**「乙」**"),
        ("<table><tr><th><b>甲：</b>乙</th></tr></table>", "| **甲**：乙 |\n| --- |"),
        ('<a href="https://a.example/"><b>甲。</b></a>乙', f"[**甲。**]({ABROAD}/https://a.example/)乙"),
    ],
)
def test_emphasis(html: str, markdown: str) -> None:
    assert markdown_of(html) == markdown


@walked(
    "mark",
    [
        "→",
        "①",
        "°",
        "€",
        "$",
        "+",
        "~",
        "^",
        "“",
        "”",
        "’",
        "・",
        "…",
        "—",
        "／",
        "％",
        "〇",
        "\u2028",
        "\u0301",
        "👩\u200d🔬",
    ],
)
@walked(
    "form",
    [
        "甲<b>{0}乙</b>",
        "<b>乙{0}</b>甲",
        "甲{0}<b>乙</b>",
        "<b>乙</b>{0}甲",
        "甲<b>{0}</b>乙",
        "{0}<b>「乙」</b>{0}",
        "甲<b><i>{0}</i>乙</b>",
    ],
)
def test_whatever_stands_beside_it_is_shown(mark: str, form: str) -> None:
    markdown = markdown_of(f"<p>{form.format(mark)}</p>")
    shown = outline_of_markdown(markdown)
    assert "乙" not in shown.bold or shown.bold.startswith("乙") or shown.bold.endswith("乙")
    assert ("乙" in shown.bold) == ("<b>乙" in form or "乙</b>" in form or "「乙」</b>" in form)
    assert "*" not in "".join(shown.texts)
