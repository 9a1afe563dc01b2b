"""Words in both languages: nothing that can be in the report is without them."""

from __future__ import annotations

from crawler.hkcnews.verdict import Verdict
from crawler.ledger import State
from crawler.ledger.images import ImageState
from crawler.publish.report.parts import DIGESTS, IMAGE_STATES, STATES, image_reason, reason
from crawler.publish.words import Bilingual
from crawler.recovery.image_content import ImageFault
from crawler.wayback.digest import DigestResult
from crawler.wayback.playback import Answer


def test_every_reason_has_words_in_both_languages() -> None:
    names = [*(verdict.value for verdict in Verdict), *(answer.value for answer in Answer), "no capture"]
    assert [name for name in names if reason(name).en == name] == []
    assert [name for name in names if not reason(name).zh] == []
    assert [image_reason(name).en for name in ImageFault] == [name.meaning for name in ImageFault]
    assert [name for name in ImageFault if not image_reason(name).zh] == []


def test_every_state_and_result_has_words() -> None:
    assert set(STATES) == set(State)
    assert set(IMAGE_STATES) == set(ImageState)
    assert set(DIGESTS) == {*(result.value for result in DigestResult), ""}
    assert all(words.en and words.zh for words in (*STATES.values(), *IMAGE_STATES.values(), *DIGESTS.values()))


def test_several_reasons_are_told_each_and_unknown_ones_as_they_are() -> None:
    assert reason("blank, not archived") == Bilingual(
        f"{reason('blank').en}; the archive does not have it", f"{reason('blank').zh}；典藏庫沒有收錄"
    )
    assert reason("something new") == Bilingual("something new")
    assert reason("") == STATES[State.LISTED]
