"""Files of invented articles in the public backup's layout, sound or with a defect of a chosen kind planted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from crawler.markdown.document import relative_path
from crawler.preserve.findings import AuditKind

ARCHIVE = "https://web.archive.org/web"
WHEN = "20210712013906"
NOTE = (
    "請加入成為眾新聞的月費訂戶，讓青螺灣的小故事有人記下。\n\n訂閱辦法 [看這一頁：hkcnews.com/aboutus/#subscribe]({0})"
)
SLUG = "%E7%87%88%E5%A1%94-{0}/%E7%87%88%E5%A1%94%E9%87%8D%E9%96%8B"


@dataclass
class Draft:
    """An article's file to be. `finish` changes the whole text, when all else is done."""

    number: int
    fields: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ("燈塔", "Tsing Lo Bay")
    blocks: list[str] = field(default_factory=list)
    note: bool = True
    blogger: bool = False
    head: bool = True
    finish: list[Callable[[str], str]] = field(default_factory=list)

    def text(self) -> str:
        """The file."""
        lines: list[str] = []
        for key, value in self.fields.items():
            lines.append(f'{key}: "{value}"')
            if key == "category" and self.tags:
                lines += ["tags:", *(f'  - "{tag}"' for tag in self.tags)]
        front = "---\n" + "\n".join(lines) + "\n---\n\n" if self.head else ""
        body = "\n\n".join([f"# {self.fields.get('title', '')}".rstrip(), *self.blocks])
        if self.note:
            body += "\n\n\n---\n\n\n" + NOTE.format(f"{ARCHIVE}/{WHEN}/https://www.hkcnews.com/aboutus/#subscribe")
        if self.blogger:
            picture = f"{ARCHIVE}/{WHEN}im_/https://www.hkcnews.com/uploads/avatars/33cc44dd.png?{self.number}"
            body += f"\n\n---\n\n![博客 | 司徒潮]({picture})\n\n**博客 | 司徒潮**\n\n教過書，跑過船期。"
        text = f"{front}{body}\n"
        for change in self.finish:
            text = change(text)
        return text


def sound(number: int) -> Draft:
    """A file without a fault."""
    original = f"https://www.hkcnews.com/article/{number}/{SLUG.format(number)}"
    fields = {
        "title": f"第{number}號燈塔重開　街坊帶貓上山",
        "date": "2019-04-22",
        "author": "記者甄小帆",
        "category": "眾聞",
        "url": f"{ARCHIVE}/{WHEN}/{original}",
        "original_url": original,
    }
    picture = f"{ARCHIVE}/{WHEN}im_/https://www.hkcnews.com/news_新聞/{number}%20a_large.jpg"
    blocks = [
        f'<figure>\n<img src="{picture}" alt="">\n<figcaption>開燈一刻。影像組</figcaption>\n</figure>',
        f"第{number}號燈塔昨晚重開，**燈塔員**說燈泡是從[漁具店]({ARCHIVE}/{WHEN}/https://shop.example/{number})買的。",
        "## 貓先到",
        "> 貓坐在窗邊，看了一整晚。",
        "* 燈泡\n* 燈油",
    ]
    return Draft(number, fields, blocks=blocks)


def video(number: int, name: str) -> str:
    """A block of nothing but a video."""
    return f'{{{{< video src="{ARCHIVE}/2021010100{number % 10000:04d}if_/https://www.youtube.com/embed/{name}" >}}}}'


def _page(title: str, *blocks: str) -> Callable[[Draft], None]:
    """A file that holds another page than the article's: as in the backup, with its addresses and nothing else
    right."""

    def plant(draft: Draft) -> None:
        draft.fields = {"title": title, "date": "", "author": ""} | {
            key: draft.fields[key] for key in ("url", "original_url")
        }
        draft.blocks = [*blocks]
        draft.note = draft.blogger = False

    return plant


def _without(*keys: str) -> Callable[[Draft], None]:
    def plant(draft: Draft) -> None:
        for key in keys:
            draft.fields.pop(key, None)

    return plant


def _with(**values: str) -> Callable[[Draft], None]:
    return lambda draft: draft.fields.update({key: value.format(number=draft.number) for key, value in values.items()})


def _block(*blocks: str) -> Callable[[Draft], None]:
    return lambda draft: draft.blocks.extend(blocks)


def _last(block: str) -> Callable[[Draft], None]:
    def plant(draft: Draft) -> None:
        draft.blocks.append(block)
        draft.note = draft.blogger = False

    return plant


def _finish(change: Callable[[str], str]) -> Callable[[Draft], None]:
    return lambda draft: draft.finish.append(change)


def _emptied(draft: Draft) -> None:
    draft.blocks = []


def _emptied_with_blogger(draft: Draft) -> None:
    draft.blocks, draft.blogger = [], True


def _only_title(draft: Draft) -> None:
    draft.blocks, draft.note = [], False


def _nothing_to_see(draft: Draft) -> None:
    draft.blocks = ["****", "[ ](https://x.example/)", "\u200b", "---"]


def _headless(draft: Draft) -> None:
    draft.head = False


_PROTECTED = "[\\[email protected\\]]({0})"
_WRONG = "https://www.hkcnews.com/article/{number}/%EF%BF%BD%EF%BF%BD-{number}/%EF%BF%BD"
_ASSET = "https://www.hkcnews.com/article/{number}/images/"

PLANTS: dict[AuditKind, list[Callable[[Draft], None]]] = {
    AuditKind.FAREWELL: [
        _page("眾新聞告別    感謝讀者"),
        _page("眾新聞告別　感謝讀者", "各位讀者，再會。"),
        _page("", "# 眾新聞告別 感謝讀者", "再會。"),
    ],
    AuditKind.OUTAGE_PAGE: [
        _page("Temporarily Offline"),
        _page("Internet Archive: Temporarily Offline", "Internet Archive services are temporarily offline."),
        _page("", "Internet Archive services are temporarily offline.", "Please check our feed."),
    ],
    AuditKind.ARCHIVE_PAGE: [
        _page("Internet Archive Wayback Machine", "This URL has been excluded from the Wayback Machine."),
        _page("Wayback Machine"),
        _page("", "The Wayback Machine has not archived that URL."),
        _page("", "Page cannot be displayed due to robots.txt."),
    ],
    AuditKind.NOT_FOUND: [_page("404 找不到頁面", "請返回主頁。"), _page("Page Not Found"), _page("找不到網頁")],
    AuditKind.ERROR_PAGE: [
        _page("502 Bad Gateway", "nginx"),
        _page("Just a moment...", "Checking your browser."),
        _page("Attention Required! | Cloudflare"),
        _page("Error 504"),
    ],
    AuditKind.BLANK: [_page(""), _emptied, _emptied_with_blogger, _only_title, _finish(lambda _: ""), _nothing_to_see],
    AuditKind.NO_FRONT_MATTER: [
        _headless,
        _finish(lambda text: text.replace("---\n", "", 1)),
        _finish(lambda text: "---\nnothing: here\nof: ours\n---\n" + text.split("---\n", 2)[2]),
        _finish(lambda text: "---\n" + "[" * 70_000 + "\n---\n" + text.split("---\n", 2)[2]),
    ],
    AuditKind.NO_TITLE: [_without("title"), _with(title=""), _with(title=" 　")],
    AuditKind.NO_DATE: [_without("date"), _with(date="")],
    AuditKind.IMPOSSIBLE_DATE: [
        _with(date=value)
        for value in ("2016-12-29", "2022-01-04", "2019-02-30", "22.04.19", "2019", "１９-04-22", "2019-13-01 10:00")
    ],
    AuditKind.NO_CATEGORY: [_without("category"), _with(category="")],
    AuditKind.NO_ADDRESS: [
        _without("url"),
        _without("original_url"),
        _without("url", "original_url"),
        _with(original_url=""),
    ],
    AuditKind.OTHER_ARTICLE: [
        _with(original_url="https://www.hkcnews.com/article/1"),
        _with(url=f"{ARCHIVE}/{WHEN}/http://hkcnews.com:80/article/1/x?y"),
    ],
    AuditKind.FOREIGN_ADDRESS: [
        _with(original_url=_ASSET + "logo.svg"),
        _with(original_url=_ASSET + "%E7%87%88.PNG?v=2"),
        _with(original_url=_ASSET + "app.2f3a.js"),
        _with(original_url=_ASSET + "main.css#top"),
        _with(original_url="https://www.hkcnews.com/aboutus/"),
        _with(original_url="https://elsewhere.example/article/{number}"),
    ],
    AuditKind.MOJIBAKE: [
        _with(category="зңҫиӘӘ"),
        _with(title="燈塔重開".encode().decode("cp1252", "ignore")),
        _with(title="街坊帶貓上山看燈塔".encode().decode("gb18030", "replace").rstrip("\ufffd")),
        _with(author="甄小帆".encode().decode("mac_roman")),
        lambda draft: draft.blocks.append("街坊帶貓上山看燈塔".encode().decode("cp1251", "ignore")),
    ],
    AuditKind.LOST_EMAIL: [
        _block("來稿請寄 [email\u00a0protected] 。"),
        _block("來稿請寄[email protected]。"),
        _block("來稿請寄" + _PROTECTED.format("/cdn-cgi/l/email-protection") + "。"),
        _block("來稿請寄[[email protected]](https://www.hkcnews.com/cdn-cgi/l/email-protection)。"),
        _block("來稿請寄[EMAIL&#160;PROTECTED]"),
        _block("來稿請寄" + _PROTECTED.format("https://www.hkcnews.com/cdn-cgi/l/email-protection#a15e5e") + "。"),
        _block("[寄信](mailto:a@lamp.example)，或[email\u00a0protected]，或[電郵](/cdn-cgi/l/email-protection)。"),
        _block("[寄信給我們](https://www.hkcnews.com/cdn-cgi/l/email-protection)"),
    ],
    AuditKind.REPLACED_CHARACTERS: [_block("燈\ufffd重開。"), _with(title="燈\ufffd重開"), _with(author="記\ufffd")],
    AuditKind.CUT_OFF: [
        _last('<figure>\n<img src="https://x.example/a.jpg" alt="">'),
        _last("<table>\n<tr><td>一"),
        _last(f'{{{{< video src="{ARCHIVE}/{WHEN}if_/https://www.youtube.com'),
        _last(f"燈油在[漁具店]({ARCHIVE}/{WHEN}/https://shop"),
        _last('開燈一刻<img src="https://x.example/'),
    ],
    AuditKind.RELATIVE_LINKS: [
        _block(f"看[前文](/web/{WHEN}/https://www.hkcnews.com/article/7)。"),
        _block(f'<figure>\n<figcaption><a href="/web/{WHEN}/https://hkcnews.com/x">前文</a></figcaption>\n</figure>'),
        _block(f"看[前文](</wayback/{WHEN}/https://www.hkcnews.com/a b>)。"),
    ],
    AuditKind.UNDECODED_EMAIL: [
        _block(
            "來稿請寄" + _PROTECTED.format("https://www.hkcnews.com/cdn-cgi/l/email-protection#a1c0c1e1c28fcfd5") + "。"
        ),
        _block('<figcaption><span data-cfemail="a1c0c1e1c28fcfd5">[email&#160;protected]</span></figcaption>'),
    ],
    AuditKind.INJECTED_SPACES: [
        _block("燈塔外， [漁具店](https://shop.example/) 的人說。"),
        _block("燈塔外 **漁具店** 的人說。"),
        _block("燈塔外 *漁具店* 的人說。"),
        _block("他說： [Lamp](https://shop.example/) 。"),
    ],
    AuditKind.STRAY_ASTERISKS: [_block("燈塔****重開。"), _block("**燈塔****重開**。"), _block("********")],
    AuditKind.CONTROL_CHARACTERS: [
        _block("燈\x08塔。"),
        _block("燈\x7f塔。"),
        _block("燈\x9d塔。"),
        _with(author="甄\\x1C小帆"),
    ],
    AuditKind.INVALID_YAML: [
        _with(author="甄\x08小\x1c帆"),
        _with(title='燈塔"重開"了'),
        _with(title="燈塔\\重開"),
        _finish(lambda text: text.replace("  - ", "\t- ")),
        _finish(lambda text: text.replace("\n", "\r\n")),
        _finish(lambda text: text.replace('author: "記者甄小帆"', "author: !!python/object/apply:os.getcwd []")),
        _finish(lambda text: text.replace('author: "記者甄小帆"', "author: &a [*a, *a]")),
        _finish(lambda text: text.replace('author: "記者甄小帆"', f"author: {'[' * 20_000}")),
    ],
    AuditKind.MOJIBAKE_ADDRESS: [
        _with(original_url=_WRONG, url=f"{ARCHIVE}/{WHEN}/{_WRONG}"),
        _with(url=f"{ARCHIVE}/{WHEN}/{_WRONG}"),
    ],
}
"""Ways to give a sound draft one kind of finding and no other. Those of OF_TREES and UNREADABLE are not of one text."""

OF_TREES = frozenset({AuditKind.SHARED_TEXT, AuditKind.PUBLISHED_AGAIN})

WHOLE = (
    *(
        AuditKind.FAREWELL,
        AuditKind.OUTAGE_PAGE,
        AuditKind.ARCHIVE_PAGE,
        AuditKind.NOT_FOUND,
        AuditKind.ERROR_PAGE,
        AuditKind.BLANK,
        AuditKind.NO_FRONT_MATTER,
    ),
    *(AuditKind.UNREADABLE, *OF_TREES),
)
"""Kinds that are planted alone: beside them nothing else is looked at, or the plants take each other's ground."""
APART = (
    {AuditKind.NO_DATE, AuditKind.IMPOSSIBLE_DATE},
    {AuditKind.NO_ADDRESS, AuditKind.OTHER_ARTICLE, AuditKind.FOREIGN_ADDRESS, AuditKind.MOJIBAKE_ADDRESS},
    {
        AuditKind.NO_TITLE,
        AuditKind.NO_CATEGORY,
        AuditKind.MOJIBAKE,
        AuditKind.REPLACED_CHARACTERS,
        AuditKind.INVALID_YAML,
        AuditKind.CONTROL_CHARACTERS,
    },
    {AuditKind.LOST_EMAIL, AuditKind.UNDECODED_EMAIL},
)
"""Of each of these, one article has one kind at most."""


def compatible(kinds: Iterable[AuditKind]) -> list[AuditKind]:
    """Those of the kinds that one article can have, in a fixed order: the end of the body is cut off last."""
    chosen: list[AuditKind] = []
    for kind in kinds:
        apart = [group for group in APART if kind in group]
        if kind not in chosen and not any(other in group for group in apart for other in chosen):
            chosen.append(kind)
    return sorted(chosen, key=lambda kind: (kind is AuditKind.CUT_OFF, kind.value))


def place(folder: Path, draft: Draft, *, flat: bool = False) -> Path:
    """Write a draft where the backup has it, or into one folder."""
    path = folder / (f"article_{draft.number}.md" if flat else relative_path(draft.number))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(draft.text().encode("utf-8"))
    return path
