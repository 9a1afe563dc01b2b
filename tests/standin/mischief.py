"""Troubles of the listing that keep it a listing: keys that lead nowhere, doubled rows, garbage, wrong digests."""

from dataclasses import replace

from .archive import Archive, Row, sha1
from .cdx import Listing, Page, Query, key_after, matching, pack_key, unpack_key
from .troubles import Kind, Trouble

_ODD = (
    Row(
        "com,hkcnews)/article/",
        "20200000241623",
        "http://hkcnews.com:80/article/",
        "unk",
        "-",
        "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
        "-",
    ),
    Row(
        "mailto:desk@hkcnews.example", "20200301000000", "mailto:desk@hkcnews.example", "unk", "200", sha1(b"odd"), "-"
    ),
    Row("com,hkcnews)/article/0x1f", "2020", "http://data:image/article/0x1f", "text/html", "abc", "", "0"),
)
_NO_ROWS: tuple[object, ...] = (
    ["com,hkcnews)/article/1"],
    "a text",
    None,
    [None] * 7,
    [1, 2, 3, 4, 5, 6, 7],
    {"error": "none"},
    ["x"] * 12,
)


def spoil(page: Page, archive: Archive, query: Query, listing: Listing, trouble: Trouble) -> Page:
    """The page as this trouble makes it; the page itself for any other kind."""
    if trouble.kind is Kind.EMPTY_PAGE:
        return Page((), _respelled(archive, query))
    if trouble.kind is Kind.REPEAT_KEY:
        first = next(matching(archive, query), None)
        if trouble.value == "cycle" and first and page.key:
            return replace(page, key=key_after(first, query, listing))
        return replace(page, key=query.resume_key or page.key)
    if trouble.kind is Kind.DUPLICATES:
        return replace(page, rows=_doubled(page, archive, query, int(trouble.value or 2)))
    if trouble.kind is Kind.GARBAGE:
        middle = len(page.rows) // 2
        return replace(page, rows=(*_NO_ROWS, *page.rows[:middle], *_ODD, *page.rows[middle:]))
    if trouble.kind is Kind.WRONG_DIGEST:
        return replace(page, rows=tuple(_misdigested(row, trouble) for row in page.rows))
    return page


def _respelled(archive: Archive, query: Query) -> str:
    """Another key for the position that was asked for: a client must go on, and may only stop when it turns in
    circles."""
    first = next(matching(archive, query), None)
    position = unpack_key(query.resume_key) if query.resume_key else f"{first.urlkey if first else ''} 0"
    if position is None:
        return query.resume_key
    return next(key for key in (pack_key(position, level) for level in (9, 1, 6)) if key != query.resume_key)


def _doubled(page: Page, archive: Archive, query: Query, before: int) -> tuple[object, ...]:
    if not page.rows:
        return page.rows
    rows = list(matching(archive, query))
    start = next(index for index, row in enumerate(rows) if row is page.rows[0])
    return (*rows[max(0, start - before) : start], *page.rows, page.rows[-1])


def _misdigested(row: object, trouble: Trouble) -> object:
    if (
        not isinstance(row, Row)
        or trouble.original not in ("", row.original)
        or trouble.timestamp not in ("", row.timestamp)
    ):
        return row
    return row._replace(digest=sha1(b"not the bytes of " + row.digest.encode()))
