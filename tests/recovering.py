"""A bench for the recovery: a ledger, a store and an archive that answers from a table, on a clock of its own."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from crawler.ledger import ArticleRow, CaptureRow, Ledger, State
from crawler.markdown.document import relative_path
from crawler.recovery.case import ArticleItem, Selection, improvable_articles
from crawler.recovery.judge import ReadPage, read_page
from crawler.recovery.recovery import Recovery
from crawler.recovery.store import Store
from crawler.utils.timestamps import read_moment
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxPage
from crawler.wayback.digest import payload_digest
from crawler.wayback.playback import Answer, Reply, playback_url, read_reply
from tests.pages import address, article

REPLAY = "http://archive.test/web"
WAITS = (3.0, 60.0, 120.0, 240.0)
FIRST, SECOND, THIRD = "20200801000000", "20210712013906", "20230321004615"

Told = Reply | Answer
Key = tuple[str, str]


def key(of: Capture) -> Key:
    """What names a capture, listed or found on the way."""
    return of.timestamp, of.original


def capture(
    number: int,
    timestamp: str = SECOND,
    body: bytes | None = None,
    slug: str = "",
    *,
    status: str = "200",
    digest: str | None = None,
) -> Capture:
    """A listed capture; its digest is that of `body` (by default the article's page) unless given."""
    told = payload_digest(article(number) if body is None else body) if digest is None else digest
    return Capture(
        urlkey="k",
        timestamp=timestamp,
        original=address(number, slug),
        mimetype="text/html",
        statuscode=status,
        digest=told,
    )


def memento(of: Capture, body: bytes | None = None, status: int = 200, **headers: str) -> Reply:
    """The archive's answer with a capture."""
    moment = read_moment(of.timestamp)
    assert moment is not None
    number = int(of.original.split("/")[4])
    fields = {
        "Content-Type": "text/html; charset=utf-8",
        "Memento-Datetime": format_datetime(moment.astimezone(UTC), usegmt=True),
        "Link": f'<{of.original}>; rel="original"',
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return read_reply(REPLAY, of, status, tuple(fields.items()), article(number) if body is None else body)


def own(of: Capture, status: int, text: str = "", **headers: str) -> Reply:
    """The archive speaking for itself."""
    return read_reply(
        REPLAY, of, status, tuple((name.replace("_", "-"), value) for name, value in headers.items()), text.encode()
    )


def jump(of: Capture, to: Capture) -> Reply:
    """The jump to the closest capture."""
    return own(of, 302, Location=playback_url(REPLAY, to.timestamp, to.original))


def redirect(of: Capture, to: Capture) -> Reply:
    """An archived redirect."""
    return memento(of, b"", 302, Location=playback_url(REPLAY, to.timestamp, to.original))


@dataclass
class Bench:
    """Runs recoveries as the spider and the pipelines do. `asked`: the time of each request of the last run, and of
    which capture."""

    folder: Path
    answers: dict[Key, Sequence[Told]] = field(default_factory=dict)
    now: float = 1000.0
    asked: list[tuple[float, Capture]] = field(default_factory=list)
    written: dict[int, ArticleItem] = field(default_factory=dict)
    recovery: Recovery | None = None
    reopened: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.folder / "ledger.sqlite", "https://archive.example")
        self.ledger.add_source("wayback", "https://archive.example/web")
        self._named: dict[Key, Capture] = {}

    def lists(self, *captures: Capture) -> Bench:
        self._named |= {key(c): c for c in captures}
        listing, _ = self.ledger.open_listing("all")
        self.ledger.add_page(listing, "wayback", [(int(c.original.split("/")[4]), c) for c in captures], 0, CdxPage())
        return self

    def serve(self, answers: Mapping[Capture, Told | Sequence[Told]]) -> Bench:
        """What each capture is answered with, in order; the last again and again. Captures not named are served
        whole."""
        self._named = {key(of): of for of in answers} | self._named
        self.answers = {key(of): (told,) if isinstance(told, (Reply, Answer)) else told for of, told in answers.items()}
        return self

    def holds(self, pages: Mapping[Capture, bytes]) -> Bench:
        """Captures that are listed, and served with these pages."""
        return self.lists(*pages).serve({of: memento(of, page) for of, page in pages.items()})

    def files(self, *settled: Capture) -> Bench:
        """The ledger says that articles are recovered from these captures, whatever there is of their files."""
        for of in settled:
            row = self.row(of)
            file = f"articles/{relative_path(row.article)}"
            self.ledger.settle(ArticleRow(row.article, State.RECOVERED, capture=row.id, file=file), 1)
        return self

    def run(
        self,
        *,
        again: Collection[int] = (),
        most: int | None = None,
        room: int = 8,
        reader: ReadPage = read_page,
        whole: bool = True,
        renewing: bool = False,
        **choice: Any,
    ) -> Bench:
        """One run; killed after `most` requests were sent. `renewing`: as `recover` has the spider do it."""
        self.asked, self.written = [], {}
        kept = self.ledger.retry(again)
        run = self.ledger.begin_run({}, "test")
        store = Store(self.folder / "warc")
        self.reopened = improvable_articles(self.ledger, Selection(choice.get("ids")), ()) if renewing else []
        self.recovery = recovery = self.open(run, store, reader, self.reopened, kept, **choice)
        sent: dict[Key, int] = {}
        while recovery.left and not recovery.judge.layout_unknown():
            fetches = []
            for step in recovery.steps(room):
                if isinstance(step, CaptureRow):
                    fetches.append(step)
                else:
                    self._write(run, step)
            for row in fetches:
                if most is not None and len(self.asked) >= most:
                    store.close()
                    return self
                self._ask(recovery, run, row, sent, whole)
            if not fetches and recovery.left:
                wait = recovery.wait()
                assert wait is not None, "nothing is under way and nothing is due: the run would hang"
                self.now += wait
        store.close()
        return self

    def open(
        self,
        run: int,
        store: Store,
        reader: ReadPage = read_page,
        recovered: Collection[int] = (),
        again: Collection[int] = (),
        **choice: Any,
    ) -> Recovery:
        """A recovery, not run."""
        chosen = Selection(**choice)
        return Recovery(
            self.ledger, store, run, chosen, lambda: self.now, WAITS, read_page=reader, recovered=recovered, again=again
        )

    def _ask(self, recovery: Recovery, run: int, row: CaptureRow, sent: dict[Key, int], whole: bool) -> None:
        of = row.capture
        told = self.answers.get(key(of), (memento(of),))
        number = sent[key(of)] = sent.get(key(of), 0) + 1
        self.asked.append((self.now, self._named.get(key(of), of)))
        answer = told[min(number, len(told)) - 1]
        if isinstance(answer, Answer):
            recovery.troubled(row, answer, "no answer")
        elif (
            item := recovery.received(row, answer, playback_url(REPLAY, of.timestamp, of.original), whole=whole)
        ) is not None:
            self._write(run, item)

    def _write(self, run: int, item: ArticleItem) -> None:
        self.written[item.article.id] = item
        self.ledger.settle(
            ArticleRow(item.article.id, State.RECOVERED, capture=item.row.id, file="x.md", faults=item.faults), run
        )

    @property
    def requests(self) -> list[Capture]:
        return [of for _, of in self.asked]

    def article(self, number: int) -> ArticleRow:
        row = self.ledger.article(number)
        assert row is not None
        return row

    def row(self, of: Capture) -> CaptureRow:
        """What the ledger knows of a capture."""
        rows = self.ledger.captures(int(of.original.split("/")[4]))
        return next(row for row in rows if key(row.capture) == key(of))

    def state(self, number: int) -> tuple[State, str]:
        row = self.article(number)
        return row.state, row.reason

    def tear_store(self) -> None:
        """As if the disk had lost the end of every file of the store."""
        for path in (self.folder / "warc").iterdir():
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 2])

    def lose_store(self) -> None:
        shutil.rmtree(self.folder / "warc")
