"""The wheel in an environment of its own, from folders that are not the checkout: a first hour without a `-s`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
from pathlib import Path

import pytest

from tests.demo.__main__ import SETTINGS, archive_of_the_demo
from tests.standin import StandIn

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`citizen-news`, installed from a wheel of this tree. The packages that it needs are those of this environment:
    no test asks another machine for any."""
    folder = tmp_path_factory.mktemp("installed")
    source, wheels, environment = folder / "source", folder / "wheels", folder / "environment"
    source.mkdir()
    for name in ("crawler", "pipelines"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (
        "pyproject.toml",
        "requirements.in",
        "requirements-remote.in",
        "requirements-cluster.in",
        "README.md",
        "LICENSE",
    ):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    build = ["wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(source)]
    subprocess.run([*pip, *build], check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    (wheel,) = wheels.iterdir()
    install = ["--python", str(python), "install", "--no-index", "--no-deps", str(wheel)]
    subprocess.run([*pip, *install], check=True, capture_output=True)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = Path(subprocess.run([python, "-c", where], check=True, capture_output=True, text=True).stdout.strip())
    (own / "needed.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")
    return environment / "bin" / "citizen-news"


def called(program: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command called in a folder, with nothing of ours in the environment."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CITIZEN", "SCRAPY"))
    }
    line = [str(program), *arguments]
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_first_hour_from_three_folders_without_a_setting(program: Path, tmp_path: Path) -> None:
    archive, elsewhere = tmp_path / "my archive", tmp_path / "elsewhere"
    elsewhere.mkdir()
    begun = called(program, tmp_path, "init", str(archive), "--contact", "mailto:x@example.org", "--schedule", "02:30")
    assert begun.returncode == 0, begun.stderr
    file = archive / "citizen-news.toml"
    assert begun.stdout.splitlines()[0] == f"Wrote {file}, with the line for `crontab -e`"
    assert f"30 2 * * * {program} recover -o '{archive}'" in file.read_text("utf-8")
    assert [path.name for path in archive.iterdir()] == [file.name], "it does nothing else"
    with StandIn(archive_of_the_demo()) as standin, file.open("a", encoding="utf-8") as more:
        values = {"archive_url": standin.url, "archive_public_url": "https://archive.example", **SETTINGS}
        more.writelines(
            f"{name.lower()} = {json.dumps(value)}\n"
            for name, value in values.items()
            if name not in ("CONTACT", "IMAGES")
        )
        more.flush()
        crawled = called(program, archive, "crawl")
    assert crawled.returncode == 0, crawled.stderr
    assert crawled.stdout.splitlines()[0] == f"Recovered  36 of 40 articles, in {archive}"
    below = next((archive / "articles").iterdir())
    status = called(program, below, "status", "--json")
    assert json.loads(status.stdout)["recovered"] == 36, "found upwards"
    verified = called(program, elsewhere, "verify", "-o", str(archive))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    shown = called(program, below, "settings", "contact")
    assert shown.stdout == "CONTACT  mailto:x@example.org  (citizen-news.toml)\n"
    line = [str(program), "browse", "--port", "0", "-o", "../my archive"]
    with subprocess.Popen(line, cwd=elsewhere, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as browsing:
        assert browsing.stdout is not None
        said = browsing.stdout.readline()
        address = said.split(" at ")[1].split()[0]
        with urllib.request.urlopen(address) as page:
            assert page.status == 200
        browsing.terminate()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_a_completion_names_every_command(program: Path, tmp_path: Path, shell: str) -> None:
    script = called(program, tmp_path, "completion", shell)
    assert script.returncode == 0, script.stderr
    assert [
        name for name in ("init", "crawl", "browse", "--in-place") if name.removeprefix("--") not in script.stdout
    ] == []


def test_what_is_mistyped_is_answered_with_what_was_meant(program: Path, tmp_path: Path) -> None:
    said = {
        ("statsu",): "did you mean status?",
        ("crawl", "page"): "page: there is one spider",
        ("crawl", "CONTACT=x@example.org"): "did you mean -s CONTACT=x@example.org?",
        ("crawl", "limit=5"): "did you mean --limit 5?",
        ("crawl", "--limt", "5"): "did you mean --limit?",
        ("crawl", "-o", "items.json"): "-o names the output directory",
        ("crawl", "-O", "items.json"): "-o names the output directory",
        ("crawl", "-s", "CONTCAT=x"): "did you mean CONTACT?",
        ("shell",): "there is no command shell",
    }
    for line, words in said.items():
        ended = called(program, tmp_path, *line)
        assert (ended.returncode, words in ended.stderr, "error: " in ended.stderr) == (2, True, True), ended.stderr
    assert list(tmp_path.iterdir()) == []
