"""Bodies of articles, drawn at random: well-formed HTML with all that the site's articles hold, and hostile text in
it."""

from __future__ import annotations

from html import escape

from hypothesis import strategies as st

_LETTERS = ["新", "聞", "自由", "香港人", "甲", "一", "𨋢", "𠝹", "news", "Hong Kong", "a", "B2", "x"]
_PUNCTUATION = list("，。：；「」『』（）！？、—…《》〈〉・") + list("*_[]()<>&#+-=|~!\\{}:.,;'\"`$%^@/?")
_DIGITS = ["1", "20", "2019", "0", "999999999", "1234567890"]
_SPACES = [" ", " ", " ", "  ", "\n", "\t", "\u3000", "\u00a0", "\u200b", "\ufeff", "\u2003", "\u2028"]
_SYMBOLS = ["😀", "👩\u200d🔬", "⚓\ufe0f", "→", "©", "±", "€", "①", "°", "\u0301"]
_TRAPS = [
    *(
        "# ",
        "## x ##",
        "1. ",
        "2) ",
        "- ",
        "+ ",
        "* ",
        "> ",
        ">",
        "---",
        "- - -",
        "===",
        "***",
        "___",
        "| a | b |",
        "|---|",
        "|",
        ":-:",
        "-|-",
    ),
    *("```", "~~~", "~~x~~", "[x]: /y", "[x](y)", "![x](y)", "](", "[", "]", "![", "[^1]", "[^1]: x", "`x`", "``"),
    *(
        "<b>",
        "</p>",
        "<!-- x -->",
        "<http://x.y>",
        "<?x",
        "<![CDATA[",
        "<",
        "&amp;",
        "&#35;",
        "&copy",
        "&",
        "{{<",
        "{{% x %}}",
        "{{< x >}}",
    ),
    *(
        "**x**",
        "*x*",
        "__x__",
        "_x_",
        "\\*",
        "\\",
        "\\\\",
        "\\[",
        "http://a.b/c_d_e",
        "www.a.b",
        "x@y.z",
        ": x",
        "    x",
        "[ ] x",
        "#x",
        "5.",
        "-5",
    ),
]
_PIECES = st.sampled_from(_LETTERS * 3 + _PUNCTUATION * 2 + _DIGITS + _SPACES * 2 + _SYMBOLS + _TRAPS)
_URLS = st.sampled_from(
    [
        *(
            "/article/12",
            "/news_新聞/頁",
            "https://a.example/x",
            "http://a.example/x y",
            "https://a.example/甲\u3000乙\u00a0丙\u2028",
            "https://a.example/b_(c)",
            "https://a.example/b_(c",
            "#top",
        ),
        *(
            "https://a.example/)",
            "https://a.example/((((x))))",
            "https://a.example/?a=1&b=2",
            "https://a.example/?q=&copy;",
            "mailto:x@y.example",
        ),
        *(
            "https://a.example/[x]",
            "https://a.example/*x*_y_`z`",
            'https://a.example/"x"',
            "https://a.example/a|b",
            "https://a.example/\\x",
        ),
        *(
            "https://www.hkcnews.com/article/5?x=<y>",
            "//a.example/x",
            "javascript:void(0)",
            "data:text/html,x",
            "file:///c:/x",
            "",
            "../x",
            "a.example/x",
        ),
    ]
)
_SOURCES = st.sampled_from(
    [
        "/news_新聞/2020/甲-乙%20丙_large.jpg",
        "https://a.example/x (1).png",
        "//a.example/x.png",
        "/x|y.png",
        "https://a.example/a_b*c*.gif?x=1&y=2",
    ]
)
_FRAMES = st.sampled_from(
    [
        "https://www.youtube.com/embed/abc?rel=0&start=5",
        "//www.youtube.com/embed/x-_y",
        "https://maps.example/embed?pb=!1m18!2z6Z",
    ]
)


_EMPHASIS = st.sampled_from(["strong", "b", "em", "i", "strong", "span", "sub", "del", "q", "ruby"])
_STYLES = st.sampled_from(
    [
        "",
        "",
        "",
        "",
        ' style="font-weight:700"',
        ' style="font-weight:400"',
        ' style="font-style:italic"',
        ' style="font-style:normal;color:red"',
    ]
)
_BREAKS = st.sampled_from(["<br>", "<br><br>", "<br> <br>\n<br>"])
_STARTS = st.sampled_from(
    ["", "", ' start="7"', ' start="1234567890"', ' start="x"', " reversed", ' reversed start="5"', ' type="a"']
)
_VALUES = st.sampled_from(["", "", "", ' value="3"', ' value="-1"', ' value="x"'])
_SPANS = st.sampled_from(["", "", "", "", ' colspan="2"', ' rowspan="2"'])


def _tag(name: str, inner: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{inner}</{name}>"


class _Writer:
    """Draws pieces of HTML; `depth` bounds how far they nest."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def one_of(self, most: int) -> int:
        return self.draw(st.integers(0, most))

    def text(self) -> str:
        return "".join(self.draw(st.lists(_PIECES, max_size=6)))

    def picture(self) -> str:
        return f'<img src="{escape(self.draw(_SOURCES))}" alt="{escape(self.text().replace("|", ""))}">'

    def frame(self) -> str:
        return f'<iframe src="{escape(self.draw(_FRAMES))}"></iframe>'

    def inline(self, depth: int = 3, *, linked: bool = False, pictures: bool = True) -> str:
        return "".join(self._inline_part(depth, linked, pictures) for _ in range(self.one_of(4)))

    def _inline_part(self, depth: int, linked: bool, pictures: bool) -> str:
        kind = self.one_of(9)
        if kind == 0:
            return self.draw(_BREAKS)
        if kind == 1:
            return _tag("code", escape(self.text()))
        if kind == 2 and pictures:
            return self.picture()
        if kind == 3 and not linked:
            return _tag(
                "a", self.inline(depth - 1, linked=True, pictures=pictures), f' href="{escape(self.draw(_URLS))}"'
            )
        if kind >= 6 and depth > 0:
            return _tag(
                self.draw(_EMPHASIS), self.inline(depth - 1, linked=linked, pictures=pictures), self.draw(_STYLES)
            )
        return escape(self.text())

    def blocks(self, depth: int = 2) -> str:
        return "\n".join(self.block(depth) for _ in range(self.one_of(2) + 1))

    def block(self, depth: int) -> str:
        writers = (self._line, self._line, self._line, self._line, self._figure, self._video, self._table, self._pre)
        nesting = (self._list, self._list, self._quote, self._division)
        choice = self.one_of(len(writers) + (len(nesting) if depth > 0 else 0) - 1)
        return writers[choice]() if choice < len(writers) else nesting[choice - len(writers)](depth)

    def _line(self) -> str:
        kind = self.one_of(7)
        if kind == 0:
            return "<hr>"
        if kind == 1:
            return self.inline()
        if kind == 2:
            return _tag(self.draw(st.sampled_from(["h1", "h2", "h3", "h6"])), self.inline())
        if kind == 3:
            return _tag(self.draw(_EMPHASIS), _tag("p", self.inline(2)))
        return _tag("p", self.inline(), self.draw(_STYLES))

    def _figure(self) -> str:
        captions = (
            "".join(_tag("p", self.inline(pictures=False)) for _ in range(self.one_of(2))),
            self.inline(pictures=False),
        )
        kind = self.one_of(3)
        caption = "" if kind == 0 else _tag("figcaption", captions[kind == 1])
        return _tag("figure", self.picture() + caption, ' class="image"')

    def _video(self) -> str:
        kind = self.one_of(2)
        if kind == 0:
            return _tag("figure", _tag("div", self.frame()), ' class="media"')
        inner = self.inline() + self.frame() + self.inline()
        return _tag("p", inner if kind == 1 else _tag("strong", inner))

    def _pre(self) -> str:
        return _tag("pre", _tag("code", escape("\n".join(self.text() for _ in range(self.one_of(2) + 1)))))

    def _table(self) -> str:
        heavy = self.one_of(6) == 0
        caption = _tag("caption", self.inline()) if self.one_of(6) == 0 else ""
        head = _tag("thead", self._row("th", heavy)) if self.one_of(1) else ""
        foot = _tag("tfoot", self._row("td", heavy)) if self.one_of(6) == 0 else ""
        rows = 0 if self.one_of(6) == 0 else self.one_of(2) + 1
        return _tag(
            "table", caption + head + _tag("tbody", "".join(self._row("td", heavy) for _ in range(rows))) + foot
        )

    def _row(self, name: str, heavy: bool) -> str:
        number = 0 if self.one_of(6) == 0 else self.one_of(2) + 1
        return _tag("tr", "".join(_tag(name, self._cell(heavy), self.draw(_SPANS)) for _ in range(number)))

    def _cell(self, heavy: bool) -> str:
        if heavy and self.one_of(1):
            return self.block(1)
        kind = self.one_of(5)
        return _tag("p", self.inline(2)) * (kind - 3) if kind > 3 else self.inline(2)

    def _list(self, depth: int) -> str:
        name = self.draw(st.sampled_from(["ul", "ol"]))
        items = "".join(_tag("li", self._item(depth), self.draw(_VALUES)) for _ in range(self.one_of(2) + 1))
        return _tag(name, items, self.draw(_STARTS) if name == "ol" else "")

    def _item(self, depth: int) -> str:
        kind = self.one_of(3)
        return (
            self.inline() + self._list(depth - 1)
            if kind == 0 and depth > 1
            else self.blocks(depth - 1)
            if kind == 1
            else self.inline()
        )

    def _quote(self, depth: int) -> str:
        return _tag("blockquote", self.blocks(depth - 1))

    def _division(self, depth: int) -> str:
        return _tag("div", self.blocks(depth - 1))


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Inline HTML: text, line breaks, code, pictures, and emphasis and links around them."""
    return _Writer(draw).inline(4)


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """The inside of a body: blocks of every kind, nested, and text between them."""
    return _Writer(draw).blocks(3)
