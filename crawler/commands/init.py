"""`citizen-news init [DIR]`: asks what a recovery needs to know, and writes it into `citizen-news.toml`."""

import argparse
import json
import re
import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from crawler.run.command import ProjectCommand
from crawler.run.config import FILE
from crawler.run.settings import SETTINGS, read_value
from crawler.utils.exit_status import UsageError
from crawler.utils.files import write_file

Answer = TypeVar("Answer")
QUESTIONS = {
    "CONTACT": ("your e-mail or web address, which archives are told", ""),
    "FORMAT": (f"how files are written, {SETTINGS['FORMAT'].needed}", "seed"),
    "IMAGES": ("whether images are fetched too (some 17 hours more), yes or no", "no"),
}
"""The settings that are asked for: what, and what is suggested."""
_SCHEDULE = "when it shall run every night, as 02:30, or no"
_TEXT = """\
# Every setting of docs/settings.md may stand here, in small letters. The environment (CITIZEN_NEWS_CONTACT=...) and
# `-s NAME=value` override what stands here.
contact = {CONTACT}
# Of new files; `citizen-news extract --format NAME` changes those that are there.
format = {FORMAT}
images = {IMAGES}
"""
_CRONTAB = """
# Every night, as a line for `crontab -e` (docs/schedule.md has it for systemd):
# {}
"""


class Command(ProjectCommand):
    """Writes one file, and does nothing else."""

    summary = "Ask what a recovery needs to know; write citizen-news.toml"
    argument, argument_hint = "[DIR]", "the output directory"
    options = {
        **{f"--{name.lower()} VALUE": question for name, (question, _) in QUESTIONS.items()},
        "--schedule TIME": _SCHEDULE,
    }
    uses = ("OUTPUT_DIR",)

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        folder = _answer(args[0] if args else None, "where everything is written", str(self.output), _new_folder)
        values = {}
        for name, (question, suggested) in QUESTIONS.items():
            read = partial(read_value, SETTINGS[name])
            values[name] = json.dumps(
                _answer(getattr(opts, name.lower()), question, suggested, read), ensure_ascii=False
            )
        text = _TEXT.format(**values)
        if time := _answer(opts.schedule, _SCHEDULE, "no", _time):
            command = shlex.join([str(Path(sys.argv[0]).absolute()), "recover", "-o", str(folder)])
            text += _CRONTAB.format(f"{time[1]} {time[0]} * * * {command.replace('%', chr(92) + '%')}")
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder, FILE, text.encode("utf-8"))
        print(f"Wrote {folder / FILE}{', with the line for `crontab -e`' if time else ''}")
        where = "" if folder == Path.cwd() else f" -o {shlex.quote(str(folder))}"
        print(f"Next: citizen-news inspect 33951{where}")


def _new_folder(answer: str) -> Path:
    folder = Path(answer).expanduser().absolute()
    if (folder / FILE).exists():
        raise UsageError(f"{folder / FILE} is there already; change it in an editor")
    return folder


def _time(answer: str) -> tuple[int, int] | None:
    """Hour and minute; None for no."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", answer, re.ASCII)
    if not found and answer != "no":
        raise UsageError(f"{answer}: a time as 02:30, or no, is needed")
    return (int(found[1]), int(found[2])) if found else None


def _answer(given: str | None, question: str, suggested: str, read: Callable[[str], Answer]) -> Answer:
    """What the command line gave; else what is typed on a terminal, asked for until it can be read; else what is
    suggested."""
    if given is not None or not sys.stdin.isatty():
        return read(suggested if given is None else given)
    while True:
        print(f"{question[0].upper()}{question[1:]} [{suggested or 'none'}]: ", end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            raise KeyboardInterrupt
        try:
            return read(line.strip() or suggested)
        except UsageError as error:
            print(f"  {error}")
