"""The display on a terminal, with the log above it. rich is imported only when there is a terminal."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live


def is_terminal(stream: TextIO) -> bool:
    """Whether lines can be drawn over again there."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


class Terminal:
    """A display at the end of what is written to a terminal, drawn again by `show`, gone after `stop`.

    Log records that would go to the same stream are written above it meanwhile.
    """

    def __init__(self, stream: TextIO, *, keep: bool = False) -> None:
        """`keep`: what was shown last stays there after `stop`."""
        from rich.console import Console  # noqa: PLC0415

        self._stream = stream
        self._keep = keep
        self._console: Console = Console(file=stream, markup=False, emoji=False, highlight=False)
        self._live: Live | None = None
        self._routed: list[logging.StreamHandler[TextIO]] = []

    def show(self, what: RenderableType) -> None:
        """Draw this in place of what was drawn before."""
        if self._live is None:
            self._start(what)
        else:
            self._live.update(what, refresh=True)

    def write(self, text: str) -> None:
        """Write lines above the display, as they are."""
        from rich.text import Text  # noqa: PLC0415

        self._console.print(Text(text.removesuffix("\n")), soft_wrap=True)

    def flush(self) -> None:
        """As a log handler's stream has it."""
        self._stream.flush()

    def stop(self) -> None:
        """Give the terminal back as it was. More than once does no harm."""
        live, self._live = self._live, None
        for handler in self._routed:
            handler.setStream(self._stream)
        self._routed.clear()
        if live is not None:
            live.stop()

    def _start(self, what: RenderableType) -> None:
        from rich.live import Live  # noqa: PLC0415

        self._live = Live(
            what, console=self._console, auto_refresh=False, transient=not self._keep, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start(refresh=True)
        # The cursor stays: whatever ends this process, nothing has to be put in order after it.
        self._console.show_cursor(True)
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream in (self._stream, sys.stderr):
                handler.setStream(self)
                self._routed.append(handler)
