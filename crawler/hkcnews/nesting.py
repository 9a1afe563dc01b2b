"""What HTML nests and Markdown cannot: emphasis and links around whole blocks, emphasis by inline style, and what takes
emphasis off inside it; table parts out of their order, and quotations without their marks."""

from collections.abc import Iterable, Sequence
from itertools import groupby, takewhile

from bs4 import Comment, Tag
from bs4.element import NavigableString, PageElement

from crawler.hkcnews.tree_builder import element
from crawler.markdown.elements import (
    BLOCKS,
    ELEMENTS,
    FRAMES,
    KINDS,
    emphasis,
    has_block,
    quotation_marks,
    shown_children,
    without_emphasis,
)

_NOT_WRAPPED = frozenset({*FRAMES, "img", "br", "hr"})


def spell_out_styles(styled: Iterable[Tag]) -> list[Tag]:
    """Put elements in the place of what inline styles say of their text; gives those that are new."""
    found: list[Tag] = []
    taken_off: dict[int, tuple[Tag, list[Tag]]] = {}
    for node in styled:
        said, own = emphasis(node), KINDS.get(node.name)
        node.attrs["style"] = without_emphasis(str(node.attrs["style"]))
        if own and not said.get(own):
            node.name = "span"
        for kind, becomes in said.items():
            if becomes and kind != own and node.name not in _NOT_WRAPPED:
                found.append(_wrapped(list(node.contents), node, ELEMENTS[kind]))
            for around in () if becomes else node.parents:
                if KINDS.get(around.name) == kind:
                    taken_off.setdefault(id(around), (around, []))[1].append(node)
    for holder, ends in taken_off.values():
        found += _spread(holder, holder.name, {id(end) for end in ends}, _ways(holder, ends))
        holder.unwrap()
    return found


def _ways(holder: Tag, inside: Iterable[Tag]) -> set[int]:
    """The identities of what stands between an element and some that are in it."""
    return {id(around) for node in inside for around in takewhile(lambda around: around is not holder, node.parents)}


def _wrapped(nodes: Sequence[PageElement], holder: Tag, name: str) -> Tag:
    """A new element around nodes that stand one after another in an element."""
    wrapper = element(name)
    if nodes:
        nodes[0].insert_before(wrapper)
    else:
        holder.append(wrapper)
    for node in nodes:
        wrapper.append(node.extract())
    return wrapper


def _spread(holder: Tag, name: str, ends: set[int], ways: set[int]) -> list[Tag]:
    """Emphasis around all that an element holds but `ends`, which take it off; gives the new elements."""
    found: list[Tag] = []
    for is_apart, nodes in groupby(list(holder.contents), lambda child: id(child) in ends or id(child) in ways):
        run = list(nodes)
        if not is_apart and any(map(_shows, run)):
            found.append(_wrapped(run, holder, name))
        for child in run if is_apart else ():
            if isinstance(child, Tag) and id(child) not in ends:
                found += _spread(child, name, ends, ways)
    return found


def put_in_order(tables: Iterable[Tag]) -> None:
    """Put the parts of tables where a browser shows them."""
    for table in tables:
        shown = shown_children(table)
        if any(child is not other for child, other in zip(shown, table.contents, strict=True)):
            for child in shown:
                table.append(child.extract())


def quote(quotations: Iterable[Tag]) -> None:
    """Put the marks into the text that a browser shows around quotations."""
    for node, (opening, closing) in [(node, quotation_marks(node)) for node in quotations]:
        node.insert(0, NavigableString(opening))
        node.append(NavigableString(closing))
        node.name = "span"


def push_into_blocks(around: Tag) -> None:
    """Emphasis or a link around whole blocks: Markdown has emphasis inside each block, and a link, which is one, inside
    the first that shows anything."""
    if around.parent is None or not has_block(around):
        return
    for holder in [around, *around.find_all(True)]:
        if holder.name in FRAMES or not (holder is around or _is_block(holder)):
            continue
        if _wrap_runs(holder, around) and around.name == "a":
            break
    around.unwrap()


def _wrap_runs(holder: Tag, like: Tag) -> bool:
    """Wrap each run of inline nodes that shows anything, of a link only the first; gives whether there was any."""
    found = False
    for is_block, nodes in groupby(list(holder.contents), _is_block):
        run = list(nodes)
        if not is_block and any(map(_shows, run)):
            _wrapped(run, holder, like.name).attrs.update(like.attrs)
            found = True
            if like.name == "a":
                break
    return found


def _is_block(node: PageElement) -> bool:
    return isinstance(node, Tag) and (node.name in BLOCKS or has_block(node))


def _shows(node: PageElement) -> bool:
    if isinstance(node, Tag):
        return node.name == "img" or node.find("img") is not None or bool(node.get_text().strip())
    return not isinstance(node, Comment) and bool(str(node).strip())
