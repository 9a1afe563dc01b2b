"""Whether a record's bytes are those that its digests were taken of. Writers differ in that, and confuse the fields."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from crawler.archive.coding import CodingError, layers
from crawler.archive.headers import declared_coding
from crawler.archive.transfer import transferred
from crawler.archive.warcdigest import is_checkable, matches_any, sha1_of
from crawler.archive.warcrecord import Head, Http, Malformed, message_of

_PAYLOAD, _BLOCK = "warc-payload-digest", "warc-block-digest"


def digests_of(head: Head) -> list[str]:
    """The digests that a record states of bytes of its own, as far as they can be compared; a revisit's payload is another record's."""
    names = (_BLOCK,) if head.kind == "revisit" else (_PAYLOAD, _BLOCK)
    return [stated for name in names if is_checkable(stated := head.get(name))]


def is_proven(head: Head, block: bytes) -> bool:
    """Whether a digest that the record states is that of this block, or of what it has as payload."""
    digests = digests_of(head)
    if any(matches_any(stated, (block,)) for stated in digests):
        return True
    try:
        http = message_of(head, block)
    except Malformed:
        return False
    return any(matches_any(stated, _forms(http, block)) for stated in digests)


def compare_payload(head: Head, http: Http, block: bytes) -> str:
    """Compare the payload of a block with the digest that a record, or a revisit of it, states; gives that in the form of CDX rows where
    it is a SHA-1 of the payload without chunks. Raises Malformed where no digest proves the bytes."""
    stated = head.get(_PAYLOAD)
    if found := sha1_of(body_of(http, block), stated):
        return found
    if not matches_any(stated, _forms(http, block)) and not matches_any(stated, (block,)) and not is_proven(head, block):
        raise Malformed(f"payload does not match its digest {stated}")
    return ""


def compare_block(head: Head, http: Http | None, block: bytes) -> None:
    """Compare a block with its digest, unless that is the payload's, or the payload's is the block's. Raises Malformed."""
    stated, other = head.get(_BLOCK), head.get(_PAYLOAD)
    if matches_any(stated, (block,)) or (is_checkable(other) and matches_any(other, (block,))):
        return
    if http is None or not matches_any(stated, _forms(http, block)):
        raise Malformed(f"block does not match its digest {stated}")


def body_of(http: Http, block: bytes) -> bytes:
    """The payload without chunks."""
    return transferred(http.headers, block[http.size :])


def _forms(http: Http, block: bytes) -> Iterator[bytes]:
    """What writers take the digest of a payload over: as it came, without chunks, without content codings."""
    raw = block[http.size :]
    yield raw
    body = transferred(http.headers, raw)
    if body is not raw:
        yield body
    with suppress(CodingError):
        for decoded in islice(layers(body, declared_coding(http.headers)), 1, None):
            yield decoded.body
