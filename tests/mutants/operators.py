"""The changes that are made: those of mutmut and cosmic-ray, but for those that are an exception wherever they are made
(an argument of None), and with what this code consists of: rows of tables, regular expressions, calls that clean
something."""

from __future__ import annotations

import ast
import codecs
import re
from collections.abc import Iterator, Sequence
from typing import Final

Place = tuple[int, int]
"""Line, and byte in it."""
Change = tuple[Place, Place, str]
"""From where to where there is what instead."""

OPERATORS: Final[dict[type[ast.AST], type[ast.AST]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
NAMES: Final = {
    "strip": "rstrip",
    "lstrip": "rstrip",
    "rstrip": "lstrip",
    "lower": "upper",
    "startswith": "endswith",
    "endswith": "startswith",
    "partition": "rpartition",
    "rpartition": "partition",
    "any": "all",
    "all": "any",
    "min": "max",
    "max": "min",
    "match": "search",
    "search": "match",
    "fullmatch": "match",
}
CLEANING: Final = (
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "replace",
    "removeprefix",
    "removesuffix",
    "union",
    "reverse",
)
"""Methods whose result can stand for what they are called on."""
CONDITIONS: Final = {(ast.If, "test"), (ast.While, "test"), (ast.IfExp, "test"), (ast.comprehension, "ifs")}
SILENT: Final = ("logger", "logging", "log", "TypeVar", "cast", "isinstance", "len", "super")
"""Calls whose change no user notices, or that is an exception wherever it is made."""


def says_nothing(node: ast.AST) -> bool:
    """Is it of a kind whose change no user can notice: documentation, a line of the log, a list of what is exported?"""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Assert() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__" | "logger")]) | ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Call(func=ast.Name(id=name)) | ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
            return name in SILENT[:4]
    return False


def changes(node: ast.AST, parent: ast.AST | None, part: str) -> Iterator[Change]:
    """What may be put where a node is, which is in that part of its parent."""
    match node:
        case ast.Constant():
            yield from (_instead(node, repr(other)) for other in _constants(node.value, parent))
        case ast.Compare() | ast.BinOp() | ast.BoolOp() | ast.UnaryOp():
            yield from (_instead(node, _text(other)) for other in _calculations(node))
        case ast.Call():
            yield from (_instead(node, _text(other)) for other in _calls(node))
            yield from _without([*node.args, *node.keywords], len(node.args))
        case ast.Tuple() | ast.List() | ast.Set() | ast.Dict():
            yield from _shorter(node, parent)
        case ast.Slice():
            yield from (_instead(bound, "") for bound in (node.lower, node.upper) if bound)
        case ast.stmt():
            yield from (_instead(node, text) for text in _statements(node))
    if (type(parent), part) in CONDITIONS and isinstance(node, ast.expr):
        yield _instead(node, _text(ast.UnaryOp(ast.Not(), node)))
    if isinstance(parent, ast.Return) and isinstance(node, ast.expr) and not _is_constant(node):
        yield _instead(node, "None")


def _statements(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.AugAssign(target=target, value=value):
            yield from ("pass", f"{ast.unparse(target)} = {ast.unparse(value)}")
        case ast.Raise() | ast.Delete() | ast.Expr() | ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield "pass"
        case ast.Break():
            yield "continue"
        case ast.Continue():
            yield "break"


def _constants(value: object, parent: ast.AST | None) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, float):
        yield value * 2 or 1.0
    elif isinstance(value, bytes):
        yield b"" if value else b"X"
    elif isinstance(value, str):
        match parent:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=name)) if name != "escape":
                yield from _patterns(value)
            case _:
                yield from _strings(value)


def _strings(value: str) -> Iterator[str]:
    yield "" if value else "X"
    try:
        codecs.lookup(value)  # names of encodings are the same in capitals
    except (LookupError, ValueError):
        if value.swapcase() != value:
            yield value.swapcase()


def _patterns(value: str) -> Iterator[str]:
    """Regular expressions with a repetition, an anchor or an alternative less."""
    for found in re.finditer(r"(?<![\\(])[*+?]|\\[AbZ]|[$^]|\|[^|()\[\]]+", value):
        changed = value[: found.start()] + value[found.end() :]
        try:
            re.compile(changed)
        except re.error:
            continue
        yield changed


def _calculations(node: ast.Compare | ast.BinOp | ast.BoolOp | ast.UnaryOp) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left, ops, comparators):
            for i, operator in enumerate(ops):
                yield ast.Compare(left, [*ops[:i], OPERATORS[type(operator)](), *ops[i + 1 :]], comparators)  # type: ignore[list-item]
        case ast.BinOp(left, operator, right):
            yield from (left, right)
            if type(operator) in OPERATORS and not isinstance(left, (ast.Constant, ast.JoinedStr)):
                yield ast.BinOp(left, OPERATORS[type(operator)](), right)  # type: ignore[arg-type]
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(OPERATORS[type(operator)](), values)  # type: ignore[arg-type]
            for i in range(len(values)):
                rest = [*values[:i], *values[i + 1 :]]
                yield ast.BoolOp(operator, rest) if len(rest) > 1 else rest[0]
        case ast.UnaryOp(_, operand):
            yield operand


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    """One to a neighbour, or what would have been made something of."""
    match node.func:
        case ast.Name(id=name):
            if name in SILENT:
                return
            if name in NAMES:
                yield ast.Call(ast.Name(NAMES[name]), node.args, node.keywords)
            elif name[:1].islower() and node.args and not isinstance(node.args[0], ast.Starred):
                yield node.args[0]
        case ast.Attribute(value, name):
            if name in NAMES:
                yield ast.Call(ast.Attribute(value, NAMES[name]), node.args, node.keywords)
            if name in CLEANING:
                yield value
            if name == "sub" and len(node.args) > 1:
                yield node.args[-1]


def _shorter(node: ast.Tuple | ast.List | ast.Set | ast.Dict, parent: ast.AST | None) -> Iterator[Change]:
    """Without one of its elements; not a pair or a triple that somebody takes apart."""
    if isinstance(node, ast.Dict):
        firsts: Sequence[ast.expr | None] = node.keys
        lasts: Sequence[ast.expr] = node.values
    else:
        firsts = lasts = node.elts
    if len(lasts) < 2 or None in firsts or isinstance(parent, (ast.Return, ast.Subscript)):
        return
    if isinstance(node, ast.Tuple) and (
        isinstance(node.ctx, ast.Store) or (len(lasts) < 5 and not all(map(_is_constant, lasts)))
    ):
        return
    yield from _without(lasts, 0, firsts)


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _without(
    parts: Sequence[ast.expr | ast.keyword], begin: int, firsts: Sequence[ast.expr | None] = ()
) -> Iterator[Change]:
    """Each without one of the parts, from that number on; `firsts`: where they begin, if elsewhere."""
    begins = [_begin(first or part) for first, part in zip(firsts or parts, parts, strict=True)]
    for i in range(begin, len(parts)):
        if i + 1 < len(parts):
            yield begins[i], begins[i + 1], ""
        else:
            yield _end(parts[i - 1]) if i else begins[i], _end(parts[i]), ""


def _instead(node: ast.expr | ast.stmt, text: str) -> Change:
    return _begin(node), _end(node), text


def _begin(node: ast.expr | ast.stmt | ast.keyword) -> Place:
    return node.lineno, node.col_offset


def _end(node: ast.expr | ast.stmt | ast.keyword) -> Place:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _text(node: ast.expr) -> str:
    """As it may stand anywhere."""
    text = ast.unparse(node)
    return text if isinstance(node, (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript)) else f"({text})"
