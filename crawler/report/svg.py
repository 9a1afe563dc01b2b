"""What matplotlib drew, made fit to stand in the page: colours by name, ids of its own, words for those who cannot see it."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_COLOUR = re.compile(r"#([0-9a-f]{6})\b")
_FONT = re.compile(r"font-family:[^;]*|(?<=px )'DejaVu Sans'[^;]*")
_LEFT_OUT = ("metadata", "style")


def fit(drawn: bytes, name: str, title: str, description: str, colours: dict[str, str]) -> str:
    """The drawing as HTML. `name` goes before every id; `colours`: which variable of the page's style stands for which colour, as
    `{"#a00001": "--s1"}`. Without a title it is an ornament, and not read aloud."""
    root = ET.fromstring(drawn)
    for parent in root.iter():
        for child in [child for child in parent if child.tag.removeprefix(_SVG) in _LEFT_OUT or not isinstance(child.tag, str)]:
            parent.remove(child)
    referred = _referred(root)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        if element.get("id", "") not in referred:
            element.attrib.pop("id", None)
        if (fill := element.attrib.get("fill", "")) in colours:  # only a style can name a variable
            del element.attrib["fill"]
            element.attrib["style"] = f"fill: {fill}"
        element.attrib = dict(_attribute(key, value, name, colours) for key, value in element.attrib.items())
        element.tail = "\n" if element.tail and element.tail.isspace() else element.tail
        if element.text and element.text.isspace():
            element.text = None
    for size in ("width", "height", "version"):
        root.attrib.pop(size, None)
    if not title:
        root.attrib["aria-hidden"] = "true"
        return _written(root)
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-desc"}
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(place, element)
    return _written(root)


def _referred(root: ET.Element) -> set[str]:
    """The ids that are needed."""
    used = {element.get(_HREF, "").removeprefix("#") for element in root.iter()}
    return used.union(*(_REFERENCE.findall(value) for element in root.iter() for value in element.attrib.values()))


def _written(root: ET.Element) -> str:
    return ET.tostring(root, encoding="unicode", method="html").strip()


def _attribute(key: str, value: str, name: str, colours: dict[str, str]) -> tuple[str, str]:
    if key == "id":
        return key, f"{name}-{value}"
    if key == _HREF:
        return "href", f"#{name}-{value.removeprefix('#')}"
    value = _REFERENCE.sub(rf"url(#{name}-\1)", value)
    if key == "style":
        value = _FONT.sub("font-family: inherit", value) if "font-family" in value else value
        value = _COLOUR.sub(lambda found: f"var({colours[found[0]]})" if found[0] in colours else found[0], value)
    if key == "d":
        value = " ".join(value.split())
    return key, value
