"""The articles at hand as one table in Parquet: a row for each, also for those that cannot be recovered, with why."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from crawler.hkcnews.verdict import MEANINGS, Verdict
from crawler.ledger import State
from crawler.ledger.file import ledger_path
from crawler.ledger.queries import StoreQueries
from crawler.markdown.document import article_file
from crawler.preserve.jsonl import SCHEMA, of_file
from crawler.recovery.case import SHARED_BY, ArticleItem
from crawler.recovery.extraction import FILES, ExtractionInput, FromStore
from crawler.recovery.extraction_job import ExtractionPlan, Outcome, Workers, jobs_for
from crawler.recovery.formats import Format, Styles
from crawler.utils.exit_status import UsageError
from crawler.utils.text import explained
from crawler.utils.workers import batched
from crawler.warc.streams import file_of

Row = dict[str, Any]

ADDED: Mapping[str, str] = {
    "markdown": "the whole text of the file in the format `seed`; its UTF-8 has the digest `sha256`",
    "state": "`recovered`, `unrecoverable`; `listed`, `waiting`: not tried to the end; `adopted`: a file elsewhere",
    "verdict": "`article`, or what its captures turned out to be instead, the most frequent first",
    "reason": "the same in words, where the article is not recovered",
}
"""The columns beside those of the JSON lines, and what they are."""
_GROUP = 1000
"""Rows that are in memory at once, some 20 MB, and lie together in the file."""


def write_parquet(out: BinaryIO, rows: Iterable[Row]) -> int:
    """Write the rows, in their order, with zstd; gives their number. The same rows give the same bytes, with the same
    pyarrow. Raises UsageError without it; OSError."""
    try:
        import pyarrow as arrow  # noqa: PLC0415 - an extra, and slow to import
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        advice = "`pip install pyarrow`, or `pip install .[remote]` in a checkout"
        raise UsageError(f"writing Parquet needs pyarrow: {advice}") from error
    types = {"integer": arrow.int64(), "string": arrow.string(), "boolean": arrow.bool_()}
    fields = []
    for name, (kind, about) in columns().items():
        is_key = name in ("id", "state")
        of = arrow.list_(arrow.string()) if kind == "array" else types[kind]
        fields.append(arrow.field(name, of, nullable=not is_key, metadata={"description": about}))
    schema, count = arrow.schema(fields), 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for some in batched(rows, _GROUP):
            writer.write_table(arrow.Table.from_pylist(some, schema))
            count += len(some)
    return count


def columns() -> dict[str, tuple[str, str]]:
    """Every column with its type as JSON Schema calls it, and what it is: those of the JSON lines, then the others."""
    lines = json.loads(SCHEMA.read_text("utf-8"))["properties"]
    kinds = {name: [each] if isinstance(each := about["type"], str) else each for name, about in lines.items()}
    of_lines = {name: (kinds[name][0], about["description"]) for name, about in lines.items()}
    return of_lines | {name: ("string", about) for name, about in ADDED.items()}


def extract_rows(source: ExtractionInput, workers: Workers, ids: Collection[int] | None) -> Iterator[Row]:
    """Extract every article, or those among `ids`, and give the rows of all that are listed, lowest id first. No file
    is written and `source`, that of a dry run, is told nothing. Raises CommandError."""
    versions: Mapping[int, int] = {}
    if isinstance(source, FromStore):
        with StoreQueries(ledger_path(source.output)) as queries:
            versions = queries.version_counts()
    with source.opened():
        ledger, at_hand = source.ledger, source.articles(ids)
        styles = Styles(Format(), source.output.resolve())
        plan = ExtractionPlan(styles, frozenset(ledger.shared_digests(SHARED_BY)), dry_run=True, row=row_of)
        results, extracted = workers.extract(plan, source.store, jobs_for(ledger, at_hand)), set(at_hand)
        for row in ledger.articles():
            if row.id in extracted:
                done = source.report.take(next(results))
                if done.row is not None:
                    yield done.row | {"versions": versions.get(row.id)}
                else:
                    state = row.state if done.outcome is Outcome.UNDECIDED else State.UNRECOVERABLE
                    yield _missing(row.id, state, done.reason)
            elif ids is None or row.id in ids:
                yield _missing(row.id, row.state, row.reason)
        next(results, None)  # behind the last one the workers end


def row_of(item: ArticleItem, text: str) -> Row:
    """The row of an article that was recovered."""
    capture, evidence, file = item.row, item.evidence, article_file(item.article.id)
    assert evidence is not None  # of every capture that was judged
    place = capture.from_file.place.file if capture.from_file is not None and capture.source == FILES else ""
    return of_file(item.article.id, file, text) | {
        "digest": evidence.digest or None,
        "verified": evidence.verified if evidence.digest else None,
        "faults": [*item.faults],
        "source": file_of(place).rpartition("/")[2] or capture.source_file or capture.source or None,
        "markdown": text,
        "state": State.RECOVERED.value,
        "verdict": Verdict.ARTICLE.value,
    }


def _missing(number: int, state: State, verdict: str) -> Row:
    """The row of an article that is not recovered here, whatever it was before."""
    return {
        "id": number,
        "state": (State.LISTED if state is State.RECOVERED else state).value,
        "verdict": verdict or None,
        "reason": explained(verdict, MEANINGS) or None,
    }
