"""Taking off what the Wayback Machine adds to a page that it plays back without `id_`: scripts, toolbar, addresses."""

import re
from collections import Counter
from collections.abc import Callable

_HEAD_MARK = b"<!-- End Wayback Rewrite JS Include -->"
_HEAD = re.compile(rb"<head(?:\s[^>]*)?>", re.IGNORECASE)
_ARCHIVES_SCRIPT = re.compile(rb"<script\b[^>]*(?:/_?static/|archive\.org/)", re.IGNORECASE)
_TOOLBAR = re.compile(rb"<!-- BEGIN WAYBACK TOOLBAR INSERT -->.*?<!-- END WAYBACK TOOLBAR INSERT -->\n?", re.DOTALL)
_FOOT = re.compile(
    rb"<!--\s*FILE ARCHIVED ON (?:(?!-->).)*-->\s*(?:<!--\s*playback timings(?:(?!-->).)*-->\s*)?\Z", re.DOTALL
)

_NEXT = re.compile(rb"<!--|<(?=[a-zA-Z])")
_TAG = re.compile(rb"""<([a-zA-Z][^\s/>]*)(?:[^>"']|"[^"]*"|'[^']*')*+>""")
_ATTRIBUTE = re.compile(rb"""([^\s"'>/=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)""")
_OPAQUE = {
    name: re.compile(rb"</" + name + rb"[\s/>]", re.IGNORECASE) for name in (b"script", b"style", b"textarea", b"title")
}

_ADDRESS = (
    rb"(?:(?:https?:)?//web\.archive\.org(?::(?:80|443))?)?/web/([0-9]{14})(?:[a-z]{2}_)?/(?=(?:https?:|ftp:)?//)"
)
_ALONE = re.compile(rb"(\A[\"']?\s*)" + _ADDRESS, re.IGNORECASE)
_LISTED = re.compile(rb"(\A[\"']?\s*|[\s,])" + _ADDRESS, re.IGNORECASE)
_IN_TEXT = re.compile(rb"(\A[\"']?\s*|\s|url\s*=\s*[\"']?)" + _ADDRESS, re.IGNORECASE)
# By attribute, where in its value an address may begin: deeper in another address it is the page's own.
_PLACES = {
    b"src": _ALONE,
    b"href": _ALONE,
    b"poster": _ALONE,
    b"data-src": _ALONE,
    b"srcset": _LISTED,
    b"content": _IN_TEXT,
}


def unrewrite(body: bytes, timestamp: str) -> bytes:
    """A page as it was before playback rewrote it, as far as that can be known. `body` is without content coding.

    Taken off are the toolbar, what is inserted at the head, the comment at the end, and the archive's part of addresses
    in src, href, srcset, poster, data-src and content; text, comments and scripts stay. Playback writes the page's own
    `timestamp` into all of them: an address with another is a link to the archive that the page itself had, unless none
    has the page's (then the commonest is taken for it). Links relative to the host come back absolute, which is what
    the archive made of them.
    """
    body = _without_head(_TOOLBAR.sub(b"", _FOOT.sub(b"", body)))
    seen: Counter[bytes] = Counter()

    def count(found: re.Match[bytes]) -> bytes:
        seen[found[2]] += 1
        return found[0]

    _in_attributes(body, count)
    wanted = timestamp.encode("ascii", "replace")
    own = wanted if wanted in seen or not seen else min(seen, key=lambda each: (-seen[each], each))
    return _in_attributes(body, lambda found: found[1] if found[2] == own else found[0])


def _without_head(body: bytes) -> bytes:
    mark = body.find(_HEAD_MARK)
    if mark < 0:
        return body
    start = _HEAD.search(body, 0, mark)
    at = start.end() if start else mark
    if start is None and (script := _ARCHIVES_SCRIPT.search(body, 0, mark)):
        at = script.start()
    end = mark + len(_HEAD_MARK)
    return body[:at] + body[end + body.startswith(b"\n", end) :]


def _in_attributes(body: bytes, change: Callable[[re.Match[bytes]], bytes]) -> bytes:
    """Apply a change to every archive address that an attribute has where an address may begin."""

    def attribute(found: re.Match[bytes]) -> bytes:
        place = _PLACES.get(found[1].lower())
        return found[1] + found[2] + place.sub(change, found[3]) if place else found[0]

    parts: list[bytes] = []
    done = at = 0
    while found := _NEXT.search(body, at):
        at = found.start()
        if found[0] == b"<!--":
            end = body.find(b"-->", at)
            at = len(body) if end < 0 else end
        elif tag := _TAG.match(body, at):
            parts += body[done:at], _ATTRIBUTE.sub(attribute, tag[0])
            done = at = tag.end()
            if close := _OPAQUE.get(tag[1].lower()):
                end_tag = close.search(body, at)
                at = end_tag.start() if end_tag else len(body)
        else:
            at += 1
    return b"".join([*parts, body[done:]])
