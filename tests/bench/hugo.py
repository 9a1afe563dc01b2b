"""A library as a tree in FORMAT=hugo, and what it takes a real Hugo to build."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

from crawler.markdown.article import Article, Evidence
from crawler.markdown.document import relative_path, render
from crawler.markdown.hugo import HUGO
from crawler.preserve.article_file import parse_article_file
from crawler.recovery.formats import Format, FormatName, put_site_files
from crawler.wayback.playback import split_replay
from tests.bench.library import Vocabulary, article
from tests.bench.processes import Cost, run

PROGRAM = shutil.which("hugo")
_EVIDENCE = Evidence("2020-01-02T03:04:05Z", f"sha1:{'A' * 32}", verified=True)


def write_tree(output: Path, articles: int) -> None:
    """So many articles, every second with a link to another, as those of the site."""
    vocabulary = Vocabulary.of(0)
    for number in range(1, articles + 1):
        path = output / "articles" / relative_path(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_file(number, articles, vocabulary), "utf-8")
    put_site_files(output, Format(FormatName.HUGO))


def _file(number: int, articles: int, vocabulary: Vocabulary) -> str:
    found = parse_article_file(article(number, vocabulary), number)
    fields, body = found.fields, found.body.replace("<figcaption>\n</figcaption>\n", "")
    if number % 2:
        folder, _, name = relative_path(Random(number).randint(1, articles)).partition("/")
        is_beside = relative_path(number).startswith(f"{folder}/")
        body += f"\n\n[相關]({'' if is_beside else f'../{folder}/'}{name})"
    replay, timestamp, original = split_replay(fields["url"])
    about = (fields["date"], "", fields["author"], fields["category"], found.tags)
    return render(Article(number, timestamp, original, found.title, *about, body), replay, _EVIDENCE, HUGO)


def build(output: Path, site: Path) -> Cost:
    """Build the site; a warning is an error. Raises Failed."""
    return run([PROGRAM or "hugo", "--panicOnWarning", "--noBuildLock", "-s", str(output), "-d", str(site)])
