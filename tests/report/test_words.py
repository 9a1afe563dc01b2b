"""Words in both languages: nothing that can be in the report is without them."""

from __future__ import annotations

import pytest

from crawler.archive.digest import DigestResult
from crawler.archive.playback import Answer
from crawler.hkcnews.verdict import Verdict
from crawler.images.case import MEANING
from crawler.ledger import State
from crawler.ledger.images import ImageState
from crawler.report.words import DIGESTS, IMAGE_STATES, STATES, Words, image_reason, outcome, reason


@pytest.mark.parametrize("name", [*(verdict.value for verdict in Verdict), *(answer.value for answer in Answer), "no capture"])
def test_every_reason_has_words_in_both_languages(name: str) -> None:
    words = reason(name)
    assert words.en != name or name == "article"
    assert words.zh


@pytest.mark.parametrize("name", MEANING)
def test_every_reason_of_an_image_has_words_in_both_languages(name: str) -> None:
    words = image_reason(name)
    assert words.en == MEANING[name]
    assert words.zh


def test_every_state_and_result_has_words() -> None:
    assert set(STATES) == set(State)
    assert set(IMAGE_STATES) == set(ImageState)
    assert set(DIGESTS) == {*(result.value for result in DigestResult), ""}
    assert all(words.en and words.zh for words in (*STATES.values(), *IMAGE_STATES.values(), *DIGESTS.values()))


def test_several_reasons_are_told_each_and_unknown_ones_as_they_are() -> None:
    assert reason("blank, not archived") == Words(
        f"{reason('blank').en}; the archive does not have it", f"{reason('blank').zh}；典藏庫沒有收錄"
    )
    assert reason("something new") == Words("something new")
    assert reason("") == STATES[State.LISTED]


@pytest.mark.parametrize(
    ("verdict", "answer", "said"), [("blank", "capture", "blank"), ("", "not archived", "not archived"), ("", "", "not tried")]
)
def test_the_outcome_of_a_capture(verdict: str, answer: str, said: str) -> None:
    assert outcome(verdict, answer) == said
