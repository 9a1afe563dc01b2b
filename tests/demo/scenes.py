"""What the demo's pictures show: the invented town on its bay."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tests.demo.drawing import HEIGHT, WIDTH, Canvas

_AVATAR = 160
_HORIZON = 200
_DAY, _DUSK, _NIGHT, _MIST = (
    ("#7db8de", "#dcecf2"),
    ("#4b4a7c", "#f3a46b"),
    ("#111a3a", "#35406b"),
    ("#aeb9bf", "#dfe3e2"),
)
_WHITE, _INK, _RED, _GOLD, _WOOD, _LEAF = "#fbf8f1", "#2c3340", "#c3423f", "#f2c14e", "#8a5a3c", "#4f7c4a"


def _bay(canvas: Canvas, sky: tuple[str, str], sea: tuple[str, str] = ("#3f7f9b", "#1f4f6b")) -> None:
    """Sky, hills and the sea with light on it."""
    canvas.shade(*sky, 0, _HORIZON, 24)
    canvas.polygon("#6d8a86", (0, 200), (0, 168), (90, 132), (170, 172), (250, 146), (330, 178), (480, 150), (480, 200))
    canvas.polygon("#55736c", (150, 200), (260, 170), (360, 186), (480, 166), (480, 200))
    canvas.shade(*sea, _HORIZON, canvas.height, 10)
    for number in range(26):
        left, top = number * 137 % 470, 206 + number * 43 % 110
        canvas.box("#86b5c4", left, top, 10 + number * 7 % 22, 1)


def _lighthouse(canvas: Canvas, x: int, base: int = 236) -> None:
    canvas.polygon("#7c7468", (x - 60, base + 14), (x - 34, base - 14), (x + 30, base - 12), (x + 66, base + 14))
    canvas.polygon(_WHITE, (x - 9, base - 120), (x + 9, base - 120), (x + 17, base - 8), (x - 17, base - 8))
    for top, wide in ((base - 96, 11), (base - 56, 14)):
        canvas.polygon(_RED, (x - wide, top), (x + wide, top), (x + wide + 2, top + 18), (x - wide - 2, top + 18))
    canvas.box(_INK, x - 13, base - 123, 27, 4)
    canvas.box(_GOLD, x - 7, base - 138, 15, 15)
    canvas.polygon(_RED, (x - 11, base - 138), (x, base - 152), (x + 12, base - 138))


def _boat(canvas: Canvas, x: int, y: int, hull: str = _RED) -> None:
    """A ferry of two decks."""
    canvas.box(_WHITE, x - 44, y - 26, 96, 14)
    canvas.box(_WHITE, x - 28, y - 40, 58, 14)
    for window in range(5):
        canvas.box("#8fc1d6", x - 38 + window * 18, y - 22, 10, 6)
    canvas.box(_INK, x + 8, y - 54, 10, 14)
    canvas.polygon(hull, (x - 62, y - 12), (x + 66, y - 12), (x + 50, y + 8), (x - 48, y + 8))


def _tree(canvas: Canvas, x: int, base: int) -> None:
    canvas.polygon(_WOOD, (x - 14, base), (x - 8, base - 90), (x + 8, base - 90), (x + 16, base))
    for off, up, size in ((-62, 92, 44), (60, 96, 46), (-26, 132, 50), (28, 136, 48), (0, 102, 58)):
        canvas.ellipse(_LEAF, x + off, base - up, size, size * 3 // 4)
    for off in (-70, -44, 38, 64):
        canvas.box("#6b4a34", x + off, base - 84, 2, 58 + off % 17)


def _street(canvas: Canvas, sky: tuple[str, str]) -> None:
    """Old houses along a street, seen from across it."""
    canvas.shade(*sky, 0, 250, 20)
    walls = ("#d9c3a5", "#b8cbb8", "#e2d3b8", "#c9a58f", "#c5c9d3", "#dcc9a0")
    for number, wall in enumerate(walls):
        left, top = number * 82 - 6, 92 + number * 37 % 48
        canvas.box(wall, left, top, 80, 250 - top)
        canvas.box("#7a6a58", left, top - 6, 80, 6)
        for window in range(6):
            canvas.box("#5f7480", left + 10 + window % 3 * 24, top + 16 + window // 3 * 40, 14, 22)
    canvas.shade("#a49d92", "#8c867d", 250, canvas.height, 4)


def _lighthouse_at_dusk(canvas: Canvas) -> None:
    _bay(canvas, _DUSK, ("#6b5f80", "#2f3558"))
    canvas.ellipse("#f7d38a", 120, 176, 26, 26)
    canvas.shade("#6b5f80", "#2f3558", _HORIZON, canvas.height, 10)
    _lighthouse(canvas, 350)


def _salt(canvas: Canvas) -> None:
    _bay(canvas, _DAY)
    canvas.polygon("#9fb6ae", (0, 320), (0, 232), (480, 216), (480, 320))
    for number in range(4):
        canvas.polygon(
            "#c4d6d3",
            *(
                (x, y)
                for x, y in (
                    (number * 130 - 60, 318),
                    (number * 110 - 10, 240),
                    (number * 110 + 88, 236),
                    (number * 130 + 54, 318),
                )
            ),
        )
    for x, y, size in ((70, 292, 40), (190, 276, 32), (300, 298, 44), (410, 270, 30)):
        canvas.polygon(_WHITE, (x - size, y), (x, y - size), (x + size, y))
        canvas.polygon("#dfe3e2", (x, y - size), (x + size, y), (x + size // 4, y))


def _banyan(canvas: Canvas) -> None:
    _street(canvas, _DAY)
    _tree(canvas, 250, 286)


def _banyan_measured(canvas: Canvas) -> None:
    canvas.shade("#cfe0cf", "#a9c3a4", 0, canvas.height, 8)
    canvas.polygon(_WOOD, (130, 320), (170, 0), (310, 0), (356, 320))
    for left in (196, 228, 262, 290):
        canvas.polygon(
            "#6b4a34",
            (left, 0),
            (left + 7, 0),
            (left + (left - 240) // 5 + 4, 320),
            (left + (left - 240) // 5 - 5, 320),
        )
    canvas.polygon(_INK, (153, 150), (328, 146), (330, 156), (152, 160))
    for number in range(5):
        canvas.ellipse(_GOLD, 172 + number * 34, 153, 10, 10)
        canvas.ellipse(_RED, 172 + number * 34, 153, 4, 4)


def _market(canvas: Canvas) -> None:
    _bay(canvas, _MIST)
    _boat(canvas, 370, 226, "#3d6b58")
    canvas.shade("#b7a98f", "#97886e", 252, canvas.height, 4)
    for number, cloth in enumerate((_RED, _GOLD, "#3f7f9b", "#e08a5b")):
        x = 60 + number * 118
        canvas.box(_INK, x - 2, 210, 4, 84)
        canvas.polygon(cloth, (x - 56, 222), (x, 186), (x + 56, 222))
        canvas.box(_WOOD, x - 44, 274, 88, 20)
        for fish in range(4):
            canvas.ellipse("#c9d6dc", x - 32 + fish * 21, 271, 9, 4)


def _regatta(canvas: Canvas) -> None:
    _bay(canvas, _DAY)
    for number, hull in enumerate((_RED, _GOLD, _WHITE, "#e08a5b")):
        x, y = 110 + number * 83 % 260, 216 + number * 27
        canvas.polygon(hull, (x - 70, y), (x + 78, y), (x + 52, y + 12), (x - 50, y + 12))
        for rower in range(5):
            canvas.ellipse(_INK, x - 40 + rower * 20, y - 8, 5, 6)
            canvas.polygon(
                _WOOD,
                (x - 38 + rower * 20, y),
                (x - 36 + rower * 20, y),
                (x - 50 + rower * 20, y + 20),
                (x - 53 + rower * 20, y + 20),
            )


def _mural(canvas: Canvas) -> None:
    canvas.shade("#c5c9d3", "#b9b0a2", 0, canvas.height, 4)
    for number, (wall, crown) in enumerate(
        (("#d8ead0", "#e8a3b5"), ("#bfe0ea", _LEAF), ("#f3dfb4", "#d98b3a"), ("#dde3ee", _WHITE))
    ):
        left = 16 + number * 114
        canvas.box(wall, left, 40, 108, 210)
        canvas.polygon(_WOOD, (left + 46, 250), (left + 50, 150), (left + 58, 150), (left + 64, 250))
        for off, up, size in ((-22, 130, 24), (22, 132, 24), (0, 112, 28)):
            canvas.ellipse(crown, left + 54 + off, up, size, size)
    canvas.shade("#8f8a83", "#78736c", 262, canvas.height, 3)


def _cinema(canvas: Canvas) -> None:
    canvas.shade("#2b1c26", "#402834", 0, canvas.height, 6)
    canvas.polygon("#5a2c33", (0, 0), (120, 0), (96, 170), (0, 190))
    canvas.polygon("#5a2c33", (480, 0), (360, 0), (384, 170), (480, 190))
    canvas.box("#f0ead8", 122, 26, 236, 118)
    for row in range(4):
        size, top = 30 + row * 8, 168 + row * 38
        for seat in range(-6, 7):
            x = 240 + seat * (size + 6)
            canvas.ellipse("#a8343a", x, top + 12, size // 2, 14)
            canvas.box("#8f2b32", x - size // 2, top + 12, size, 34)


def _library(canvas: Canvas) -> None:
    canvas.shade("#e7dcc6", "#d5c5a7", 0, canvas.height, 4)
    spines = (_RED, "#3f7f9b", _LEAF, _GOLD, "#6d5a86", "#e08a5b", _INK, "#c9d6dc")
    for shelf in range(3):
        floor = 100 + shelf * 98
        at, number = 24, shelf * 5
        while at < 440:
            thick, tall = 9 + number * 5 % 12, 52 + number * 11 % 28
            canvas.box(spines[number * 3 % len(spines)], at, floor - tall, thick, tall)
            at, number = at + thick + (26 if number % 11 == 7 else 2), number + 1
        canvas.box(_WOOD, 12, floor, 456, 10)


def _tram(canvas: Canvas) -> None:
    _street(canvas, _DAY)
    canvas.box("#2f6b52", 110, 112, 250, 150)
    canvas.box("#e7dcc6", 110, 182, 250, 10)
    for deck in (124, 198):
        for window in range(6):
            canvas.box("#bcd9e2", 122 + window * 39, deck, 30, 34)
            for book in range(4):
                canvas.box(
                    (_RED, _GOLD, "#3f7f9b", _WHITE)[(book + window) % 4],
                    124 + window * 39 + book * 7,
                    deck + 18,
                    5,
                    16,
                )
    for wheel in (170, 300):
        canvas.ellipse(_INK, wheel, 264, 17, 17)
    canvas.box(_INK, 0, 282, WIDTH, 3)


def _kites(canvas: Canvas) -> None:
    canvas.shade("#8796a3", "#c9d2d4", 0, 216, 16)
    canvas.shade("#87a46a", "#5f7f4b", 216, canvas.height, 6)
    for number, cloth in enumerate((_RED, _GOLD, "#3f7f9b", "#e08a5b", _WHITE, "#6d5a86")):
        x, y = 56 + number * 74, 262 + number * 31 % 36
        canvas.polygon(cloth, (x, y - 30), (x + 24, y - 6), (x, y + 24), (x - 24, y - 6))
        canvas.ellipse("#6f6a62", x + 4, y + 32, 12, 8)
    canvas.box(_INK, 420, 66, 4, 150)
    canvas.polygon(_INK, (422, 60), (446, 104), (398, 104))


def _cat(canvas: Canvas) -> None:
    _bay(canvas, _MIST)
    canvas.shade("#9d7f5f", "#7b6045", 236, canvas.height, 4)
    canvas.ellipse("#5b5148", 236, 214, 74, 46)
    canvas.ellipse("#e0c7a2", 214, 222, 34, 26)
    canvas.ellipse("#5b5148", 310, 176, 34, 30)
    canvas.polygon("#5b5148", (280, 164), (286, 128), (308, 152))
    canvas.polygon("#5b5148", (340, 164), (336, 128), (314, 150))
    for eye in (298, 322):
        canvas.ellipse(_GOLD, eye, 174, 6, 4)
    canvas.polygon("#5b5148", (166, 226), (112, 168), (122, 162), (180, 212))


def _last_ferry(canvas: Canvas) -> None:
    _bay(canvas, _NIGHT, ("#1c2b4f", "#0d1730"))
    canvas.ellipse("#f4efd9", 96, 62, 24, 24)
    for number in range(30):
        canvas.box(_WHITE, number * 97 % 474, number * 61 % 120, 2, 2)
    _boat(canvas, 290, 250, "#3d6b58")
    for number in range(9):
        canvas.box(_GOLD, 250 + number * 41 % 90, 262 + number * 6, 18 - number, 2)


def _old_hand(canvas: Canvas) -> None:
    canvas.box("#dfead8", 0, 0, _AVATAR, _AVATAR)
    canvas.polygon(_WOOD, (68, 150), (74, 80), (86, 80), (94, 150))
    for off, up, size in ((-30, 72, 28), (30, 74, 26), (0, 52, 32)):
        canvas.ellipse(_LEAF, 80 + off, up, size, size)


def _editor(canvas: Canvas) -> None:
    canvas.box("#d3dbe6", 0, 0, _AVATAR, _AVATAR)
    canvas.ellipse("#3d4a66", 80, 164, 62, 52)
    canvas.ellipse("#e6bd97", 80, 76, 34, 40)
    canvas.polygon(_INK, (44, 70), (50, 34), (80, 24), (112, 36), (116, 70), (102, 52), (58, 52))


def _bicycle(canvas: Canvas) -> None:
    canvas.box("#f3dfb4", 0, 0, _AVATAR, _AVATAR)
    for x in (46, 116):
        canvas.ellipse(_INK, x, 104, 30, 30)
        canvas.ellipse("#f3dfb4", x, 104, 25, 25)
    for line in (
        ((44, 104), (66, 60), (70, 62), (49, 106)),
        ((66, 60), (104, 60), (104, 65), (66, 65)),
        ((102, 52), (106, 50), (118, 104), (113, 105)),
    ):
        canvas.polygon(_RED, *line)
    canvas.box(_INK, 56, 54, 24, 6)


def _rain(canvas: Canvas) -> None:
    canvas.shade("#aeb9bf", "#dfe3e2", 0, _AVATAR, 6)
    for x, y, size in ((56, 62, 28), (84, 50, 34), (112, 64, 26)):
        canvas.ellipse("#6f7f8c", x, y, size, size * 3 // 4)
    for number in range(12):
        canvas.box("#3f7f9b", 34 + number * 37 % 96, 92 + number * 23 % 52, 3, 13)


def _wave(canvas: Canvas) -> None:
    canvas.shade("#f3c9a0", "#f7e3c0", 0, _AVATAR, 6)
    for number, water in enumerate(("#7fb2c4", "#4f8fa8", "#2f6b86")):
        for crest in range(5):
            canvas.ellipse(water, crest * 44 - 12 + number * 17, 112 + number * 20, 30, 22)
        canvas.box(water, 0, 112 + number * 20, _AVATAR, 60)


_SCENES: dict[str, Callable[[Canvas], None]] = {
    "lighthouse": _lighthouse_at_dusk,
    "salt": _salt,
    "banyan": _banyan,
    "banyan measured": _banyan_measured,
    "market": _market,
    "regatta": _regatta,
    "mural": _mural,
    "cinema": _cinema,
    "library": _library,
    "tram": _tram,
    "kites": _kites,
    "cat": _cat,
    "last ferry": _last_ferry,
}
_AVATARS: dict[str, Callable[[Canvas], None]] = {
    "tree": _old_hand,
    "editor": _editor,
    "bicycle": _bicycle,
    "rain": _rain,
    "wave": _wave,
}


@cache
def draw(name: str) -> bytes:
    """A picture as a PNG; KeyError for one that is not drawn here."""
    side = (_AVATAR, _AVATAR) if name in _AVATARS else (WIDTH, HEIGHT)
    canvas = Canvas(*side)
    {**_SCENES, **_AVATARS}[name](canvas)
    return canvas.png()
