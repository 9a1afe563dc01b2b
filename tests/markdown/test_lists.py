"""How blocks follow each other so that each stays its own."""

from __future__ import annotations

from crawler.markdown.blocks import join_blocks, join_item
from tests.walking import walked


@walked(
    ("blocks", "text"),
    [
        ([], ""),
        (["甲"], "甲"),
        (["甲", "乙"], "甲\n\n乙"),
        (["* 甲\n  + 乙", "* 丙\n  * 丁\n* 戊", "* 己"], "* 甲\n  + 乙\n\n- 丙\n  * 丁\n- 戊\n\n* 己"),
        (["1. 甲", "7. 乙\n8. 丙", "1. 丁"], "1. 甲\n\n7) 乙\n8) 丙\n\n1. 丁"),
        (["* 甲", "1. 乙", "* 丙"], "* 甲\n\n1. 乙\n\n* 丙"),
        (["* 甲", "\\* 乙"], "* 甲\n\n\\* 乙"),
    ],
)
def test_blocks(blocks: list[str], text: str) -> None:
    assert join_blocks(blocks) == text


@walked(
    ("blocks", "text"),
    [
        (["甲"], "甲"),
        (["甲", "+ 乙"], "甲\n+ 乙"),
        (["甲", "1. 乙"], "甲\n1. 乙"),
        (["甲", "2. 乙"], "甲\n\n2. 乙"),
        (["甲", "+ 乙", "+ 丙", "丁"], "甲\n+ 乙\n\n* 丙\n\n丁"),
        (["### 甲", "+ 乙"], "### 甲\n+ 乙"),
        (["<figure>\n</figure>", "+ 乙"], "<figure>\n</figure>\n\n+ 乙"),
        (["{{< x >}}", "甲", "乙"], "{{< x >}}\n甲\n\n乙"),
    ],
)
def test_the_blocks_of_an_item(blocks: list[str], text: str) -> None:
    assert join_item(blocks) == text
