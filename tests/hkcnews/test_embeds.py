"""Players that a script of the page would have made."""

from __future__ import annotations

from tests.hkcnews.cases import page_with
from tests.walking import walked

FRAME = '{{{{< video src="https://web.archive.org/web/20210712003330if_/{}" >}}}}'


@walked(
    ("html", "address", "rest"),
    [
        (
            '<figure class="media"><oembed url="https://www.youtube.com/watch?v=z"></oembed></figure>',
            "https://www.youtube.com/watch?v=z",
            "",
        ),
        ('<div class="fb-video" data-href="https://www.facebook.com/x/videos/1/"></div>', "https://www.facebook.com/x/videos/1/", ""),
        (
            '<div class="fb-post" data-href="https://www.facebook.com/x/posts/1"><blockquote><p>引</p></blockquote></div>',
            "https://www.facebook.com/x/posts/1",
            "\n\n> 引",
        ),
    ],
)
def test_a_player_without_a_frame_is_one(html: str, address: str, rest: str) -> None:
    assert page_with(f"<p>甲</p>{html}<p>乙</p>").article().body == f"甲\n\n{FRAME.format(address)}{rest}\n\n乙"


@walked("html", ['<p data-href="https://x.example/">字</p>', "<p>字<oembed></oembed></p>", '<p class="fb-video" data-href=" ">字</p>'])
def test_what_is_no_player_is_left(html: str) -> None:
    assert page_with(html).article().body == "字"
