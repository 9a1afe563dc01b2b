"""What a user meets before the first command: the files around the code say what is true, and an image can be built."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from crawler import __version__

ROOT = Path(__file__).parents[1]
HADOLINT = shutil.which("hadolint") or shutil.which("hadolint", path=str(Path(sys.executable).parent))


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile in their order, each with its arguments in one line."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text("utf-8"))
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def test_the_citation_is_of_this_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    licence = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["license"]
    assert (cited["version"], cited["license"]) == (__version__, licence)
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()


@pytest.mark.skipif(HADOLINT is None, reason="there is no hadolint here that could read the Dockerfile")
def test_a_linter_finds_nothing_in_the_dockerfile() -> None:
    assert HADOLINT is not None
    done = subprocess.run([HADOLINT, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_image_has_one_volume_and_does_not_run_as_root() -> None:
    last = dict(instructions())
    assert last["USER"] == "1000"
    assert last["VOLUME"] == last["WORKDIR"] == "/data"
    assert "CITIZEN_NEWS_OUTPUT_DIR=/data" in last["ENV"]
    order = [name for name, _ in instructions()]
    assert order.index("USER") > max(at for at, name in enumerate(order) if name in ("RUN", "COPY"))


def test_what_the_image_copies_is_there_and_not_left_out() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    copied = [word for name, words in instructions() if name == "COPY" for word in words.split()[:-1]]
    sources = [word for word in copied if not word.startswith(("--", "/"))]
    assert [name for name in sources if not (ROOT / name).exists() or name in ignored] == []


def test_the_image_installs_what_is_locked() -> None:
    installs = [words for name, words in instructions() if name == "RUN" and "pip install" in words]
    assert "--require-hashes" in installs[0]
    assert "-r requirements.txt" in installs[0]
    assert "--no-deps --no-build-isolation ." in installs[1]
