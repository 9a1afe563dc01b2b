"""Pages and answers that mean harm: they change no file's structure, run nowhere, lead to no other host, and write
nowhere else."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from crawler.ledger import Ledger, State
from crawler.utils.exit_status import ExitStatus
from tests.e2e.crawling import Run, command, crawl, run
from tests.pages import address, article
from tests.standin import Archive, Kind, StandIn, Trouble

pytestmark = pytest.mark.heavy

WHEN = "20210712013906"
KEYS = ["title", "date", "last_updated", "author", "category", "tags", "url", "original_url"]
REORDERING = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
"""Characters that change the direction of all that follows in their paragraph, until it ends or U+202C, U+2069."""
OUR_SHORTCODE = re.compile(r'\{\{< video src="[^"<>]*" >\}\}')

HOSTILE = {
    "quotes": "'\"\\\"' \\x41 \\u0041 \\",
    "new lines": "一\r\n---\r\ntitle: 二\n---\n# 三",
    "rule": "---",
    "yaml": "!!python/object/apply:os.system ['id'] & *a: {b: [c]} # d | > %TAG",
    "mapping": "a: b\n- c\n? d",
    "markdown": "# [a](javascript:alert(1)) ![b](data:text/html,x) **c** `d` <javascript:alert(1)> ~~e~~ | f |",
    "html": "</title></h1><script>alert(1)</script><img src=x onerror=alert(1)><svg/onload=alert(1)>",
    "entities": "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
    "shortcode": '{{< readfile "/etc/passwd" >}} {{% include %}} {{</* x */>}} {&#123;< ref >}}',
    "controls": "一\x00二\x01三\x07四\x1b[31m五\x7f六\x85七\x9b八",
    "bidi": "一\u202e二\u202d三\u2066四\u2067五\u2068六\u200f七\u200e八",
    "bidi closed": "一\u202e二\u202c三\u2067四\u2069五",
    "surrogates": "一&#xD800;二&#xDFFF;三&#xDC00;",
    "noncharacters": "一\ufdd0二\ufdd1三\ufdd5四\uffff五\U0001ffff六\ufeff七\u2028八\u2029九",
    "front matter end": "...\n---\n...",
    "toml": '+++\ntitle = "x"\n+++',
}


def hostile(number: int, text: str) -> bytes:
    """A page that holds the text wherever a page can hold one; as it is, and escaped as an honest page would have
    it."""
    quoted, inside = escape(text), text.replace("\x00", "&#0;")
    page = f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{quoted}</title>
<meta name="keywords" content="{quoted},甲"></head><body>
<div class="article-wrapper"><div class="group">{quoted}</div><h1>燈塔{quoted}</h1>
<div class="article-info">撰文: 甄小帆{quoted} | 發佈日期: 12.07.21</div>
<div class="tags"><a class="tag" href="/tag/x">{quoted}</a> <a class="tag" href="/tag/y">潮{quoted}</a></div>
<div class="article-content"><p>第{number}日：{quoted}</p><p>{inside}</p>
<figure><img src="/images/{number}.jpg" alt="{quoted}" onerror="alert(1)"><figcaption>圖{quoted}</figcaption></figure>
<p><a href="javascript:alert(1)" onclick="alert(1)">按{quoted}</a> <a href="JaVaScRiPt&#9;:alert(1)">二</a> <a href=" vbscript:x">三</a>
<a href="data:text/html,<script>alert(1)</script>">四</a> <a href="&#1;javascript:alert(1)">五</a> <a href="/article/7">六</a></p>
<table><tr><th>{quoted}</th><th onmouseover="alert(1)">乙</th></tr>
<tr><td><a href="javascript:alert(1)">丙</a></td><td>{inside}</td></tr></table>
<table><tr><td rowspan="2">{quoted}<ul><li><a href="data:text/html,x">丁</a></li></ul></td></tr></table>
<pre>{quoted}</pre><pre>戊<br><a href="vbscript:x">{quoted}</a></pre><ul><li>{quoted}</li></ul><blockquote>{quoted}</blockquote>
<iframe src="https://www.youtube.com/embed/{quoted}"></iframe><iframe src="javascript:alert(1)"></iframe>
<img src="javascript:alert(1)" alt="己"><img src="data:image/svg+xml,<svg onload=alert(1)>" alt="庚">
<svg onload="alert(1)"><script>alert(1)</script></svg><math href="javascript:alert(1)">x</math><style>@import "x"</style>
<object data="javascript:alert(1)"></object><form action="javascript:alert(1)"><button formaction="javascript:alert(1)">辛</button></form>
<p>完。</p></div>
<div class="blogger-intro"><img class="avatar" src="/a.jpg" alt="{quoted}">
<h4>作者 | 甄{quoted}</h4><div class="intro">簡介{quoted}</div></div>
</div></body></html>"""  # noqa: E501
    return page.encode("utf-8", "surrogatepass")


class _Seen(HTMLParser):
    """What a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.dangerous: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in (
            "script",
            "style",
            "object",
            "embed",
            "iframe",
            "svg",
            "math",
            "form",
            "base",
            "meta",
            "link",
            "button",
            "input",
        ):
            self.dangerous.append(f"<{tag}>")
        for name, value in attrs:
            scheme = re.sub(r"[\x00-\x20\x7f-\x9f]", "", value or "").lower().partition(":")[0]
            if name.startswith("on") or name in ("style", "srcdoc", "formaction"):
                self.dangerous.append(f"{tag} {name}")
            picture = (tag, name, (value or "")[:11]) == ("img", "src", "data:image/")  # shown, and never run
            if (
                name in ("href", "src", "action", "data")
                and scheme in ("javascript", "data", "vbscript")
                and not picture
            ):
                self.dangerous.append(f"{tag} {name}={value}")


def kind_of(number: int) -> str:
    """Which of the hostile texts a page holds."""
    return list(HOSTILE)[number - 1]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Run:
    archive = Archive()
    for number, text in enumerate(HOSTILE.values(), 1):
        archive.add(address(number), WHEN, hostile(number, text))
    with StandIn(archive) as standin:
        return crawl(standin, tmp_path_factory.mktemp("hostile"))


def test_every_hostile_page_is_still_an_article(crawled: Run) -> None:
    assert crawled.status == 0, crawled.err
    faults = {number: crawled.article(number).faults for number in range(1, len(HOSTILE) + 1)}
    assert {number: crawled.article(number).state for number in faults} == dict.fromkeys(faults, State.RECOVERED), (
        crawled.out
    )
    assert "Traceback" not in crawled.err


@pytest.mark.parametrize("number", [pytest.param(number, id=kind) for number, kind in enumerate(HOSTILE, 1)])
class TestFile:
    """What holds for the file of each."""

    def test_the_front_matter_has_the_known_keys_and_texts(self, crawled: Run, number: int) -> None:
        text = crawled.file(number)
        assert text.startswith("---\n")
        head = text[4 : text.index("\n---\n", 3) + 1]
        loaded = yaml.safe_load(head)
        assert list(loaded) == [key for key in KEYS if key in loaded]
        assert all(isinstance(value, str) for key, value in loaded.items() if key != "tags")
        assert all(isinstance(tag, str) for tag in loaded.get("tags", []))
        assert loaded["original_url"] == address(number)
        assert loaded["title"].startswith("燈塔")
        lines = [line for line in head.splitlines() if not line.startswith('  - "')]
        assert [line.partition(":")[0] for line in lines] == list(loaded), "a line for each key, and nothing else"

    def test_the_title_is_the_only_heading_before_the_body(self, crawled: Run, number: int) -> None:
        body = crawled.file(number).split("\n---\n", 1)[1]
        tokens = MarkdownIt("commonmark").enable("table").parse(body)
        headings = [
            (token.tag, token.map, after.content[:4])
            for token, after in pairwise(tokens)
            if token.type == "heading_open"
        ]
        assert headings[0] == ("h1", [1, 2], headings[0][2])
        # An h4 of the blogger's that names him otherwise than his picture does stays in his biography.
        assert [(tag, text) for tag, _, text in headings[1:]] in ([], [("h4", "作者 |")])

    def test_nothing_in_it_runs(self, crawled: Run, number: int) -> None:
        body = crawled.file(number).split("\n---\n", 1)[1]
        seen = _Seen()
        # Raw HTML passes, and no link is refused by the renderer itself.
        renderer = MarkdownIt("commonmark", {"html": True}).enable("table")
        renderer.validateLink = lambda url: True  # type: ignore[method-assign]
        seen.feed(renderer.render(body))
        assert seen.dangerous == []

    def test_no_shortcode_but_our_own_is_in_it(self, crawled: Run, number: int) -> None:
        text = OUR_SHORTCODE.sub("", crawled.file(number).split("\n---\n", 1)[1])  # Hugo looks for none in front matter
        assert "{{<" not in text
        assert "{{%" not in text

    def test_no_control_or_half_a_character_is_in_it(self, crawled: Run, number: int) -> None:
        assert not re.search(
            r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]", crawled.file(number)
        )

    def test_no_character_turns_the_front_matter_round(self, crawled: Run, number: int) -> None:
        head = crawled.file(number).split("\n---\n", 1)[0]
        assert not set(REORDERING) & set(head)


def test_direction_in_a_text_is_kept(crawled: Run) -> None:
    """A paragraph ends what it began, by the rules of Unicode (UAX 9, X8); real Hebrew and Arabic may need it."""
    number = list(HOSTILE).index("bidi closed") + 1
    assert "一\u202e二\u202c三\u2067四\u2069五" in crawled.file(number)
    assert crawled.fields(number)["title"].endswith("一\u202e二\u202c三\u2067四\u2069五")


# Other hosts


class Bait:
    """Listens, and counts who comes."""

    def __init__(self) -> None:
        self.came = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.came += 1
            connection.close()

    def close(self) -> None:
        # Closing alone would not wake who waits in accept.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def baited() -> Iterator[Bait]:
    bait = Bait()
    try:
        yield bait
    finally:
        bait.close()


def test_a_bait_sees_who_comes() -> None:
    with baited() as bait:
        with socket.create_connection(("127.0.0.1", int(bait.url.rpartition(":")[2]))) as visitor:
            visitor.recv(1)
        assert bait.came == 1


def test_no_other_host_is_ever_asked(tmp_path: Path) -> None:
    archive = Archive()
    with baited() as bait:
        for number in range(1, 9):
            archive.add(address(number), "20200101000000", article(number))
        archived = {
            1: f"{bait.url}/article/1/x",
            2: f"{bait.url}/web/{WHEN}id_/{address(2)}",
            3: f"//{bait.url[7:]}/article/3",
        }
        for number, location in archived.items():
            archive.add(address(number), WHEN, b"", status=302, headers=[("Location", location)])
        live = {
            4: f"{bait.url}/web/{WHEN}id_/{address(4)}",
            5: bait.url,
            6: f"{bait.url[5:]}/web/{WHEN}id_/{address(6)}",
        }
        for number in live:
            archive.add(address(number), WHEN, article(number))
        page = article(
            7,
            f'<a href="{bait.url}">燈</a><img src="{bait.url}/x.jpg"><iframe src="{bait.url}"></iframe>',
            canonical=bait.url,
        )
        refresh = (
            f'<meta http-equiv="refresh" content="0;url={bait.url}"><base href="{bait.url}"><link rel="preload"'
            f' href="{bait.url}">'
        )
        archive.add(address(7), WHEN, page.replace(b"<title>", refresh.encode() + b"<title>"))
        linked = [
            ("Link", f'<{bait.url}/article/8>; rel="original"'),
            ("Refresh", f"0;url={bait.url}"),
            ("Content-Location", bait.url),
        ]
        archive.add(address(8), WHEN, article(8), headers=linked)
        for original in (
            f"{bait.url}/article/9",
            f"http://127.0.0.1@{bait.url[7:]}/article/9",
            f"{bait.url}@www.hkcnews.com/article/9",
        ):
            archive.add(original, WHEN, article(9))
        troubles = [
            Trouble(Kind.REDIRECT, original=address(number), timestamp=WHEN, value=value)
            for number, value in live.items()
        ]
        with StandIn(archive, troubles) as standin:
            done = crawl(standin, tmp_path)
            hosts = {r.headers["host"] for r in standin.requests}
            own = standin.url
        assert bait.came == 0
    assert hosts == {own.removeprefix("http://")}
    assert done.status in (0, 3), done.err
    assert {number: done.article(number).state for number in (1, 2, 3, 7, 8)} == dict.fromkeys(
        (1, 2, 3, 7, 8), State.RECOVERED
    )


# Symbolic links


def _archive() -> Archive:
    archive = Archive()
    for number in range(1, 6):
        archive.add(address(number), WHEN, article(number))
    return archive


def _link_of(name: str, folder: bool) -> Callable[[Path, Path], None]:
    def plant(output: Path, outside: Path) -> None:
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).symlink_to(outside if folder else outside / "victim", target_is_directory=folder)

    plant.__name__ = name.replace("/", " ")
    return plant


def _dangling(name: str) -> Callable[[Path, Path], None]:
    def plant(output: Path, outside: Path) -> None:
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).symlink_to(outside / "not there yet")

    plant.__name__ = f"dangling {name}".replace("/", " ")
    return plant


LEADING_OUT = [
    _link_of("articles", True),
    _link_of("articles/1-1000", True),
    _link_of("warc", True),
    _link_of("ledger.sqlite", False),
    _link_of("ledger.sqlite-wal", False),
    _link_of("ledger.sqlite-shm", False),
    _link_of("run.lock", False),
    *[
        _dangling(name)
        for name in ("articles", "articles/1-1000", "warc", "ledger.sqlite", "ledger.sqlite-wal", "run.lock")
    ],
]


@pytest.mark.parametrize("plant", LEADING_OUT, ids=lambda plant: plant.__name__)
def test_a_link_that_leads_out_is_refused_and_nothing_outside_changes(
    tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    output, outside = tmp_path / "output", tmp_path / "outside"
    output.mkdir()
    outside.mkdir()
    (outside / "victim").write_bytes(b"")  # empty: what opens it as its own would make it so
    os.utime(outside / "victim", (1, 1))
    plant(output, outside)
    with StandIn(_archive()) as standin:
        done = crawl(standin, output)
    assert done.status == ExitStatus.STORAGE, done.err
    last = done.err.rstrip().splitlines()[-1]
    assert last.startswith(("error: ", "stopped: "))
    assert "symbolic link" in last
    assert str(output) in last
    assert "Traceback" not in done.err
    assert [path.name for path in outside.iterdir()] == ["victim"]
    assert (outside / "victim").read_bytes() == b""
    assert (outside / "victim").stat().st_mtime == 1


@pytest.mark.parametrize("name", [".article_3.md.part", "article_3.md"])
def test_a_link_in_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path, name: str) -> None:
    output, victim = tmp_path / "output", tmp_path / "victim"
    (output / "articles/1-1000").mkdir(parents=True)
    victim.write_text("somebody's", "utf-8")
    (output / "articles/1-1000" / name).symlink_to(victim)
    with StandIn(_archive()) as standin:
        done = crawl(standin, output)
    assert done.status == 0, done.err
    assert victim.read_text("utf-8") == "somebody's"
    assert not (output / "articles/1-1000/article_3.md").is_symlink()
    assert done.files == [f"article_{number}.md" for number in range(1, 6)]


def test_looking_follows_no_link_either(tmp_path: Path) -> None:
    output, outside = tmp_path / "output", tmp_path / "outside"
    output.mkdir()
    outside.mkdir()
    Ledger(outside / "victim").close()
    before = (outside / "victim").read_bytes()
    (output / "ledger.sqlite").symlink_to(outside / "victim")
    done = run(command("status", OUTPUT_DIR=str(output)), output)
    assert done.status == ExitStatus.STORAGE
    assert "symbolic link" in done.err
    assert (outside / "victim").read_bytes() == before
    assert [path.name for path in outside.iterdir()] == ["victim"]


def test_the_output_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "output").symlink_to(tmp_path / "disk")
    with StandIn(_archive()) as standin:
        done = crawl(standin, tmp_path / "output")
    assert done.status == 0, done.err
    assert len(list((tmp_path / "disk/articles/1-1000").iterdir())) == 5
