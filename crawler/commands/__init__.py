"""The commands, a module each, and the program `citizen-news` that runs them; in a checkout `scrapy` does so too."""

import difflib
import os
import sys
from collections.abc import Sequence

from crawler import __version__

GROUPS = {
    "Recover": ("init", "inspect", "crawl", "recover", "status"),
    "Use": ("browse", "report", "export"),
    "Keep": ("extract", "verify", "audit", "repair", "compare"),
    "More": ("settings", "completion"),
}
FORMER = ("adopt", "versions")
"""Names of one more release, which say on stderr what took their place."""
COMMANDS = tuple(name for names in GROUPS.values() for name in names)


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command, from any directory. Ends the process with the command's exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:2], "--help"]
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help"):
        print(_help())
        sys.exit(0)
    if name in ("-V", "--version"):
        print(f"citizen-news {__version__}")
        sys.exit(0)
    if name not in COMMANDS + FORMER:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        advice = f"did you mean {near[0]}?" if near else "`citizen-news --help` lists the commands"
        print(f"error: there is no command {name}: {advice}", file=sys.stderr)
        sys.exit(2)
    os.environ["SCRAPY_SETTINGS_MODULE"] = "crawler.settings"
    try:
        from scrapy.cmdline import execute

        execute(["citizen-news", *arguments])
    except KeyboardInterrupt:  # while it was still being loaded
        print("stopped: interrupted; nothing was changed", file=sys.stderr)
        sys.exit(130)


def _help() -> str:
    from crawler.run.command import commands

    about = {name: command.summary for name, command in commands().items()}
    lines = ["Usage: citizen-news COMMAND [options]", ""]
    for title, names in GROUPS.items():
        lines += [f"{title}:", *(f"  {name:<11} {about[name]}" for name in names), ""]
    lines.append("`citizen-news COMMAND --help` has the options of one.")
    return "\n".join(lines)
