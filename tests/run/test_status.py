"""Where everything stands is said alike by `status`, the end of a run, `extract` and the report, and adds up."""

from __future__ import annotations

import re
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from crawler.ledger import State
from crawler.run.status import count_articles, describe_end, describe_status
from tests.publish.report.trees import Tree

STANDING = {"recovered": 4, "adopted": 2, "not tried yet": 3, "waiting": 1, "unrecoverable": 2}


def standing(tree: Tree) -> Tree:
    """Some articles in each state."""
    tree.lists(*range(1, 11)).recovers(1, 2, 3, 4).gives_up(5, "farewell, blank").gives_up(6, "blank")
    tree.gives_up(7, "outage page", State.WAITING)
    tree.ledger.adopt([21, 22], "backup")
    return tree


def test_numbers_are_named_alike_everywhere_and_add_up(tmp_path: Path) -> None:
    tree = standing(Tree(tmp_path))
    counts = count_articles(tree.ledger)
    listed = counts.pop("listed")
    assert listed == sum(counts.values()) == sum(STANDING.values())
    lines = [
        re.fullmatch(r"(\w[\w ]*?) +([\d,]+)(?:  .*| articles of .*)?", line) for line in describe_status(tree.ledger)
    ]
    assert {line[1].lower(): int(line[2]) for line in lines if line} == {"listed": listed, **STANDING}
    end = " ".join(describe_end(tree.ledger, tmp_path))
    assert f"{STANDING['recovered']} of {listed} articles" in end
    for name, number in STANDING.items():
        assert name == "recovered" or f"{number} {name}" in end, name
    tiles = LexborHTMLParser(tree.page()).css("#glance .tiles div")
    said = {div.css("dt in-en")[0].text(): int(div.css("dd")[0].text().split()[0]) for div in tiles}
    assert said == {"listed": listed, **STANDING}
