"""The subscription note, known by its words and its place; where else it may stand is in `test_extract`."""

from __future__ import annotations

from crawler.hkcnews.parts import cut_note
from crawler.hkcnews.region import parse
from tests.hkcnews.cases import page_with
from tests.walking import walked

NOTE = "<p>請加入成為眾新聞的月費訂戶。</p>"
MORE = "<p>辦法。</p>"

TAKEN: list[tuple[str, str, str]] = [
    (f"<p>甲</p>{NOTE}", "<p>甲</p>", NOTE),
    (f"<p>甲</p><hr/>{NOTE}{MORE}", "<p>甲</p>", NOTE + MORE),
    (f"<p>甲</p><div><hr/>{NOTE}{MORE}</div>", "<p>甲</p>", f"<div>{NOTE}{MORE}</div>"),
    (
        f"<p>甲</p><section><div>\n<hr/>{NOTE}</div> </section>\n",
        "<p>甲</p>",
        f"<section><div>\n{NOTE}</div> </section>\n",
    ),
    ("<p>甲</p><p> <b>請加入成為</b>眾新聞的月費訂戶</p>", "<p>甲</p>", "<p> <b>請加入成為</b>眾新聞的月費訂戶</p>"),
    (f"<p>甲</p><h4>請加入成為眾新聞</h4>{MORE}", "<p>甲</p>", f"<h4>請加入成為眾新聞</h4>{MORE}"),
    (f"{NOTE}<p>甲</p><p>乙</p><p>丙</p><p>丁</p>{NOTE}", f"{NOTE}<p>甲</p><p>乙</p><p>丙</p><p>丁</p>", NOTE),
    (f"<p>甲</p>{NOTE}{MORE * 3}", "<p>甲</p>", NOTE + MORE * 3),
    ("<p>甲</p>請加入成為眾新聞的訂戶。<a>看</a>", "<p>甲</p>", "<div>請加入成為眾新聞的訂戶。<a>看</a></div>"),
    (
        "<p>甲<img/><br/><br/>\n請加入成為眾新聞的訂戶。<br/>辦法。</p>",
        "<p>甲<img/></p>",
        "<div>\n請加入成為眾新聞的訂戶。<br/>辦法。</div>",
    ),
]

LEFT = [
    "<p>甲</p>",
    f"{NOTE}{MORE * 4}",
    "<p>有人說：請加入成為眾新聞的月費訂戶</p>",
    "<p>有人<b>說：</b>請加入成為眾新聞的月費訂戶</p>",
    "<p>甲<br/>有人說：請加入成為眾新聞的月費訂戶</p>",
    f"<div>{NOTE}</div><p>甲</p><p>乙</p><p>丙</p><p>丁</p>",
    f"<blockquote><p>引</p>{NOTE}</blockquote><p>甲</p>",
]


@walked(("html", "body", "note"), TAKEN)
def test_a_note_is_cut_out(html: str, body: str, note: str) -> None:
    region = parse(f"<div>{html}</div>")
    found = cut_note(region)
    assert found is not None
    assert region.decode_contents(formatter="minimal") == body
    assert found.decode_contents(formatter="minimal") == note


@walked("html", LEFT)
def test_what_is_no_note_stays(html: str) -> None:
    region = parse(f"<div>{html}</div>")
    assert cut_note(region) is None
    assert region.decode_contents(formatter="minimal") == html


def test_a_note_outside_the_body_ends_where_something_else_begins() -> None:
    after = f"<hr/>{NOTE}{MORE}<div class='x'>別的</div><p>再別的</p>"
    article = page_with("<p>甲</p>", after=after).article()
    assert (article.body, article.note) == ("甲", "請加入成為眾新聞的月費訂戶。\n\n辦法。")
