"""The site's lists of articles, as the archive holds them: front page, bloggers' page, JSON with cards in it (FACTS,
"Lists")."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tests.demo.chrome import HOST, SITE, card, cards, head, page
from tests.demo.sources import Source, address


@dataclass(frozen=True, slots=True)
class Listed:
    """One capture of a list: its path, and the articles that stood on it, newest first."""

    timestamp: str
    path: str
    ids: tuple[int, ...]

    @property
    def original(self) -> str:
        return HOST + address(self.path)

    @property
    def is_json(self) -> bool:
        return self.path.startswith("/data/")


LISTS = (
    Listed("20180320000102", "/", (11230, 10077, 9154, 8080)),
    Listed("20210712120000", "/", (36963, 35800, 34567, 33900)),
    Listed("20210712120009", "/bloggers", (46010, 35800, 30303, 27272)),
    Listed("20210712120002", "/blogger/單車阿潮-58", (35800, 10077)),
    Listed("20210712120003", "/news/12/社區", (36963, 21413, 17640, 16888)),
    Listed("20210712120004", "/event/52", (31415, 32768)),
    Listed("20210712120005", "/data/allposts?page=1", (36963, 35800, 34567, 33900, 32768)),
    Listed("20210712120006", "/data/allposts?page=2", (9154, 8080, 7218, 6033, 5126)),
    Listed("20210712120007", "/data/newsposts?page=1", (34567, 33900, 32768, 31415)),
    Listed("20210712120008", "/data/newsposts/12?page=1", (21413, 20015)),
)


def list_page(listed: Listed, sources: Sequence[Source]) -> str:
    """What the site answered; JSON is written as PHP writes it, with every slash and every Chinese character
    escaped."""
    by_id = {source.id: source for source in sources}
    shown = [by_id[number] for number in listed.ids]
    if listed.is_json:
        return json.dumps({"items": [card(source) for source in shown]}, separators=(",", ":")).replace("/", r"\/")
    name = "首頁" if listed.path == "/" else listed.path.rpartition("/")[2]
    return page(head(f"{SITE} - {name}", SITE, (), listed.path), "", kind="Home", below=cards(shown))
