"""The command that is told of a run's end. Whatever becomes of it, the run stays what it was."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

SECONDS = 60.0
"""A command that has not ended by then is stopped: a run that is over must not hold up the next one."""


def tell(words: Sequence[str], record: Path, seconds: float = SECONDS) -> str:
    """Run a command with the path of a run's record as its last argument, without a shell and with nothing to read; what it prints goes
    to standard error. Gives why it failed, or nothing. Only in the main thread."""
    process: subprocess.Popen[bytes] | None = None
    early = False

    def interrupt(*_: object) -> None:
        nonlocal early
        if process is not None:
            raise KeyboardInterrupt
        early = True  # while it is being started, of which nothing may be lost

    handler = signal.signal(signal.SIGINT, interrupt)  # Scrapy's own only asks its loop, which has ended, to stop
    try:
        # In a session of its own, so that all that it started can be stopped with it.
        process = subprocess.Popen([*words, str(record)], stdin=subprocess.DEVNULL, stdout=2, start_new_session=True)
        if early:
            raise KeyboardInterrupt
        status = process.wait(seconds)
    except (OSError, ValueError) as error:
        return f"could not be started: {error}"
    except subprocess.TimeoutExpired:
        _stop(process)
        return f"did not end within {seconds:g} s and was stopped"
    except KeyboardInterrupt:
        _stop(process)
        return "was interrupted"
    finally:
        signal.signal(signal.SIGINT, handler)
    return f"ended with status {status}" if status else ""


def _stop(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
