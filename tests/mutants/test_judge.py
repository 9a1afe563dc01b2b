"""The whole way, on a small tree: which tests run what, also in processes they start, and what they notice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.court import Court
from tests.mutants.mutations import places
from tests.mutants.reach import Reach

ROOT = Path(__file__).parents[2]
CODE = """
import sys

SIGNS = {"less": "<", "more": ">"}

def compare(a, b):
    if a < b:
        return SIGNS["less"]
    return SIGNS["more"]

def told(text):
    return text.strip()

def unseen():
    return 7

if __name__ == "__main__":
    print(told(" a "))
"""
TESTS = """
import subprocess, sys
import pytest
from crawler import small

@pytest.fixture(scope="module")
def shared():
    return small.compare(1, 2)

def test_nothing(shared):
    pass

def test_less(shared):
    assert shared == "<"

def test_told():
    assert subprocess.run([sys.executable, "-m", "crawler.small"], capture_output=True, text=True).stdout == "a\\n"

def test_only_at_first():
    small.compare(2, 1)
    with open("../first", "x"):
        pass

def test_broken():
    small.unseen()
    assert False

@pytest.mark.heavy
def test_heavy():
    assert small.unseen() == 7
"""


@pytest.mark.heavy
def test_mutants_are_killed_by_who_notices_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "first").touch()
    trees = [tmp_path / str(number) / "tree" for number in range(2)]
    for tree in trees:
        for name, text in (("crawler/__init__.py", ""), ("crawler/small.py", CODE), ("checks/test_small.py", TESTS)):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
        (tree / "pyproject.toml").write_text(
            '[tool.pytest.ini_options]\npythonpath = ["."]\nmarkers = ["heavy: not fast"]\n'
        )
    subprocess.run([sys.executable, "-m", "tests.mutants.reach", ".."], cwd=trees[0], check=True)
    reach = Reach(trees[0].parent, trees[0])
    assert reach.failed == ["checks/test_small.py::test_broken"]
    mutants = [place[0] for place in places("crawler/small.py", CODE)]
    court = Court(reach, trees)
    judged = {
        (one.mutant.scope, one.mutant.before): (one.outcome, one.by.split("::")[-1]) for one in court.judge(mutants)
    }
    assert court.unsound == {"checks/test_small.py::test_only_at_first"}
    assert judged == {
        ("", '"less": "<", '): ("killed", "test_less"),
        ("", '"less"'): ("killed", "test_less"),
        ("", '"<"'): ("killed", "test_less"),
        ("", '"more"'): ("survived", ""),
        ("", '">"'): ("survived", ""),
        ("compare", "a < b"): ("survived", ""),
        ("compare", 'SIGNS["less"]'): ("killed", "test_less"),
        ("compare", '"less"'): ("killed", "test_less"),
        ("compare", 'SIGNS["more"]'): ("not covered", ""),
        ("compare", '"more"'): ("not covered", ""),
        ("told", "text.strip()"): ("killed", "test_told"),
        ("unseen", "7"): ("not covered", ""),
        ("", '__name__ == "__main__"'): ("killed", "test_told"),
        ("", '"__main__"'): ("killed", "test_told"),
        ("", 'print(told(" a "))'): ("killed", "test_told"),
        ("", 'told(" a ")'): ("killed", "test_told"),
        ("", '" a "'): ("killed", "test_told"),
    }
    assert all((tree / "crawler/small.py").read_text() == CODE for tree in trees)
