"""A terminal for the tests: a program in a pseudo-terminal, and what would be seen of it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
import threading
import time
from collections.abc import Callable, Mapping
from typing import Self

from tests.e2e.crawling import environment
from tests.e2e.processes import Command

_CONTROL = re.compile(r"\x1b\[(\?25[lh]|[\d;]*m|(\d*)([AK]))|\r\n?|\n")


class Screen:
    """As wide as need be, so that nothing is broken into lines; knows what rich sends to draw over lines, and nothing
    else."""

    def __init__(self) -> None:
        self.lines = [""]
        self.cursor_shown = True
        self._row = self._column = 0

    def take(self, text: str) -> None:
        """What the program has written."""
        place = 0
        while place < len(text):
            if found := _CONTROL.match(text, place):
                self._obey(found)
                place = found.end()
            else:
                assert text[place] != "\x1b", text[place : place + 10]
                self._put(text[place])
                place += 1

    def _put(self, char: str) -> None:
        line = self.lines[self._row].ljust(self._column)
        self.lines[self._row] = line[: self._column] + char + line[self._column + 1 :]
        self._column += 1

    def _obey(self, found: re.Match[str]) -> None:
        what = found[0]
        if what in ("\n", "\r\n"):
            self._row, self._column = self._row + 1, 0
            self.lines += [""] * (self._row + 1 - len(self.lines))
        elif what == "\r":
            self._column = 0
        elif what in ("\x1b[?25l", "\x1b[?25h"):
            self.cursor_shown = what.endswith("h")
        elif found[3] == "A":
            self._row = max(0, self._row - int(found[2] or 1))
        elif found[3] == "K":
            self.lines[self._row] = ""


class Program:
    """A command with standard error on a terminal, and standard output too where it is asked for."""

    def __init__(
        self, line: list[str], *, stdout: bool = False, columns: int = 250, fault: str = "", **more: str
    ) -> None:
        self._terminal, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        env: Mapping[str, str] = {**environment(), "TERM": "xterm", "COLUMNS": str(columns), **more}
        self.process = Command(
            line, env, stdin=theirs, stdout=theirs if stdout else None, stderr=theirs, new_session=True, fault=fault
        )
        os.close(theirs)
        self._written = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._terminal, 65_536)
            except OSError:  # nobody has the other end any more
                return
            if not part:
                return
            self._written += part

    @property
    def screen(self) -> Screen:
        """What is to be seen now."""
        screen = Screen()
        screen.take(re.sub(r"\x1b[^A-Za-z]*\Z", "", self.written))
        return screen

    @property
    def written(self) -> str:
        """All that came, with what it does to the terminal."""
        return self._written.decode("utf-8", "replace")

    def until(self, seen: Callable[[Self], bool]) -> None:
        """Wait for something to be seen; AssertionError with all that was written if the program ends without."""
        while not seen(self):
            assert self.process.poll() is None or seen(self), self.written
            time.sleep(0.02)

    def hang_up(self) -> None:
        """The terminal goes away."""
        os.close(self._terminal)

    def end(self) -> tuple[int, str]:
        """Wait for the end; the status, and what went to standard output if that was no terminal."""
        out, _ = self.process.communicate()
        self._reader.join()
        return self.process.wait(), out
