"""A page's article taken apart: body, subscription note and bloggers' blocks as trees of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, count

from bs4 import Tag
from bs4.element import NavigableString, PageElement
from selectolax.lexbor import LexborNode

from crawler.hkcnews.blogger import blogger_blocks, by_layout, name_in, named_without_block
from crawler.hkcnews.fields import BESIDE, find_field, update_element
from crawler.hkcnews.layout import NOTE, NOTE_BLOCKS
from crawler.hkcnews.page import Page, is_within
from crawler.hkcnews.region import clean_region, parse
from crawler.hkcnews.text import one_line
from crawler.hkcnews.tree_builder import build_tree
from crawler.markdown.elements import BLOCKS, elements_of

_FIRST_WORDS = NOTE[:3]
_HOLDING = frozenset({"p", "div"})


def cut_note(region: Tag) -> Tag | None:
    """Cut the note out of the body's region and give it as an element of its own, without its rule; None if there is
    none. Nothing but a few blocks may follow its first words: else it is an article that speaks of subscriptions."""
    start = _first_block(region) or _set_apart(region)
    if start is None:
        return None
    while (holder := start.parent) is not None and holder is not region and _begins(holder):
        start = holder
    parts: list[PageElement] = [start, *start.next_siblings]
    shown = [part for part in parts if isinstance(part, Tag) or str(part).strip()]
    if len(shown) > NOTE_BLOCKS or _text_after(start.parent, region):
        return None
    for rule in filter(None, (_before(start), _leading_rule(start))):
        rule.extract()
    note = build_tree("<div></div>")
    assert note is not None
    for part in parts:
        note.append(part.extract())
    return note


def _first_block(region: Tag) -> Tag | None:
    """The innermost block that begins with the note's first words; the last one, if there are several."""
    for text in _texts_backwards(region):
        for around in text.parents if _FIRST_WORDS in text else ():
            if around is region:
                break
            if around.name in BLOCKS:
                if _begins(around):
                    return around
                break
    return None


def _set_apart(region: Tag) -> Tag | None:
    """The note where it is no block of its own, but begins behind a line break or between blocks: made one, with what
    follows."""
    for text in _texts_backwards(region):
        holder = text.parent
        if (
            text.lstrip().startswith(NOTE)
            and _is_behind_break(text)
            and holder is not None
            and (holder is region or holder.name in _HOLDING)
        ):
            run = [text, *text.next_siblings]
            while (before := text.previous_sibling) is not None and (
                _is_blank(before) or (isinstance(before, Tag) and before.name == "br")
            ):
                before.extract()
            block = build_tree("<div></div>")
            assert block is not None
            for node in run:
                block.append(node.extract())
            if holder is region:
                holder.append(block)
            else:
                holder.insert_after(block)
            return block
    return None


def _is_behind_break(text: NavigableString) -> bool:
    before = next((node for node in text.previous_siblings if not _is_blank(node)), None)
    return isinstance(before, Tag) and (before.name == "br" or before.name in BLOCKS)


def _is_blank(node: PageElement) -> bool:
    return not isinstance(node, Tag) and not str(node).strip()


def _texts_backwards(region: Tag) -> Iterator[NavigableString]:
    """All texts, comments too, the last first."""
    stack = list(region.contents)
    while stack:
        node = stack.pop()
        if isinstance(node, NavigableString):
            yield node
        elif isinstance(node, Tag):
            stack += node.contents


def _begins(block: Tag) -> bool:
    return block.get_text().strip().startswith(NOTE)


def _before(start: Tag) -> Tag | None:
    """The rule right before the note."""
    part = next((part for part in start.previous_siblings if isinstance(part, Tag) or str(part).strip()), None)
    return part if isinstance(part, Tag) and part.name == "hr" else None


def _leading_rule(note: Tag) -> Tag | None:
    """The rule in the note before its first words."""
    for part in note.descendants:
        if isinstance(part, Tag) and part.name == "hr":
            return part
        if not isinstance(part, Tag) and str(part).strip():
            break
    return None


def _text_after(holder: Tag | None, region: Tag) -> bool:
    """Whether the region goes on after the element in which the note ends."""
    while holder is not None and holder is not region:
        if any((part.get_text() if isinstance(part, Tag) else str(part)).strip() for part in holder.next_siblings):
            return True
        holder = holder.parent
    return False


def detached_note(page: Page) -> Tag | None:
    """The note where it stands outside the body: its container, or itself with the paragraphs after it."""
    content = page.content
    assert content is not None
    for selector in page.layout.note:
        for node in page.select(selector):
            if not page.aside.holds(node) and not is_within(node, content):
                return _without_rule(parse(node.html or ""))
    for node in page.select("p, div") if _FIRST_WORDS in page.text else ():
        text = node.text(deep=node.tag == "p")
        if (
            NOTE[0] in text
            and one_line(text).startswith(NOTE)
            and not page.aside.holds(node)
            and not is_within(node, content)
        ):
            return _without_rule(parse(_surroundings(node, content)))
    return None


def _surroundings(node: LexborNode, content: LexborNode) -> str:
    """The HTML of the note that begins with `node`: the widest element that begins with it and is not around the body;
    if there is none, the paragraphs that follow."""
    around = node
    while (
        (holder := around.parent) is not None
        and one_line(holder.text()).startswith(NOTE)
        and not is_within(content, holder)
    ):
        around = holder
    if around.mem_id != node.mem_id:
        return around.html or ""
    found: list[str] = []
    following: LexborNode | None = node
    while following is not None and len(found) < NOTE_BLOCKS:
        if following.tag not in ("p", node.tag) and one_line(following.text()):
            break
        found.append(following.html or "" if following.is_element_node else "")
        following = following.next
    return f"<div>{''.join(found)}</div>"


def _without_rule(note: Tag) -> Tag:
    if (rule := _leading_rule(note)) is not None:
        rule.extract()
    return note


_MARK = "data-recovery-part"
"""The attribute by which parts are known again in the trees; with a number, should a page have it itself."""
_BLOGGER, _UPDATE = "blogger", "update"


@dataclass(frozen=True, slots=True)
class ArticleParts:
    """Tidy trees. Each block of `bloggers` is known by `sure` as one, see `name_in`; `problems` are faults, in
    words."""

    body: Tag
    note: Tag | None
    bloggers: Sequence[tuple[Tag, bool]]
    problems: tuple[str, ...]


def split_article(page: Page) -> ArticleParts:
    """The parts of the article on a page that has an element with its body."""
    assert page.content is not None
    body_nodes = (page.content, *page.rest)
    blocks = blogger_blocks(page)
    within = [_is_in(block, body_nodes) for block in blocks]
    inside = [(block, _BLOGGER) for block in compress(blocks, within)]
    update = update_element(page) if find_field(page, "last_updated").source == BESIDE else None
    if update is not None and _is_in(update, body_nodes):
        inside.append((update, _UPDATE))
    mark = _mark(page, inside)
    body = _joined(body_nodes)
    if page.degraded:
        _drop_fields(body)
    sure = bool(by_layout(page))
    bloggers = [(block, sure) for block in _cut_out(body, mark, sure)]
    bloggers += [
        (_enclosed(parse(block.html or "")), True)
        for block, is_inside in zip(blocks, within, strict=True)
        if not is_inside
    ]
    problems = clean_region(body, page.layout)
    if not bloggers and (name := named_without_block(page)):
        problems.append(f"the page names a blogger, “{name}”, but no block about him was found")
    if page.astray:
        problems.append("text stands after the element that holds the body, behind a stray end tag: taken for its end")
    note = cut_note(body)
    if note is None and (note := detached_note(page)) is not None:
        problems += clean_region(note, page.layout)
    for part, _ in bloggers:
        problems += clean_region(part, page.layout)
    return ArticleParts(body, note, bloggers, tuple(problems))


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
    marked = [part for part in elements_of(body) if mark in part.attrs] if mark else []
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
    around = build_tree("<div></div>")
    assert around is not None
    around.append(block)
    return around


def _drop_fields(body: Tag) -> None:
    """On a page without a body element that we know: what is a field is not the body."""
    for element in body.select("h1, .group, .article-info, .tags"):
        element.decompose()
