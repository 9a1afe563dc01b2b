import gzip
from collections.abc import Callable

from crawler.wayback.playback import own_page_text, says_excluded, says_not_archived, says_not_authorised, says_offline
from tests.walking import walked

PAGES: dict[Callable[[str], bool], list[bytes]] = {
    says_offline: [
        b"<h1>Temporarily\n Offline</h1>",
        b"<p>Services are <b>temporarily</b> offline.",
        b"No server is available to handle this request.",
    ],
    says_excluded: [
        b"This URL has been excluded from the Wayback Machine.",
        b"RobotAccessControlException",
        b"Blocked Site Error",
    ],
    says_not_archived: [b"The Wayback Machine has not archived that URL.", b"could not be found in this collection"],
    says_not_authorised: [b"This type of CDX query requires authorization."],
}


@walked("says", PAGES)
def test_each_page_says_one_thing(says: Callable[[str], bool]) -> None:
    for page in PAGES[says]:
        for body in (page, gzip.compress(page)):
            text = own_page_text([], body)
            assert [other for other in PAGES if other(text)] == [says]


def test_the_error_header_speaks_too() -> None:
    assert says_excluded(own_page_text([("X-Archive-Wayback-Runtime-Error", "Blocked Site Error")], b""))


@walked("body", [b"", b"<html>Welcome</html>", b"\xff\x00", b"\x1f\x8b"])
def test_other_pages_say_nothing(body: bytes) -> None:
    assert not any(says(own_page_text([], body)) for says in PAGES)
