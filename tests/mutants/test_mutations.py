"""What is changed, what is left alone, and that a sample stays the same while other code changes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants.mutations import places, sample
from tests.mutants.places import PLACES, files

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("code", "becomes"),
    [
        ("if a < b: f()", {"if (a <= b): f()", "if (not a < b): f()", "if a < b: pass"}),
        ("x = a and b", {"x = (a or b)", "x = a", "x = b"}),
        ("x = not a", {"x = a"}),
        ("x = a + b", {"x = a", "x = b"}),
        ("x = a * b", {"x = a", "x = b", "x = (a / b)"}),
        ("x = True", {"x = False"}),
        ("x = 1", {"x = 2", "x = 0"}),
        ("x = 'div.人'", {"x = ''", "x = 'DIV.人'"}),
        ("t.encode('utf-8')", {"pass", "t.encode('')"}),
        ("x = re.compile('^a+|b')", {f"x = re.compile({it!r})" for it in ("a+|b", "^a|b", "^a+")}),
        ("x = {'a', 'b'}", {"x = {'b'}", "x = {'a'}", "x = {'', 'b'}", "x = {'A', 'b'}", "x = {'a', ''}", "x = {'a', 'B'}"}),  # noqa: E501
        ("x = {a: b, c: d}", {"x = {c: d}", "x = {a: b}"}),
        ("x = f(a, k=b)", {"x = a", "x = f(a)"}),
        ("x = t.strip()", {"x = t.rstrip()", "x = t"}),
        ("x = P.sub(b, t)", {"x = t"}),
        ("x = t[a:b]", {"x = t[:b]", "x = t[a:]"}),
        ("self.x = y", {"pass"}),
        ("x += y", {"pass", "x = y"}),
        ("def f():\n return g", {"def f():\n return None"}),
        ("for x in y: break", {"for x in y: continue"}),
        ("while x: continue", {"while (not x): continue", "while x: break"}),
        ("try: pass\nexcept E: raise", {"try: pass\nexcept E: pass"}),
    ],
)  # fmt: skip
def test_changes(code: str, becomes: set[str]) -> None:
    assert {mutant.source for place in places("a.py", code) for mutant in place} == becomes


@pytest.mark.parametrize(
    "code",
    [
        '"""Documentation."""',
        "x: 'int | None'",
        "def f(a: int | None) -> 'str | None': pass",
        "@dataclass(frozen=True)\nclass A: pass",
        "__all__ = ['a', 'b']",
        "logger = logging.getLogger('a')",
        "logger.info('read %d', 1 + 1)",
        "from a import b",
        "T = TypeVar('T', bound='A')",
        "assert x is not None",
        "x = f'{a}'",
    ],
)
def test_what_no_user_notices_is_left_alone(code: str) -> None:
    assert places("a.py", code) == []


def test_a_mutant_knows_what_must_run_to_notice_it() -> None:
    code = "def f(a):\n    if (a and\n            1):\n        g(\n            2)\n    return None\n"
    lines = {mutant.after: mutant.lines for place in places("a.py", code) for mutant in place}
    assert lines["(not (a and 1))"] == lines["0"] == range(2, 4)
    assert lines["3"] == range(4, 6)


def test_the_sample_is_drawn_again_whatever_else_changes() -> None:
    of = (ROOT / "crawler" / "hkcnews" / "verdict.py").read_text("utf-8")
    added = '"""Other."""\n\n\nclass Other:\n    def other(self) -> int:\n        return 1\n'

    def drawn(seed: int, *sources: tuple[str, str]) -> set[tuple[str, str, str]]:
        mutants, number = sample(sources, seed, 30)
        assert len(mutants) == 30 < number
        unchanged = {file: ast.dump(ast.parse(source)) for file, source in sources}
        assert all(ast.dump(ast.parse(mutant.source)) != unchanged[mutant.file] for mutant in mutants)
        return {(mutant.scope, mutant.before, mutant.after) for mutant in mutants}

    first = drawn(1, ("verdict.py", of))
    assert first != drawn(2, ("verdict.py", of))
    assert len(first & drawn(1, ("elsewhere.py", of + added), ("new.py", added))) >= 29


def test_a_place_that_is_no_more_is_not_passed_over(tmp_path: Path) -> None:
    found = files(ROOT)
    assert all((ROOT / file).is_file() for file in found)
    for file in found:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert files(tmp_path) == found
    (tmp_path / PLACES[-1]).unlink()
    with pytest.raises(LookupError, match=PLACES[-1]):
        files(tmp_path)
