"""Mutants: one small change of the code each, which some test should notice. A sample of them is the same for as long
as the code in question is, wherever it stands."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.mutants.operators import Change, changes, says_nothing

COMPOUND = (
    ast.If,
    ast.For,
    ast.While,
    ast.With,
    ast.Try,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Match,
)
"""Statements whose lines are not run together."""
HEADS = (*COMPOUND, ast.Module, ast.arguments, ast.withitem, ast.match_case, ast.ExceptHandler)
ELSEWHERE = ("annotation", "returns", "decorator_list")
"""What is no matter of behaviour, or breaks the import."""


@dataclass(frozen=True)
class Mutant:
    """`scope`: the function or class, dotted. `lines`: those of which a test must have run one to notice. `after` takes
    the place of `before`; `nth` tells the same change at several places apart."""

    file: str
    line: int
    scope: str
    before: str
    after: str
    nth: int
    lines: range
    source: str = field(repr=False)
    """The whole file with the change in it."""

    def rank(self, seed: int) -> str:
        """Sorts mutants by chance."""
        return hashlib.sha256(
            "\n".join((str(seed), self.scope, self.before, self.after, str(self.nth))).encode()
        ).hexdigest()


def sample(sources: Iterable[tuple[str, str]], seed: int, number: int) -> tuple[list[Mutant], int]:
    """So many mutants of files (names and texts), at most one at each place of the code; and how many places there
    are."""
    found = (place for file, source in sources for place in places(file, source))
    chosen = [min((mutant.rank(seed), mutant.line, mutant) for mutant in place) for place in found]
    chosen.sort(key=lambda ranked: ranked[:2])
    return [mutant for *_, mutant in chosen[:number]], len(chosen)


def places(file: str, source: str) -> list[list[Mutant]]:
    """All mutants of a file, those at the same place of the code together."""
    finder = _Finder(file, source)
    finder.walk(ast.parse(source), None, "", "", range(0))
    return finder.found


class _Finder:
    def __init__(self, file: str, source: str) -> None:
        self.found: list[list[Mutant]] = []
        self._file = file
        self._source = source.encode()
        self._begins = [0]
        for line in self._source.split(b"\n"):
            self._begins.append(self._begins[-1] + len(line) + 1)
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def walk(self, node: ast.AST, parent: ast.AST | None, name: str, scope: str, lines: range) -> None:
        """`name`: that of the parent's field that the node stands in; `lines`: of the statement around it, or the part
        of its head."""
        if says_nothing(node):
            return
        made = dict.fromkeys(changes(node, parent, name))
        if here := [mutant for change in made if (mutant := self._mutant(change, scope, lines))]:
            self.found.append(here)
        if isinstance(node, ast.JoinedStr):  # Python 3.11 knows no places inside
            return
        inner = (
            f"{scope}.{node.name}".lstrip(".")
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            else scope
        )
        for part, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and part not in ELSEWHERE:
                    around = (
                        _span(child) if isinstance(node, HEADS) and isinstance(child, (ast.stmt, ast.expr)) else lines
                    )
                    self.walk(child, node, part, inner, around)

    def _mutant(self, change: Change, scope: str, lines: range) -> Mutant | None:
        """None when nothing changes."""
        (line, begin), (last, end), after = change
        begin, end = begin + self._begins[line - 1], end + self._begins[last - 1]
        before = self._source[begin:end].decode()
        if before == after:
            return None
        self._counts[scope, before, after] += 1
        changed = (self._source[:begin] + after.encode() + self._source[end:]).decode()
        return Mutant(self._file, line, scope, before, after, self._counts[scope, before, after], lines, changed)


def _span(node: ast.stmt | ast.expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)
