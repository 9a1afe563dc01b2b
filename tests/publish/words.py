"""What of a page is shown in one of its two languages."""

from __future__ import annotations

import re

_PHRASE = re.compile(r'<in-(zh|en) lang="[^"]+">(.*?)</in-\1>', re.DOTALL)


def shown(page: str, language: str = "zh") -> str:
    """A page, or a part of one, with its phrases in one language."""
    return _PHRASE.sub(lambda found: found[2] if found[1] == language else "", page)
