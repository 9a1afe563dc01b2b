"""A whole file: front matter, title, body, subscription note, blogger's block; and where it lies."""

from __future__ import annotations

from crawler.article import Article, Blogger, Evidence
from crawler.markdown.escape import destination, escape_heading, escape_text
from crawler.markdown.frontmatter import fields_of, front_matter

RANGE = 1000
"""Articles in one folder, as in the public backup."""


def render(article: Article, replay: str, evidence: Evidence | None = None) -> str:
    """The file's text, with one newline at its end. `replay` is the public address under which the archive replays
    captures, as `https://web.archive.org/web`; `evidence` goes into the front matter of formats that have it there.

    Raises FrontMatterError when the fields cannot be written so that they read back the same.
    """
    text = f"{front_matter(fields_of(article, replay, evidence))}\n# {escape_heading(escape_text(article.title))}\n\n{article.body}"
    if article.note:
        text = f"{text.rstrip(chr(10))}\n\n\n---\n\n\n{article.note}"
    for blogger in article.bloggers:
        text = f"{text.rstrip(chr(10))}\n\n---\n\n{_blogger(blogger)}"
    return text.rstrip("\n") + "\n"


def _blogger(blogger: Blogger) -> str:
    parts = [
        f"![{escape_text(blogger.name, in_link=True)}]({destination(blogger.avatar)})" if blogger.avatar else "",
        f"**{escape_text(blogger.name)}**",
        blogger.biography,
    ]
    return "\n\n".join(filter(None, parts))


def relative_path(article_id: int) -> str:
    """Where an article's file lies below `articles/`: `33001-34000/article_33951.md`."""
    first = (article_id - 1) // RANGE * RANGE + 1
    return f"{first}-{first + RANGE - 1}/article_{article_id}.md"
