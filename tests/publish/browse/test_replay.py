"""Articles as they were archived: what is at hand and told of when it cannot be used, what is served of it and under
which policies. The component is a stand-in here; tests/browser has the real one."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from crawler.publish.browse import replay as module
from crawler.publish.browse.replay import PACKAGE, VERSION, Unusable, find_replay
from crawler.publish.browse.replay_answers import (
    FRAME_POLICY,
    PAGE_POLICY,
    REPLAYED_POLICY,
    WORKER_POLICY,
    NoSuchRange,
    asked_range,
)
from crawler.publish.browse.server import HEADERS
from tests.pages import article
from tests.preserve.test_wacz import pack, warc
from tests.publish.browse.tree import Draft, Reader, build_archive, reading, write_tree

WHEN = "20210801000000"
LATER = "20211001000000"
ROOT = Path(__file__).parents[3]
SCRIPTS = {"ui.js": b"/* the component */", "sw.js": b"/* its service worker */"}


def package() -> bytes:
    """A package with nothing but the scripts."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in SCRIPTS.items():
            about = tarfile.TarInfo(f"package/{name}")
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    return out.getvalue()


def put_package(output: Path, patch: pytest.MonkeyPatch) -> None:
    """A package in an output directory that counts as the published one."""
    data = package()
    (output / PACKAGE).write_bytes(data)
    patch.setattr(module, "INTEGRITY", f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}")


def put_wacz(path: Path, *captures: tuple[str, str, int]) -> Path:
    """A WACZ of captures: address, timestamp, status."""
    store = path.parent / f"{path.stem}.warc.gz"
    warc(store, *[(url, timestamp, status, article(1)) for url, timestamp, status in captures])
    path.write_bytes(pack(store)[0])
    store.unlink()
    return path


def original(number: int) -> str:
    return Draft(number, "", "").original


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three articles: the capture of the first is at hand, of the second another one, of the third that of an address
    only that no browser spells so."""
    output = write_tree(
        tmp_path_factory.mktemp("replay"),
        [Draft(number, f"第{number}篇", "文") for number in (1, 2, 3)],
        pictures=False,
    )
    put_wacz(
        output / "articles.wacz",
        ("https://hkcnews.com/article/1/other", WHEN, 200),
        (original(1), WHEN, 200),
        (original(2), LATER, 200),
        ("https://www.hkcnews.com/article/2/moved", WHEN, 301),
        ("https://www.hkcnews.com:443/article/3/x", WHEN, 200),
    )
    build_archive(output)
    return output


@pytest.fixture(scope="module")
def reader(output: Path) -> Iterator[Reader]:
    with pytest.MonkeyPatch.context() as patch:
        put_package(output, patch)
        found, faults = find_replay(output)
    assert found is not None
    assert faults == []
    with found, reading(output, replay=found) as reader:
        yield reader


def attributes(page: str) -> dict[str, str]:
    """What the component is told."""
    start = page.partition('<div id="replay"')[2].partition(">")[0]
    return {name: unescape(value) for name, value in re.findall(r' data-(\w+)="([^"]*)"', start)}


def test_an_article_leads_to_its_capture_if_that_is_at_hand(reader: Reader) -> None:
    links = {number: f'href="/archived/{number}"' in reader.get(f"/article/{number}").text for number in (1, 2, 3)}
    assert links == {1: True, 2: False, 3: False}
    statuses = {number: reader.get(f"/archived/{number}").status for number in (1, 2, 3, 4)}
    assert statuses == {1: 200, 2: 404, 3: 404, 4: 404}
    told = attributes(reader.get("/archived/1").text)
    assert {name: told[name] for name in ("url", "ts", "replaybase")} == {
        "url": original(1),
        "ts": WHEN,
        "replaybase": "/replay/",
    }
    assert json.loads(told["config"]) == {"csp": REPLAYED_POLICY}


def test_each_answer_has_the_policy_of_its_own(reader: Reader) -> None:
    policies = {
        "/archived/1": PAGE_POLICY,
        "/replay/ui.js": WORKER_POLICY,
        "/replay/sw.js": WORKER_POLICY,
        "/replay/open.js": WORKER_POLICY,
        "/replay/frame.html": f"{FRAME_POLICY}; frame-ancestors 'self'",
        **dict.fromkeys(
            ("/article/1", "/", "/archived/2", "/replay/", "/replay/w/x"), HEADERS["content-security-policy"]
        ),
    }
    answers = {path: reader.get(path) for path in policies}
    assert {path: answer.headers["content-security-policy"] for path, answer in answers.items()} == policies
    for path, answer in answers.items():
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == ("SAMEORIGIN" if path == "/replay/frame.html" else "DENY")
        # Without this header no script below /replay/ can stand before a page that is not.
        assert "service-worker-allowed" not in answer.headers
    for policy in policies.values():
        assert "default-src 'none'" in policy
        assert not {"*", "http:", "https:", "'unsafe-eval'"} & set(policy.replace(";", " ").split())
    assert "script-src" not in REPLAYED_POLICY + HEADERS["content-security-policy"]
    assert f'content="{FRAME_POLICY}"' in answers["/replay/frame.html"].text
    for name, data in SCRIPTS.items():
        answer = answers[f"/replay/{name}"]
        assert (answer.body, answer.headers["content-type"]) == (data, "text/javascript; charset=utf-8")


def test_a_wacz_is_served_whole_and_in_ranges(reader: Reader, output: Path) -> None:
    data = (output / "articles.wacz").read_bytes()
    size, path = len(data), attributes(reader.get("/archived/1").text)["source"]
    ranges = {
        None: (200, data, None),
        "bytes=0-": (206, data, f"bytes 0-{size - 1}/{size}"),
        "bytes=5-9": (206, data[5:10], f"bytes 5-9/{size}"),
        "bytes=-7": (206, data[-7:], f"bytes {size - 7}-{size - 1}/{size}"),
        f"bytes=9-{'9' * 5000}": (206, data[9:], f"bytes 9-{size - 1}/{size}"),
        f"bytes={size}-": (416, b"", f"bytes */{size}"),
        "bytes=5-4": (416, b"", f"bytes */{size}"),
        "pages=1-2": (200, data, None),
    }
    for asked, wanted in ranges.items():
        headers = {"range": asked} if asked else {}
        answer = reader.get(path, headers=headers)
        assert (answer.status, answer.body, answer.headers.get("content-range")) == wanted, asked
        assert answer.headers["accept-ranges"] == "bytes"
        head = reader.get(path, method="HEAD", headers=headers)
        assert (head.status, head.body) == (wanted[0], b"")
        if wanted[0] != 416:
            assert head.headers["content-length"] == str(len(wanted[1]))
    current = reader.get(path).headers["etag"]
    for validator, status in ((current, 206), ('"another"', 200)):
        assert reader.get(path, headers={"range": "bytes=0-0", "if-range": validator}).status == status


def test_nothing_else_is_served(reader: Reader) -> None:
    name = attributes(reader.get("/archived/1").text)["source"].rpartition("/")[2]
    for path in (
        *(
            "/replay/articles.wacz",
            "/replay/../archive.db",
            "/replay/%2e%2e/archive.db",
            "/replay/0123456789abcdef.wacz",
        ),
        *(f"/replay/{PACKAGE}", "/replay/sw.js/x", f"/replay/x/{name}", f"/replay/{name}/x", f"/replay/%2e/{name}"),
    ):
        assert reader.get(path).status == 404, path
    for method in ("POST", "PUT", "DELETE"):
        assert reader.get(f"/replay/{name}", method=method).status == 405
    assert reader.get(f"/replay/{name}", host="evil.example").status == 400


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, None),
        ("", None),
        ("bytes=0-0", range(1)),
        ("Bytes = 2 - 3", range(2, 4)),
        ("bytes=8-", range(8, 10)),
        ("bytes=0-10", range(10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-30", range(10)),
        *(
            (f"bytes={wrong}", NoSuchRange)
            for wrong in ("", "-", "-0", "10-", "3-2", "0-1,3-4", "a-b", "1", "٣-٤", "+1-2")
        ),
    ],
)
def test_a_range_is_what_the_standard_says(header: str | None, wanted: range | type[Exception] | None) -> None:
    if wanted is NoSuchRange:
        with pytest.raises(NoSuchRange):
            asked_range(header, 10)
    else:
        assert asked_range(header, 10) == wanted


@pytest.mark.parametrize(
    ("captured", "told"),
    [
        *(
            (url, url)
            for url in (original(1), "http://hkcnews.com/article/1", "https://hkcnews.com/article/1/%e6%96%b0?a=b&c")
        ),
        ("https://hkcnews.com/article/1/新", "https://hkcnews.com/article/1/%E6%96%B0"),
        ("http://hkcnews.com:80/article/1/x?", "//hkcnews.com:80/article/1/x?"),
        *(
            (f"https://hkcnews.com{rest}", None)
            for rest in (":443/article/1", "/article/1/a|b", "/article/1/../2", "/article/1/%2E", "/article/1?a'b")
        ),
        ("HTTPS://HKCNEWS.com/article/1", None),
    ],
)
def test_the_component_is_told_an_address_as_it_looks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, captured: str, told: str | None
) -> None:
    put_package(tmp_path, monkeypatch)
    put_wacz(tmp_path / "one.wacz", (captured, WHEN, 200))
    found, _ = find_replay(tmp_path)
    assert found is not None
    with found:
        page = found.page(1, f"https://archive.example/web/{WHEN}/{captured}")
        assert (page.url if page else None) == told


def test_what_is_there_and_cannot_be_used_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = put_wacz(tmp_path / "x.wacz.kept", (original(1), WHEN, 200))
    output = tmp_path / "output"
    output.mkdir()
    assert find_replay(output) == (None, [])
    assert PACKAGE in find_replay(output, [elsewhere])[1][0]
    (output / "replaywebpage-9.9.9.tgz").write_bytes(b"")
    assert f"only version {VERSION}" in find_replay(output)[1][0]
    (output / PACKAGE).write_bytes(package())
    assert "its SHA-512 differs" in find_replay(output)[1][0]
    put_package(output, monkeypatch)
    assert find_replay(output) == (None, [])
    (output / "broken.wacz").write_bytes(b"PK\x03\x04 and no more")
    (output / "linked.wacz").symlink_to(elsewhere)
    (output / "folder.wacz").mkdir()
    found, faults = find_replay(output)
    assert found is None
    assert [fault.partition(".wacz: ")[2][:17] for fault in faults] == [
        "its index cannot ",
        "Is a directory",
        "links are not fol",
    ]
    found, again = find_replay(output, [elsewhere])
    assert again == faults
    assert found is not None
    with found:
        assert found.page(1, f"https://archive.example/web/{WHEN}/{original(1)}") is not None
    with pytest.raises(Unusable, match="broken"):
        find_replay(output, [output / "broken.wacz"])


def test_another_file_has_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_package(tmp_path, monkeypatch)
    path = put_wacz(tmp_path / "one.wacz", (original(1), WHEN, 200))
    names = []
    for changed in (1, 2):
        os.utime(path, ns=(changed, changed))
        found, _ = find_replay(tmp_path)
        assert found is not None
        with found:
            names.append(found.files[0].name)
    assert names[0] != names[1]


def test_one_version_is_named_everywhere() -> None:
    for name in ("docs/browse.md", "Makefile"):
        assert f"replaywebpage@{VERSION}" in (ROOT / name).read_text("utf-8"), name
    assert module.INTEGRITY in (ROOT / "docs" / "browse.md").read_text("utf-8")
