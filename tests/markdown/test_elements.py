"""What a page says beyond its words is in the file; and where a file lacks it, the check says so."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

from crawler.hkcnews.fidelity import differences, visible
from crawler.hkcnews.layout import CITIZEN_NEWS
from crawler.hkcnews.region import clean_region, parse, prepare_region
from crawler.markdown.elements import counter, emphasis, item_numbers
from tests.markdown.conversion import ABROAD, CONVERTER, STYLE
from tests.walking import walked

IMAGES = ABROAD + "im_/https://www.hkcnews.com"
FIGURE = (
    f'<figure>\n<img src="{IMAGES}/a.jpg" alt="">\n<figcaption>{{}}</figcaption>\n<img src="{IMAGES}/b.jpg" alt="">\n'
    "<figcaption>{}</figcaption>\n</figure>"
)

NUMBERS: list[tuple[str, str, str]] = [
    ('<ol><li>甲</li><li value="9">乙</li><li>丙</li></ol>', "1. 甲\n\n9) 乙\n10) 丙", "1. 甲\n2. 乙\n3. 丙"),
    ('<ol start="7"><li>甲</li><li>乙</li></ol>', "7. 甲\n8. 乙", "1. 甲\n2. 乙"),
    ("<ol reversed><li>甲</li><li>乙</li></ol>", "2. 甲\n\n1) 乙", "1. 甲\n2. 乙"),
    ('<ol reversed start="5"><li>甲</li><li>乙</li></ol>', "5. 甲\n\n4) 乙", "5. 甲\n6. 乙"),
    ("<ol><li>甲</li><li> </li><li>乙</li></ol>", "1. 甲\n\n3) 乙", "1. 甲\n2. 乙"),
    ('<ul><li>甲<ol><li value="3">乙</li></ol></li></ul>', "* 甲\n\n  3. 乙", "* 甲\n  1. 乙"),
    ("<ol>甲<li>乙</li><li></li>丙</ol>", "甲\n\n1. 乙\n\n   丙", "1. 甲\n2. 乙\n\n   丙"),
    ('<ol start="-1"><li>甲</li><li>乙</li></ol>', '<ol start="-1">\n<li>甲</li>\n<li>乙</li></ol>', "1. 甲\n2. 乙"),
    (
        (
            '<ol type="a" reversed><li>甲<ol style="list-style-type: upper-roman"><li'
            ' value="4">乙</li></ol></li><li></li></ol>'
        ),
        (
            '<ol type="a" start="2" reversed>\n<li>甲<ol type="I" start="4">\n<li'
            ' value="4">乙</li></ol></li>\n<li></li></ol>'
        ),
        "2. 甲\n   4. 乙",
    ),
    (
        '<table><tr><td><ol start="3"><li>甲</li><li value="x">乙</li><li value="8">丙</li></ol></td></tr></table>',
        '<table>\n<tr>\n<td><ol start="3"><li>甲</li><li>乙</li><li value="8">丙</li></ol></td></tr>\n</table>',
        "<table>\n<tr>\n<td><ol><li>甲</li><li>乙</li><li>丙</li></ol></td></tr>\n</table>",
    ),
]
ORDER: list[tuple[str, str, str]] = [
    (
        "<table><tfoot><tr><td>和</td></tr></tfoot><tbody><tr><td>甲</td></tr></tbody><caption>題</caption></table>",
        "題\n\n|  |\n| --- |\n| 甲 |\n| 和 |",
        "題\n\n|  |\n| --- |\n| 和 |\n| 甲 |",
    ),
    (
        "<table><tbody><tr><td>甲</td></tr></tbody><thead><tr><th>頭</th></tr></thead></table>",
        "| 頭 |\n| --- |\n| 甲 |",
        "| 甲 |\n| --- |\n| 頭 |",
    ),
]
EMPHASIS: list[tuple[str, str, str]] = [
    ('<p>甲<span style="font-weight: bold">乙</span></p>', "甲**乙**", "甲乙"),
    ('<p>甲<span style="color:red;FONT-WEIGHT:700 !important">乙</span></p>', "甲**乙**", "甲乙"),
    ('<p>甲<font style="font:italic 600 12px/1.5 serif">乙</font></p>', "甲***乙***", "甲**乙**"),
    ('<p>甲<span style="font-style:oblique 10deg">乙</span></p>', "甲*乙*", "甲乙"),
    ('<p>甲<span style="text-decoration:underline line-through">乙</span></p>', "甲<del>乙</del>", "甲乙"),
    ('<p>10<span style="vertical-align:super">3</span></p>', "10<sup>3</sup>", "103"),
    ('<p style="font-weight:bolder">甲<br>乙</p>', "**甲  \n乙**", "甲  \n乙"),
    ('<div style="font-style:italic"><p>甲</p><ul><li>乙</li></ul></div>', "*甲*\n\n* *乙*", "*甲*\n\n* 乙"),
    (
        '<table><tr><td style="font-weight:bold">甲</td></tr></table>',
        "|  |\n| --- |\n| **甲** |",
        "|  |\n| --- |\n| 甲 |",
    ),
    (
        '<b style="font-weight:normal" id="docs-internal-guid-1"><p>甲<span style="font-weight:700">乙</span></p></b>',
        "甲**乙**",
        "**甲乙**",
    ),
    ('<p><strong>甲<span style="font-weight:400">乙</span>丙</strong></p>', "**甲**乙**丙**", "**甲乙丙**"),
    (
        "<del><p>甲</p></del><p><strike>乙</strike></p>",
        "<del>甲</del>\n\n<strike>乙</strike>",
        "甲\n\n<strike>乙</strike>",
    ),
    ("<p>甲<strong>乙</strong>丙<em>丁</em></p>", "甲**乙**丙*丁*", "甲*乙*丙*丁*"),
    ("<p>H<sub>2</sub>O</p>", "H<sub>2</sub>O", "H2O"),
    (
        '<figure><img src="/a.jpg"><b>甲<img src="/b.jpg">乙</b></figure>',
        FIGURE.format("<b>甲</b>", "<b>乙</b>"),
        FIGURE.format("<b>甲</b>", "乙"),
    ),
    ("<pre>甲<sup>1</sup>\n乙</pre>", "<pre>甲<sup>1</sup>\n乙</pre>", "```\n甲1\n乙\n```"),
]
READINGS: list[tuple[str, str, str]] = [
    (
        "<p><ruby>漢<rp>(</rp><rt>hon</rt><rp>)</rp></ruby>字</p>",
        "<ruby>漢<rp>(</rp><rt>hon</rt><rp>)</rp></ruby>字",
        "漢(hon)字",
    ),
    (
        '<figure><img src="/a.jpg"><figcaption><ruby>漢<rt>hon</rt></ruby></figcaption></figure>',
        f'<figure>\n<img src="{IMAGES}/a.jpg" alt="">\n<figcaption><ruby>漢<rt>hon</rt></ruby></figcaption>\n</figure>',
        f'<figure>\n<img src="{IMAGES}/a.jpg" alt="">\n<figcaption>漢hon</figcaption>\n</figure>',
    ),
    ("<p>他說<q>甲<q>乙</q></q>。</p>", "他說「甲『乙』」。", "他說甲乙。"),
    ("<p>He said <q>yes</q>.</p>", "He said “yes”.", "He said yes."),
]
SAYING = [*NUMBERS, *ORDER, *EMPHASIS, *READINGS]


def region_of(html: str) -> Tag:
    region = parse(f"<div>{html}</div>")
    clean_region(region, CITIZEN_NEWS)
    return region


@walked(("html", "markdown", "spoiled"), SAYING)
def test_what_a_page_means_is_in_the_file_and_is_missed_where_it_is_not(html: str, markdown: str, spoiled: str) -> None:
    region = region_of(html)
    as_it_came = visible(region)
    prepare_region(region)
    seen = visible(region)
    assert seen == as_it_came
    assert CONVERTER.convert_region(region, STYLE) == markdown
    assert list(differences(seen, markdown)) == []
    assert list(differences(seen, spoiled)) != []


PICTURES: list[tuple[str, int]] = [
    ('<noscript><img src="/a.jpg"></noscript>', 1),
    ('<img class="lazy" src="data:image/gif;base64,R0lG"><noscript><img src="/a.jpg"></noscript>', 1),
    ('<noscript><img src="/a.jpg"></noscript> <div class="wrap"><img src="/blank.gif" data-src=""></div>', 1),
    ('<img src="data:image/gif;base64,R0lG" data-src="/a.jpg"><noscript><img src="/a.jpg"></noscript>', 1),
    ('<img src="data:image/gif;base64,R0lG" data-original="/a.jpg"><noscript><img src="/a_wide.jpg"></noscript>', 1),
    ('<img src="data:image/gif;base64,R0lG" srcset="/a.jpg 600w, /b.jpg 300w">', 1),
    ('<img src="data:image/gif;base64,R0lG" srcset="data:image/gif;base64,R0lG 1w" data-srcset="/a.jpg 600w">', 1),
    ('<img src="/spacer.gif" data-srcset="/a.jpg 2x">', 1),
    ('<img src="data:image/gif;base64,R0lG" data-full-address="/a.jpg">', 1),
    ('<picture><source data-srcset="/a.jpg 2x"><img src="data:image/gif;base64,R0lG"></picture>', 1),
    ('<img src="/b.jpg"><noscript><img src="/a.jpg"></noscript>', 2),
    (
        (
            '<noscript><img src="https://www.facebook.com/tr?id=5"><img src="/p.gif" width="1"></noscript><img'
            ' src="/a.jpg">'
        ),
        1,
    ),
]


@walked(("html", "number"), PICTURES)
def test_a_picture_that_waits_for_a_script_has_its_address_once(html: str, number: int) -> None:
    region = region_of(f"<p>甲</p><p>{html}</p>")
    prepare_region(region)
    seen, markdown = visible(region), CONVERTER.convert_region(region, STYLE)
    assert markdown.count("![") == seen.pictures == number
    assert markdown.count(f"![]({IMAGES}/a.jpg)") == (0 if "a_wide" in html and "data-original" not in html else 1)
    assert list(differences(seen, markdown)) == []
    assert list(differences(seen, markdown.replace(f"{IMAGES}/a.jpg", "data:image/gif;base64,R0lG"))) != []
    assert list(differences(seen, markdown.replace(f"![]({IMAGES}/a.jpg)", ""))) != []


def test_a_stand_in_brings_its_link_its_caption_and_its_description() -> None:
    region = region_of(
        '<noscript><figure><a href="/big"><img src="/a.jpg"'
        ' alt="燈"></a><figcaption>塔</figcaption></figure></noscript>'
        '<iframe></iframe><noscript><iframe src="https://x.example/"></iframe></noscript>'
    )
    markdown = CONVERTER.convert_region(region, STYLE)
    assert f'<img src="{IMAGES}/a.jpg" alt="燈"></a>\n<figcaption>塔</figcaption>' in markdown
    assert markdown.count("{{<") == 1


@walked(
    ("html", "said"),
    [
        ('<span style="font-weight:600"></span>', {"bold": True}),
        ('<span style="font-weight:500"></span>', {"bold": False}),
        ('<span style="font-weight:inherit;font:inherit;font-style:inherit"></span>', {}),
        ('<span style="mso-bidi-font-weight:bold;background:url(x;font-weight)"></span>', {}),
        ('<span style="font:bold 1em serif"></span>', {"bold": True, "italic": False}),
        ('<s style="text-decoration:none"></s>', {}),
        ('<h3 style="font-weight:normal;font-style:italic"></h3>', {"italic": True}),
        ('<th style="font-weight:bold"></th>', {}),
        ("<span></span>", {}),
    ],
)
def test_what_an_element_makes_of_its_text(html: str, said: dict[str, bool]) -> None:
    assert emphasis(element(html)) == said


@walked(
    ("html", "kind", "numbers"),
    [
        ('<ol start=" +3x"><li></li><p>甲</p><li></li></ol>', "", [3, 4]),
        ('<ol start="99999999999"><li value="-0"></li><li value=""></li></ol>', "", [0, 1]),
        ('<ol type="i" style="list-style: lower-alpha inside"><li></li></ol>', "a", [1]),
        ('<ol type="A" style="list-style-type:none"></ol>', "", []),
        ('<ol type="disc" style="list-style-type: cjk-ideographic"></ol>', "cjk-ideographic", []),
    ],
)
def test_how_a_list_counts(html: str, kind: str, numbers: list[int]) -> None:
    assert (counter(element(html)), item_numbers(element(html))) == (kind, numbers)


def element(html: str) -> Tag:
    found = BeautifulSoup(html, "html.parser").find(True)
    assert isinstance(found, Tag)
    return found
