"""What an extraction did, in words and as an exit status."""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator

from crawler.archive.holdings import Damage
from crawler.ending import Ending, Status
from crawler.offline.job import WRITTEN, Done, Outcome
from crawler.sources import in_words
from crawler.wording import some

EXAMPLES = 8


class Report:
    """Counts what came, tells of progress on standard error every so many seconds (0: never), and says at the end how it went."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun = self._told = time.monotonic()
        self.total = 0
        self.done = 0
        self.captures = 0
        self.outcomes: Counter[Outcome] = Counter()
        self.reasons: dict[str, list[int]] = defaultdict(list)
        self.differing: dict[str, list[int]] = defaultdict(list)
        self.unwritten: list[str] = []
        self.lost: list[int] = []
        self.damages: list[str] = []
        self.passed: Counter[str] = Counter()
        self.changed: tuple[str, str] | None = None
        """The format that the files had, and the one that they get, where these differ."""
        self._same: set[int] = set()

    def take(self, done: Done) -> None:
        """One article more."""
        self.done += 1
        self.captures += done.captures
        self.outcomes[done.outcome] += 1
        if done.outcome is Outcome.SAME:
            self._same.add(done.article)
        self.damages += done.damaged
        for name in done.differs:
            self.differing[name].append(done.article)
        if done.outcome is Outcome.NONE:
            self.reasons[done.reason].append(done.article)
        elif done.outcome is Outcome.UNWRITTEN:
            self.unwritten.append(f"article {done.article}: {done.reason}")
        if self._seconds and time.monotonic() - self._told >= self._seconds:
            self._told = time.monotonic()
            rate = self.done / (self._told - self._begun)
            print(f"extracted {self.done:,} of {self.total:,} articles, {rate:,.0f} a second", file=sys.stderr)

    def relinked(self, done: Done) -> None:
        """An article that was taken already, once more: its links had to follow the others."""
        if done.outcome is Outcome.CHANGED and done.article in self._same:
            self.outcomes[Outcome.SAME] -= 1
            self.outcomes[Outcome.CHANGED] += 1
            for name in done.differs:
                self.differing[name].append(done.article)

    def damaged(self, damage: Damage) -> None:
        """Something in a file cannot be read."""
        self.damages.append(f"{damage.file} at byte {damage.offset}: {damage.why}")

    def passed_over(self, what: str) -> None:
        """A record in a file is of no use; `what` several of its kind are called."""
        self.passed[what] += 1

    def describe(self, dry_run: bool, only_changed: bool) -> Iterator[str]:
        """Lines for the terminal."""
        new, changed, same = (self.outcomes[outcome] for outcome in WRITTEN)
        written = 0 if dry_run else new + changed + (0 if only_changed else same)
        if self.changed is not None:
            yield "Format        {} is changed to {}".format(*self.changed) + (" (dry run)" if dry_run else "")
        yield f"Read          {self.captures:>7,} captures of {self.done:,} articles"
        if self.passed:
            yield f"Passed over   {self.passed.total():>7,} records in the files: {in_words(self.passed)}"
        yield f"Written       {written:>7,}" + (" (dry run)" if dry_run else "")
        yield f"              {new:>7,} new, {changed:,} different from before, {same:,} the same"
        if self.outcomes[Outcome.UNDECIDED]:
            yield f"Left          {self.outcomes[Outcome.UNDECIDED]:>7,} to the crawl: captures that may be better were not fetched yet"
        if self.reasons:
            yield f"Unrecoverable {self.outcomes[Outcome.NONE]:>7,}"
        for reason, ids in sorted(self.reasons.items(), key=lambda pair: (-len(pair[1]), pair[0])):
            yield f"              {len(ids):>7,}  {reason}: {some(ids)}"
        for name, ids in sorted(self.differing.items(), key=lambda pair: (-len(pair[1]), pair[0])):
            yield f"Changed       {len(ids):>7,}  {name}: {some(ids)}"
        for damage in self.damages[:EXAMPLES]:
            yield f"Damaged       {damage}"
        if len(self.damages) > EXAMPLES:
            yield f"Damaged       … and {len(self.damages) - EXAMPLES:,} more places"

    def ending(self) -> Ending:
        """How it went, as an exit status."""
        if self.unwritten:
            about = f"{len(self.unwritten)} articles were not written, by an error of this software; please report it"
            return Ending(Status.ERROR, f"{about}: {self.unwritten[0]}")
        if self.lost:
            about = f"{len(self.lost)} articles that were recovered before are not any more; their files were left as they are"
            return Ending(Status.DAMAGED, f"{about}: {some(self.lost)}")
        if self.damages:
            return Ending(Status.DAMAGED, f"{len(self.damages)} places in the files cannot be read; everything else was extracted")
        return Ending(Status.DONE)
