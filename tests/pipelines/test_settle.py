"""Settling: the ledger says what was written, from where, and with which faults."""

from __future__ import annotations

from crawler.ledger import ArticleRow, State
from pipelines.article import SettlePipeline
from tests.pipelines.things import ARTICLE, Desk, item


def test_the_article_is_recovered_from_its_capture_with_its_faults(desk: Desk) -> None:
    written = item(ARTICLE, faults=("links: 2 on the page, 1 in the file",))
    written.file, written.sha256 = "articles/1-1000/article_5.md", "ab" * 32
    assert desk.session.ledger.due() == [5]
    assert SettlePipeline.from_crawler(desk.crawler).process_item(written) is written
    assert desk.session.ledger.due() == []
    assert desk.session.ledger.article(5) == ArticleRow(
        5, State.RECOVERED, "", 1, "articles/1-1000/article_5.md", "ab" * 32, ("links: 2 on the page, 1 in the file",)
    )
