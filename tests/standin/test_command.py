import http.client
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .__main__ import main
from .archive import FIELDS, sha1
from .client import FIRST, SITE
from .warc import write_warc

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_warc(
        tmp_path / "captures.warc.gz", [(SITE + "1", FIRST, 200, [("Content-Type", "text/html")], b"An invented pier")]
    )
    row = ["com,hkcnews)/article/1", FIRST, SITE + "1", "text/html", "200", sha1(b"An invented pier"), "9"]
    (tmp_path / "cdx.json").write_text(json.dumps([FIELDS, row]), "utf-8")
    return tmp_path


def test_it_serves_until_interrupted(folder: Path) -> None:
    command: list[str | Path] = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "tests.standin",
        "--archive",
        folder,
        "--port-file",
        folder / "port",
        "--playback-rate",
        "1",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        announced = process.stdout.readline()
        port = int((folder / "port").read_text("ascii"))
        assert announced == f"http://127.0.0.1:{port} serves 1 captures\n"
        connection = http.client.HTTPConnection("127.0.0.1", port)
        statuses = []
        for _ in range(2):
            connection.request("GET", f"/web/{FIRST}id_/{SITE}1")
            with connection.getresponse() as response:
                statuses.append((response.status, response.read()[:2]))
        connection.close()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert (statuses, process.returncode, errors) == ([(200, b"An"), (429, b"<!")], 0, "")


def test_a_folder_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--archive", str(tmp_path)])
    assert left.value.code == 2
    assert "captures.warc.gz" in capsys.readouterr().err
