"""Which tests run which line: one run of the fast tests under coverage, whose contexts are the tests. `python -m
tests.mutants.reach DIR` does it in a copy of the tree; `Reach` reads what came of it."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import coverage
import coverage.exceptions
import pytest

from tests.mutants.judge import FAST, settle_hypothesis
from tests.mutants.mutations import Mutant

FEW = 5
"""A crawl takes seconds, and runs nearly every line."""
FOLLOWED = """
import os
if os.environ.get("MUTANTS_PID", str(os.getpid())) != str(os.getpid()):
    import atexit, multiprocessing.util, pathlib, signal
    import coverage
    _test = pathlib.Path(os.environ["MUTANTS_DATA"] + ".test").read_text
    _seen = [coverage.Coverage(data_file=None, config_file=False, source=[os.environ["MUTANTS_SOURCE"]], messages=False), _test()]
    _leave = multiprocessing.util._exit_function
    def _save():
        if _seen:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
            measured, test = _seen
            _seen.clear()
            measured.stop()
            found = measured.get_data()
            told = coverage.CoverageData(os.environ["MUTANTS_DATA"], suffix=True)
            told.set_context(test)
            told.add_lines({file: found.lines(file) for file in found.measured_files()})
            told.write()
    def _save_and_leave():
        _save()
        _leave()
    atexit.register(_save)
    multiprocessing.util._exit_function = _save_and_leave  # a pool's workers are ended by a signal, and leave without the rest
    os.register_at_fork(after_in_child=lambda: _seen.__setitem__(1, _test()) if _seen else None)
    _seen[0].start()
"""  # noqa: E501
"""What is added to `crawler/__init__.py` in the copy, so that programs which tests start tell what they ran too; what
is forked from a process that has imported everything, too."""


@dataclass(eq=False)
class Recorder:
    """For pytest: has coverage note for whom lines run. A fixture that several tests share runs for all tests of its
    module."""

    measured: coverage.Coverage
    now: Path
    """Where the test under way is told to programs that it starts."""
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    left_out: set[str] = field(default_factory=set)
    """Tests that failed or were skipped, and those that failed."""
    failed: set[str] = field(default_factory=set)
    modules: list[str] = field(default_factory=list)
    context: str = ""

    def pytest_configure(self) -> None:
        settle_hypothesis()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.modules = sorted(
            name
            for name, module in list(sys.modules.items())
            if "site-packages" in str(getattr(module, "__file__", ""))
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._switch(item.nodeid)
        try:
            return (yield)
        finally:
            self._switch("")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Iterator[None]:
        before = self.context
        if fixturedef.scope != "function":
            self._switch(before.split("::")[0])
        try:
            return (yield)
        finally:
            self._switch(before)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if not report.passed:
            self.left_out.add(report.nodeid)
        if report.failed:
            self.failed.add(report.nodeid)

    def _switch(self, context: str) -> None:
        self.context = context
        self.now.write_text(context, "utf-8")
        self.measured.switch_context(context)


def main(folder: Path) -> int:
    """Run the fast tests of the current directory; `coverage` and `tests.json` in the folder tell what came of it."""
    source = Path.cwd() / "crawler"
    entry = source / "__init__.py"
    was = entry.read_bytes()
    data, pieces = folder / "coverage", folder / "children"
    pieces.mkdir()
    os.environ |= {
        "MUTANTS_PID": str(os.getpid()),
        "MUTANTS_DATA": str(pieces / "coverage"),
        "MUTANTS_SOURCE": str(source),
    }
    measured = coverage.Coverage(data_file=str(data), config_file=False, source=[str(source)], check_preimported=False)
    recorder = Recorder(measured, pieces / "coverage.test")
    recorder.now.touch()
    entry.write_bytes(was + FOLLOWED.encode())
    measured.start()
    try:
        pytest.main([*FAST, f"--basetemp={folder / 'tmp'}"], plugins=[recorder])
    finally:
        measured.stop()
        entry.write_bytes(was)
    measured.save()
    starting = _put_together(measured.get_data(), pieces)
    passed = {test: seconds for test, seconds in recorder.seconds.items() if test not in recorder.left_out}
    told = {"seconds": passed, "failed": sorted(recorder.failed), "modules": recorder.modules, "starting": starting}
    (folder / "tests.json").write_text(json.dumps(told), "utf-8")
    return 0


def _put_together(data: coverage.CoverageData, pieces: Path) -> list[str]:
    """Adds what programs have told; returns the contexts that started them. What a killed one left half written is
    passed over."""
    starting: set[str] = set()
    for piece in pieces.glob("coverage.*.*"):
        told = coverage.CoverageData(str(piece))
        with contextlib.suppress(coverage.exceptions.DataError):
            told.read()
            starting |= told.measured_contexts()
            data.update(told)
    return sorted(starting - {""})


class Reach:
    """Answers which tests may notice a mutant; from the folder that `main` filled, for the tree at `root`."""

    def __init__(self, folder: Path, root: Path) -> None:
        told = json.loads((folder / "tests.json").read_text("utf-8"))
        self.seconds: dict[str, float] = told["seconds"]
        """What each test took."""
        self.failed: list[str] = told["failed"]
        self.modules: list[str] = told["modules"]
        """What the tests import of others' packages."""
        self._root = root
        self._data = coverage.CoverageData(str(folder / "coverage"))
        self._data.read()
        self._of_module: dict[str, set[str]] = defaultdict(set)
        for test in self.seconds:
            self._of_module[test.split("::")[0]].add(test)
        self._starting = self._tests_of(told["starting"])
        self._contexts: dict[str, dict[int, list[str]]] = {}

    def tests(self, mutant: Mutant) -> set[str]:
        """Those that run its line; of those that start programs of ours only the quickest few."""
        found = self._reaching(mutant)
        slow = sorted(found & self._starting, key=lambda test: (self.seconds[test], test))[FEW:]
        return found.difference(slow)

    def _reaching(self, mutant: Mutant) -> set[str]:
        """For what runs at import, those that run a line which names what it defines, by way of other definitions too,
        and tests of modules that name it."""
        names = self._defining[mutant.file].get(mutant.line)
        if not names:
            return self._running(mutant.file, mutant.lines)
        names, lines = self._naming(names)
        found = {test for file, numbers in lines.items() for test in self._running(file, numbers)}
        for file, text in self._texts["tests"].items():
            if _words({Path(mutant.file).stem}).search(text) and _words(names).search(text):
                found |= self._of_module[file]
        return found

    def _running(self, file: str, lines: Iterable[int]) -> set[str]:
        if file not in self._contexts:
            self._contexts[file] = self._data.contexts_by_lineno(str(self._root / file))
        return self._tests_of({context for line in lines for context in self._contexts[file].get(line, ())})

    def _tests_of(self, contexts: Iterable[str]) -> set[str]:
        """A context is a test, or a module, whose tests share something."""
        found: set[str] = set()
        for context in contexts:
            found |= {context} & self.seconds.keys() if "::" in context else self._of_module[context]
        return found

    def _naming(self, names: set[str]) -> tuple[set[str], dict[str, set[int]]]:
        """The names, with those of what is made of them at import; and the lines inside functions that name any, by
        file."""
        known, fresh, lines = set(names), set(names), defaultdict[str, set[int]](set)
        while fresh:
            word = _words(fresh)
            fresh = set()
            for file, text in self._texts["crawler"].items():
                for number, line in enumerate(text.split("\n"), 1):
                    if word.search(line):
                        made = self._defining[file].get(number)
                        fresh |= (made or set()) - known
                        if made is None:
                            lines[file].add(number)
            known |= fresh
        return known, lines

    @cached_property
    def _texts(self) -> dict[str, dict[str, str]]:
        """All Python files of the two packages, by name."""
        return {
            package: {
                path.relative_to(self._root).as_posix(): path.read_text("utf-8")
                for path in (self._root / package).rglob("*.py")
            }
            for package in ("crawler", "tests")
        }

    @cached_property
    def _defining(self) -> dict[str, dict[int, set[str]]]:
        """Which names the lines that run at import give values to, by file."""
        return {file: dict(_defined(ast.parse(text).body, set())) for file, text in self._texts["crawler"].items()}


def _defined(statements: Iterable[ast.stmt], around: set[str]) -> Iterator[tuple[int, set[str]]]:
    """The lines of statements outside functions, and the names that each gives values to; of a class's also the
    class's."""
    for statement in statements:
        match statement:
            case ast.FunctionDef(name=name, body=body) | ast.AsyncFunctionDef(name=name, body=body):
                last, names = body[0].lineno - 1, {name}
            case ast.ClassDef(name=name, body=body):
                last, names = body[0].lineno - 1, {name}
                yield from _defined(body, names)
            case ast.Assign(targets=targets):
                last, names = (
                    statement.end_lineno or 0,
                    {target.id for target in targets if isinstance(target, ast.Name)} | around,
                )
            case ast.AnnAssign(target=ast.Name(id=name)):
                last, names = statement.end_lineno or 0, {name} | around
            case _:
                continue
        first = min([statement.lineno, *(decorator.lineno for decorator in getattr(statement, "decorator_list", ()))])
        yield from ((line, names) for line in range(first, last + 1))


def _words(names: set[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
