"""Players that a script of the page would have put in place, as the frames that they would have become."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

_FACEBOOK = frozenset({"fb-video", "fb-post"})
"""What Facebook's script looks for: an element with the address in `data-href`, and words for those without the script in it."""


def frame_player(element: Tag) -> None:
    """Put a frame where the player would stand: for CKEditor's `<oembed url=…>`, and for Facebook's videos and posts."""
    if element.name == "oembed":
        address = str(element.get("url") or "")
    else:
        address = str(element.get("data-href") or "") if _FACEBOOK.intersection(element.get_attribute_list("class")) else ""
    if not address.strip():
        return
    frame = BeautifulSoup("", "html.parser").new_tag("iframe", attrs={"src": address})
    element.insert_before(frame)
    del element["data-href"]
    if element.name == "oembed":
        element.unwrap()
