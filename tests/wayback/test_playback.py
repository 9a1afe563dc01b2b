import gzip
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from crawler.wayback.capture import Capture
from crawler.wayback.playback import (
    ANSWERS,
    FINAL,
    Action,
    Answer,
    Outcome,
    Reply,
    escape,
    parse_playback_url,
    playback_url,
    read_reply,
    retry_after,
    split_replay,
)
from tests.walking import walked

ARCHIVE = "https://web.archive.org"
REPLAY = f"{ARCHIVE}/web"
MIRROR = "http://127.0.0.1:8080/web"
COLLECTION = "http://127.0.0.1:8080/news"
TS = "20210102030405"
URL = "https://www.site.example/article/1/%E6%96%B0-1/x"
MEMENTO = ("Memento-Datetime", "Sat, 02 Jan 2021 03:04:05 GMT")
Pairs = list[tuple[str, str]]


# --- addresses
# -----------------------------------------------------------------------------------------------------------------


@walked(
    ("original", "path"),
    [
        (URL, URL),
        ('http://a.example:80/%25E6%EF%BF%BD/[x]|y^{z}`"<>\\?', 'http://a.example:80/%25E6%EF%BF%BD/[x]|y^{z}`"<>\\?'),
        ("http://a.example/a b#c", "http://a.example/a%20b%23c"),
        ("http://a.example/新", "http://a.example/%E6%96%B0"),
        ("http://a.example/\r\nX: y\x7f", "http://a.example/%0D%0AX:%20y%7F"),
        ("http://a.example/\ud800", "http://a.example/?"),
    ],
)
@walked("replay", [REPLAY, REPLAY + "/"])
def test_playback_url(replay: str, original: str, path: str) -> None:
    assert playback_url(replay, TS, original) == f"https://web.archive.org/web/{TS}id_/{path}"


def test_playback_url_of_an_image() -> None:
    assert playback_url(MIRROR, TS, URL, "im_") == f"http://127.0.0.1:8080/web/{TS}im_/{URL}"


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"), min_size=1))
def test_safe_originals_come_out_unchanged(original: str) -> None:
    url = playback_url(REPLAY, TS, original)
    assert url == f"{REPLAY}/{TS}id_/{original}"
    assert parse_playback_url(REPLAY, url) == (TS, "id_", original)


@given(st.text())
def test_any_original_fits_a_request_line(original: str) -> None:
    escaped = escape(original)
    assert all("!" <= char <= "~" and char != "#" for char in escaped)
    assert escape(escaped) == escaped


@walked(
    ("replay", "url", "wanted"),
    [
        (REPLAY, f"https://web.archive.org/web/{TS}id_/{URL}", (TS, "id_", URL)),
        (REPLAY, f"http://WEB.archive.org:80/web/{TS}/{URL}?a=1", (TS, "", URL + "?a=1")),
        (REPLAY, f"//web.archive.org/web/{TS}im_/{URL}", (TS, "im_", URL)),
        (REPLAY, f"/web/{TS}id_/{URL}", (TS, "id_", URL)),
        (REPLAY, f"/web/2021/{URL}", ("2021", "", URL)),
        (REPLAY, "/web/2021id_//%20", ("2021", "id_", "/%20")),
        (REPLAY, f"https://evil.example/web/{TS}id_/{URL}", None),
        (REPLAY, f"/web/*/{URL}", None),
        (REPLAY, f"/web/{TS}id_/", None),
        (REPLAY, f"/web/{TS}9/{URL}", None),
        (REPLAY, URL, None),
        (REPLAY, "", None),
        (REPLAY, "mailto:a@b.example", None),
        (REPLAY, f"https://web.archive.org@evil.example/web/{TS}id_/{URL}", None),
        (REPLAY, f"https://web.archive.org.evil.example/web/{TS}id_/{URL}", None),
        (MIRROR, f"http://127.0.0.1:8080/web/{TS}id_/{URL}", (TS, "id_", URL)),
        (MIRROR, f"http://127.0.0.1:8081/web/{TS}id_/{URL}", None),
        (MIRROR, f"https://web.archive.org/web/{TS}id_/{URL}", (TS, "id_", URL)),
        ("http://127.0.0.1:8080/mirror/web/", f"/mirror/web/{TS}id_/{URL}", (TS, "id_", URL)),
        ("http://127.0.0.1:8080/mirror/web", f"/web/{TS}id_/{URL}", None),
        (COLLECTION, f"http://127.0.0.1:8080/news/{TS}id_/{URL}", (TS, "id_", URL)),
        (COLLECTION, f"/news/{TS}id_/{URL}", (TS, "id_", URL)),
        (COLLECTION, f"/web/{TS}id_/{URL}", None),
        (COLLECTION, f"http://127.0.0.1:8080/other/{TS}id_/{URL}", None),
        (COLLECTION, f"http://127.0.0.1:8080/newspaper/{TS}id_/{URL}", None),
        ("http://127.0.0.1:8080", f"/{TS}id_/{URL}", (TS, "id_", URL)),
        ("http://[broken", f"/web/{TS}id_/{URL}", None),
    ],
)
def test_parse_playback_url(replay: str, url: str, wanted: tuple[str, str, str] | None) -> None:
    assert parse_playback_url(replay, url, [REPLAY]) == wanted


def test_only_the_addresses_named_are_inside() -> None:
    url = f"{REPLAY}/{TS}id_/{URL}"
    assert parse_playback_url(MIRROR, url) is None
    assert parse_playback_url(MIRROR, url, [COLLECTION, REPLAY]) == (TS, "id_", URL)
    assert parse_playback_url(MIRROR, f"/news/{TS}id_/{URL}", [COLLECTION]) is None
    assert parse_playback_url(MIRROR, url, ["http://[broken"]) is None


@given(st.text())
def test_parse_playback_url_never_raises(url: str) -> None:
    for spelled in (url, "//" + url, "http://[" + url):
        found = parse_playback_url(REPLAY, spelled, [COLLECTION])
        assert found is None or spelled.endswith(found[2])


# --- answers
# -------------------------------------------------------------------------------------------------------------------

HRM = b"<h2>Hrm.</h2>\n<p>The Wayback Machine has not\n archived that <b>URL</b>.</p>"
SORRY = b"<h2>Sorry.</h2> <p>This URL has been excluded from the Wayback Machine.</p>"
OFFLINE = b"<html><title>Internet Archive: Temporarily Offline</title></html>"
SERVICES = b"<p>Internet Archive services are temporarily offline.</p>"
HAPROXY = (
    b"<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>"
)
REASON = ("X-Archive-Redirect-Reason", "found capture at 20201231000000")
BLOCKED = ("X-Archive-Wayback-Runtime-Error", "AdministrativeAccessControlException: Blocked Site Error")

CASES: dict[str, tuple[int, Pairs, bytes, Answer]] = {
    "capture": (200, [MEMENTO], b"<html>", Answer.CAPTURE),
    "capture, header in capitals": (200, [("MEMENTO-DATETIME", MEMENTO[1])], b"<html>", Answer.CAPTURE),
    "capture quoting an outage page": (200, [MEMENTO], OFFLINE, Answer.CAPTURE),
    "archived 404": (404, [MEMENTO], HRM, Answer.CAPTURE),
    "archived 429 is no limit": (429, [MEMENTO], b"", Answer.CAPTURE),
    "archived 503": (503, [MEMENTO], b"", Answer.CAPTURE),
    "archived redirect": (
        301,
        [MEMENTO, ("Location", f"/web/{TS}id_/http://b.example/")],
        b"",
        Answer.ARCHIVED_REDIRECT,
    ),
    "archived redirect without a target": (302, [MEMENTO], b"", Answer.CAPTURE),
    "archived redirect to a mail address": (302, [MEMENTO, ("Location", "mailto:a@b.example")], b"", Answer.CAPTURE),
    "archived redirect to nonsense": (302, [MEMENTO, ("Location", "http://[")], b"", Answer.CAPTURE),
    "archived 200 with a Location": (200, [MEMENTO, ("Location", "/elsewhere")], b"", Answer.CAPTURE),
    "closest": (302, [REASON, ("location", f"{REPLAY}/20201231000000id_/{URL}")], b"", Answer.CLOSEST_CAPTURE),
    "not archived": (404, [], HRM, Answer.NOT_ARCHIVED),
    "not archived, gzip": (404, [("Content-Encoding", "gzip")], gzip.compress(HRM), Answer.NOT_ARCHIVED),
    "not archived, pywb": (
        404,
        [],
        b"The url <b>http://x</b> could not be found in this collection.",
        Answer.NOT_ARCHIVED,
    ),
    "not archived, apostrophe": (
        404,
        [],
        "The Wayback Machine hasn’t archived that URL.".encode(),
        Answer.NOT_ARCHIVED,
    ),
    "excluded with 200": (200, [], SORRY, Answer.EXCLUDED),
    "excluded with 403": (403, [], SORRY, Answer.EXCLUDED),
    "excluded with 404": (404, [], SORRY, Answer.EXCLUDED),
    "excluded, header": (403, [BLOCKED], b"", Answer.EXCLUDED),
    "excluded, robots": (403, [], b"Page cannot be displayed due to robots.txt.", Answer.EXCLUDED),
    "outage with 200": (200, [], OFFLINE, Answer.OUTAGE),
    "outage with 503": (503, [], SERVICES, Answer.OUTAGE),
    "outage with 404": (404, [], OFFLINE, Answer.OUTAGE),
    "outage, gzip not announced": (200, [], gzip.compress(OFFLINE), Answer.OUTAGE),
    "outage, proxy": (503, [], HAPROXY, Answer.OUTAGE),
    "limit": (429, [], b"<h1>429 Too Many Requests</h1>", Answer.RATE_LIMITED),
    "limit with an outage page": (429, [], OFFLINE, Answer.RATE_LIMITED),
    "server error": (500, [], b"", Answer.SERVER_ERROR),
    "gateway time-out": (504, [], b"", Answer.SERVER_ERROR),
    "cut gzip": (502, [("Content-Encoding", "gzip")], gzip.compress(OFFLINE)[:-3], Answer.SERVER_ERROR),
    "refused 401": (401, [], b"", Answer.REFUSED),
    "refused 403": (403, [], b"Forbidden", Answer.REFUSED),
    "refused 451": (451, [], b"", Answer.REFUSED),
    "unknown 200": (200, [], b"<html>Welcome</html>", Answer.UNKNOWN_PAGE),
    "unknown 404": (404, [], b"nginx", Answer.UNKNOWN_PAGE),
    "unknown 400": (400, [], b"", Answer.UNKNOWN_PAGE),
    "out of the archive": (302, [("Location", "https://login.example/")], b"", Answer.UNKNOWN_PAGE),
    "redirect without a target": (302, [], b"", Answer.UNKNOWN_PAGE),
}
OF_THE_CONNECTION = {
    Answer.CUT_BODY,
    Answer.TIMEOUT,
    Answer.CONNECTION_LOST,
    Answer.CONNECTION_REFUSED,
    Answer.TOO_LARGE,
}


def read(
    status: int, headers: Pairs, body: bytes = b"", *, replay: str = REPLAY, timestamp: str = TS, original: str = URL
) -> Reply:
    return read_reply(replay, Capture(timestamp=timestamp, original=original), status, headers, body)


@walked("name", CASES)
def test_answers(name: str) -> None:
    status, headers, body, answer = CASES[name]
    reply = read(status, headers, body)
    assert reply.answer is answer
    assert (reply.status, reply.timestamp, reply.original, reply.headers, reply.payload) == (
        status,
        TS,
        URL,
        tuple(headers),
        body,
    )
    assert (reply.location is not None) == (ANSWERS[answer].action is Action.FOLLOW)


def test_every_answer_has_a_case_and_a_sequel() -> None:
    assert {answer for *_, answer in CASES.values()} | OF_THE_CONNECTION == set(Answer)
    assert set(ANSWERS) == set(Answer)
    assert {rule.action for rule in ANSWERS.values()} == set(Action)
    # An overload is told by its status, whatever the page.
    assert {rule.outcome for rule in ANSWERS.values()} == set(Outcome) - {Outcome.OVERLOADED}
    assert {answer.value for answer in Answer if ANSWERS[answer].action is Action.NEXT_CAPTURE} == set(FINAL)


@walked(
    ("answers", "sequel"),
    [
        ({Answer.CAPTURE}, Action.JUDGE),
        ({Answer.ARCHIVED_REDIRECT, Answer.CLOSEST_CAPTURE}, Action.FOLLOW),
        ({Answer.NOT_ARCHIVED, Answer.EXCLUDED, Answer.TOO_LARGE}, Action.NEXT_CAPTURE),
        ({Answer.RATE_LIMITED}, Action.PAUSE),
        ({Answer.CONNECTION_REFUSED, Answer.REFUSED}, Action.STOP),
        (
            {
                Answer.OUTAGE,
                Answer.SERVER_ERROR,
                Answer.CUT_BODY,
                Answer.TIMEOUT,
                Answer.CONNECTION_LOST,
                Answer.UNKNOWN_PAGE,
            },
            Action.RETRY,
        ),
    ],
)
def test_what_next(answers: set[Answer], sequel: Action) -> None:
    assert {answer for answer, rule in ANSWERS.items() if rule.action is sequel} == answers


@walked(
    ("replay", "location", "wanted"),
    [
        (REPLAY, f"{REPLAY}/20210102030406id_/http://b.example/", ("20210102030406", "http://b.example/")),
        (REPLAY, f"//web.archive.org/web/{TS}id_/http://b.example/?", (TS, "http://b.example/?")),
        (REPLAY, f"/web/{TS}id_/http://b.example/x#top", (TS, "http://b.example/x")),
        # as pywb passes it on: the archived target itself
        (MIRROR, "http://b.example/a|b?", (TS, "http://b.example/a|b?")),
        (MIRROR, "//b.example/x", (TS, "https://b.example/x")),
        (MIRROR, "/article/1/%E6-1/y", (TS, "https://www.site.example/article/1/%E6-1/y")),
        (MIRROR, "../2", (TS, "https://www.site.example/article/1/2")),
        (MIRROR, "/article/新", (TS, "https://www.site.example/article/新")),
        (MIRROR, "/article/新".encode().decode("latin-1"), (TS, "https://www.site.example/article/新")),
        (MIRROR, "/a\tb", (TS, "https://www.site.example/ab")),
    ],
)
@walked("status", [301, 302, 303, 307, 308])
def test_where_an_archived_redirect_leads(status: int, replay: str, location: str, wanted: tuple[str, str]) -> None:
    reply = read(status, [MEMENTO, ("Location", location)], b"Moved", replay=replay)
    assert (reply.answer, reply.location) == (Answer.ARCHIVED_REDIRECT, wanted)


def test_where_a_jump_to_the_closest_leads() -> None:
    reply = read(302, [REASON, ("Location", f"/web/20201231000000id_/{URL}")])
    assert reply.location == ("20201231000000", URL)
    assert (reply.timestamp, reply.original) == (TS, URL)


@walked(
    ("memento", "requested", "wanted"),
    [
        ("Sat, 02 Jan 2021 03:04:05 GMT", TS, TS),
        ("Sat, 02 Jan 2021 03:04:06 GMT", TS, "20210102030406"),
        ("Sat, 02 Jan 2021 04:04:05 +0100", TS, TS),
        ("Sat, 02 Jan 2021 03:04:05 -0000", TS, TS),
        ("Thu, 24 Aug 2000 16:23:00 GMT", "20000800241623", "20000800241623"),
        ("nonsense", TS, TS),
        ("Sat, 99 Jan 2021 03:04:05 GMT", TS, TS),
        ("Sat, 02 Jan 2021 03:04:05 GMT", "hopeless", TS),
    ],
)
def test_the_timestamp_really_served(memento: str, requested: str, wanted: str) -> None:
    reply = read(200, [("Memento-Datetime", memento)], timestamp=requested)
    assert (reply.answer, reply.timestamp) == (Answer.CAPTURE, wanted)


OTHERS = (
    f'<{REPLAY}/timemap/link/{URL}>; rel="timemap"; type="application/link-format", <{REPLAY}/{URL}>; rel="timegate"'
)


@walked(
    ("requested", "served", "wanted"),
    [
        (URL, URL, URL),
        (URL, URL.replace("%E6", "%e6"), URL),
        (URL, URL.replace("https", "http"), URL),
        (URL, URL.replace(".example", ".example:443"), URL),
        ("http://site.example:80/x", "http://site.example/x", "http://site.example:80/x"),
        ("http://site.example", "http://SITE.example/", "http://site.example"),
        ("http://site.example/新", "http://site.example/%e6%96%b0", "http://site.example/新"),
        ("http://site.example/新", "http://site.example/新".encode().decode("latin-1"), "http://site.example/新"),
        ("http://site.example/a|b#c", "http://site.example/a%7Cb%23c", "http://site.example/a|b#c"),
        (URL, URL.replace("www.", ""), URL.replace("www.", "")),
        (URL, URL + "?fbclid=1,2;3", URL + "?fbclid=1,2;3"),
        (URL, URL.replace("%E6", "%25E6"), URL.replace("%E6", "%25E6")),
        (URL, URL.replace(":", ":8080:", 1).replace("https:8080", "https"), URL),
        (URL, "", URL),
    ],
)
@walked("rel", ['rel="original"', "rel=original", "rel='memento original'", 'type="x"; REL="Original"'])
def test_the_original_really_served(requested: str, served: str, wanted: str, rel: str) -> None:
    for links in ([f"<{served}>; {rel}, {OTHERS}"], [OTHERS, f"<{served}>; {rel}"], [f"{OTHERS}, <{served}>; {rel}"]):
        assert read(200, [MEMENTO, *(("Link", link) for link in links)], original=requested).original == wanted


def test_links_that_name_no_original() -> None:
    assert read(200, [MEMENTO, ("Link", OTHERS), ("Link", "nonsense"), ("Link", "<http://x.example>")]).original == URL


pairs = st.lists(
    st.tuples(
        st.sampled_from(["Memento-Datetime", "Location", "Link", "Content-Encoding"]), st.text() | st.just(MEMENTO[1])
    ),
    max_size=5,
)


@given(st.integers(100, 999) | st.sampled_from([200, 302, 404]), pairs, st.binary(), st.text(), st.text())
def test_reading_a_reply_never_raises(status: int, headers: Pairs, body: bytes, timestamp: str, original: str) -> None:
    reply = read(status, headers, body, timestamp=timestamp, original=original)
    assert (reply.location is not None) == (ANSWERS[reply.answer].action is Action.FOLLOW)


# --- Retry-After
# ---------------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)


@walked(
    ("values", "wanted"),
    [
        (["60"], 60.0),
        (["0"], 0.0),
        ([" 5 "], 5.0),
        (["Mon, 01 Jun 2026 12:01:30 GMT"], 90.0),
        (["Mon, 01 Jun 2026 14:01:30 +0200"], 90.0),
        (["Mon, 01 Jun 2026 12:00:10 -0000"], 10.0),
        (["Mon, 01 Jun 2026 11:59:59 GMT"], None),
        (["-5"], None),
        (["1.5"], None),
        (["soon"], None),
        (["６０"], None),
        (["9" * 400], None),
        ([""], None),
        ([], None),
        (["30", "120", "x"], 120.0),
    ],
)
def test_retry_after(values: list[str], wanted: float | None) -> None:
    assert retry_after([("retry-AFTER", value) for value in values], NOW) == wanted


@given(st.text())
def test_retry_after_never_raises(value: str) -> None:
    wait = retry_after([("Retry-After", value)], NOW)
    assert wait is None or wait >= 0


def test_an_address_with_a_bracket_is_not_cut_by_the_header_that_repeats_it() -> None:
    original = "https://www.hkcnews.com/article/7/a>b"
    headers = [("Memento-Datetime", "Fri, 01 Jan 2021 00:00:00 GMT"), ("Link", f'<{original}>; rel="original"')]
    wanted = Capture(timestamp="20210101000000", original=original)
    assert read_reply("https://archive.example/web", wanted, 200, headers, b"").original == original


def test_an_address_in_any_archive_is_taken_apart() -> None:
    when, original = "20210712013906", "https://www.hkcnews.com/article/1/x?y=/2020/"
    parts = {
        f"https://web.archive.org/web/{when}/{original}": ("https://web.archive.org/web", when, original),
        f"https://arquivo.pt/wayback/{when}im_/{original}": ("https://arquivo.pt/wayback", when, original),
        f"/web/2021/{original}": ("/web", "2021", original),
        f"//archive.example/{when}if_///a.example/": ("//archive.example", when, "//a.example/"),
        f"/web/{when}/hkcnews.com/article/1": ("/web", when, "hkcnews.com/article/1"),
        **dict.fromkeys((original, "", "/web/2021/x"), ("", "", "")),
        **dict.fromkeys((f"https://www.hkcnews.com/article/12345/{slug}" for slug in ("a.b", "/a")), ("", "", "")),
    }
    assert {address: split_replay(address) for address in parts} == parts
