"""What an article says: its title and its text, and the digest by which two captures of it say the same."""

from __future__ import annotations

import hashlib

from crawler.article import Article
from crawler.markdown.reader import plain_text


def said(title: str, body: str) -> str:
    """Title and text as a reader sees them, a line for each block and line break, the title first. `body`: Markdown.

    White space counts as one space within a line and for nothing around it, since layouts differ in it. Captions are text. Addresses,
    pictures, frames and emphasis are not in it, nor are the subscription note and the blogger's block: addresses and the note are
    the capture's, and the site changed a blogger's block on all of his articles at once.
    """
    lines = (" ".join(line.split()) for line in plain_text(body).split("\n"))
    return "\n".join((" ".join(title.split()), *filter(None, lines)))


def sha256_of(article: Article) -> str:
    """The SHA-256 of what an article says, as UTF-8. The same in every format that files are written in."""
    return digest_of(said(article.title, article.body))


def digest_of(text: str) -> str:
    """The SHA-256 of what `said` gives."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
