"""Images: fetched through the archive, the nearest good capture of each, kept as they are; what is not there is
named."""

from __future__ import annotations

import hashlib
import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from crawler.ledger import Ledger
from crawler.ledger.images import ImageRow, ImageState
from crawler.recovery.image_files import image_file
from crawler.utils.text import format_size
from tests.demo.build import ARCHIVE
from tests.demo.pictures import FETCHED
from tests.e2e.crawling import QUICK, Run, command, crawl, environment, run
from tests.e2e.processes import started
from tests.pages import address, article
from tests.pywb import pywb_collection
from tests.recovery.image_samples import SVG, gif, jpeg, png
from tests.standin import Archive, Endpoint, Kind, Logged, StandIn, Trouble, load_sample

pytestmark = pytest.mark.heavy

SITE = "https://www.hkcnews.com"
AT = "20210712013906"
BEFORE, AFTER, LATER = "20210101000000", "20210801000000", "20220101000000"
FAREWELL = b"<html><body>The lighthouse is closed</body></html>"


def figure(*sources: str) -> str:
    """Figures for the middle of a page's only paragraph."""
    figures = "".join(
        f'<figure class="image"><img src="{src}"><figcaption>一張相</figcaption></figure>' for src in sources
    )
    return f"燈塔。</p>{figures}<p>完。"


def page(number: int, *sources: str, avatar: str = "") -> bytes:
    """The page of an invented article with these pictures, and a blogger's block with this one."""
    block = (
        f'<div class="blogger-intro"><img class="avatar" src="{avatar}" alt="博客 | 燈"><h4>博客 | 燈</h4><p>寫字的人。'
        "</p></div>"
    )
    whole = article(number, figure(*sources)).decode()
    return whole.replace("</body>", f"{block if avatar else ''}</body>").encode()


class Shore(Archive):
    """An archive of articles with images."""

    def article(self, number: int, *sources: str, avatar: str = "") -> None:
        self.add(address(number), AT, page(number, *sources, avatar=avatar))

    def image(self, url: str, timestamp: str, body: bytes, **more: Any) -> None:
        self.add(url, timestamp, body, **{"mimetype": "image/png", **more})


def fetch(
    archive: Archive | StandIn | str, output: Path, arguments: dict[str, str] | None = None, **settings: str
) -> Run:
    if isinstance(archive, (StandIn, str)):
        return crawl(archive, output, arguments, IMAGES="1", **settings)
    with StandIn(archive) as standin:
        return crawl(standin, output, arguments, IMAGES="1", **settings)


def row_of(output: Path, url: str) -> ImageRow:
    with Ledger(output / "ledger.sqlite") as ledger:
        row = ledger.image(str(image_file(url)))
    assert row is not None, url
    return row


def bytes_of(output: Path, url: str) -> bytes:
    return (output / image_file(url)).read_bytes()


def status_of(output: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run(command("status", "--json", OUTPUT_DIR=str(output)), output).out)
    images: dict[str, Any] = told["images"]
    return images


def of_images(requests: list[Logged]) -> list[Logged]:
    return [r for r in requests if "im_/" in r.target]


def test_an_image_captured_with_its_page_costs_one_request(tmp_path: Path) -> None:
    shore = Shore()
    shore.article(1, "/a.png")
    shore.image(f"{SITE}/a.png", AT, png(1))
    with StandIn(shore) as standin:
        done = fetch(standin, tmp_path)
        assert [r.target for r in of_images(standin.requests)] == [f"/web/{AT}im_/{SITE}/a.png"]
    assert done.status == 0, done.err
    assert bytes_of(tmp_path, f"{SITE}/a.png") == png(1)
    row = row_of(tmp_path, f"{SITE}/a.png")
    assert (row.state, row.timestamp, row.original, row.type, row.size) == (
        ImageState.HAVE,
        AT,
        f"{SITE}/a.png",
        "image/png",
        len(png(1)),
    )
    assert row.sha256 == hashlib.sha256(png(1)).hexdigest()
    assert row.place is not None
    assert (tmp_path / "warc" / row.place.file).exists()
    assert f"Images              1 in recovered articles\n  fetched           1, {format_size(len(png(1)))}" in done.out
    assert "1 image to fetch" in done.err


def test_off_by_default_and_known_all_the_same(tmp_path: Path) -> None:
    shore = Shore()
    shore.article(1, "/a.png", "/b.png")
    with StandIn(shore) as standin:
        done = crawl(standin, tmp_path)
        assert of_images(standin.requests) == []
    assert "Images              2 in recovered articles; IMAGES=1 fetches them" in done.out
    assert status_of(tmp_path)["to_do"] == 2
    assert not (tmp_path / "images").exists()


RAW = "/news_新聞/hk-discuss/2021/07/燈塔 日誌-20210712013906_a1b2_large.jpg"


@pytest.mark.parametrize(
    ("src", "url", "target"),
    [
        (
            RAW.replace(" ", "%20"),
            f"{SITE}{RAW.replace(' ', '%20')}",
            "/news_%E6%96%B0%E8%81%9E/hk-discuss/2021/07/%E7%87%88%E5%A1%94%20",
        ),
        (RAW, f"{SITE}{RAW}", "/news_%E6%96%B0%E8%81%9E/hk-discuss/2021/07/%E7%87%88%E5%A1%94%20"),
        ("/uploads/avatars/11aa.png?1288", f"{SITE}/uploads/avatars/11aa.png?1288", "/uploads/avatars/11aa.png?1288"),
        ("//cdn.example/x.png", "https://cdn.example/x.png", "im_/https://cdn.example/x.png"),
        (
            "http://other.example:8080/x.png?a=1&amp;b=%2F",
            "http://other.example:8080/x.png?a=1&b=%2F",
            "x.png?a=1&b=%2F",
        ),
        (
            "/web/20210101000000im_/https://hkcnews.com/a.png",
            "https://hkcnews.com/a.png",
            "im_/https://hkcnews.com/a.png",
        ),
        ("/a[1]|b.png#top", f"{SITE}/a[1]|b.png", "/a[1]|b.png"),
    ],
)
def test_addresses_are_asked_for_as_the_page_spells_them(tmp_path: Path, src: str, url: str, target: str) -> None:
    shore = Shore()
    shore.article(1, src)
    shore.image(url, AFTER, jpeg(3))
    with StandIn(shore) as standin:
        done = fetch(standin, tmp_path)
        assert target in of_images(standin.requests)[0].target
        assert len(of_images(standin.requests)) == 2, "the jump, and where it led"
    assert done.status == 0, done.err
    assert bytes_of(tmp_path, url) == jpeg(3)
    assert row_of(tmp_path, url).timestamp == AFTER


def test_an_avatar_is_fetched_once_for_all_its_articles(tmp_path: Path) -> None:
    shore = Shore()
    for number in (1, 2, 3):
        shore.article(number, avatar="/uploads/avatars/11aa.png?7")
    shore.image(f"{SITE}/uploads/avatars/11aa.png?7", BEFORE, png(7))
    with StandIn(shore) as standin:
        fetch(standin, tmp_path)
        assert len(of_images(standin.requests)) == 2
    told = status_of(tmp_path)
    assert (told["wanted"], told["have"], told["missing"]) == (1, 1, 0)
    assert bytes_of(tmp_path, f"{SITE}/uploads/avatars/11aa.png?7") == png(7)


BAD: dict[str, dict[str, Any]] = {
    "html_page": {"body": FAREWELL, "mimetype": "text/html"},
    "blank": {"body": b""},
    "cut_off": {"body": png(1)[:-20]},
    "one_pixel": {"body": gif(1, 1)},
    "not_found": {"body": b"gone", "status": 404},
    "archived_error": {"body": b"oops", "status": 503},
    "svg_with_script": {"body": SVG.replace(b"<circle", b"<script/><circle"), "mimetype": "image/svg+xml"},
    "not_an_image": {"body": b"sorry"},
}


@pytest.mark.parametrize("reason", BAD)
def test_what_is_no_good_leads_to_the_index_and_the_nearest_good_capture(tmp_path: Path, reason: str) -> None:
    shore = Shore()
    shore.article(1, "/a.png")
    shore.image(f"{SITE}/a.png", AT, **BAD[reason])
    shore.image(f"{SITE}/a.png", LATER, png(2))
    shore.image(f"{SITE}/a.png", BEFORE, png(3))
    shore.image(f"{SITE}/a.png", AFTER, FAREWELL, mimetype="text/html")
    with StandIn(shore) as standin:
        done = fetch(standin, tmp_path)
        asked = [(r.endpoint, r.timestamp) for r in standin.requests if "a.png" in r.target]
    assert done.status == 0, done.err
    assert asked == [("playback", AT), ("cdx", ""), ("playback", LATER)]
    assert bytes_of(tmp_path, f"{SITE}/a.png") == png(2)


@pytest.mark.parametrize("reason", BAD)
def test_what_is_nowhere_any_good_is_missing_by_name(tmp_path: Path, reason: str) -> None:
    shore = Shore()
    shore.article(1, "/a.png")
    shore.image(f"{SITE}/a.png", AT, **BAD[reason])
    with StandIn(shore) as standin:
        done = fetch(standin, tmp_path)
        count = len(standin.requests)
        again = fetch(standin, tmp_path)
        assert [r.endpoint for r in standin.requests[count:]] == ["cdx"], "the listing of articles only"
        assert "a.png" not in standin.requests[-1].target
    assert (done.status, again.status) == (0, 0)
    assert not (tmp_path / image_file(f"{SITE}/a.png")).exists()
    told = status_of(tmp_path)
    assert told["reasons"]["missing"] == {reason: 1}
    (missing,) = told["missing_images"]
    assert (missing["url"], missing["reason"], missing["articles"]) == (f"{SITE}/a.png", reason, [1])
    assert missing["tried"].startswith(f"{AT} {SITE}/a.png: {reason}: ")
    assert f"{reason} (" in done.out


def test_what_the_archive_has_not_is_not_looked_up(tmp_path: Path) -> None:
    shore = Shore()
    shore.article(1, "/a.png", "/b.png")
    shore.image(f"{SITE}/b.png", AT, png(1))
    with StandIn(shore, [Trouble(Kind.EXCLUDED, Endpoint.PLAYBACK, pattern="b.png")]) as standin:
        done = fetch(standin, tmp_path)
        assert Counter(r.endpoint for r in standin.requests if ".png" in r.target) == {"playback": 2}
    assert done.status == 0
    assert status_of(tmp_path)["reasons"]["missing"] == {"excluded": 1, "not_archived": 1}


def test_archived_redirects_are_followed_and_circles_are_not(tmp_path: Path) -> None:
    shore = Shore()
    shore.article(1, "/a.png", "/round.png", "/home.png")
    shore.image(f"{SITE}/a.png", AT, b"", status=301, headers=[("Location", "//cdn.example/b.png")])
    shore.image("https://cdn.example/b.png", AFTER, png(5))
    shore.image(f"{SITE}/round.png", AT, b"", status=302, headers=[("Location", "/round.png")])
    shore.image(f"{SITE}/home.png", AT, b"", status=302, headers=[("Location", "/")])
    shore.add(f"{SITE}/", AT, FAREWELL)
    with StandIn(shore) as standin:
        done = fetch(standin, tmp_path)
    assert done.status == 0, done.err
    assert bytes_of(tmp_path, f"{SITE}/a.png") == png(5)
    assert row_of(tmp_path, f"{SITE}/a.png").original == "https://cdn.example/b.png"
    assert row_of(tmp_path, f"{SITE}/round.png").reason == "redirects"
    assert row_of(tmp_path, f"{SITE}/home.png").reason == "html_page"


def test_the_same_bytes_lie_on_the_disk_once(tmp_path: Path) -> None:
    shore = Shore()
    shore.article(1, "/a.png", "/copy/of/a.png")
    for path in ("/a.png", "/copy/of/a.png"):
        shore.image(f"{SITE}{path}", AT, png(1))
    fetch(shore, tmp_path)
    one, other = (tmp_path / image_file(f"{SITE}{path}") for path in ("/a.png", "/copy/of/a.png"))
    assert one.read_bytes() == other.read_bytes() == png(1)
    assert one.samefile(other)
    assert not list(tmp_path.glob("images/**/.*"))


def test_bytes_with_a_coding_are_kept_without_it(tmp_path: Path) -> None:
    shore = Shore()
    shore.article(1, "/a.svg", "/b.png")
    shore.image(f"{SITE}/a.svg", AT, SVG, mimetype="image/svg+xml")
    shore.image(f"{SITE}/b.png", AT, png(4))
    with StandIn(
        shore, [Trouble(Kind.DUAL_HEADER, pattern="a.svg"), Trouble(Kind.UNANNOUNCED, pattern="b.png")]
    ) as standin:
        assert fetch(standin, tmp_path).status == 0
        count = len(standin.requests)
        for file in tmp_path.glob("images/*/*"):
            file.unlink()
        assert fetch(standin, tmp_path).status == 0
        assert of_images(standin.requests[count:]) == [], "written again from the store"
    assert bytes_of(tmp_path, f"{SITE}/a.svg") == SVG
    assert bytes_of(tmp_path, f"{SITE}/b.png") == png(4)


def test_a_second_run_asks_for_nothing(tmp_path: Path) -> None:
    shore = Shore()
    shore.article(1, "/a.png", "/b.png", "/none.png", avatar="/u/c.png?5")
    for path in ("/a.png", "/b.png", "/u/c.png?5"):
        shore.image(f"{SITE}{path}", LATER, png(len(path)))
    with StandIn(shore) as standin:
        first = fetch(standin, tmp_path)
        count = len(standin.requests)
        second = fetch(standin, tmp_path)
        assert of_images(standin.requests[count:]) == []
    assert (first.status, second.status) == (0, 0)
    assert first.out.splitlines()[:8] == second.out.splitlines()[:8]


@pytest.mark.parametrize("how", ["listed by the crawl", "from the store alone"])
def test_images_switched_on_later_cost_no_request_for_a_page(tmp_path: Path, how: str) -> None:
    shore = Shore()
    shore.article(1, "/a.png", avatar="/u/c.png?5")
    shore.article(2, RAW)
    for url in (f"{SITE}/a.png", f"{SITE}/u/c.png?5", f"{SITE}{RAW}"):
        shore.image(url, AT, png(len(url)))
    with StandIn(shore) as standin:
        crawl(standin, tmp_path)
        if how == "from the store alone":  # as a ledger of an earlier version: nobody has looked for images
            with Ledger(tmp_path / "ledger.sqlite") as ledger:
                for table in ("image", "image_use", "image_list"):
                    ledger._db.execute(f"DELETE FROM {table}")
        count = len(standin.requests)
        done = fetch(standin, tmp_path)
        assert len(of_images(standin.requests[count:])) == 3
        assert [r for r in standin.requests[count:] if r.endpoint == "playback" and "im_/" not in r.target] == []
    assert done.status == 0, done.err
    assert all(
        bytes_of(tmp_path, url) == png(len(url)) for url in (f"{SITE}/a.png", f"{SITE}/u/c.png?5", f"{SITE}{RAW}")
    )


def test_a_page_that_is_gone_from_the_store_costs_its_own_images_only_and_is_named(tmp_path: Path) -> None:
    shore = many(2)
    with StandIn(shore) as standin:
        first = crawl(standin, tmp_path)
        with Ledger(tmp_path / "ledger.sqlite") as ledger:
            for table in ("image", "image_use", "image_list"):
                ledger._db.execute(f"DELETE FROM {table}")
            row = ledger.captures(1)[0]
            ledger.note(row.id, warc_offset=row.warc_offset + 1)
        done = fetch(standin, tmp_path)
    assert (first.status, done.status) == (0, 0), done.err
    assert "the images of article 1 are not known: its page cannot be read" in done.err
    assert [row.url for row in _images(tmp_path)] == [f"{SITE}/p/2.png"]


def _images(output: Path) -> list[ImageRow]:
    with Ledger(output / "ledger.sqlite") as ledger:
        return list(ledger.images())


def many(count: int) -> Shore:
    shore = Shore()
    for number in range(1, count + 1):
        shore.article(number, f"/p/{number}.png")
        shore.image(f"{SITE}/p/{number}.png", AFTER, png(number))
    return shore


def test_nothing_at_all_is_sent_during_a_pause(tmp_path: Path) -> None:
    with StandIn(
        many(12), [Trouble(Kind.LIMIT, Endpoint.PLAYBACK, pattern=r"/p/\d+\.png", first=5, times=1)]
    ) as standin:
        done = fetch(standin, tmp_path, PAUSE_SECONDS="1")
        requests = standin.requests
    assert done.status == 0, done.err
    limited = next(at for at, request in enumerate(requests) if request.trouble == Kind.LIMIT)
    assert min(r.time for r in requests[limited + 1 + 3 :]) - requests[limited].time >= 0.95, (
        "three may have been on their way"
    )
    assert sum(r.target == requests[limited].target for r in requests) == 2
    assert status_of(tmp_path)["have"] == 12


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(Kind.OUTAGE, Endpoint.PLAYBACK, pattern="/p/2.png", status=200),
        Trouble(Kind.CUT, Endpoint.PLAYBACK, pattern="/p/2.png"),
        Trouble(Kind.HELD, Endpoint.PLAYBACK, pattern="/p/2.png"),
        Trouble(Kind.ERROR, Endpoint.CDX, pattern="/p/2.png", status=502),
    ],
    ids=lambda trouble: f"{trouble.kind.value} {trouble.on}",
)
def test_an_image_in_trouble_waits_for_the_next_run(tmp_path: Path, trouble: Trouble) -> None:
    shore = many(3)
    shore.image(f"{SITE}/p/2.png", AT, FAREWELL, mimetype="text/html")
    with StandIn(shore, [trouble]) as standin:
        done = fetch(standin, tmp_path, DOWNLOAD_TIMEOUT="2" if trouble.kind is Kind.HELD else "90")
        assert sum(r.trouble == trouble.kind for r in standin.requests) == 5
    assert done.status == 3, done.err
    assert "1 image waits" in done.err
    told = status_of(tmp_path)
    assert (told["have"], told["waiting"], told["missing"]) == (2, 1, 0)
    with StandIn(shore) as standin:
        again = fetch(standin, tmp_path)
        assert {r.original for r in of_images(standin.requests)} == {f"{SITE}/p/2.png"}
    assert again.status == 0, again.err
    assert bytes_of(tmp_path, f"{SITE}/p/2.png") == png(2)


def test_an_image_that_is_too_large_is_missing_by_name(tmp_path: Path) -> None:
    shore = many(1)
    shore.image(f"{SITE}/p/1.png", AT, png(1, 400, 400) + bytes(90_000))
    done = fetch(shore, tmp_path, DOWNLOAD_MAXSIZE="80000")
    assert done.status == 0, done.err
    assert bytes_of(tmp_path, f"{SITE}/p/1.png") == png(1), "the next capture that the index has"


def test_bytes_that_do_not_match_their_digest_are_kept_only_when_there_are_no_others_and_said_so(
    tmp_path: Path,
) -> None:
    shore = Shore()
    shore.article(1, "/a.png", "/b.png")
    for path in ("/a.png", "/b.png"):
        shore.image(f"{SITE}{path}", AT, FAREWELL, mimetype="text/html")
        shore.image(f"{SITE}{path}", AFTER, png(1), digest="A" * 32)
    shore.image(f"{SITE}/a.png", LATER, png(2))
    assert fetch(shore, tmp_path).status == 0
    assert (bytes_of(tmp_path, f"{SITE}/a.png"), bytes_of(tmp_path, f"{SITE}/b.png")) == (png(2), png(1))
    assert list(status_of(tmp_path)["faults"]) == [str(image_file(f"{SITE}/b.png"))]


def test_arguments_choose_the_articles_whose_images_are_fetched(tmp_path: Path) -> None:
    with StandIn(many(4)) as standin:
        crawl(standin, tmp_path)
        fetch(standin, tmp_path, {"ids": "3"})
        assert {r.original for r in of_images(standin.requests)} == {f"{SITE}/p/3.png"}
        fetch(standin, tmp_path, {"limit": "1"})
        assert {r.original for r in of_images(standin.requests)} == {f"{SITE}/p/{number}.png" for number in (1, 3)}
        count = len(standin.requests)
        tried = fetch(standin, tmp_path, {"dry_run": "1"})
        assert of_images(standin.requests[count:]) == []
    assert "2 images to fetch" in tried.err


def test_missing_images_are_asked_for_again_when_told_to(tmp_path: Path) -> None:
    shore = many(1)
    with StandIn(Shore()) as standin:
        shore_without = standin.archive
        shore_without.add(address(1), AT, page(1, "/p/1.png"))
        fetch(standin, tmp_path)
    assert row_of(tmp_path, f"{SITE}/p/1.png").state is ImageState.MISSING
    fetch(shore, tmp_path)
    assert row_of(tmp_path, f"{SITE}/p/1.png").state is ImageState.MISSING
    fetch(shore, tmp_path, {"again": "1"})
    assert bytes_of(tmp_path, f"{SITE}/p/1.png") == png(1)


def test_a_link_in_place_of_the_folder_of_images_is_refused(tmp_path: Path) -> None:
    output, outside = tmp_path / "output", tmp_path / "outside"
    output.mkdir()
    outside.mkdir()
    (output / "images").symlink_to(outside)
    done = fetch(many(1), output)
    assert done.status == 7
    assert not list(outside.iterdir())


def test_a_folder_that_cannot_be_written_ends_the_run_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("somebody's file")
    with StandIn(many(3)) as standin:
        done = fetch(standin, tmp_path)
        assert done.status == 7, done.err
        (tmp_path / "images").unlink()
        asked = {(r.timestamp, r.original) for r in of_images(standin.requests) if r.status == 200}
        count = len(standin.requests)
        again = fetch(standin, tmp_path)
        assert asked.isdisjoint((r.timestamp, r.original) for r in of_images(standin.requests[count:]))
    assert again.status == 0, again.err
    assert status_of(tmp_path)["have"] == 3


def test_interrupted_it_stops_soon_and_goes_on_where_it_was(tmp_path: Path) -> None:
    settings = {**QUICK, "IMAGES": "1", "OUTPUT_DIR": str(tmp_path)}
    with StandIn(
        many(30), [Trouble(Kind.HELD, Endpoint.PLAYBACK, pattern=r"/p/\d+\.png", timestamp=AFTER, first=5)]
    ) as standin:
        crawl(standin, tmp_path)
        line = command("crawl", "articles", **settings, ARCHIVE_URL=standin.url)
        with started(line, environment()) as process:
            process.until(lambda: len(list(tmp_path.glob("images/*/*.png"))) >= 3)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            assert any("shutting down gracefully" in line for line in process.stderr)
            standin.release()
            _, err = process.communicate()
        assert process.returncode == 130, err
        assert "Traceback" not in err
        before = status_of(tmp_path)
        assert 3 <= before["have"] < 30
        answered = {(r.timestamp, r.original) for r in of_images(standin.requests) if r.status == 200}
        count = len(standin.requests)
        again = fetch(standin, tmp_path)
        assert answered.isdisjoint((r.timestamp, r.original) for r in of_images(standin.requests[count:]))
    assert again.status == 0, again.err
    assert status_of(tmp_path)["have"] == 30


def test_in_the_format_for_reading_pictures_that_came_are_shown_from_the_tree(tmp_path: Path) -> None:
    shore = Shore()
    shore.article(1, RAW.replace(" ", "%20"), "/none.png", avatar="/u/c.png?5")
    shore.image(f"{SITE}{RAW.replace(' ', '%20')}", AFTER, jpeg(1))
    shore.image(f"{SITE}/u/c.png?5", AT, png(5))
    done = fetch(shore, tmp_path, FORMAT="reading")
    assert done.status == 0, done.err
    text = done.file(1)
    for url in (f"{SITE}{RAW}", f"{SITE}/u/c.png?5"):
        assert f"../../{image_file(url)}" in text
        assert (tmp_path / done.article(1).file).parent.joinpath(f"../../{image_file(url)}").is_file()
    assert f"{SITE}/none.png" in text
    assert hashlib.sha256(text.encode()).hexdigest() == done.article(1).sha256


def test_extraction_tells_the_ledger_of_images_too(tmp_path: Path) -> None:
    shore = many(2)
    with StandIn(shore) as standin:
        crawl(standin, tmp_path)
        with Ledger(tmp_path / "ledger.sqlite") as ledger:
            for table in ("image", "image_use", "image_list"):
                ledger._db.execute(f"DELETE FROM {table}")
        assert run(command("extract", "--changed", OUTPUT_DIR=str(tmp_path)), tmp_path).status == 0
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.without_images() == []
        assert [row.url for row in ledger.images()] == sorted(
            (f"{SITE}/p/{n}.png" for n in (1, 2)), key=lambda url: str(image_file(url))
        )


@pytest.mark.heavy
def test_a_real_pywb_gives_the_images_that_the_store_has(tmp_path: Path) -> None:
    """What one crawl stored, a pywb replays to another one: the same files, also where the time is another and
    redirects lead on."""
    with StandIn(load_sample(ARCHIVE)) as standin:
        first = fetch(standin, tmp_path / "first")
    assert first.status == 0, first.err
    with pywb_collection(tmp_path / "pywb", *sorted((tmp_path / "first" / "warc").glob("*.warc.gz"))) as running:
        address = f"{running.url}/{running.collection}=https://archive.example/web"
        second = fetch("http://127.0.0.1:9", tmp_path / "second", SOURCES=f"pywb+{address}")
    assert second.status == 0, second.err
    files = [
        {path.relative_to(output): path.read_bytes() for path in output.glob("images/*/*")}
        for output in (first.output, second.output)
    ]
    assert len(files[0]) == FETCHED
    assert files[0] == files[1]
