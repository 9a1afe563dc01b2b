"""`adopt DIR`: the former name of `audit DIR --adopt`."""

import argparse

from crawler.commands import audit


class Command(audit.Command):
    """For one more release."""

    successor = "audit DIR --adopt"

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        opts.adopt = True
        super().act(args, opts)
