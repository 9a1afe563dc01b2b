"""A page's article taken apart: body, subscription note and bloggers' blocks as trees of their own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from bs4 import Tag
from bs4.element import NavigableString, PageElement
from selectolax.lexbor import LexborNode

from crawler.hkcnews.blogger import blogger_blocks, by_layout, name_in, named_without_block
from crawler.hkcnews.fields import BESIDE, find_field, update_element
from crawler.hkcnews.layout import NOTE, NOTE_BLOCKS
from crawler.hkcnews.page import Page, is_within
from crawler.hkcnews.region import clean_region, parse
from crawler.hkcnews.text import one_line
from crawler.hkcnews.tree_builder import element
from crawler.markdown.elements import BLOCKS, elements_of

_FIRST_WORDS = NOTE[:3]
_HOLDING = frozenset({"p", "div"})
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
    inside: list[tuple[LexborNode, str]] = []
    outside: list[LexborNode] = []
    for block in blogger_blocks(page):
        if any(is_within(block, node) for node in body_nodes):
            inside.append((block, _BLOGGER))
        else:
            outside.append(block)
    update = update_element(page) if find_field(page, "last_updated").source == BESIDE else None
    if update is not None and any(is_within(update, node) for node in body_nodes):
        inside.append((update, _UPDATE))
    mark = _mark(page, inside) if inside else ""
    body = parse(body_nodes[0].html or "")
    for node in body_nodes[1:]:
        body.append(parse(node.html or "").extract())
    if page.degraded:  # what is a field is not the body
        for field in body.select("h1, .group, .article-info, .tags"):
            field.decompose()
    sure = bool(by_layout(page))
    bloggers = [(block, sure) for block in _cut_out(body, mark, sure)] if mark else []
    bloggers += [(_enclosed(parse(block.html or "")), True) for block in outside]
    problems = clean_region(body, page.layout)
    if not bloggers and (name := named_without_block(page)):
        problems.append(f"the page names a blogger, “{name}”, but no block about him was found")
    if page.astray:
        problems.append("text stands after the element that holds the body, behind a stray end tag: taken for its end")
    note = cut_note(body)
    if note is None and (note := detached_note(page)) is not None:
        problems += clean_region(note, page.layout)
    for block_tree, _ in bloggers:
        problems += clean_region(block_tree, page.layout)
    return ArticleParts(body, note, bloggers, tuple(problems))


def _mark(page: Page, parts: Sequence[tuple[LexborNode, str]]) -> str:
    """Mark parts of the page with what they are; gives the attribute that does."""
    source = page.source.lower()
    mark = next(name for name in (f"{_MARK}{number or ''}" for number in count()) if name not in source)
    for node, kind in parts:
        node.attrs[mark] = kind
    return mark


def _cut_out(body: Tag, mark: str, sure: bool) -> list[Tag]:
    """The bloggers' blocks in the body, taken out of it; what names nobody stays. The line of the last update goes."""
    bloggers = []
    for part in [part for part in elements_of(body) if mark in part.attrs]:
        kind = part.attrs.pop(mark)
        if kind == _UPDATE:
            part.decompose()
        elif name_in(part, sure=sure)[0]:
            bloggers.append(_enclosed(part.extract()))
    return bloggers


def _enclosed(block: Tag) -> Tag:
    """A block as the inside of an element that means nothing itself: it may be all one link."""
    return _division([block]) if block.name == "a" else block


def _division(nodes: Sequence[PageElement]) -> Tag:
    """Nodes, taken from where they stand, in a new element."""
    around = element("div")
    for node in nodes:
        around.append(node)
    return around


def cut_note(region: Tag) -> Tag | None:
    """Cut the note out of the body's region and give it as an element of its own, without its rule; None if there is
    none. Nothing but a few blocks may follow its first words: else it is an article that speaks of subscriptions."""
    start = _first_block(region) or _set_apart(region)
    if start is None:
        return None
    while (holder := start.parent) is not None and holder is not region and _begins(holder):
        start = holder
    parts = [start, *start.next_siblings]
    if sum(not _is_blank(part) for part in parts) > NOTE_BLOCKS:
        return None
    while holder is not None and holder is not region:
        if any((part.get_text() if isinstance(part, Tag) else str(part)).strip() for part in holder.next_siblings):
            return None
        holder = holder.parent
    before = _before(start)
    if isinstance(before, Tag) and before.name == "hr":
        before.extract()
    _drop_rule(start)
    return _division(parts)


def _beginnings(region: Tag) -> Iterator[NavigableString]:
    """The texts in which the note may begin, the last first."""
    stack = list(region.contents)
    while stack:
        node = stack.pop()
        if isinstance(node, Tag):
            stack += node.contents
        elif isinstance(node, NavigableString) and _FIRST_WORDS in node:
            yield node


def _first_block(region: Tag) -> Tag | None:
    """The innermost block that begins with the note's first words; the last one, if there are several."""
    for text in _beginnings(region):
        block = next((around for around in text.parents if around is region or around.name in BLOCKS), region)
        if block is not region and _begins(block):
            return block
    return None


def _set_apart(region: Tag) -> Tag | None:
    """The note where it is no block of its own, but begins behind a line break or between blocks: made one, with what
    follows."""
    for text in _beginnings(region):
        holder, before = text.parent, _before(text)
        if (
            holder is None
            or not (holder is region or holder.name in _HOLDING)
            or not text.lstrip().startswith(NOTE)
            or not isinstance(before, Tag)
            or not (before.name == "br" or before.name in BLOCKS)
        ):
            continue
        while (blank := text.previous_sibling) is not None and (
            _is_blank(blank) or (isinstance(blank, Tag) and blank.name == "br")
        ):
            blank.extract()
        block = _division([text, *text.next_siblings])
        if holder is region:
            holder.append(block)
        else:
            holder.insert_after(block)
        return block
    return None


def _begins(block: Tag) -> bool:
    return block.get_text().strip().startswith(NOTE)


def _before(node: PageElement) -> PageElement | None:
    """What stands before a node, white space aside."""
    return next((before for before in node.previous_siblings if not _is_blank(before)), None)


def _is_blank(node: PageElement) -> bool:
    return not isinstance(node, Tag) and not str(node).strip()


def _drop_rule(note: Tag) -> None:
    """Take out the rule in the note before its first words."""
    for part in note.descendants:
        if isinstance(part, Tag) and part.name == "hr":
            part.extract()
            return
        if not isinstance(part, Tag) and not _is_blank(part):
            return


def detached_note(page: Page) -> Tag | None:
    """The note where it stands outside the body: its container, or itself with the paragraphs after it."""
    content = page.content
    assert content is not None
    named = (node for selector in page.layout.note for node in page.select(selector))
    html = next((node.html for node in named if not page.aside.holds(node) and not is_within(node, content)), None)
    if html is None and _FIRST_WORDS in page.text:
        said = ((node, one_line(node.text(deep=node.tag == "p"))) for node in page.select("p, div"))
        begun = (node for node, text in said if text.startswith(NOTE) and not page.aside.holds(node))
        html = next((_surroundings(node, content) for node in begun if not is_within(node, content)), None)
    if html is None:
        return None
    note = parse(html)
    _drop_rule(note)
    return note


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
