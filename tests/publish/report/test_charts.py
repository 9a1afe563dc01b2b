"""The pictures: reproducible, readable without colour and without eyes, and fit to stand on one page together."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest

from crawler.publish.report.charts import CROSSED, LOOKS, SOLID, STEEP, Series, columns, inline_svg, rows, swatch


def upright(name: str = "months") -> str:
    series = [Series("a", SOLID, [3, 4]), Series("b", STEEP, [1, 0])]
    return columns(name, "Months", "Two <months>", ["2021-06", "2021-07"], series, [5, 5])


def lying(name: str = "reasons") -> str:
    return rows(name, "Reasons", "Two reasons", ["farewell", "blank"], [Series("a", CROSSED, [3, 1])], ["3", "1"])


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    """One picture of each kind."""
    return {"upright": upright(), "lying": lying(), "swatch": swatch(STEEP, 1)}


def test_the_same_numbers_give_the_same_bytes_whatever_the_users_matplotlib_is_set_to(drawn: dict[str, str]) -> None:
    with mpl.rc_context({"font.size": 20, "svg.fonttype": "path", "hatch.linewidth": 9, "axes.facecolor": "red"}):
        assert {"upright": upright(), "lying": lying(), "swatch": swatch(STEEP, 1)} == drawn


def test_a_picture_asks_nothing_of_the_page_but_its_colours(drawn: dict[str, str]) -> None:
    elements = {"svg", "title", "desc", "g", "path", "text", "defs", "use", "pattern", "rect", "clipPath"}
    for picture in drawn.values():
        root = ET.fromstring(picture)
        assert root.tag == "svg"
        assert {element.tag for element in root.iter()} <= elements
        assert set(re.findall(r"#[0-9a-f]{6}\b", picture)) == set()
        assert set(re.findall(r"var\(([^)]*)\)", picture)) <= {
            "--ink",
            "--grid",
            "--paper",
            *(look.variable for look in LOOKS),
        }
        assert "DejaVu" not in picture
        assert "http" not in picture


def test_ids_of_two_pictures_do_not_clash_and_what_they_refer_to_is_there(drawn: dict[str, str]) -> None:
    ids: list[str] = []
    for picture in (*drawn.values(), upright("another"), swatch(STEEP, 2)):
        own = re.findall(r'\bid="([^"]*)"', picture)
        ids += own
        assert set(re.findall(r'(?:url\(|href=")#([^)"]*)', picture)) <= set(own)
    assert len(ids) == len(set(ids))


def test_a_picture_says_what_it_shows(drawn: dict[str, str]) -> None:
    root = ET.fromstring(drawn["upright"])
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "months-title months-desc"
    assert [(child.tag, child.attrib["id"], child.text) for child in root[:2]] == [
        ("title", "months-title", "Months"),
        ("desc", "months-desc", "Two <months>"),
    ]
    assert ET.fromstring(drawn["swatch"]).attrib["aria-hidden"] == "true"


def test_text_stays_text_and_series_have_patterns(drawn: dict[str, str]) -> None:
    assert re.findall(r"<text[^>]*>([^<]*)<", drawn["lying"]) == ["farewell", "blank", "3", "1"]
    assert "<pattern" in drawn["lying"]
    assert len({swatch(look, 0).replace(look.variable, "") for look in LOOKS}) == len(LOOKS)


def test_many_bars_have_few_labels_and_none_is_drawn_without_any() -> None:
    labels = [str(number) for number in range(61)]
    drawn = columns("m", "t", "d", labels, [Series("a", SOLID, [1] * 61)])
    assert 8 <= len([text for text in re.findall(r"<text[^>]*>(\d+)<", drawn) if text in labels[2:]]) <= 13
    assert "<svg" in columns("m", "t", "d", ["a"], [Series("a", SOLID, [0])])
    assert "<svg" in rows("m", "t", "d", [], [], [])


def test_a_label_may_be_anything() -> None:
    labels = [r"$\frac{$", "$x$", "分類", "a\x00b\nc", "\ud800", "\u202e", "x" * 500]
    drawn = rows("r", "t", "d", labels, [Series("a", SOLID, [1] * 7)], ["1"] * 7)
    texts = [element.text or "" for element in ET.fromstring(drawn).iter("text")]
    assert texts[7:] == ["1"] * 7
    for told, label in zip(texts, labels, strict=False):
        assert len(told) == min(len(label), 36)
        assert told.isprintable()
        assert told == label or len(label) > 36 or not label.isprintable()


def test_names_in_a_drawing_cannot_end_an_attribute() -> None:
    drawn = b'<svg xmlns="http://www.w3.org/2000/svg"><text>&lt;script&gt;</text></svg>'
    assert "<script" not in inline_svg(drawn, "n", "<script>", '"><script>', {})
