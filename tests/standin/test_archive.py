import json
from pathlib import Path

import pytest

from .archive import FIELDS, Archive, load_archive, moment, sha1
from .client import FIRST, SECOND, SITE, THIRD, small_archive
from .warc import write_warc


def test_rows_are_sorted_by_key_and_time() -> None:
    archive = Archive()
    for original, timestamp in [(SITE + "2", FIRST), (SITE + "1", SECOND), ("http://hkcnews.com/article/1", FIRST)]:
        archive.add(original, timestamp, b"x")
    assert [(row.urlkey[-1], row.timestamp) for row in archive.rows] == [("1", FIRST), ("1", SECOND), ("2", FIRST)]


def test_a_revisit_replays_the_capture_before_it() -> None:
    archive = small_archive()
    original, revisit = archive.rows[0], archive.rows[1]
    assert (revisit.mimetype, revisit.statuscode, revisit.digest) == ("warc/revisit", "-", original.digest)
    replayed = archive.find(revisit.original, SECOND)
    assert replayed is not None
    assert (sha1(replayed.body), replayed.status, replayed.timestamp) == (original.digest, 200, SECOND)


def test_a_revisit_can_name_the_digest() -> None:
    archive = small_archive()
    row = archive.add(archive.rows[0].original, "20230401000000", digest=archive.rows[0].digest)
    capture = archive.find(row.original, row.timestamp)
    assert capture is not None
    assert b"lighthouse" in capture.body
    with pytest.raises(ValueError, match="nothing to revisit"):
        archive.add(SITE + "3", FIRST)


def test_lookup_ignores_scheme_port_www_and_case() -> None:
    for original in ("http://www.hkcnews.com/article/2", "HTTPS://hkcnews.com:443/Article/2", "hkcnews.com/article/2"):
        assert small_archive().find(original, SECOND) is not None


def test_lookup_does_not_undo_escapes() -> None:
    archive = small_archive()
    assert archive.find(SITE + "1/%25E7%2587%2588-1/%25E5%25A1%2594", FIRST) is None
    assert archive.closest(SITE + "1/%25E7%2587%2588-1/%25E5%25A1%2594", FIRST) is None


def test_of_twins_the_one_spelled_as_asked_is_found() -> None:
    archive = Archive()
    archive.add("http://hkcnews.com/article/1", FIRST, b"a")
    archive.add("https://hkcnews.com/article/1", FIRST, b"b")
    bodies = {url: archive.find(url + "hkcnews.com/article/1", FIRST) for url in ("http://", "https://", "http://www.")}
    assert [capture.body if capture else None for capture in bodies.values()] == [b"a", b"b", b"a"]


def test_closest() -> None:
    archive = small_archive()
    for asked, closest in (("2019", FIRST), ("20210601000000", SECOND), ("2024", THIRD), (SECOND, FIRST)):
        found = archive.closest(archive.rows[0].original, asked, but_not=asked)
        assert found is not None
        assert found.timestamp == closest


def test_odd_timestamps_are_moments() -> None:
    for timestamp, same in (("20200000241623", "20200102001623"), ("2020", "20200101000000"), ("20200231", "2020")):
        assert moment(timestamp) == moment(same)


def test_unlisted_captures_are_served_and_not_listed() -> None:
    archive = Archive()
    archive.add(SITE + "1", FIRST, b"x", listed=False)
    assert archive.rows == ()
    assert archive.find(SITE + "1", FIRST) is not None


def test_folder(tmp_path: Path) -> None:
    write_warc(
        tmp_path / "captures.warc.gz",
        [(SITE + "1", FIRST, 200, [("Content-Type", "text/html"), ("X-Odd", "1")], b"stored")],
    )
    rows = [
        ["com,hkcnews)/article/1", FIRST, SITE + "1", "text/html", "200", sha1(b"stored"), "9"],
        ["com,hkcnews)/article/1", SECOND, SITE + "1", "warc/revisit", "-", sha1(b"stored"), "9"],
        ["com,hkcnews)/article/1", THIRD, SITE + "1", "warc/revisit", "-", sha1(b"lost"), "9"],
    ]
    (tmp_path / "cdx.json").write_text(json.dumps([FIELDS, *rows]), "utf-8")
    (tmp_path / "troubles.json").write_text('[{"kind": "outage", "times": 1}]', "utf-8")
    archive = load_archive(tmp_path)
    assert [list(row) for row in archive.rows] == rows
    assert len(archive.troubles) == 1
    first, second = archive.find(SITE + "1", FIRST), archive.find(SITE + "1", SECOND)
    assert first is not None
    assert second is not None
    assert (first.body, first.header("x-odd"), second.body, second.timestamp) == (b"stored", "1", b"stored", SECOND)
    assert archive.find(SITE + "1", THIRD) is None


def test_a_folder_with_other_fields_is_refused(tmp_path: Path) -> None:
    write_warc(tmp_path / "captures.warc.gz", [])
    (tmp_path / "cdx.json").write_text('[["timestamp", "urlkey"]]', "utf-8")
    with pytest.raises(ValueError, match="header row"):
        load_archive(tmp_path)
