"""A moment as one line, for logs and pipes."""

from __future__ import annotations

from crawler.progress import words
from crawler.progress.moment import Moment, Phase


def line(moment: Moment, now: float | None = None) -> str:
    """Where a run stands, without a line break; `now` in seconds since the epoch, the moment's own time if it is not given."""
    now = moment.at if now is None else now
    if moment.phase is Phase.ENDED:
        return f"{words.subject(moment)}: {words.standing(moment)}"
    parts = [f"{moment.phase}: {words.subject(moment)}"]
    if moment.phase in (Phase.ARTICLES, Phase.IMAGES):
        parts.append(words.standing(moment))
    parts += [words.held(moment, now) or words.later(moment, now), *words.requests(moment), words.time(moment, now)]
    return "; ".join(part for part in parts if part)
