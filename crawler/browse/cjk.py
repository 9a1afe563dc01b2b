"""Exact search for words that are written without spaces: each character is a token, a word a phrase of them.

FTS5's `unicode61` makes one token of a whole sentence, its `trigram` finds no word of two characters (measured, see ARCHITECTURE.md).
"""

from __future__ import annotations

import re
import unicodedata

_SINGLE = re.compile(
    "([\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3040-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\ue000-\uf7ff\uf900-\ufaff\U00016fe0-\U00018cff\U0001aff0-\U0001b2ff\U00020000-\U0003ffff])"
)
"""Han, Bopomofo, kana, Hangul and their kin, and characters for private use, which Hong Kong once wrote its own with: characters that
are words or parts of them."""
STOPS = "。！？；，、：…\n"
"""No word goes on behind one of these."""
_STOP = re.compile(f"[{STOPS}]+")
_END = " \uf8fe "
"""A token for them, of a private character that no page means anything by."""
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_QUOTES = str.maketrans(dict.fromkeys("“”„‟「」『』〝〞＂", '"'))
_PARTS = re.compile(r'"([^"]*)"|([^\s"]+)')


def spaced(text: str) -> str:
    """A text as it goes into the index: in compatible forms (NFKC: `ＡＢ` is `AB`), each of its characters that is a word set apart."""
    ended = _STOP.sub(_END, text)
    return _SINGLE.sub(r" \1 ", unicodedata.normalize("NFKC", _UNSAFE.sub(" ", ended)))


def match_of(query: str) -> str:
    """What a reader typed, as an FTS5 expression: every word is to be found, what stands in quotation marks as one phrase.

    Safe for any query; '' when there is nothing in it to search for.
    """
    parts = (quoted or word for quoted, word in _PARTS.findall(_UNSAFE.sub(" ", query).translate(_QUOTES)))
    phrases = (" ".join(spaced(part).replace('"', " ").split()).strip(_END) for part in parts)
    return " AND ".join(f'"{phrase}"' for phrase in phrases if any(_is_word(char) for char in phrase))


def _is_word(char: str) -> bool:
    return char.isalnum() or (_SINGLE.match(char) is not None and char not in _END)
