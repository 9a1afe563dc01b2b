"""`citizen-news completion bash|zsh|fish|tcsh`: a script for the shell, which completes commands and options."""

import argparse

import shtab

from crawler.commands import COMMANDS
from crawler.run.command import ProjectCommand, commands
from crawler.utils.exit_status import UsageError

SHELLS = ("bash", "zsh", "fish", "tcsh")


class Command(ProjectCommand):
    """Prints the script, for a file in `~/.local/share/bash-completion/completions`, say."""

    summary = "Print a completion script for bash, zsh, fish or tcsh"
    argument, argument_hint = "<SHELL>", "one of " + ", ".join(SHELLS)
    uses = ()

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        if args[0] not in SHELLS:
            raise UsageError(f"{args[0]}: {self.argument_hint} is needed")
        parser = argparse.ArgumentParser("citizen-news", conflict_handler="resolve")
        parser.add_argument("--version", action="store_true")
        subparsers = parser.add_subparsers()
        for name, command in commands().items():
            if name in COMMANDS:
                command.settings = self.settings
                command.add_options(subparsers.add_parser(name, help=command.summary, conflict_handler="resolve"))
        print(shtab.complete(parser, args[0]))
