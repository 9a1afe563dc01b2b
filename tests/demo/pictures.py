"""How the archive holds the pictures that the invented articles show."""

from __future__ import annotations

from dataclasses import dataclass

from tests.demo.sources import address

_SITE = "https://www.hkcnews.com"
_NEWS = f"{_SITE}/news_新聞/hk-discuss"
_AVATARS = f"{_SITE}/uploads/avatars"


@dataclass(frozen=True, slots=True)
class Picture:
    """One capture of a picture: the scene drawn, or (`scene` empty) the page that stands in its place."""

    timestamp: str
    original: str
    scene: str
    status: str = "200"
    to: str = ""


def _at(timestamp: str, readable: str, scene: str, **more: str) -> Picture:
    return Picture(timestamp, address(readable), scene, **more)


PICTURES = (
    # Captured at another time than the article, as most are.
    _at("20210801120000", f"{_NEWS}/2020/03/鹽田-鹽燈島-20200321160000_e1e1_large.png", "salt"),
    _at("20180815101112", f"{_NEWS}/2017/07/榕樹-Banyan%20Tree-20170730090817_b04c_large.png", "banyan"),
    _at("20210712011908", f"{_NEWS}/2017/07/榕樹-榕蔭街-20170730091233_77d1_large.png", "banyan measured"),
    _at(
        "20190404040404",
        f"{_SITE.replace('www.', '')}/news_新聞/hk-discuss/2017/09/漁民市集-海鮮-20170930081145_5ac3_large.png",
        "market",
    ),
    _at("20210302030405", f"{_NEWS}/2020/10/划艇賽-Tsing%20Lo%20Regatta-20201011133000_4b4b_large.gif", "regatta"),
    _at("20210629013113", f"{_NEWS}/2019/06/壁畫-蜆殼里-20190615142011_9d20_large.png", "mural"),
    _at("20210710063600", f"{_NEWS}/2018/03/合唱團-燈塔-20180319180000_2c2c_large.png", "lighthouse"),
    _at("20201020052610", f"{_NEWS}/2020/09/電車-圖書館-20200917101500_7d7d_large.png", "tram"),
    _at("20220123222740", f"{_NEWS}/2020/05/紙鷂-海堤-20200503141516_5e5e_large.png", "kites"),
    _at("20210704112210", f"{_NEWS}/2019/04/貓-魚欄-20190422083000_c0a7_large.png", "cat"),
    _at("20220103000010", f"{_NEWS}/2021/12/碼頭日誌-20211231220000_0e0e_large.png", "last ferry"),
    # The same bytes under another address.
    _at("20210712011909", f"{_NEWS}/2017/07/榕樹-20170730091540_0f6e_large.png", "banyan measured"),
    # A page in its place at the time of the article, a good one before that.
    _at("20210712022038", f"{_NEWS}/2018/06/海晴戲院-舊戲院-20180609113010_c4d8_large.png", ""),
    _at("20180610000000", f"{_NEWS}/2018/06/海晴戲院-舊戲院-20180609113010_c4d8_large.png", "cinema"),
    # Moved, and found where it moved to.
    _at(
        "20210703221531",
        f"{_NEWS}/2017/01/圖書館-library-20170121101502_3e7b_large.png",
        "",
        status="301",
        to=f"{_SITE}/archive/library.png",
    ),
    _at("20210703221540", f"{_SITE}/archive/library.png", "library"),
    # Never any good: a page in its place whenever it was captured. That of article 36963 was never captured at all.
    _at("20221010101010", f"{_NEWS}/2021/08/船票-Ferry%20Ticket-20210827111111_8c8c_large.jpg", ""),
    _at("20210801000000", f"{_AVATARS}/11aa22bb-0001-4c4c-9d9d-0a0b0c0d0e01.png?1288", "tree"),
    _at("20210801000001", f"{_AVATARS}/33cc44dd-0002-4c4c-9d9d-0a0b0c0d0e02.png?3377", "editor"),
    _at("20210801000002", f"{_AVATARS}/55ee66ff-0003-4c4c-9d9d-0a0b0c0d0e03.png?10077", "bicycle"),
    _at("20210801000003", f"{_AVATARS}/77aa88bb-0004-4c4c-9d9d-0a0b0c0d0e04.png?23456", "rain"),
    _at("20210801000004", f"{_AVATARS}/99aa00bb-0005-4c4c-9d9d-0a0b0c0d0e05.png?30303", "wave"),
)
FETCHED, MISSING = 19, {"html_page": 1, "not_archived": 1}
"""What becomes of the pictures of all articles that can be recovered."""
