"""The demo's archive: up to date, complete, consistent in itself, and invented."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import brotli
import pytest
from selectolax.lexbor import LexborHTMLParser
from warcio.archiveiterator import ArchiveIterator

from crawler.recovery.image_content import Content, read_content
from crawler.recovery.listing import ids_in
from tests.demo import build
from tests.demo.fixtures import PAGES
from tests.demo.lists import LISTS
from tests.demo.pages import article_page, farewell_page
from tests.demo.pictures import FETCHED, MISSING, PICTURES
from tests.demo.scenes import draw
from tests.demo.sources import Layout, Source, address, read_source, read_sources
from tests.shared import shared
from tests.walking import walked

FIXTURES = Path(__file__).parents[1] / "fixtures"
CASES = {
    *(
        "plain",
        "english",
        "late_farewell",
        "only_farewell",
        "blank",
        "only_blank",
        "gone404",
        "archived_truncated",
        "redirect",
        "revisit",
    ),
    *(
        "mojibake",
        "query_dup",
        "port80",
        "slug_change",
        "double_encoded",
        "updated",
        "enc_gzip",
        "enc_gzip_raw",
        "enc_br",
    ),
    *("outage_once", "cut_once", "corrupt", "other_id", "not_html"),
}


@cache
def sources() -> list[Source]:
    return read_sources()


@cache
def cdx() -> list[list[str]]:
    rows: list[list[str]] = json.loads((build.ARCHIVE / build.CDX_NAME).read_text(encoding="utf-8"))
    return rows


@cache
def truth() -> dict[int, dict[str, Any]]:
    lines = (build.ARCHIVE / build.TRUTH_NAME).read_text(encoding="utf-8").splitlines()
    return {line["id"]: line for line in map(json.loads, lines)}


@cache
def payloads() -> dict[tuple[str, str], tuple[bytes, str | None]]:
    """Payload and Content-Encoding of every record, by timestamp and original."""
    found: dict[tuple[str, str], tuple[bytes, str | None]] = {}
    with (build.ARCHIVE / build.WARC_NAME).open("rb") as stream:
        for record in ArchiveIterator(stream):
            timestamp = re.sub(r"\D", "", record.rec_headers.get_header("WARC-Date"))
            key = (timestamp, record.rec_headers.get_header("WARC-Target-URI"))
            assert key not in found
            found[key] = (record.raw_stream.read(), record.http_headers.get_header("Content-Encoding"))
    return found


def text_of(key: tuple[str, str]) -> str:
    payload = payloads()[key][0]
    if payload[:2] == b"\x1f\x8b":
        payload = gzip.decompress(payload)
    elif payloads()[key][1] == "br":
        payload = brotli.decompress(payload)
    return payload.decode("utf-8")


def test_the_committed_archive_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["--check"]) == 0, capsys.readouterr().out


def test_a_changed_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(build.ARCHIVE, tmp_path, dirs_exist_ok=True)
    (tmp_path / build.TRUTH_NAME).write_text("{}\n", encoding="utf-8")
    (tmp_path / build.WARC_NAME).unlink()
    page = PAGES / "chrome_twins" / "page.html"
    monkeypatch.setattr(build, "fixture_files", lambda: [(page, page.read_bytes() + b"\n\n<!-- more -->")])
    assert build.outdated(tmp_path) == [build.WARC_NAME, build.TRUTH_NAME, "chrome_twins/page.html"]


def test_the_archive_is_small_and_has_every_case() -> None:
    assert sum(path.stat().st_size for path in build.ARCHIVE.iterdir()) < 400_000
    assert len(truth()) >= 30
    assert {line["case"] for line in truth().values()} == CASES
    assert {line["category"] for line in truth().values()} == {"眾聞", "眾說", "眾觀", "眾數", "眾坊", "tri-angles"}


def test_the_listing_and_the_records_agree() -> None:
    header, *rows = cdx()
    assert header == build.CDX_FIELDS
    assert [row[:2] for row in rows] == sorted(row[:2] for row in rows)
    assert {(row[1], row[2]) for row in rows} == set(payloads())
    for _, timestamp, original, _, _, digest, _ in rows:
        assert base64.b32encode(hashlib.sha1(payloads()[timestamp, original][0]).digest()).decode() == digest


def test_a_listed_length_is_that_of_the_gzip_member() -> None:
    data, at = (build.ARCHIVE / build.WARC_NAME).read_bytes(), 0
    for row in cdx()[1:]:
        member = data[at : at + int(row[6])]
        assert gzip.decompress(member).startswith(b"WARC/1.1\r\n")
        at += len(member)
    assert at == len(data)


@walked("line", truth().values(), ids=truth())
def test_good_captures_show_the_article(line: dict[str, Any]) -> None:
    listed = {(row[1], row[2]): row for row in cdx()[1:]}
    assert (line["status"] == "ok") == bool(line["good"])
    assert (line["reason"] is None) == bool(line["good"])
    for timestamp, original in line["good"]:
        assert listed[timestamp, original][4] in ("200", "-")
        page = text_of((timestamp, original))
        assert "</html>" in page
        assert f"{line['author'].split(':')[0]}" in page
        assert ("最後更新" in page) == bool(line["last_updated"])


def test_the_farewell_page_has_one_digest_under_many_articles() -> None:
    digest = base64.b32encode(hashlib.sha1(farewell_page().encode()).digest()).decode()
    ids = {re.search(r"/article/(\d+)", row[2])[1] for row in cdx()[1:] if row[5] == digest and "/article/" in row[2]}  # type: ignore[index]
    assert len(ids) >= 5


def test_the_troubles_are_what_their_cases_say() -> None:
    rows: defaultdict[str, list[list[str]]] = defaultdict(list)
    for row in cdx()[1:]:
        if match := re.search(r"/article/(\d+)(?![^/?])", row[2]):
            rows[truth()[int(match[1])]["case"]].append(row)
    assert [row[4] for row in rows["gone404"]] == ["404"]
    assert rows["redirect"][-1][4] == "302"
    assert rows["redirect"][-1][5] == "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"
    assert [row[3] for row in rows["revisit"]] == ["text/html", "warc/revisit"]
    assert rows["not_html"][-1][3] == "image/jpeg"
    assert max(len(row[2]) for row in rows["mojibake"]) > 2083  # longer than Scrapy's default URL limit
    assert all("%EF%BF%BD" in row[2] or "%E6" in row[2] for row in rows["mojibake"])
    assert all("%25E5" in row[2] for row in rows["double_encoded"])
    assert all(":80/" in row[2] for row in rows["port80"])
    assert len({row[5] for row in rows["corrupt"]}) == 1
    assert len(truth()[17640]["good"]) == 1
    encodings = {
        case: payloads()[rows[case][0][1], rows[case][0][2]][1] for case in ("enc_gzip", "enc_gzip_raw", "enc_br")
    }
    assert encodings == {"enc_gzip": "gzip", "enc_gzip_raw": None, "enc_br": "br"}
    cut = next(row for row in rows["archived_truncated"] if [row[1], row[2]] not in truth()[29292]["good"])
    assert "</html>" not in payloads()[cut[1], cut[2]][0].decode("utf-8", "replace")


def test_pictures_are_images_and_differ() -> None:
    drawn = {picture.scene: draw(picture.scene) for picture in PICTURES if picture.scene}
    assert len(set(drawn.values())) == len(drawn)
    assert {read_content(data) for data in drawn.values()} == {Content("image/png")}


def test_every_picture_on_a_page_is_in_the_story() -> None:
    """Each one that an article shows is held in some way, but for the one that was never captured."""
    shown = {address(src) for source in sources() for src in re.findall(r'<img [^>]*src="([^"]+)"', source.body)}
    shown |= {source.blogger.avatar for source in sources() if source.blogger}
    held = {re.sub(r"^https?://[^/]+", "", picture.original) for picture in PICTURES}
    assert len(shown) == FETCHED + sum(MISSING.values())
    assert {unquote(src) for src in shown - held} == {
        "/news_新聞/hk-discuss/2021/01/指南-20210108120000_1a1a_large.jpg"
    }


def test_stored_gzip_is_gzip() -> None:
    for size in (0, 1, 0xFFFF, 0x10000, 200_000):
        assert gzip.decompress(build.gzip_stored(b"\xe7" * size)) == b"\xe7" * size


def test_a_file_that_is_no_article_is_refused(tmp_path: Path) -> None:
    for text in ("no header", "---\nid: 5\n---\n<p>another article</p>"):
        (tmp_path / "4.html").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"4\.html"):
            read_source(tmp_path / "4.html")


def windows(text: str) -> Iterator[str]:
    """Every twelve Chinese characters in a row."""
    for allowed in ("請加入成為眾新聞的月費訂戶", "眾新聞告別感謝讀者"):
        text = text.replace(allowed, "|")
    for run in re.findall(r"[\u3400-\u9fff\U00020000-\U0003ffff]{12,}", text):
        yield from (run[at : at + 12] for at in range(len(run) - 11))


def test_nothing_is_taken_from_others() -> None:
    texts = [
        path.read_text(encoding="utf-8") for path in (shared("real", "truth.jsonl"), shared("sample", "truth.jsonl"))
    ]
    texts += [path.read_text(encoding="utf-8") for path in shared("sample", "seed").glob("article_*.md")]
    theirs = {window for text in texts for window in windows(text)}
    ours = [path for path in build.ARCHIVE.parent.rglob("*") if path.suffix in (".html", ".py")]
    ours += [path for path in FIXTURES.rglob("*") if path.suffix in (".html", ".md")]
    common = Counter(
        window for path in ours for window in windows(path.read_text(encoding="utf-8")) if window in theirs
    )
    assert len(theirs) > 10_000
    assert not common


def chrome_of(page: str) -> set[str]:
    """Every kind of element beside the article itself, by name, id and classes."""
    tree = LexborHTMLParser(page)
    for article in tree.css(".article-block-wrapper, .article-block-detail"):
        article.decompose()
    nodes = [node for node in tree.css("*") if node.tag not in ("html", "head", "body")]
    kinds = {
        (node.tag, *(node.attributes.get(name) or "" for name in ("id", "class", "name", "property", "role")))
        for node in nodes
    }
    return {" ".join(filter(None, kind)) for kind in kinds}


def test_the_chrome_is_built_as_on_real_pages() -> None:
    real: set[str] = set()
    with shared("real", "captures.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream):
            page = record.raw_stream.read()
            if b"window.Laravel" in page[:5000] and not record.http_headers.get_header("Content-Encoding"):
                real |= chrome_of(page.decode("utf-8", "replace"))
    pages = [
        article_page(source, sources()[:8], at="20210712000000")
        for source in sources()
        if source.layout is not Layout.RENAMED
    ]
    ours = {kind for page in pages for kind in chrome_of(page)}
    # A blogger's card has the teaser in letters of another size (FACTS); the pages in ../shared/real have no such card.
    assert ours - real == {"p text-lg newline"}
    assert real - ours == set()


def test_a_list_names_its_articles() -> None:
    for listed in LISTS:
        text = text_of((listed.timestamp, listed.original))
        if listed.is_json:
            assert "\\/article\\/" in text
            assert len(json.loads(text)["items"]) == len(listed.ids)
        assert ids_in(text) == set(listed.ids), listed.path
