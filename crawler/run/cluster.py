"""The jobs of an extraction on a cluster of Dask distributed, in place of the processes of this machine. Each worker of
the cluster has such processes of its own, so that a page which is too much for one costs there what it costs here."""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import pickle
import platform
import sys
import time
import uuid
import warnings
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, Worker, get_worker
from distributed.client import ClosedClientError
from distributed.comm import CommClosedError
from distributed.diagnostics.plugin import WorkerPlugin

from crawler import __version__
from crawler.recovery.extraction_job import (
    CHUNK,
    ExtractionJob,
    ExtractionPlan,
    ExtractionResult,
    Extractor,
    LocalWorkers,
    page_by_page,
)
from crawler.recovery.formats import extractor_id
from crawler.recovery.judge import IsolatedReader
from crawler.recovery.store import Store
from crawler.utils.exit_status import UnavailableError, UsageError
from crawler.utils.lock import lock_holder
from crawler.utils.workers import AHEAD, Processes, batched, in_order

LOCAL = "local"
"""The address of a cluster that is made on this machine, for as long as it takes."""
CONNECT_SECONDS = 8
"""Within these a scheduler answers, or it is said that it does not."""
LOOK_SECONDS = 1.0
"""How often it is asked how many cores the cluster has now."""
PORTION = 4 * CHUNK
"""Articles that Dask is given at once: each time costs it some milliseconds in three processes."""
_LOST = (CommClosedError, CancelledError, ClosedClientError)
Chunk = list[ExtractionJob]


@contextmanager
def joined(address: str, limits: LocalWorkers) -> Iterator[Cluster]:
    """The cluster whose scheduler has this address; `limits.workers` counts for one on this machine only. Raises
    CommandError."""
    _quieten()
    with ExitStack() as opened:
        try:
            made = opened.enter_context(closing(_local(limits.workers))) if address == LOCAL else None
            client = opened.enter_context(Client(made or address, timeout=CONNECT_SECONDS, set_as_default=False))
        except (OSError, ImportError) as error:
            advice = "is it running, is the address right, and does a firewall let it through?"
            raise UnavailableError(
                f"no scheduler of Dask answers at {address} within {CONNECT_SECONDS} s: {advice} ({error})"
            ) from error
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"--cluster {address}: no address of a scheduler, as tcp://host:8786 is ({error})"
            ) from error
        yield Cluster(client, address, limits)


def _local(workers: int) -> LocalCluster:
    """A cluster that only this process can use: on loopback, encrypted, and without pages about itself."""
    dask.config.set({"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []})
    dask.config.set({"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "1s"})  # 5% saved
    return LocalCluster(
        n_workers=1,
        threads_per_worker=workers,
        host="127.0.0.1",
        security=True,
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
        worker_dashboard_address=None,
        silence_logs=logging.CRITICAL,
        preload="import os\nos.setpgid(0, 0)\n",  # Ctrl-C is this process's business
    )


def _quieten() -> None:
    """What Dask has to say of its own is nothing that stands on the terminal: what matters is said here."""
    for name in ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for module in ("distributed", "dask"):
        warnings.filterwarnings("ignore", module=module)
    dask.config.set({"distributed.comm.timeouts.connect": CONNECT_SECONDS})
    dask.config.set({"distributed.admin.low-level-log-length": 10})  # messages that are kept once sent, jobs and all


class Cluster:
    """The workers of a Dask cluster."""

    def __init__(self, client: Client, address: str, limits: LocalWorkers) -> None:
        self._client = client
        self._address = address
        self._limits = limits
        self._lost = False
        self._looked = 0.0
        self._cores = 0

    def extract(self, plan: ExtractionPlan, store: Store, jobs: Iterable[ExtractionJob]) -> Iterator[ExtractionResult]:
        """As `Workers`; a worker that dies costs its jobs once more. Raises CommandError too: a worker has another
        version or another disk, or the scheduler is lost."""
        share = _Share(plan, store, self._limits)

        def schedule(chunk: Chunk) -> Future:
            with self._reaching():
                key = f"extract-{uuid.uuid4().hex}"
                return self._client.submit(_do, share.name, pickle.dumps(chunk), key=key, pure=False)

        def results(chunk: Chunk, future: Future) -> list[ExtractionResult]:
            try:
                done: list[ExtractionResult] = pickle.loads(self._result(future))
            except KilledWorker:
                if len(chunk) > 1:
                    return [result for job in chunk for result in results([job], schedule([job]))]
                with closing(IsolatedReader(self._limits.page_seconds, self._limits.page_megabytes)) as isolated:
                    return [page_by_page(Extractor(plan, store, isolated), chunk[0], "")]
            return done

        with self._reaching():
            try:
                self._client.run_on_scheduler(code_id)
                self._client.register_plugin(share)
            except ImportError as error:
                what = f"the scheduler of Dask at {self._address}, or a worker of it, cannot do this: {error}"
                raise UsageError(f"{what}. Install the same on all machines") from error
        try:
            for _, result in in_order(batched(jobs, PORTION), schedule, results, lambda: AHEAD * max(1, self._look())):
                yield result
        finally:
            if not self._lost:
                with suppress(Exception):  # how it went is known without it
                    self._client.unregister_worker_plugin(share.name)

    @contextmanager
    def _reaching(self, lost: tuple[type[BaseException], ...] = (OSError, *_LOST)) -> Iterator[None]:
        try:
            yield
        except lost as error:
            self._lost = True
            again = "what was settled stays settled; start it, and run again to go on"
            raise UnavailableError(f"the scheduler of Dask at {self._address} is lost: {again} ({error})") from error

    def _result(self, future: Future) -> bytes:
        with self._reaching():
            while not future.done():
                with suppress(TimeoutError):
                    future.exception(timeout=LOOK_SECONDS)
                self._look()
        with self._reaching(_LOST):  # an OSError is one of the jobs'
            result: bytes = future.result()
        return result

    def _look(self) -> int:
        """The cores that the cluster has now."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            with self._reaching():
                cores = int(self._client.scheduler_info(n_workers=0)["total_threads"])
            if not cores and (self._cores or not self._looked):
                print(f"the cluster at {self._address} has no worker: waiting for one", file=sys.stderr)
            self._looked, self._cores = now, cores
        return self._cores


class _Share(WorkerPlugin):  # type: ignore[misc]
    """What a worker of the cluster has of an extraction, for as long as that takes."""

    def __init__(self, plan: ExtractionPlan, store: Store, limits: LocalWorkers) -> None:
        self.name = f"citizen-news {plan.styles.output}"
        self._plan, self._store, self._limits = plan, store, limits
        self._code, self._holder = code_id(), lock_holder(plan.styles.output)
        self._opened: ExitStack | None = None
        self._processes: Processes[ExtractionJob, ExtractionResult] | None = None

    def setup(self, worker: Worker) -> None:
        """Begin the processes of a worker. Raises UsageError: it is none for this extraction."""
        self._check(worker.address)
        multiprocessing.current_process().daemon = False  # a nanny's worker is one, and could have no processes
        limits = replace(self._limits, workers=worker.state.nthreads)
        self._opened = ExitStack()
        self._processes = self._opened.enter_context(limits.processes(self._plan, self._store))

    def teardown(self, worker: Worker) -> None:
        """End them."""
        if self._opened is not None:
            self._opened.close()

    def do(self, worker: Worker, chunk: Chunk) -> list[ExtractionResult]:
        """What each job came to."""
        if self._processes is None:
            self._check(worker.address)
        assert self._processes is not None
        processes = self._processes
        under_way = [(some, processes.schedule(some)) for some in batched(chunk, CHUNK)]
        return [result for some, future in under_way for result in processes.results(some, future)]

    def _check(self, address: str) -> None:
        here = code_id()
        for what, wanted in self._code.items():
            if here[what] != wanted:
                others = f"{what} {here[what]}, and {wanted} is wanted"
                raise UsageError(f"the worker at {address} has {others}: install the same on all machines")
        output = self._plan.styles.output
        if self._plan.row is None and lock_holder(output) != self._holder:
            shared = "it must lie where all machines see the same files, under the same path"
            raise UsageError(f"the worker at {address} on {platform.node()} has another {output}: {shared}")


def _do(share: str, chunk: bytes) -> bytes:
    """On a worker: do the jobs of a chunk. Bytes go through Dask as they are, whatever is in them."""
    worker = get_worker()
    return pickle.dumps(worker.plugins[share].do(worker, pickle.loads(chunk)))


def code_id() -> Mapping[str, str]:
    """What has to be the same wherever jobs are done, so that the files are."""
    here, digest = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(here.rglob("*.py")):
        digest.update(f"{path.relative_to(here).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return {
        "citizen-news": f"{__version__} of source {digest.hexdigest()[:12]}",
        "an extractor": extractor_id()[:12],
        "Python": ".".join(platform.python_version_tuple()[:2]),
    }
