"""Players, posts and charts that a script of the page would have made: a frame, a link, or a named fault, and never
nothing."""

from __future__ import annotations

from crawler.hkcnews.embeds import LOST
from crawler.hkcnews.verdict import Verdict
from tests.hkcnews.cases import ORIGINAL, PUBLIC, TIMESTAMP, page_with
from tests.walking import walked

FRAME = '{{{{< video src="https://web.archive.org/web/20210712003330if_/{}" >}}}}'
YOUTUBE = "https://www.youtube.com/embed/a_B-1"

PLAYERS: list[tuple[str, str]] = [
    (
        '<figure class="media"><oembed url="https://www.youtube.com/watch?v=z"></oembed></figure>',
        "https://www.youtube.com/watch?v=z",
    ),
    ('<div data-oembed-url="https://youtu.be/z"><div></div></div>', "https://youtu.be/z"),
    (
        '<div class="fb-video" data-href="https://www.facebook.com/x/videos/1/"></div>',
        "https://www.facebook.com/x/videos/1/",
    ),
    ('<fb:post href="https://www.facebook.com/x/posts/1"></fb:post>', "https://www.facebook.com/x/posts/1"),
    (
        (
            '<div class="infogram-embed" data-id="_/Ab1" data-type="interactive"></div><script>!function(){var'
            ' t="InfogramEmbeds"}()</script>'
        ),
        "https://e.infogram.com/_/Ab1",
    ),
    ('<script id="infogram_0_Ab1" src="//e.infogram.com/js/embed.js?x" async></script>', "https://e.infogram.com/Ab1"),
    (
        (
            '<div class="flourish-embed" data-src="story/12?34"><script'
            ' src="https://public.flourish.studio/resources/embed.js"></script></div>'
        ),
        "https://flo.uri.sh/story/12/embed",
    ),
    (
        (
            '<div id="datawrapper-vis-Ab1cD"><script src="https://datawrapper.dwcdn.net/Ab1cD/embed.js"'
            ' data-target="#x"></script></div>'
        ),
        "https://datawrapper.dwcdn.net/Ab1cD/",
    ),
    (
        (
            '<div><object class="tableauViz" style="display:none"><param name="host_url"'
            ' value="https%3A%2F%2Ftableau.example%2F"><param name="name" value="Book&#47;Sheet"></object></div>'
        ),
        "https://tableau.example/views/Book/Sheet",
    ),
    (
        '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/z/"></blockquote>',
        "https://www.instagram.com/p/z/",
    ),
    (
        '<blockquote class="tiktok-embed" cite="https://www.tiktok.com/@x/video/1" data-video-id="1"></blockquote>',
        "https://www.tiktok.com/@x/video/1",
    ),
    (
        '<script async src="https://telegram.org/js/telegram-widget.js?15" data-telegram-post="x/12"></script>',
        "https://t.me/x/12",
    ),
    (
        '<div class="likecoin-embed likecoin-button" data-liker-id="lamp"><div></div></div>',
        "https://button.like.co/in/embed/lamp/button",
    ),
    ('<button class="likecoin-button" data-liker-id="lamp">讚</button>', "https://button.like.co/in/embed/lamp/button"),
    (
        '<amp-iframe src="https://a.example/e"><amp-img placeholder src="/p.jpg"></amp-img></amp-iframe>',
        "https://a.example/e",
    ),
    (
        '<amp-video width="1"><source src="https://a.example/v.mp4"><div fallback>x</div></amp-video>',
        "https://a.example/v.mp4",
    ),
    ('<amp-youtube data-videoid="a_B-1" layout="responsive"></amp-youtube>', YOUTUBE),
    ('<amp-img layout="fill"><amp-youtube data-videoid="a_B-1"></amp-youtube></amp-img>', YOUTUBE),
    ('<div class="youtube-player" data-id="a_B-1"></div>', YOUTUBE),
    ('<lite-youtube videoid="a_B-1"></lite-youtube>', YOUTUBE),
    ('<div data-plyr-provider="youtube" data-plyr-embed-id="a_B-1"></div>', YOUTUBE),
    (
        '<amp-soundcloud data-trackid="12"></amp-soundcloud>',
        "https://w.soundcloud.com/player/?url=https://api.soundcloud.com/tracks/12",
    ),
    ('<object type="x"><param name="movie" value="https://a.example/p.swf"></object>', "https://a.example/p.swf"),
    ('<video poster="/p.jpg"><source data-src="https://a.example/v.mp4"></video>', "https://a.example/v.mp4"),
    ('<iframe src="about:blank" data-lazy-address="https://a.example/e"></iframe>', "https://a.example/e"),
    ('<a class="twitter-timeline" href="https://twitter.com/lamp"></a>', "https://twitter.com/lamp"),
    (
        (
            '<div class="a-maker-embed" data-url="https://a.example/v/1"><script'
            ' src="https://a.example/embed.js"></script></div>'
        ),
        "https://a.example/v/1",
    ),
    ('<x-player src="https://a.example/v/1"></x-player>', "https://a.example/v/1"),
    (
        '<script>document.write("<iframe width=\\"9\\" src=\\"https://a.example/w\\"></iframe>")</script>',
        "https://a.example/w",
    ),
    ('<script src="https://gist.github.com/lamp/0a1b.js"></script>', "https://gist.github.com/lamp/0a1b"),
    ('<amp-dailymotion data-videoid="x1"></amp-dailymotion>', "https://www.dailymotion.com/embed/video/x1"),
    ('<amp-instagram data-shortcode="Ab1"></amp-instagram>', "https://www.instagram.com/p/Ab1/"),
    ('<amp-twitter data-tweetid="12"></amp-twitter>', "https://twitter.com/i/status/12"),
    ('<amp-tiktok data-src="12"></amp-tiktok>', "https://www.tiktok.com/embed/12"),
    ('<amp-imgur data-imgur-id="a/Ab1"></amp-imgur>', "https://imgur.com/a/Ab1"),
    ('<amp-gfycat data-gfyid="Ab1"></amp-gfycat>', "https://gfycat.com/ifr/Ab1"),
    ('<div class="youtube" data-video-id="a_B-1"></div>', YOUTUBE),
    ('<div class="vimeo" data-videoid="12"></div>', "https://player.vimeo.com/video/12"),
    ('<vimeo-video videoid="12"></vimeo-video>', "https://player.vimeo.com/video/12"),
    ('<amp-youtube data-live-channelid="UC1"></amp-youtube>', "https://www.youtube.com/channel/UC1"),
    ('<blockquote class="twitter-tweet" data-tweet-id="12"></blockquote>', "https://twitter.com/i/status/12"),
    ('<div class="speakerdeck-embed" data-id="Ab1"></div>', "https://speakerdeck.com/player/Ab1"),
    ('<div data-tf-widget="Ab1"></div>', "https://form.typeform.com/to/Ab1"),
    ('<div data-vimeo-id="12"></div>', "https://player.vimeo.com/video/12"),
    ('<script src="https://secure.polldaddy.com/p/12.js"></script>', "https://polldaddy.com/poll/12/"),
    ('<script src="https://asciinema.org/a/Ab1.js" id="x"></script>', "https://asciinema.org/a/Ab1"),
    (
        '<amp-soundcloud data-playlistid="12"></amp-soundcloud>',
        "https://w.soundcloud.com/player/?url=https://api.soundcloud.com/playlists/12",
    ),
    (
        '<object class="tableauViz"><param name="host_url"><param name="name" value="Book/Sheet"></object>',
        "https://public.tableau.com/views/Book/Sheet",
    ),
]


@walked(("html", "address"), PLAYERS)
def test_a_player_without_a_frame_is_one(html: str, address: str) -> None:
    alone, among = page_with(html).article(), page_with(f"<p>甲</p>{html}<p>乙</p>").article()
    frame = FRAME.format(address)
    assert alone.body == frame
    assert among.body == f"甲\n\n{frame}\n\n乙"
    assert (*alone.faults, *among.faults) == ()


def test_what_stands_in_for_a_player_stays() -> None:
    post = (
        '<div class="fb-post" data-href="https://www.facebook.com/x/posts/1"><blockquote><p>引</p></blockquote></div>'
    )
    assert page_with(post).article().body == f"{FRAME.format('https://www.facebook.com/x/posts/1')}\n\n> 引"
    chart = '<div id="datawrapper-vis-a"><noscript><img src="https://a.example/full.png"></noscript></div>'
    assert (
        page_with(chart)
        .article()
        .body.endswith("![](https://web.archive.org/web/20210712003330im_/https://a.example/full.png)")
    )


@walked(
    "html",
    [
        (
            '<blockquote class="twitter-tweet" data-tweet-id="1"><p>字</p>— 名 <a'
            ' href="https://twitter.com/i/status/1?ref_src=x">日</a></blockquote>'
        ),
        (
            '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/z/?utm_source=x">'
            '<a href="https://instagram.com/p/z">字</a></blockquote>'
        ),
        '<div data-oembed-url="https://youtu.be/z"><iframe src="https://www.youtube.com/embed/z"></iframe></div>',
        '<amp-img src="/a.jpg"><noscript><img src="/a.jpg"></noscript></amp-img>',
        '<amp-iframe src="https://a.example/e"><amp-youtube data-videoid="z"></amp-youtube></amp-iframe>',
        '<div class="gallery-item" data-src="/a.jpg"></div>',
    ],
)
def test_what_is_on_the_page_already_is_there_once(html: str) -> None:
    article = page_with(html).article()
    assert sum(article.body.count(mark) for mark in ("https://twitter.com", "instagram.com", "{{<", "![")) == 1
    assert article.faults == ()


@walked(
    ("html", "what"),
    [
        ('<div id="boats"></div><script>draw("boats", [1, 2])</script>', '<div id="boats">'),
        ('<div id="boats"></div><script>L.make({el: "#boats"})</script>', '<div id="boats">'),
        (
            '<canvas id="boats"></canvas><script>new Chart(document.getElementById("boats"), {})</script>',
            '<canvas id="boats">',
        ),
        ('<div class="apester-media-player" data-media-id="5"></div>', '<div class="apester-media-player">'),
        ('<amp-brightcove data-account="1" data-video-id="2"></amp-brightcove>', "<amp-brightcove>"),
        ('<x-poll id="p"></x-poll>', '<x-poll id="p">'),
        ('<iframe srcdoc="&lt;p&gt;甲&lt;/p&gt;"></iframe>', "<iframe>"),
        ("<video></video>", "<video>"),
        ('<p class="fb-video" data-href=" "></p>', '<p class="fb-video">'),
        ("<svg><text>甲</text></svg>", "<svg>"),
        (
            '<div><script src="https://a.example/poll/5/embed.js"></script></div>',
            '<script src="https://a.example/poll/5/embed.js">',
        ),
        ("<p><script>google.visualization.draw(1)</script></p>", "<script>"),
    ],
)
def test_what_has_no_address_is_a_named_fault(html: str, what: str) -> None:
    alone, among = page_with(html).article(), page_with(f"<p>甲</p>{html}").article()
    assert alone.faults == among.faults == (LOST + what,)
    assert (alone.body, among.body) == (f"<{PUBLIC}/{TIMESTAMP}/{ORIGINAL}>", "甲")


NOTHING = [
    '<p data-href="https://x.example/">{}</p>',
    "<p>{}<oembed></oembed></p>",
    (
        '<div class="ads"><script async'
        ' src="https://pagead2.googlesyndication.com/pagead/js/adsbygoogle.js"></script></div><p>{}</p>'
    ),
    '<div id="div-gpt-ad-1"><script>googletag.display("div-gpt-ad-1")</script></div><p>{}</p>',
    (
        '<div id="fb-root"></div><script>(function(d){{d.x("fb-root")}})</script><div class="fb-comments"'
        ' data-href="https://x.example/"></div><p>{}</p>'
    ),
    (
        '<div class="social-share" data-url="https://x.example/"></div><div class="addthis_inline"'
        ' data-url="https://x.example/share"></div><p>{}</p>'
    ),
    '<script type="application/ld+json">{{"video": "chart"}}</script><p>{}</p>',
    '<div class="row"></div><div id="top"></div><a id="map"></a><span class="icon video-icon"></span><p>{}</p>',
    '<iframe id="google_ads_iframe_1"></iframe><svg><title>x</title><path d="M0"/></svg><p>{}</p>',
    '<script src="/js/player.js"></script><script>var a = 1</script><p>{}</p>',
]


@walked("html", NOTHING)
def test_what_is_no_player_is_left_and_makes_no_article(html: str) -> None:
    article = page_with(html.format("字")).article()
    assert (article.body, article.faults) == ("字", ())
    assert page_with(html.format("")).recovered().verdict is Verdict.BLANK
