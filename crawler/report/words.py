"""What the report calls things, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crawler.archive.digest import DigestResult
from crawler.archive.playback import Answer
from crawler.hkcnews.verdict import MEANING, Verdict
from crawler.images.case import MEANING as MEANING_OF_LACK
from crawler.images.case import Lack
from crawler.images.content import Flaw
from crawler.ledger import State
from crawler.ledger.images import ImageState


@dataclass(frozen=True, slots=True)
class Words:
    """The same in both languages; `zh` is empty for what is a name or a number."""

    en: str
    zh: str = ""


STATES: Mapping[State, Words] = {
    State.RECOVERED: Words("recovered", "已復原"),
    State.ADOPTED: Words("adopted", "另有檔案"),
    State.WAITING: Words("waiting", "待重試"),
    State.LISTED: Words("to do", "未處理"),
    State.UNRECOVERABLE: Words("unrecoverable", "無法復原"),
}
IMAGE_STATES: Mapping[ImageState, Words] = {
    ImageState.HAVE: Words("there", "已取得"),
    ImageState.WAITING: Words("waiting", "待重試"),
    ImageState.WANTED: Words("to do", "未處理"),
    ImageState.MISSING: Words("missing", "缺失"),
}
DIGESTS: Mapping[str, Words] = {
    DigestResult.MATCH.value: Words("match", "吻合"),
    DigestResult.MATCH_DECODED.value: Words("match after decoding", "解碼後吻合"),
    DigestResult.MISMATCH.value: Words("mismatch", "不符"),
    DigestResult.UNKNOWN.value: Words("not compared: the index has no digest", "未比對（索引沒有摘要）"),
    "": Words("not compared", "未比對"),
}
_VERDICTS: Mapping[Verdict, str] = {
    Verdict.ARTICLE: "文章",
    Verdict.FAREWELL: "停運後取代所有網址的告別頁",
    Verdict.BLANK: "沒有標題和內文的空白範本",
    Verdict.NOT_FOUND: "網站自己的「找不到網頁」",
    Verdict.CUT_OFF: "文章未完便中斷",
    Verdict.NOT_HTML: "不是 HTML 網頁",
    Verdict.OTHER_ARTICLE: "自稱為另一篇文章的網頁",
    Verdict.ARCHIVED_ERROR: "存檔的是網站的錯誤訊息",
    Verdict.UNDECODABLE: "無法解壓的位元組",
    Verdict.UNKNOWN_LAYOUT: "版面未能辨認",
    Verdict.UNFAITHFUL: "復原後內容有增減",
    Verdict.EXTRACTION_FAILED: "耗時過長、耗用過多記憶體或令解析中斷的網頁",
}
_ANSWERS: Mapping[Answer, Words] = {
    Answer.CAPTURE: Words("a capture came", "取得快照"),
    Answer.ARCHIVED_REDIRECT: Words("a redirect of the site, archived", "存檔的是網站的重新導向"),
    Answer.CLOSEST_CAPTURE: Words("the archive led to another capture", "典藏庫轉往另一快照"),
    Answer.NOT_ARCHIVED: Words("the archive does not have it", "典藏庫沒有收錄"),
    Answer.EXCLUDED: Words("excluded from the archive", "典藏庫不予公開"),
    Answer.OUTAGE: Words("the archive was offline", "典藏庫暫停服務"),
    Answer.RATE_LIMITED: Words("the archive asked to wait", "典藏庫要求暫緩"),
    Answer.SERVER_ERROR: Words("an error of the archive", "典藏庫出錯"),
    Answer.REFUSED: Words("the archive refused", "典藏庫拒絕"),
    Answer.UNKNOWN_PAGE: Words("a page of the archive that is not known", "典藏庫不明的網頁"),
    Answer.CUT_BODY: Words("the answer was cut off", "回應中斷"),
    Answer.TIMEOUT: Words("no answer in time", "逾時沒有回應"),
    Answer.CONNECTION_LOST: Words("the connection was lost", "連線中斷"),
    Answer.CONNECTION_REFUSED: Words("the connection was refused", "連線被拒"),
    Answer.TOO_LARGE: Words("more bytes than DOWNLOAD_MAXSIZE", "超出大小上限"),
}
_LACKS: Mapping[str, str] = {
    Lack.NOT_ARCHIVED: "典藏庫沒有收錄",
    Lack.EXCLUDED: "典藏庫不公開該網站",
    Lack.NOT_FOUND: "存檔時網站已沒有該圖",
    Lack.ARCHIVED_ERROR: "存檔的是網站的錯誤訊息",
    Lack.REDIRECTS: "重新導向沒有盡頭",
    Lack.TOO_LARGE: "超出大小上限",
    Flaw.BLANK: "空白內容",
    Flaw.HTML: "該處是 HTML 網頁",
    Flaw.NOT_IMAGE: "不是已知的圖片格式",
    Flaw.CUT: "圖片未完便中斷",
    Flaw.ONE_PIXEL: "只有一個像素",
    Flaw.SCRIPT: "含有程式的 SVG",
}
_REASONS: Mapping[str, Words] = {
    "no capture": Words("no capture is known", "沒有快照"),
    **{verdict.value: Words(MEANING[verdict], chinese) for verdict, chinese in _VERDICTS.items()},
    **{answer.value: words for answer, words in _ANSWERS.items()},
}
_REASONS_OF_IMAGES: Mapping[str, Words] = {str(lack): Words(MEANING_OF_LACK[lack], chinese) for lack, chinese in _LACKS.items()}


def reason(name: str) -> Words:
    """Why an article is not there, in words; several reasons are separated by commas. Unknown ones stay as they are."""
    return _joined(name, {**_REASONS, "": STATES[State.LISTED]})


def image_reason(name: str) -> Words:
    """Why an image is not there."""
    return _joined(name, {**_REASONS, **_REASONS_OF_IMAGES, "": IMAGE_STATES[ImageState.WANTED]})


def _joined(name: str, known: Mapping[str, Words]) -> Words:
    parts = [known.get(part, Words(part)) for part in name.split(", ")]
    return Words("; ".join(part.en for part in parts), "；".join(part.zh for part in parts if part.zh))


def outcome(verdict: str, answer: str) -> str:
    """What came of a capture, in one word."""
    return verdict or answer or "not tried"
