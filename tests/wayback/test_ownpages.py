import gzip

from crawler.wayback.playback import EXCLUDED, NOT_ARCHIVED, NOT_AUTHORISED, OFFLINE, own_page_text, says
from tests.walking import walked

PAGES: dict[tuple[str, ...], list[bytes]] = {
    OFFLINE: [
        b"<h1>Temporarily\n Offline</h1>",
        b"<p>Services are <b>temporarily</b> offline.",
        b"No server is available to handle this request.",
    ],
    EXCLUDED: [
        b"This URL has been excluded from the Wayback Machine.",
        b"RobotAccessControlException",
        b"Blocked Site Error",
    ],
    NOT_ARCHIVED: [b"The Wayback Machine has not archived that URL.", b"could not be found in this collection"],
    NOT_AUTHORISED: [b"This type of CDX query requires authorization."],
}


@walked("phrases", PAGES)
def test_each_page_says_one_thing(phrases: tuple[str, ...]) -> None:
    for page in PAGES[phrases]:
        for body in (page, gzip.compress(page)):
            text = own_page_text([], body)
            assert [other for other in PAGES if says(other, text)] == [phrases]


def test_the_error_header_speaks_too() -> None:
    assert says(EXCLUDED, own_page_text([("X-Archive-Wayback-Runtime-Error", "Blocked Site Error")], b""))


@walked("body", [b"", b"<html>Welcome</html>", b"\xff\x00", b"\x1f\x8b"])
def test_other_pages_say_nothing(body: bytes) -> None:
    assert not any(says(phrases, own_page_text([], body)) for phrases in PAGES)
