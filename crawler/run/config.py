"""Which output directory is meant, and what its `citizen-news.toml` and the environment say.

A setting is taken from the command line; if it is not there, from the environment (`CITIZEN_NEWS_CONTACT=…`), then from
the file, and else it has its default. How files are written is an exception: the files that are there decide, unless
the command line says otherwise.
"""

import sqlite3
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings

from crawler.ledger import Ledger, LedgerError
from crawler.ledger.file import ledger_path
from crawler.recovery.formats import format_of
from crawler.run.settings import SETTINGS, check_names, read_setting, read_value
from crawler.utils.exit_status import UsageError

FILE = "citizen-news.toml"
PREFIX = "CITIZEN_NEWS_"
_ORIGINS = {22: FILE, 24: "environment", 26: "the files that are there", SETTINGS_PRIORITIES["cmdline"]: "command line"}
"""Where a value is from, by Scrapy's priority: between those of the project's settings (20) and of a spider (30)."""
_FROM_FILE, _FROM_ENVIRONMENT, _FROM_TREE, FROM_COMMAND_LINE = _ORIGINS


def load_config(settings: BaseSettings, environment: Mapping[str, str], folder: Path, *, format_of_files: bool) -> None:
    """Put into the settings of a command, beside what its line gave, what the environment and the output directory say.
    `folder` is where the command was called; `format_of_files`: look at the ledger for it. Raises UsageError."""
    for name in SETTINGS:
        if environment.get(variable := f"{PREFIX}{name}"):
            _put(settings, name, environment[variable], _FROM_ENVIRONMENT, variable)
    output = _find_output(settings, folder)
    settings.set("OUTPUT_DIR", str(output), settings.getpriority("OUTPUT_DIR") or 0)
    for name, value in read_file(output / FILE).items():
        _put(settings, name, value, _FROM_FILE, str(output / FILE))
    for name, value in _format_of_files(output) if format_of_files else ():
        settings.set(name, value, _FROM_TREE)


def _find_output(settings: BaseSettings, folder: Path) -> Path:
    """The one that is named; else the nearest one upwards from `folder` with a file of settings; else the default."""
    if (settings.getpriority("OUTPUT_DIR") or 0) < _FROM_FILE:
        for parent in (folder, *folder.parents):
            if (parent / FILE).is_file():
                settings.set("OUTPUT_DIR", str(parent), _FROM_FILE)
                break
    output: Path = read_setting(settings, "OUTPUT_DIR")
    return folder / output


def read_file(path: Path) -> dict[str, Any]:
    """The settings in a file, by their names; none where there is no file. Raises UsageError."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    try:
        check_names((name.upper() for name in content), (name for name in SETTINGS if name != "OUTPUT_DIR"), "setting")
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    return {name.upper(): int(value) if isinstance(value, bool) else value for name, value in content.items()}


def _put(settings: BaseSettings, name: str, value: object, priority: int, where: str) -> None:
    """Set a value, if it can be read. Raises UsageError, which says where it stands."""
    try:
        read_value(SETTINGS[name], value)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
    settings.set(name, value, priority)


def _format_of_files(output: Path) -> Iterator[list[str]]:
    """The settings with which the files in an output directory were written; none where there are no files, or where
    the ledger cannot be read, which the command itself will say."""
    path = ledger_path(output)
    with suppress(LedgerError, sqlite3.Error, OSError):
        if path.is_file():
            with Ledger(path) as ledger:
                form = format_of(ledger)
            yield from (part.split("=") for part in form.split() if part.startswith(("FORMAT=", "VIDEO=")))


def origin(settings: BaseSettings, name: str) -> str:
    """Where a setting's value is from, in words."""
    return _ORIGINS.get(settings.getpriority(name) or 0, "default")
