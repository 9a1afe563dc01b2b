"""The check before writing: a file's text is made, or the article is named as one that was not written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scrapy.exceptions import DropItem

from crawler.markdown import document
from pipelines.article import CheckPipeline
from tests.pipelines.things import ARTICLE, Desk, item


def test_the_text_is_that_of_the_document(desk: Desk) -> None:
    checked = CheckPipeline.from_crawler(desk.crawler).process_item(item(ARTICLE))
    assert checked.text == document.render(ARTICLE, "https://archive.example/web")
    assert checked.text.startswith('---\ntitle: "燈塔日誌"\n')
    assert desk.session.unwritten == []


def test_what_cannot_be_written_is_dropped_and_told_and_the_run_goes_on(desk: Desk) -> None:
    for article, why in (
        (replace(ARTICLE, title=""), "no title or no body"),
        (replace(ARTICLE, body=""), "no title or no body"),
        (replace(ARTICLE, title="a\ud800b"), "front matter"),
    ):
        with pytest.raises(DropItem, match="article 5"):
            CheckPipeline.from_crawler(desk.crawler).process_item(item(article))
        told = desk.session.unwritten.pop()
        assert told.startswith("article 5: ")
        assert why in told
        assert desk.session.ending is None
