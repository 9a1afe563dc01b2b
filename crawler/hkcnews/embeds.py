"""What a page shows by scripts alone: players, posts and charts, and where each has its address, whose frames are set
where they would stand; what it has in `<noscript>` for readers without scripts, as this project is one. What has no
address on the page is a named fault, and never nothing."""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, unquote

from bs4 import Tag
from bs4.element import PageElement

from crawler.hkcnews.tree_builder import element as new_element
from crawler.markdown import raw_html as raw
from crawler.markdown.elements import FRAMES

_YOUTUBE, _VIMEO = "https://www.youtube.com/embed/{}", "https://player.vimeo.com/video/{}"
_TWEET = "https://twitter.com/i/status/{}"
_LIKER = "https://button.like.co/in/embed/{}/button"
_SOUND = "https://w.soundcloud.com/player/?url=https://api.soundcloud.com/"
_DATAWRAPPER = "https://datawrapper.dwcdn.net/{}/"
_ON_FACEBOOK = ".fb-video .fb-post .fb-page .fb-comment-embed fb:post fb:video amp-facebook amp-facebook-page"
_YOUTUBE_TAGS = "amp-youtube lite-youtube youtube-video"
_ON_YOUTUBE = f".youtube .youtube-player .youtube-embed .lazyYT .js-lazyYT .lite-youtube .ytp {_YOUTUBE_TAGS}"
_ON_VIMEO = ".vimeo .vimeo-player .lite-vimeo amp-vimeo lite-vimeo vimeo-video"
_LIKED = ".likecoin-button .likecoin-embed .likecoin-button-like likecoin-button"

_PLAYERS = (
    (f"{_ON_FACEBOOK} .tumblr-post", "data-href href", "{}"),
    (".twitter-timeline .twitter-moment .twitter-grid .embedly-card", "href", "{}"),
    (_ON_YOUTUBE, "data-id data-embed data-videoid data-video-id videoid video-id", _YOUTUBE),
    (_YOUTUBE_TAGS, "data-live-channelid", "https://www.youtube.com/channel/{}"),
    (_ON_VIMEO, "data-id data-videoid data-video-id videoid", _VIMEO),
    (_LIKED, "data-liker-id liker-id", _LIKER),
    (".infogram-embed", "data-id", "https://e.infogram.com/{}"),
    (".flourish-embed", "data-url", "{}"),
    (".flourish-embed", "data-src", "https://flo.uri.sh/{}/embed"),
    (".instagram-media", "data-instgrm-permalink", "{}"),
    (".tiktok-embed", "cite", "{}"),
    (".tiktok-embed", "data-video-id", "https://www.tiktok.com/embed/{}"),
    (".twitter-tweet", "data-tweet-id", _TWEET),
    (".twitter-tweet", "cite", "{}"),
    (".imgur-embed-pub", "data-id", "https://imgur.com/{}"),
    (".typeform-widget", "data-url", "{}"),
    (".genially-embed", "id", "https://view.genial.ly/{}"),
    (".speakerdeck-embed", "data-id", "https://speakerdeck.com/player/{}"),
    ("oembed", "url", "{}"),
    ("amp-dailymotion", "data-videoid", "https://www.dailymotion.com/embed/video/{}"),
    ("amp-instagram", "data-shortcode", "https://www.instagram.com/p/{}/"),
    ("amp-twitter", "data-tweetid", _TWEET),
    ("amp-tiktok", "data-src", "https://www.tiktok.com/embed/{}"),
    ("amp-imgur", "data-imgur-id", "https://imgur.com/{}"),
    ("amp-gfycat", "data-gfyid", "https://gfycat.com/ifr/{}"),
    ("amp-soundcloud", "data-trackid", f"{_SOUND}tracks/{{}}"),
    ("amp-soundcloud", "data-playlistid", f"{_SOUND}playlists/{{}}"),
    ("*", "data-instgrm-permalink data-oembed-url data-embed-url data-embed-src data-iframe-src", "{}"),
    ("*", "data-youtube-id data-youtube data-yt-id data-ytid", _YOUTUBE),
    ("*", "data-tf-widget data-tf-live", "https://form.typeform.com/to/{}"),
    ("*", "data-vimeo-id", _VIMEO),
    ("*", "data-telegram-post", "https://t.me/{}"),
    ("*", "data-tweet-id", _TWEET),
    ("*", "data-liker-id", _LIKER),
    ("*", "data-iscn-id", "https://button.like.co/in/embed/iscn/button?iscn_id={}"),
)
"""Elements by name or class (`*`: any), their attributes in order of trust, and the address that these give: `{}` alone
where the value is one."""
_MARKS: dict[str, list[tuple[str, str]]] = {}
for _elements, _attributes, _form in _PLAYERS:
    for _element in _elements.split():
        _MARKS.setdefault(_element, []).extend((_attribute, _form) for _attribute in _attributes.split())
_ANYWHERE = dict(_MARKS.pop("*"))
_CLASSES = frozenset(name[1:] for name in _MARKS if name.startswith("."))
_NAMES = frozenset(name for name in _MARKS if not name.startswith("."))
_PLYR, _PLYR_ID = "data-plyr-provider", "data-plyr-embed-id"
_SIGNS = frozenset((*_ANYWHERE, _PLYR))
"""Attributes that no other element has."""
_WITHIN = (
    ("id", re.compile(r"datawrapper-(?:vis|chart)-(\w+)"), _DATAWRAPPER),
    ("id", re.compile(r"infogram_\d+_(.+)"), "https://e.infogram.com/{}"),
    ("src", re.compile(r"//datawrapper\.dwcdn\.net/(\w+)/"), _DATAWRAPPER),
    ("src", re.compile(r"//gist\.github\.com/([\w./-]+?)\.js"), "https://gist.github.com/{}"),
    ("src", re.compile(r"//(?:secure|static)\.polldaddy\.com/p/(\d+)\.js"), "https://polldaddy.com/poll/{}/"),
    ("src", re.compile(r"//www\.buzzsprout\.com/(\d+/[\w-]+?)\.js"), "https://www.buzzsprout.com/{}"),
    ("src", re.compile(r"//asciinema\.org/a/(\w+)\.js"), "https://asciinema.org/a/{}"),
)
"""What gives an address within an `id`, or the `src` of a script."""
_WRITTEN = re.compile(r"(?i)<iframe\b[^>]*?\bsrc\s*=\s*\\?[\"']?\s*((?:https?:)?//[^\"'\\\s>]+)")
_WEB = re.compile(r"(?i)(?:https?:)?//[^\s/]|/(?!/)")
_TABLEAU = "https://public.tableau.com/"
_GENERIC = (
    *("data-src", "data-url", "data-href", "data-video-url", "data-video", "data-permalink", "data-link"),
    *("data-iframely-url", "src", "url", "href", "cite"),
)
"""Where makers that are not known here may have the address of what an empty element shows."""


def address_of(element: Tag) -> str:
    """The address of what a script would have made of an element, by a mark that is known; empty if it has none."""
    return next(filter(None, _addresses(element)), "")


def _addresses(element: Tag) -> Iterator[str]:
    own = element.attrs
    classes = element.get_attribute_list("class")
    marks = [mark for name in classes for mark in _MARKS.get(f".{name}", ())]
    marks += _MARKS.get(element.name, ())
    marks += [(name, _ANYWHERE[name]) for name in own if name in _ANYWHERE]
    for name, form in marks:
        yield _filled(form, str(own.get(name) or "").strip())
    for name, pattern, form in _WITHIN:
        if (name == "id" or element.name == "script") and (found := pattern.search(str(own.get(name) or ""))):
            yield _filled(form, found[1])
    if _PLYR in own:
        form = {"youtube": _YOUTUBE, "vimeo": _VIMEO}.get(str(own[_PLYR]).lower(), "{}")
        yield _filled(form, str(own.get(_PLYR_ID) or "").strip())
    elif "tableauViz" in classes:
        parameters = element.find_all("param")
        given = {str(one.get("name")).lower(): unquote(str(one.get("value") or "")) for one in parameters}
        path = f"views/{given['name']}" if given.get("name") else given.get("path", "")
        yield f"{(given.get('host_url') or _TABLEAU).rstrip('/')}/{path}" if path else ""
    elif element.name == "script" and (written := _WRITTEN.search(element.get_text())):
        yield written[1]


def _filled(form: str, value: str) -> str:
    """An address from the form and a value; a value that is an address already stays what it is."""
    if not value or _WEB.match(value):
        return value
    return form.format(quote(unquote(value).partition("?")[0], safe="/@:~")) if form != "{}" else ""


LOST = "shown by a script only, and lost: "
"""How the fault begins of what has no address on the page."""
_AMP = {"amp-img": "img", "amp-anim": "img", "amp-iframe": "iframe", "amp-video": "video", "amp-audio": "audio"}
_SPECIAL = frozenset((*_NAMES, *_AMP, *FRAMES))
_HOLDERS = frozenset(("div", "section", "figure", "span", "blockquote", "a", "center"))
"""Elements in which scripts show something, and which are of no use when they are empty."""
_PICTURE_FILE = re.compile(r"(?i)\.(?:jpe?g|png|gif|webp)(?:[?#]|\Z)")
_SHOWN_IN = re.compile(
    r"(?i)embed|chart|graph|player|widget|infogra|viz|visuali|datawrapper|timeline|quiz|poll|survey|interactive|leaflet|(?:\A|[\s_-])map(?:\Z|[\s_-])"
    r"|video|audio|podcast|gallery|slideshow|carousel|likecoin"
)
"""How elements are called in which scripts show something."""
_NOTHING_SHOWN = re.compile(
    r"(?i)(?:\A|[\s_-])(?:ads?|adv|advert\w*|banner|dfp|gpt|sponsor\w*|promo\w*|shar\w+|social|follow\w*|like|comments?|related|recommend\w*"
    r"|addthis|sharethis|newsletter|subscri\w+|cookies?|icons?|glyphicon|fa|fb-root)(?:\Z|[\s_-])"
)
"""How elements are called that hold nothing of an article."""
_NO_SCRIPT = re.compile(r"(?i)json|template|html|x-")
"""Types of `<script>` that no browser runs."""
_ELSEWHERE = re.compile(
    r"(?i)googlesyndication|adsbygoogle|googletag|googleadservices|doubleclick|adnxs|prebid|criteo|taboola|outbrain|teads|dable|popin"
    r"|google-analytics|gtag\(|gtm\.js|\bga\(|dataLayer|fbq\(|scorecardresearch|quantserve|chartbeat|hotjar|onesignal|recaptcha"
    r"|connect\.facebook\.net|platform\.twitter\.com|platform\.instagram\.com|instagram\.com/embed|tiktok\.com/embed|telegram-widget"
    r"|infogram\.com/js|InfogramEmbeds|flourish\.studio|like\.co/sdk|tableau\.com/javascripts|embedly|iframe\.ly|typeform\.com|imgur\.com"
    r"|pinterest|line\.me|line-scdn|addthis|sharethis|disqus|apis\.google\.com|cdn-cgi|cloudflare|jquery|bootstrap|polyfill|lazysizes"
    r"|archive\.org/_static|tumblr\.com/post"
)
"""Scripts that show nothing of an article where they stand: advertisements, counters, libraries, and what looks for
known players."""
_DRAWING = re.compile(r"(?i)chart|plotly|\bd3\.|google\.visualization|vegaEmbed|leaflet|mapbox|document\.write")
_DRAWN = ["text", "image", "foreignobject"]
"""What of an `<svg>` is more than an icon."""
_TELLING = frozenset({"script", "object", "button"})
"""What may be dropped, and yet have a known player's marks."""
_OF_OTHERS = re.compile(r"(?i)(?:https?:)?//(?!(?:www\.)?hkcnews\.com)")
_LONGEST_NAME = 80


def may_be_embed(element: Tag) -> bool:
    """Whether a script may have had something to show in an element, or in its place; few elements are looked at more
    closely."""
    own = element.attrs
    if element.name in _SPECIAL or "-" in element.name:
        return True
    if not own:
        return False
    if not _SIGNS.isdisjoint(own) or ("class" in own and not _CLASSES.isdisjoint(element.get_attribute_list("class"))):
        return True
    return not element.contents and element.name in _HOLDERS


def settle(region: Tag, dropped: Sequence[Tag], candidates: Sequence[Tag]) -> list[str]:
    """Set frames and pictures where scripts would have shown them, and take out what is dropped; gives a fault for each
    that is lost.

    `dropped` are the elements that are no content, scripts among them; `candidates` those that `may_be_embed`.
    """
    known = [(element, address) for element in dropped if element.name in _TELLING and (address := address_of(element))]
    for element, address in known:
        _set_frame(element, address)
    if noscripts := [element for element in dropped if element.name == "noscript"]:
        _reveal(region, noscripts)
    lost = [_described(node) for node in dropped if node.name == "canvas" or (node.name == "svg" and node.find(_DRAWN))]
    scripts = [element for element in dropped if element.name == "script" and not _shows_elsewhere(element)]
    code = [script.get_text() for script in scripts]
    drawing = [(script.parent, _described(script)) for script in scripts if _draws(script)]
    around = {id(script.parent): script.parent for script in scripts if script.parent is not region}
    for element in dropped:
        element.decompose()
    elements = [element for element in (*candidates, *filter(None, around.values())) if not element.decomposed]
    outcomes = [(element, _settled(element, code)) for element in elements]
    lost += [_described(element) for element, outcome in outcomes if outcome is False]
    if not known and not lost and all(outcome is None for _, outcome in outcomes):  # the scripts belong to nothing else
        lost += [what for holder, what in drawing if holder is region or (holder is not None and not _shows(holder))]
    return [f"{LOST}{what}" for what in dict.fromkeys(lost)]


def _shows_elsewhere(script: Tag) -> bool:
    """Whether a script is known to show nothing of the article, or is none."""
    said = f"{script.get('src') or ''} {script.get_text()}"
    return _NO_SCRIPT.search(str(script.get("type") or "")) is not None or _ELSEWHERE.search(said) is not None


def _draws(script: Tag) -> bool:
    """Whether a script looks as if it showed something where it stands."""
    if src := str(script.get("src") or ""):
        return _OF_OTHERS.match(src) is not None and _SHOWN_IN.search(src) is not None
    return _DRAWING.search(script.get_text()) is not None


def _settled(element: Tag, code: Sequence[str]) -> bool | None:
    """Set what a script would have made of an element: True where that was done, False where it is lost, None where
    there is nothing."""
    if element.name in _AMP:
        element.name = _AMP[element.name]
        if element.name == "img" and not raw.source(element):
            element.unwrap()
            return None
        if element.name in ("img", "iframe"):  # what it holds stands in until it is loaded
            element.clear()
    if element.name == "img" or (element.name in FRAMES and raw.source(element)):
        return None
    if address := address_of(element):
        return _set_frame(element, address)
    called = str(element.get("id") or "")
    names = " ".join((*map(str, element.get_attribute_list("class")), called))
    if _shows(element) or _NOTHING_SHOWN.search(names):
        return None
    is_link = element.name == "a"
    is_named = element.name != "span" and _SHOWN_IN.search(names) is not None
    values = (str(element.attrs.get(name) or "").strip() for name in _GENERIC)
    address = next((value for value in values if _WEB.match(value) and not value.startswith("/article/")), "")
    if address and (not is_link or is_named or _is_of_embed(element)):
        return _set_frame(element, address)
    marks = (f'"{called}"', f"'{called}'", f"#{called}") if called else ()
    is_filled = any(mark in text for text in code for mark in marks)
    is_lost = is_filled or element.name in FRAMES or "-" in element.name or (is_named and not is_link)
    return False if is_lost else None


def _is_of_embed(link: Tag) -> bool:
    """Whether a link without a text is there for a script."""
    around = link.parent.get_attribute_list("class") if link.parent is not None else ()
    return any(name.startswith("data-") for name in link.attrs) or _SHOWN_IN.search(" ".join(around)) is not None


def _shows(element: Tag) -> bool:
    """Whether there is something to see in it: words, a picture or a frame."""
    return bool(element.get_text().strip()) or any(map(raw.source, element.find_all(["img", *FRAMES])))


def _set_frame(element: Tag, address: str) -> bool:
    """Set a frame, or a picture, before an element, unless it has one already, or a link to the same."""
    if element.parent is None:  # it stood in for another until that was loaded
        return True
    links = [str(link["href"]) for link in element.find_all("a", href=True) if link.get_text().strip()]
    if not any(map(raw.source, element.find_all(list(FRAMES)))) and _plain(address) not in map(_plain, links):
        element.insert_before(new_element("img" if _PICTURE_FILE.search(address) else "iframe", {"src": address}))
    if element.name in _NAMES:
        element.unwrap()
    return True


def _plain(address: str) -> str:
    """An address by what it leads to."""
    return re.sub(r"\A(?:https?:)?//(?:www\.)?", "", address.strip()).partition("?")[0].rstrip("/").lower()


def _described(element: Tag) -> str:
    """An element by its name and what tells it from others."""
    values = ((name, element.get(name)) for name in ("id", "class", "src"))
    shown = (f'{name}="{" ".join(value) if isinstance(value, list) else value}"' for name, value in values if value)
    words = " ".join(shown)[:_LONGEST_NAME]
    return f"<{element.name}{' ' if words else ''}{words}>"


_MEDIA = frozenset(("img", *FRAMES))
_TOGETHER = ("figure", "picture")
_TRACKERS = re.compile(
    r"//(?:[\w.-]+\.)?(?:facebook\.com/tr|doubleclick|google-analytics|googletagmanager|scorecardresearch|quantserve|chartbeat|comscore)",
    re.IGNORECASE,
)


def _reveal(region: Tag, noscripts: Sequence[Tag]) -> None:
    """Give each picture and frame in these elements its place in the region: that of the placeholder beside it, or one
    of its own, with what is around it in there: a link, a figure with its caption. What the region shows already stays
    away, and what is there to count readers."""
    inside = {id(media) for noscript in noscripts for media in _media(noscript)}
    shown = {raw.source(media) for media in _media(region) if id(media) not in inside}
    for noscript in noscripts:
        near = [media for media in _near(noscript) if id(media) not in inside]
        for media in list(_media(noscript)):
            address = raw.source(media)
            counts = _TRACKERS.search(address) or any(
                str(media.get(side)) in ("0", "1") for side in ("width", "height")
            )
            if not address or address in shown or counts or _stands_in(media, address, near):
                continue
            outermost = media
            while outermost.parent is not None and outermost.parent is not noscript:
                outermost = outermost.parent
            if outermost.parent is noscript:
                noscript.insert_before(outermost.extract())


def _media(node: PageElement) -> Iterator[Tag]:
    if isinstance(node, Tag) and node.name in _MEDIA:
        yield node
    elif isinstance(node, Tag):
        for child in node.contents:
            yield from _media(child)


def _near(noscript: Tag) -> Iterator[Tag]:
    """The pictures and frames in the elements right beside it, and in the figure around it."""
    for siblings in (noscript.previous_siblings, noscript.next_siblings):
        beside = next((node for node in siblings if isinstance(node, Tag) or str(node).strip()), None)
        if beside is not None:
            yield from _media(beside)
    around = next((node for node in noscript.parents if node.name in _TOGETHER), None)
    if around is not None:
        yield from _media(around)


def _stands_in(media: Tag, address: str, near: Iterable[Tag]) -> bool:
    """Whether it is another's stand-in; a placeholder, which has no address, is given this one's."""
    for other in near:
        known = raw.source(other)
        if (other.name == "img") != (media.name == "img") or not (raw.stands_in(known) or raw.is_lazy(other)):
            continue
        if raw.stands_in(known):
            other["src"] = address
            if media.get("alt") and not other.get("alt"):
                other["alt"] = str(media["alt"])
        return True
    return False
