"""The region's tree builder: the same tree as BeautifulSoup's own, whatever Lexbor writes."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement
from hypothesis import given
from selectolax.lexbor import LexborHTMLParser

from crawler.hkcnews.tree_builder import build_tree
from tests.hkcnews.cases import twin
from tests.hkcnews.test_soup import SOUP
from tests.walking import walked

PIECES: dict[str, str] = {
    "spaces": "<p> \n\t<b> </b>\u3000 </p>\n \n<pre> \n <b>\n\n</b>\t</pre> \n<div>\r</div>",
    "references": "<p title='a&lt;b&quot;c&amp;lt;'>&lt;甲&gt;&amp;amp;&amp;#38;&nbsp;</p>&copy;&notit;&#8;",
    "lists of values": (
        '<p class=" a  b" accesskey="x y" rel="c d"><a rel="c d" class="">甲</a><table><td headers="e f" title="g h">'
    ),
    "elements without an end": '甲<br>乙<hr><img src="a"><input><wbr><embed src="x">丙<track>',
    "raw": (
        "<script>if (a < b && c) d</script><style> p > a {} </style><script> </script><iframe>&lt;b><b>甲</b></iframe>"
    ),
    "a reference in a frame": "<iframe>a&b &lt;</iframe>",
    "raw, plainly": "<script>a && b</script><style></style><iframe src='/x'> </iframe>",
    "comments": "甲<!-- 乙 -->丙<!----><!-- a-b --><!--a--b--><!-- > --><!-- <p> -->",
    "vector graphics": "<svg><a xlink:href=x>甲</a><image href=y></svg>",
    "templates and fields": "<template><p>乙</p></template><noscript><p>丙</noscript><textarea>\n\n<p></textarea>",
    "ruby": "<ruby>甲<rt>乙</rt><rp>丙</rp></ruby>",
    "names seldom seen": "<p x:y='1' Z.z=2 ü=3 data-a_b=4 @click=5><x-y>甲</x-y><menuitem>乙<image src=x>",
    "ends in values": "<p title='a > b' data-x='<b>' class='x>y'>甲</p>",
}


def written(node: PageElement) -> list[object]:
    """A tree with all that BeautifulSoup knows of it, and the order in which its nodes hang together."""
    found: list[object] = []
    nodes = [node, *node.descendants] if isinstance(node, Tag) else [node]
    places = {id(item): place for place, item in enumerate(nodes)}
    for item in nodes:
        links = (item.parent, item.next_element, item.previous_element, item.next_sibling, item.previous_sibling)
        of_kind: tuple[object, ...] = (type(item), str(item))
        if isinstance(item, Tag):
            kinds = {key: type(value) for key, value in item.attrs.items()}
            of_kind = (
                item.name,
                item.attrs,
                kinds,
                item.is_empty_element,
                item.interesting_string_types,
                item.prefix,
                item.get_text(),
            )
        found.append((of_kind, [places.get(id(link)) for link in links]))
    return found


def agree(html: str) -> None:
    """Both builders make the same of what is left to ours."""
    ours = build_tree(html)
    if ours is not None:
        theirs = BeautifulSoup(html, "html.parser")
        assert [written(ours)] == [written(node) for node in theirs.contents]
        assert ours.decode() == theirs.decode()


def of_lexbor(inside: str) -> str:
    region = LexborHTMLParser(f'<!doctype html><body><div id="region">{inside}').css_first("#region")
    return (region.html or "") if region is not None else ""


@walked("inside", PIECES.values(), ids=PIECES.keys())
def test_the_tree_is_beautifulsoups(inside: str) -> None:
    agree(of_lexbor(inside))


ODD = [
    "",
    "甲",
    "<p>甲",
    "甲<p>乙</p>",
    "<p>甲</p>乙",
    "<p>甲</p><p>乙</p>",
    "<p",
    "<br>",
    "<p>甲</b></p>",
    "</p>",
    "<p/>甲",
    "<>",
    "<p x=1>甲</p>",
]


@walked("html", ODD)
def test_what_is_not_plainly_one_element_is_left_to_beautifulsoup(html: str) -> None:
    assert build_tree(html) is None


def test_a_page_is_of_the_plain_form() -> None:
    """Else nothing would be gained."""
    tree = LexborHTMLParser(twin().html)
    elements = tree.css(".article-content, .article-info, h1")
    assert len(elements) >= 3
    for element in elements:
        agree(element.html or "")
        assert build_tree(element.html or "") is not None


@given(SOUP)
def test_soup_makes_the_same_tree(soup: str) -> None:
    agree(of_lexbor(soup))


def test_changes_to_the_tree_hold() -> None:
    root = build_tree("<div><p>甲<b>乙</b></p><p>丙</p></div>")
    assert root is not None
    bold = root.b
    assert bold is not None
    bold.unwrap()
    root.find_all("p")[1].insert_before(NavigableString("丁"))
    assert root.get_text() == "甲乙丁丙"
    assert str(root) == "<div><p>甲乙</p>丁<p>丙</p></div>"
