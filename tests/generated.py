"""The parts of the documents that are made from tables in the code. `python -m tests.generated` writes them anew.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from crawler.settings import Kind, arguments, for_everyone, table

ROOT = Path(__file__).resolve().parents[1]
PART = re.compile(r"(?<=<!-- generated: )(\w+)( -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)


def rows(head: Iterable[str], lines: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table in Markdown."""
    for line in (head, ["---" for _ in head], *lines):
        cells = [cell.replace("|", "\\|") for cell in line]
        yield f"| {' | '.join(cells)} |\n" if set(cells) != {"---"} else f"|{'---|' * len(cells)}\n"


def settings(headings: Iterable[str]) -> Iterator[str]:
    """The settings under these headings."""
    for heading in headings:
        settings_below = table[heading]
        yield f"\n## {heading}\n\n"
        yield from rows(
            ("setting", "default", "a value is", "meaning"),
            (
                (f"`{row.name}`", f"`{row.default}`" if row.default != "" else "empty", row.needed.rstrip(","), text)
                for row, text in settings_below.items()
            ),
        )
    yield "\n"


EXAMPLES = {
    Kind.ARTICLES: "33951,40000-40100",
    Kind.WHOLE: "20",
    Kind.TIME: "2021-12",
    Kind.SWITCH: "1",
    Kind.FOLDER: "DIR",
}


def spider_arguments() -> Iterator[str]:
    """Every argument, as an option and for Scrapy, with an example."""
    yield "\n"
    lines = (
        (f"`-a {row.name}={EXAMPLES[row.kind]}`", option(row.name, EXAMPLES[row.kind]), text)
        for row, text in arguments.items()
    )
    yield from rows(("argument", "as an option", "meaning"), lines)
    yield "\n"


def option(name: str, example: str) -> str:
    """An argument of the spider as an option of a command."""
    special = {"repair": "`repair DIR`", "in_place": "`repair DIR --in-place`"}
    return special.get(name) or f"`--{name.replace('_', '-')}{'' if example == '1' else f' {example}'}`"


PARTS: Mapping[str, Callable[[], Iterator[str]]] = {
    "settings": partial(settings, [for_everyone]),
    "expert": partial(settings, [heading for heading in table if heading != for_everyone]),
    "arguments": spider_arguments,
}


def generated(text: str) -> str:
    """A document with its parts made anew."""
    return PART.sub(lambda found: f"{found[1]}{found[2]}{''.join(PARTS[found[1]]())}", text)


if __name__ == "__main__":
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        path.write_text(generated(path.read_text("utf-8")), "utf-8")
