"""`citizen-news settings`: what each setting is, and where its value is from."""

import argparse

from crawler.run.command import ProjectCommand
from crawler.run.config import origin
from crawler.run.settings import FOR_EVERYONE, SETTINGS, check_names
from crawler.utils.text import json_line


class Command(ProjectCommand):
    """Reads the settings as every command reads them; changes nothing."""

    summary = "Show the settings, their values, and where each is from"
    argument, argument_hint = "[NAME]", "the name of one setting"
    options = {"--show": "all settings, those for experts too", "--json": "print one JSON object"}

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        check_names((name.upper() for name in args), SETTINGS, "setting")
        names = [args[0].upper()] if args else list(SETTINGS) if opts.show or opts.json else FOR_EVERYONE
        if opts.json:
            values = {name: {"value": self.settings[name], "origin": origin(self.settings, name)} for name in names}
            print(json_line(values))
            return
        width = max(map(len, names))
        for name in names:
            print(f"{name:<{width}}  {self.settings[name]}  ({origin(self.settings, name)})")
