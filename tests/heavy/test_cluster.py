"""An extraction on a real cluster of Dask, encrypted, in processes of its own on loopback: the files are those of one
machine, whatever dies on the way."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from crawler.ledger import ArticleRow, Ledger, State
from crawler.utils.exit_status import ExitStatus
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import Run, command, crawl, environment
from tests.e2e.processes import started
from tests.e2e.test_extract import PUBLIC, copied, tree
from tests.pages import address, article
from tests.s3 import S3, s3_server
from tests.shared import shared
from tests.standin import StandIn, load_sample
from tests.warc.foreign import http, packed, record

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(find_spec("distributed") is None, reason="Dask is not installed (requirements-cluster.txt)"),
]

ROOT = Path(__file__).resolve().parents[2]
CRASHES, HANGS = b"<!-- the parser's end -->", b"<!-- no end -->"
WORKERS_OWN = f"""
import os, signal, time
from crawler.recovery import extraction_job, judge

really_read = judge.read_page

def read_page(page, number, style):
    if {CRASHES!r} in page.payload:
        os.kill(os.getpid(), signal.SIGSEGV)
    while {HANGS!r} in page.payload:
        time.sleep(60)
    return really_read(page, number, style)

extraction_job.read_page = judge.read_page = read_page
"""
"""Faults in the parser of the workers, in each process that they start."""
LARGE = "import dask; dask.config.refresh()"
"""Python for the client: its environment is Dask's too."""
SMALL = f"""{LARGE}
import crawler.run.cluster as c, crawler.recovery.extraction as e, os
c.PORTION, e.BATCH = 2, 4
"""
"""The same, and there are many small portions."""


def killing(pid: int, after: int) -> str:
    """Python for the client: kills a process once so many results have come."""
    taken = f"(take(self, done), self.done == {after} and os.kill({pid}, {signal.SIGKILL:d}))[0]"
    return f"{SMALL}e.ExtractionReport.take = lambda self, done, os=os, take=e.ExtractionReport.take: {taken}"


@dataclass
class Dask:
    """A scheduler and workers, each a process; `environment` is what they and their clients need."""

    folder: Path
    environment: dict[str, str]
    scheduler: subprocess.Popen[bytes] = field(init=False)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    address: str = ""

    def begin(self) -> None:
        """Begin with a scheduler. A task whose worker dies is a bad one to it at once."""
        file = self.folder / "scheduler.json"
        self.scheduler = self.start("scheduler", "--port", "0", "--scheduler-file", str(file))
        while not (file.exists() and file.read_text()):
            assert self.scheduler.poll() is None
            time.sleep(0.01)
        self.address = json.loads(file.read_text())["address"]

    def add_worker(self) -> subprocess.Popen[bytes]:
        """One more worker; it joins as soon as it can."""
        self.workers.append(self.start("worker", self.address, "--nthreads", "1", "--no-nanny"))
        return self.workers[-1]

    def start(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        line = [
            sys.executable,
            "-m",
            f"distributed.cli.dask_{what}",
            *arguments,
            "--host",
            "127.0.0.1",
            "--no-dashboard",
        ]
        with (self.folder / f"{what}-{len(self.workers)}.log").open("wb") as log:
            return subprocess.Popen(line, cwd=self.folder, env=self.environment, stdout=log, stderr=log)

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with s3_server() as s3:
        yield s3


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory, s3: S3) -> Iterator[Dask]:
    from distributed.security import Security  # noqa: PLC0415 - it may not be there

    folder = tmp_path_factory.mktemp("dask")
    (folder / "sitecustomize.py").write_text(WORKERS_OWN, "utf-8")
    one = Security.temporary()
    given = {"SCHEDULER__ALLOWED_FAILURES": "0", "COMM__REQUIRE_ENCRYPTION": "True"}
    for name, text in {"ca": one.tls_ca_file, "key": one.tls_client_key, "cert": one.tls_client_cert}.items():
        (folder / f"{name}.pem").write_text(str(text), "utf-8")
        roles = ("CA_FILE",) if name == "ca" else [f"{role}__{name}" for role in ("SCHEDULER", "WORKER", "CLIENT")]
        given |= {f"COMM__TLS__{role}".upper(): str(folder / f"{name}.pem") for role in roles}
    variables = {f"DASK_DISTRIBUTED__{name}": value for name, value in given.items()}
    cluster = Dask(folder, environment() | variables | s3.environment() | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"})
    cluster.begin()
    try:
        cluster.add_worker()
        cluster.add_worker()
        yield cluster
    finally:
        cluster.end()


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Run:
    with StandIn(load_sample(ARCHIVE)) as standin:
        return crawl(standin, tmp_path_factory.mktemp("crawled") / "output")


def line(output: Path, *arguments: str, **settings: str) -> list[str]:
    return command(
        "extract",
        *arguments,
        **{"ARCHIVE_PUBLIC_URL": PUBLIC, "OUTPUT_DIR": str(output), "PROGRESS_SECONDS": "0", **settings},
    )


def extract(cluster: Dask | None, output: Path, *arguments: str, fault: str = SMALL, **settings: str) -> Run:
    """`citizen-news extract`, on the cluster if there is one."""
    where = ("--cluster", cluster.address) if cluster else ()
    variables = cluster.environment if cluster else environment()
    with started(line(output, *arguments, *where, **settings), variables, fault=fault) as process:
        out, err = process.communicate()
        return Run(process.wait(), out, err, output)


def test_the_files_are_those_of_one_machine(dask: Dask, crawled: Run, tmp_path: Path) -> None:
    """The demo's out of a crawl's store, as it was crawled and in the format whose links follow the tree."""
    output = copied(crawled, tmp_path)
    shutil.rmtree(output / "articles")
    done = extract(dask, output)
    assert (done.status, done.err) == (0, ""), done.err
    assert tree(output) == tree(crawled.output)
    done = extract(dask, output, "--format", "reading")
    assert (done.status, done.err) == (0, ""), done.err
    assert extract(None, copied(crawled, tmp_path / "here"), "--format", "reading").status == 0
    assert tree(output) == tree(tmp_path / "here" / "output") != tree(crawled.output)


def test_the_samples_files_are_those_of_one_machine_in_portions_as_they_are(dask: Dask, tmp_path: Path) -> None:
    sample = shared("sample", "captures.warc.gz")
    for cluster, name in ((dask, "there"), (None, "here")):
        done = extract(cluster, tmp_path / name, str(sample), fault=LARGE)
        assert done.status == 0, done.err
    assert tree(tmp_path / "there") == tree(tmp_path / "here") != {}


def test_captures_in_object_storage_and_a_table_are_as_on_one_machine(
    dask: Dask, s3: S3, crawled: Run, tmp_path: Path
) -> None:
    """Workers read from S3 themselves; the client writes the table."""
    (warc,) = (crawled.output / "warc").iterdir()
    done = extract(dask, tmp_path / "output", s3.put("crawled.warc.gz", warc.read_bytes()))
    assert (done.status, done.err) == (0, ""), done.err
    assert tree(tmp_path / "output") == tree(crawled.output)
    for cluster, name in ((dask, "there"), (None, "here")):
        done = extract(cluster, tmp_path / name, str(warc), "--parquet", str(tmp_path / f"{name}.parquet"))
        assert (done.status, done.err, tree(tmp_path / name)) == (0, "", {}), done.err
    assert (tmp_path / "there.parquet").read_bytes() == (tmp_path / "here.parquet").read_bytes()


def test_a_page_that_hangs_or_crashes_the_parser_costs_itself_only(dask: Dask, tmp_path: Path) -> None:
    """And not the one that is in the same portion."""
    faults = {6: CRASHES, 7: HANGS}
    pages = {number: article(number) + faults.get(number, b"") for number in range(5, 9)}
    records = [record(http(body), url=address(number)) for number, body in pages.items()]
    (tmp_path / "some.warc.gz").write_bytes(packed(records))
    where = os.path.relpath(tmp_path / "some.warc.gz", ROOT)
    done = extract(dask, tmp_path / "output", where, PAGE_SECONDS="3")
    assert done.status == 0, done.err
    assert sorted(Path(name).stem for name in tree(tmp_path / "output")) == ["article_5", "article_8"]
    assert re.search(r"2 +extraction_failed .*: 6, 7", done.out), done.out
    assert [worker.poll() for worker in dask.workers] == [None, None]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("c.code_id = lambda real=c.code_id: {**real(), 'Python': '2.7'}", "and 2.7 is wanted: install the same"),
        ("c.lock_holder = lambda folder: None", "has another"),
    ],
    ids=["version", "disk"],
)
def test_a_worker_that_would_do_it_otherwise_is_named_before_anything_is_done(
    dask: Dask, crawled: Run, tmp_path: Path, fault: str, words: str
) -> None:
    done = extract(dask, tmp_path / "output", str(crawled.output / "warc"), fault=SMALL + fault)
    assert (done.status, words in done.err, "Traceback" in done.err) == (ExitStatus.USAGE, True, False), done.err
    assert "the worker at tls://127.0.0.1:" in done.err
    assert tree(tmp_path / "output") == {}


def test_a_worker_killed_in_the_middle_costs_nothing(dask: Dask, crawled: Run, tmp_path: Path) -> None:
    victim = dask.workers[0]
    done = extract(dask, tmp_path, str(crawled.output / "warc"), fault=killing(victim.pid, 3))
    assert (done.status, done.err) == (0, ""), done.err
    assert victim.wait() == -signal.SIGKILL
    assert tree(tmp_path) == tree(crawled.output)


def test_a_scheduler_killed_in_the_middle_ends_it_and_the_next_run_goes_on(
    dask: Dask, crawled: Run, tmp_path: Path
) -> None:
    output = copied(crawled, tmp_path)
    with Ledger(output / "ledger.sqlite") as ledger:
        wanted = ledger.recovered_ids()
        for one in wanted:
            ledger.settle(ArticleRow(one, State.UNRECOVERABLE, reason="unknown_layout"), 1)
    done = extract(dask, output, fault=killing(dask.scheduler.pid, 9))
    assert (done.status, "Traceback" in done.err) == (ExitStatus.UNAVAILABLE, False), done.err
    assert f"the scheduler of Dask at {dask.address} is lost: what was settled stays settled" in done.err
    with Ledger(output / "ledger.sqlite") as ledger:
        assert 4 <= len(ledger.recovered_ids()) < len(wanted)
    assert extract(None, output).status == 0
    assert tree(output) == tree(crawled.output)
    with Ledger(output / "ledger.sqlite") as ledger:
        assert ledger.recovered_ids() == wanted


def test_a_cluster_of_this_machine_gives_the_same_on_loopback_and_is_gone_at_the_end(
    crawled: Run, tmp_path: Path
) -> None:
    """Once as it is; once stopped by a second Ctrl-C of a terminal, which goes to the whole group."""
    psutil = pytest.importorskip("psutil")
    where = str(crawled.output / "warc"), "--cluster", "local", "--workers", "2"
    done = extract(None, tmp_path / "whole", *where)
    assert (done.status, done.err) == (0, ""), done.err
    assert tree(tmp_path / "whole") == tree(crawled.output)
    waits = "lambda self, done: (print('taken', flush=True), time.sleep(600))"
    fault = f"{SMALL}import time; e.ExtractionReport.take = {waits}"
    fault += "\nimport signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{fault}\nfrom scrapy.cmdline import execute\nexecute(['scrapy', *sys.argv[1:]])"
    arguments = [sys.executable, "-c", program, *line(tmp_path / "stopped", *where)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        arguments, cwd=ROOT, env=environment(), stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "taken\n"
        family = psutil.Process(process.pid).children(recursive=True)
        places = [one.laddr for each in family for one in each.net_connections("tcp") if one.status == "LISTEN"]
        os.killpg(process.pid, signal.SIGINT)
        assert process.stderr.readline().startswith("stopping: what is under way is finished")
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, "Traceback" in err) == (ExitStatus.INTERRUPTED, False), err
    assert len(family) >= 3
    assert {place.ip for place in places} == {"127.0.0.1"}
    assert not {place.port for place in places} & {8786, 8787}

    def runs(process: Any) -> bool:
        try:
            return bool(process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    while any(map(runs, family)):
        time.sleep(0.01)


def test_what_is_missing_is_said_before_anything_is_opened(tmp_path: Path) -> None:
    """No scheduler at an address, no address, no Dask."""
    nothing = tmp_path / "output"
    soon = f"{SMALL}c.CONNECT_SECONDS = 0.1"
    without = "import sys; sys.modules['distributed'] = None"
    for where, fault, status, words in (
        ("tcp://127.0.0.1:9", soon, ExitStatus.UNAVAILABLE, "no scheduler of Dask answers at tcp://127.0.0.1:9 within"),
        ("xyz://127.0.0.1:9", soon, ExitStatus.USAGE, "--cluster xyz://127.0.0.1:9: no address of a scheduler"),
        ("local", without, ExitStatus.USAGE, "needs Dask, which is not installed: pip install"),
    ):
        done = extract(None, nothing, str(tmp_path), "--cluster", where, fault=fault)
        assert (done.status, words in done.err, "Traceback" in done.err) == (status, True, False), done.err
    assert not nothing.exists()
