import json
from pathlib import Path

import pytest

from .archive import FIELDS, sha1
from .client import FIRST, SECOND, SITE, Client, client_of
from .sample import load_sample
from .server import StandIn
from .surt import urlkey
from .warc import Stored, write_warc


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Five articles: plain, outage_once, cut_once, corrupt (its later capture), and one whose id begins like
    another's."""
    bodies = {
        f"{number}/0": f"<html><body>Invented article {number} of the sample</body></html>".encode()
        for number in (1, 2, 3, 4, 22)
    }
    stored: list[Stored] = [
        (SITE + path, FIRST, 200, [("Content-Type", "text/html")], body) for path, body in bodies.items()
    ]
    stored.append((SITE + "4/0", SECOND, 200, [("Content-Type", "text/html")], bodies["4/0"]))
    write_warc(tmp_path / "captures.warc.gz", stored)
    rows = [
        [urlkey(original), time, original, "text/html", "200", sha1(body), "9"] for original, time, _, _, body in stored
    ]
    (tmp_path / "cdx.json").write_text(json.dumps([FIELDS, *sorted(rows)]), "utf-8")
    cases = {1: "plain", 2: "outage_once", 3: "cut_once", 4: "corrupt", 22: "plain"}
    lines = [
        json.dumps({"id": number, "case": case, "good": [[FIRST, f"{SITE}{number}/0"]]})
        for number, case in cases.items()
    ]
    (tmp_path / "truth.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return tmp_path


def ask(client: Client, article: int, timestamp: str = FIRST) -> tuple[int, bool, bool]:
    """Status, whether it is a capture, whether its bytes are the stored ones."""
    got = client.get(f"/web/{timestamp}id_/{SITE}{article}/0")
    return (
        got.status,
        got.memento,
        got.body == f"<html><body>Invented article {article} of the sample</body></html>".encode(),
    )


def test_cases_are_acted_out(sample: Path) -> None:
    good = (200, True, True)
    with client_of(StandIn(load_sample(sample))) as client:
        assert ask(client, 1) == good
        assert ask(client, 22) == good
        assert [ask(client, 2) for _ in range(3)] == [(200, False, False), (503, False, False), good]
        with pytest.raises(Exception, match="IncompleteRead"):
            ask(client, 3)
        client.close()
        assert ask(client, 3) == good
        assert [ask(client, 4, time) for time in (SECOND, SECOND, FIRST)] == [
            (200, True, False),
            (200, True, False),
            good,
        ]
        assert ask(client, 1, "20210101000000") == (302, False, False)
        assert len(client.rows("hkcnews.com/article/", matchType="prefix")[0]) == 6
