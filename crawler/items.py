"""What the spider hands to the pipelines."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.recovery import Write


@dataclass(slots=True, repr=False)
class ArticleItem:
    """A recovered article on its way to the disk. The pipelines fill in `text`, then `file` and `sha256`."""

    write: Write
    text: str = ""
    file: str = ""
    sha256: str = ""

    def __repr__(self) -> str:
        return f"article {self.write.article.id}"
