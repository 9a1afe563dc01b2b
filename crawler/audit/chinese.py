"""Which characters are Chinese text: ranges for patterns."""

PUNCTUATION = "\u3001-\u303f\ufe30-\ufe4f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
"""That of Chinese text; U+3000 is white space, not punctuation."""
CHINESE = f"\u2e80-\u2fdf{PUNCTUATION}\u3040-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff10-\uff19\U00020000-\U0003ffff"
"""Characters and punctuation of Chinese text."""
