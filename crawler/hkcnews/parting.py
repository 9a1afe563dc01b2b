"""A page's article taken apart: body, subscription note and bloggers' blocks as trees of their own, wherever the page has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, count

from bs4 import Tag
from selectolax.lexbor import LexborNode

from crawler.hkcnews.blogger import blogger_blocks, by_layout
from crawler.hkcnews.bloggername import name_in, named_without_block
from crawler.hkcnews.builder import grown
from crawler.hkcnews.fields import BESIDE, find
from crawler.hkcnews.infoline import update_element
from crawler.hkcnews.note import detached_note, take_note
from crawler.hkcnews.page import Page, is_within
from crawler.hkcnews.region import parse, tidy

_MARK = "data-recovery-part"
"""The attribute by which parts are known again in the trees; with a number, should a page have it itself."""
_BLOGGER, _UPDATE = "blogger", "update"


@dataclass(frozen=True, slots=True)
class Parts:
    """Tidy trees. Each block of `bloggers` is known by `sure` as one, see `name_in`; `problems` are faults, in words."""

    body: Tag
    note: Tag | None
    bloggers: Sequence[tuple[Tag, bool]]
    problems: tuple[str, ...]


def take_apart(page: Page) -> Parts:
    """The parts of the article on a page that has an element with its body."""
    assert page.content is not None
    body_nodes = (page.content, *page.rest)
    blocks = blogger_blocks(page)
    within = [_is_in(block, body_nodes) for block in blocks]
    inside = [(block, _BLOGGER) for block in compress(blocks, within)]
    update = update_element(page) if find(page, "last_updated").source == BESIDE else None
    if update is not None and _is_in(update, body_nodes):
        inside.append((update, _UPDATE))
    mark = _mark(page, inside)
    body = _joined(body_nodes)
    if page.degraded:
        _drop_fields(body)
    sure = bool(by_layout(page))
    bloggers = [(block, sure) for block in _cut_out(body, mark, sure)]
    bloggers += [(_enclosed(parse(block.html or "")), True) for block, is_inside in zip(blocks, within, strict=True) if not is_inside]
    problems = tidy(body, page.layout)
    if not bloggers and (name := named_without_block(page)):
        problems.append(f"the page names a blogger, “{name}”, but no block about him was found")
    if page.astray:
        problems.append("text stands after the element that holds the body, behind a stray end tag: taken for its end")
    note = take_note(body)
    if note is None and (note := detached_note(page)) is not None:
        problems += tidy(note, page.layout)
    for part, _ in bloggers:
        problems += tidy(part, page.layout)
    return Parts(body, note, bloggers, tuple(problems))


def _is_in(node: LexborNode, containers: Sequence[LexborNode]) -> bool:
    return any(is_within(node, container) for container in containers)


def _mark(page: Page, parts: Sequence[tuple[LexborNode, str]]) -> str:
    """Mark parts of the page with what they are; gives the attribute that does, empty without any part."""
    if not parts:
        return ""
    text = page.source.lower()
    mark = next(name for name in (f"{_MARK}{number or ''}" for number in count()) if name not in text)
    for node, kind in parts:
        node.attrs[mark] = kind
    return mark


def _joined(nodes: Sequence[LexborNode]) -> Tag:
    """The elements with the body as one."""
    body = parse(nodes[0].html or "")
    for node in nodes[1:]:
        body.append(parse(node.html or "").extract())
    return body


def _cut_out(body: Tag, mark: str, sure: bool) -> list[Tag]:
    """The bloggers' blocks in the body, taken out of it; what names nobody stays. The line of the last update goes."""
    marked = [part for part in body.descendants if isinstance(part, Tag) and mark in part.attrs] if mark else []
    bloggers = []
    for part in marked:
        kind = part.attrs.pop(mark)
        if kind == _UPDATE:
            part.decompose()
        elif name_in(part, sure=sure)[0]:
            bloggers.append(_enclosed(part.extract()))
    return bloggers


def _enclosed(block: Tag) -> Tag:
    """A block as the inside of an element that means nothing itself: it may be all one link."""
    if block.name != "a":
        return block
    around = grown("<div></div>")
    assert around is not None
    around.append(block)
    return around


def _drop_fields(body: Tag) -> None:
    """On a page without a body element that we know: what is a field is not the body."""
    for element in body.select("h1, .group, .article-info, .tags"):
        element.decompose()
