"""Where players, posts and charts have their addresses that a script of their makers is to put into a page: the marks that these scripts
look for, and what they make of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote

from bs4 import Tag

Addresses = tuple[tuple[str, str], ...]
"""Attributes in order of trust, each with the address that it gives; `{}` alone where its value is one."""

_YOUTUBE, _VIMEO = "https://www.youtube.com/embed/{}", "https://player.vimeo.com/video/{}"
_TWEET = "https://twitter.com/i/status/{}"
_LIKER = "https://button.like.co/in/embed/{}/button"
_ON_YOUTUBE: Addresses = tuple(
    (name, _YOUTUBE) for name in ("data-id", "data-embed", "data-videoid", "data-video-id", "videoid", "video-id")
)
_ON_VIMEO: Addresses = tuple((name, _VIMEO) for name in ("data-id", "data-videoid", "data-video-id", "videoid"))
_LIKED: Addresses = (("data-liker-id", _LIKER), ("liker-id", _LIKER))
_HREF: Addresses = (("data-href", "{}"), ("href", "{}"))

BY_CLASS: Mapping[str, Addresses] = {
    **dict.fromkeys(("fb-video", "fb-post", "fb-page", "fb-comment-embed", "tumblr-post"), _HREF),
    **dict.fromkeys(("twitter-timeline", "twitter-moment", "twitter-grid", "embedly-card"), (("href", "{}"),)),
    **dict.fromkeys(("youtube", "youtube-player", "youtube-embed", "lazyYT", "js-lazyYT", "lite-youtube", "ytp"), _ON_YOUTUBE),
    **dict.fromkeys(("vimeo", "vimeo-player", "lite-vimeo"), _ON_VIMEO),
    **dict.fromkeys(("likecoin-button", "likecoin-embed", "likecoin-button-like"), _LIKED),
    "infogram-embed": (("data-id", "https://e.infogram.com/{}"),),
    "flourish-embed": (("data-url", "{}"), ("data-src", "https://flo.uri.sh/{}/embed")),
    "instagram-media": (("data-instgrm-permalink", "{}"),),
    "tiktok-embed": (("cite", "{}"), ("data-video-id", "https://www.tiktok.com/embed/{}")),
    "twitter-tweet": (("data-tweet-id", _TWEET), ("cite", "{}")),
    "imgur-embed-pub": (("data-id", "https://imgur.com/{}"),),
    "typeform-widget": (("data-url", "{}"),),
    "genially-embed": (("id", "https://view.genial.ly/{}"),),
    "speakerdeck-embed": (("data-id", "https://speakerdeck.com/player/{}"),),
}
BY_NAME: Mapping[str, Addresses] = {
    **dict.fromkeys(
        ("amp-youtube", "lite-youtube", "youtube-video"), (*_ON_YOUTUBE, ("data-live-channelid", "https://www.youtube.com/channel/{}"))
    ),
    **dict.fromkeys(("amp-vimeo", "lite-vimeo", "vimeo-video"), _ON_VIMEO),
    **dict.fromkeys(("fb:post", "fb:video", "amp-facebook", "amp-facebook-page"), _HREF),
    "oembed": (("url", "{}"),),
    "amp-dailymotion": (("data-videoid", "https://www.dailymotion.com/embed/video/{}"),),
    "amp-instagram": (("data-shortcode", "https://www.instagram.com/p/{}/"),),
    "amp-twitter": (("data-tweetid", _TWEET),),
    "amp-tiktok": (("data-src", "https://www.tiktok.com/embed/{}"),),
    "amp-imgur": (("data-imgur-id", "https://imgur.com/{}"),),
    "amp-gfycat": (("data-gfyid", "https://gfycat.com/ifr/{}"),),
    "amp-soundcloud": (
        ("data-trackid", "https://w.soundcloud.com/player/?url=https://api.soundcloud.com/tracks/{}"),
        ("data-playlistid", "https://w.soundcloud.com/player/?url=https://api.soundcloud.com/playlists/{}"),
    ),
    "likecoin-button": _LIKED,
}
BY_ATTRIBUTE: Mapping[str, str] = {
    **dict.fromkeys(("data-instgrm-permalink", "data-oembed-url", "data-embed-url", "data-embed-src", "data-iframe-src"), "{}"),
    **dict.fromkeys(("data-youtube-id", "data-youtube", "data-yt-id", "data-ytid"), _YOUTUBE),
    **dict.fromkeys(("data-tf-widget", "data-tf-live"), "https://form.typeform.com/to/{}"),
    "data-vimeo-id": _VIMEO,
    "data-telegram-post": "https://t.me/{}",
    "data-tweet-id": _TWEET,
    "data-liker-id": _LIKER,
    "data-iscn-id": "https://button.like.co/in/embed/iscn/button?iscn_id={}",
}
_PLYR, _PLYR_ID = "data-plyr-provider", "data-plyr-embed-id"
SIGNS = frozenset((*BY_ATTRIBUTE, _PLYR))
"""Attributes that no other element has."""
_DATAWRAPPER = "https://datawrapper.dwcdn.net/{}/"
_BY_ID = (
    (re.compile(r"datawrapper-(?:vis|chart)-(\w+)"), _DATAWRAPPER),
    (re.compile(r"infogram_\d+_(.+)"), "https://e.infogram.com/{}"),
)
_BY_SOURCE = (
    (re.compile(r"//datawrapper\.dwcdn\.net/(\w+)/"), _DATAWRAPPER),
    (re.compile(r"//gist\.github\.com/([\w./-]+?)\.js"), "https://gist.github.com/{}"),
    (re.compile(r"//(?:secure|static)\.polldaddy\.com/p/(\d+)\.js"), "https://polldaddy.com/poll/{}/"),
    (re.compile(r"//www\.buzzsprout\.com/(\d+/[\w-]+?)\.js"), "https://www.buzzsprout.com/{}"),
    (re.compile(r"//asciinema\.org/a/(\w+)\.js"), "https://asciinema.org/a/{}"),
)
_WRITTEN = re.compile(r"<iframe\b[^>]*?\bsrc\s*=\s*\\?[\"']?\s*((?:https?:)?//[^\"'\\\s>]+)", re.IGNORECASE)
_WEB = re.compile(r"(?:https?:)?//[^\s/]|/(?!/)", re.IGNORECASE)
_TABLEAU = "https://public.tableau.com/"
_GENERIC = (
    *("data-src", "data-url", "data-href", "data-video-url", "data-video", "data-permalink", "data-link", "data-iframely-url"),
    *("src", "url", "href", "cite"),
)
"""Where makers that are not known here may have the address of what they show."""


def address_of(element: Tag) -> str:
    """The address of what a script would have made of an element, by a mark that is known; empty if it has none."""
    return next((address for name, form, value in _marks(element) if (address := _filled(form, value))), _of_several(element))


def _marks(element: Tag) -> Iterator[tuple[str, str, str]]:
    own = element.attrs
    classes = element.get_attribute_list("class") if "class" in own else ()
    known = [pair for name in classes if name in BY_CLASS for pair in BY_CLASS[name]]
    for name, form in (*known, *BY_NAME.get(element.name, ()), *((name, BY_ATTRIBUTE[name]) for name in own if name in BY_ATTRIBUTE)):
        yield name, form, str(own.get(name) or "").strip()
    for table, value in ((_BY_ID, str(own.get("id") or "")), (_BY_SOURCE, _source_of_script(element))):
        for pattern, form in table if value else ():
            if found := pattern.search(value):
                yield "", form, found[1]


def _source_of_script(element: Tag) -> str:
    return str(element.attrs.get("src") or "") if element.name == "script" else ""


def _filled(form: str, value: str) -> str:
    """An address from the form and a value; a value that is an address already stays what it is."""
    if not value or _WEB.match(value):
        return value
    return form.format(quote(unquote(value).partition("?")[0], safe="/@:~")) if form != "{}" else ""


def _of_several(element: Tag) -> str:
    """The address that more than one attribute or element gives."""
    own = element.attrs
    if _PLYR in own:
        forms = {"youtube": _YOUTUBE, "vimeo": _VIMEO}
        return _filled(forms.get(str(own[_PLYR]).lower(), "{}"), str(own.get(_PLYR_ID) or "").strip())
    if "tableauViz" in element.get_attribute_list("class"):
        given = {str(one.get("name")).lower(): unquote(str(one.get("value") or "")) for one in element.find_all("param")}
        host = given.get("host_url") or _TABLEAU
        path = f"views/{given['name']}" if given.get("name") else given.get("path", "")
        return f"{host.rstrip('/')}/{path}" if path else ""
    written = _WRITTEN.search(element.get_text()) if element.name == "script" else None
    return written[1] if written else ""


def likely_address(element: Tag) -> str:
    """The address that an empty element of an unknown maker has in an attribute; empty if it has none."""
    values = (str(element.attrs.get(name) or "").strip() for name in _GENERIC)
    return next((value for value in values if _WEB.match(value) and not value.startswith("/article/")), "")
