"""The Markdown of each kind of block, to the character."""

from __future__ import annotations

from crawler.hkcnews.region import parse
from crawler.markdown.converter import Converter
from crawler.markdown.style import SeedStyle
from tests.markdown.conversion import ABROAD, HERE, STYLE, markdown_of
from tests.walking import walked

IMAGES = ABROAD + "im_/https://www.hkcnews.com"
FRAME = '<iframe src="https://www.youtube.com/embed/x"></iframe>'
VIDEO = '{{< video src="' + ABROAD + 'if_/https://www.youtube.com/embed/x" >}}'

TEXTS: list[tuple[str, str]] = [
    ("<p>甲</p><p>乙</p>", "甲\n\n乙"),
    ("甲<p>乙</p>丙", "甲\n\n乙\n\n丙"),
    ("<div><div><p>甲</p></div>乙</div>", "甲\n\n乙"),
    ("<p>香港\n新聞 \t x</p>", "香港 新聞 x"),
    ("<p>　　甲　</p>", "　　甲　"),
    ("<p>&nbsp;</p><p>　</p><p> </p><p></p><p>\u2003</p>", ""),
    ("<p>甲</p><p>\u200b</p><p>乙</p>", "甲\n\n\u200b\n\n乙"),
    ("<p>甲<br>乙<br/>丙</p>", "甲  \n乙  \n丙"),
    ("<p>甲<br><br>乙</p>", "甲  \n<br>\n乙"),
    ("<p><br>甲<br></p>", "甲"),
    ("<p>甲 <br> # 乙</p>", "甲  \n\\# 乙"),
    ("<h2>甲</h2><h6>乙 ##</h6><h1></h1>", "## 甲\n\n###### 乙 \\##"),
    ("<h3>甲<br>乙</h3>", "### 甲<br>乙"),
    (f"<h3>甲{FRAME}乙</h3>", f"### 甲\n\n{VIDEO}\n\n### 乙"),
    ("<p>甲</p><hr><p>乙</p>", "甲\n\n---\n\n乙"),
    ("<p>H<sub>2</sub>O、<del> 舊 </del>新、<u>底線</u></p>", "H<sub>2</sub>O、 <del>舊</del> 新、底線"),
    ("<p>甲<!-- 乙 -->丙<span>丁</span></p>", "甲丙丁"),
    ("甲<!--\n-->乙\n丙", "甲乙 丙"),
    ("<p>甲<code>a*b</code><code>`</code></p>", "甲`a*b`<!---->`` ` ``"),
    ("<p><code>{{&lt; x }}</code></p>", "<code>{\\{< x }}</code>"),
    ("<pre>a\n  *b*\n</pre>", "```\na\n  *b*\n```"),
    ("<pre>```</pre>", "````\n```\n````"),
    (
        '<pre>a <a href="https://a.example/">b</a>\nc</pre>',
        f'<pre>a <a href="{ABROAD}/https://a.example/">b</a>\nc</pre>',
    ),
    ("<blockquote>甲</blockquote>", "> 甲"),
    ("<blockquote><p>甲<br>乙</p><blockquote>丙</blockquote></blockquote>", "> 甲  \n> 乙\n>\n> > 丙"),
    ("<blockquote>甲</blockquote><blockquote>乙</blockquote>", "> 甲\n\n> 乙"),
]

LISTS: list[tuple[str, str]] = [
    ("<ul><li>甲</li><li><p>乙</p></li></ul>", "* 甲\n* 乙"),
    (
        "<ul><li>甲<ul><li>乙<ul><li>丙<ul><li>丁</li></ul></li></ul></li></ul></li></ul>",
        "* 甲\n  + 乙\n    - 丙\n      * 丁",
    ),
    ("<ol><li>甲<ol><li>乙</li></ol></li><li>丙</li></ol>", "1. 甲\n   1. 乙\n2. 丙"),
    ('<ol start="9"><li>甲</li><li>乙<p>丙</p></li></ol>', "9. 甲\n10. 乙\n\n    丙"),
    ('<ol start="0"><li>甲</li></ol>', "0. 甲"),
    ('<ol start="1234567890"><li>甲</li></ol>', '<ol start="1234567890">\n<li>甲</li></ol>'),
    ('<ol start="-2"><li>甲</li></ol>', '<ol start="-2">\n<li>甲</li></ol>'),
    ("<ul><li>甲<p>乙</p><p>丙</p></li><li>丁</li></ul>", "* 甲\n\n  乙\n\n  丙\n* 丁"),
    ("<ul><li>甲<br>乙</li></ul>", "* 甲  \n  乙"),
    ("<ul><li></li><li>甲</li><li> </li></ul>", "* 甲"),
    ("<ul><li>甲</li><ul><li>乙</li></ul></ul>", "* 甲\n  + 乙"),
    ("<ul>甲<br>乙<li>丙</li></ul>", "* 甲  \n  乙\n* 丙"),
    ("<ul><li>甲</li><li>乙</li><li>丙</li><p>丁</p></ul>", "* 甲\n* 乙\n* 丙\n\n  丁"),
    ("<ul><li>甲</li></ul><ul><li>乙</li></ul><ul><li>丙</li></ul>", "* 甲\n\n- 乙\n\n* 丙"),
    ("<ol><li>甲</li></ol><ol><li>乙</li><li>丙</li></ol>", "1. 甲\n\n1) 乙\n2) 丙"),
    ("<ul><li>甲</li></ul><ol><li>乙</li></ol>", "* 甲\n\n1. 乙"),
    ('<ul><li>甲<ol start="3"><li>乙</li></ol></li></ul>', "* 甲\n\n  3. 乙"),
    ("<ul><li><blockquote>甲</blockquote><ul><li>乙</li></ul></li></ul>", "* > 甲\n\n  + 乙"),
    ("<ul><li><hr></li></ul>", "* ___"),
    ("<ul><li># 甲</li><li>- 乙</li><li>1. 丙</li></ul>", "* \\# 甲\n* \\- 乙\n* 1\\. 丙"),
    (f"<ul><li>{FRAME}<p>甲</p></li></ul>", f"* {VIDEO}\n  甲"),
    ("<ul><li><pre>a\n\nb</pre></li></ul>", "* ```\n  a\n\n  b\n  ```"),
]

LINKS: list[tuple[str, str]] = [
    ('<a href="https://a.example/x">甲</a>', f"[甲]({ABROAD}/https://a.example/x)"),
    ('外，<a href="/article/5">名</a>的', f"外，[名]({HERE}/article/5)的"),
    ('<a href="/x"> 甲 </a>乙', f"[甲]({HERE}/x) 乙"),
    ('<a href="/x">[甲]\\*</a>', f"[\\[甲\\]\\\\\\*]({HERE}/x)"),
    ('<a href="/x">甲<br></a>乙', f"[甲]({HERE}/x)  \n乙"),
    ('<a href="/x"></a>甲<a href="/x"> </a>乙', "甲 乙"),
    ("<a>甲</a><a href=''>乙</a><a name='x'>丙</a>", "甲乙丙"),
    (
        (
            '<a href="javascript:x()">甲</a><a href=" JavaScript:x">乙</a><a href="java\nscript:x">丙</a><a'
            ' href="data:x">丁</a>'
        ),
        "甲乙丙丁",
    ),
    ('<a href="#x">甲</a><a href="mailto:x@y.example">乙</a>', "[甲](#x)[乙](mailto:x@y.example)"),
    ('<a href="/x"><img src="/y.jpg" alt="甲"></a>', f"[![甲]({IMAGES}/y.jpg)]({HERE}/x)"),
    ('<a href="https://a.example/"><h3>題</h3><p>文</p></a>', f"### [題]({ABROAD}/https://a.example/)\n\n文"),
]

PICTURES: list[tuple[str, str]] = [
    ('<p>甲<img src="/a b.jpg" alt="[乙]">丙</p>', f"甲![\\[乙\\]]({IMAGES}/a%20b.jpg)丙"),
    ("<p>甲<img>乙<img src=''></p>", "甲乙"),
    ('<img src="data:image/gif;base64,x" data-src="/a.jpg">', f"![]({IMAGES}/a.jpg)"),
    ('<img src="data:image/gif;base64,R0lG">', "![](data:image/gif;base64,R0lG)"),
    ('<img src="data:image/svg+xml,x" alt="甲">', '<span><img src="data:image/svg+xml,x" alt="甲"></span>'),
    ('<figure class="image"><img src="/a.jpg"></figure>', f'<figure>\n<img src="{IMAGES}/a.jpg" alt="">\n</figure>'),
    (
        (
            '<figure><img src="/甲%20乙.jpg" alt="&quot;"><figcaption> 圖：<a href="/x">丙</a> <b>丁</b>'
            " </figcaption></figure>"
        ),
        (
            f'<figure>\n<img src="{IMAGES}/甲%20乙.jpg" alt="&quot;">\n'
            f'<figcaption>圖：<a href="{HERE}/x">丙</a> <b>丁</b></figcaption>\n</figure>'
        ),
    ),
    (
        '<figure><a href="/x"><img src="/a.jpg"></a><figcaption><p>甲 &lt; 乙</p></figcaption></figure>',
        (
            f'<figure>\n<a href="{HERE}/x"><img src="{IMAGES}/a.jpg" alt=""></a>\n<figcaption>甲 &lt;'
            " 乙</figcaption>\n</figure>"
        ),
    ),
    (
        '<figure><img src="/a.jpg"><figcaption><p>甲</p><p>乙</p></figcaption></figure>',
        f'<figure>\n<img src="{IMAGES}/a.jpg" alt="">\n<figcaption><p>甲</p><p>乙</p></figcaption>\n</figure>',
    ),
    (
        '<figure><div><img src="/a.jpg"></div>甲<img src="/b.jpg"><figcaption>乙</figcaption></figure>',
        (
            f'<figure>\n<img src="{IMAGES}/a.jpg" alt="">\n<figcaption>甲</figcaption>\n'
            f'<img src="{IMAGES}/b.jpg" alt="">\n<figcaption>乙</figcaption>\n</figure>'
        ),
    ),
    (
        '<figure><img src="/a.jpg"><figcaption> <br></figcaption></figure>',
        f'<figure>\n<img src="{IMAGES}/a.jpg" alt="">\n</figure>',
    ),
    ("<figure><figcaption>甲</figcaption></figure>", "甲"),
    (f"<figure>{FRAME}<figcaption>甲</figcaption></figure>", f"{VIDEO}\n\n甲"),
]

FRAMES: list[tuple[str, str]] = [
    (FRAME, VIDEO),
    (f"<p>甲{FRAME}乙</p>", f"甲\n\n{VIDEO}\n\n乙"),
    (f"<p><b>甲{FRAME}乙</b></p>", f"**甲**\n\n{VIDEO}\n\n**乙**"),
    (
        '<iframe src="//a.example/x?a=1&amp;b=2"></iframe>',
        '{{< video src="//web.archive.org/web/20200102030405if_/https://a.example/x?a=1&b=2" >}}',
    ),
    ('<iframe data-src="https://www.youtube.com/embed/x" src="about:blank"></iframe><iframe></iframe>', VIDEO),
    (
        '<video><source src="/v.mp4">換一個瀏覽器</video>',
        '{{< video src="' + ABROAD + 'if_/https://www.hkcnews.com/v.mp4" >}}',
    ),
    ('<object data="/v.swf">甲</object>', '{{< video src="' + ABROAD + 'if_/https://www.hkcnews.com/v.swf" >}}'),
]


@walked(("html", "markdown"), [*TEXTS, *LISTS, *LINKS, *PICTURES, *FRAMES])
def test_markdown(html: str, markdown: str) -> None:
    assert markdown_of(html) == markdown


def test_one_converter_serves_pages_of_several_captures() -> None:
    converter = Converter()
    other = SeedStyle("https://archive.example/web", "20210203040506", "http://hkcnews.com/article/1")
    region = parse('<div><a href="/x">甲</a></div>')
    assert converter.convert_region(region, STYLE) == f"[甲]({HERE}/x)"
    assert converter.convert_region(region, other) == "[甲](/web/20210203040506/http://hkcnews.com/x)"
    assert str(region) == '<div><a href="/x">甲</a></div>'
