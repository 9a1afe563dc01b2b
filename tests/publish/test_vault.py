"""A vault for Obsidian from invented trees: names and tags that every system takes, links that lead somewhere, texts in
which only what was markup is, and a folder in which nobody's own notes are lost."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from crawler.markdown.reader import plain_text
from crawler.publish.browse.render import Links
from crawler.publish.note import NoteText, note_name, valid_tags
from crawler.publish.vault import VAULT, check_unchanged, write_vault
from crawler.recovery.image_files import image_file
from crawler.utils.exit_status import NothingError, UsageError
from tests.markdown.bodies import bodies
from tests.markdown.conversion import ABROAD, HERE, markdown_of
from tests.publish.browse.tree import ARTICLES, HOSTILE, PICTURE, REPLAY, Draft, build_archive, figure, write_tree
from tests.walking import walked

ADDRESS = f"{ABROAD}/https://www.hkcnews.com/article/12/x"
TITLES = st.text() | st.text('#^[]|\\/:*?"<>.% 甲é\u0301\u212b𠝹', max_size=300)
DEAD = re.compile(r"(?<!/)https?://(?:www\.)?hkcnews\.com")
NOTE, TOWER = "../../../articles/2019/2019-07/%E7%94%B2%20%285%29.md", "images/3f/塔.jpg"
WIKI = re.compile(r"(!?)\[\[([^\[\]|]+?)(?:\\?\|([^\[\]|]*))?\]\]")
_RENDERER = MarkdownIt("commonmark", {"html": True}).enable("table")


def note(markdown: str) -> str:
    """What becomes of a text of article 12, where 5 is the only other one, and one picture is there."""
    paths = {5: "articles/2019/2019-07/甲 (5)"}
    links = Links(ADDRESS, "https://www.hkcnews.com/article/12/x", paths.__contains__)
    pictures = {f"{ABROAD}im_/https://www.hkcnews.com/a.jpg": TOWER}
    return NoteText(ADDRESS, links, paths.get, pictures.get, "../../../").of(markdown)


def export(output: Path, target: Path) -> Path:
    build_archive(output)
    write_vault(output, target, 1, lambda done, of: None)
    return target


def notes(vault: Path) -> dict[str, str]:
    """Every note by its name, without its ending."""
    return {path.stem: path.read_text("utf-8") for path in (vault / "articles").rglob("*.md")}


def broken(vault: Path) -> list[str]:
    """Links and embeds that lead to nothing in the vault, or to the site that is gone."""
    names, found = notes(vault), []
    for path in (vault / "articles").rglob("*.md"):
        text = path.read_text("utf-8")
        for embed, target, _ in WIKI.findall(text):
            if not ((vault / target).is_file() if embed else target in names):
                found.append(target)
        for target in re.findall(r"(?<!\\)\]\((?!https?:|mailto:)([^\s()]*)\)", text):
            if not (path.parent / unquote(target)).is_file():
                found.append(target)
        found += DEAD.findall(re.sub(r"\[[^\[\]]*\]\(", "(", WIKI.sub("", text)))
    return found


# Names and tags


@example("CON.txt", 5)
@example("…\u202e甲\0/../.. ", 5)
@given(TITLES, st.integers(1, 99_999))
def test_a_name_is_one_that_every_system_and_every_link_takes(title: str, number: int) -> None:
    name = note_name(title, number)
    assert len(f"{name}.md".encode()) <= 255
    assert unicodedata.is_normalized("NFC", name)
    assert not set(name) & set('#^[]|\\/:*?"<>')
    assert "%%" not in name
    assert not name.startswith((".", " "))
    assert all(char == " " or not unicodedata.category(char).startswith(("Cc", "Cf", "Cs", "Cn", "Z")) for char in name)
    assert not re.match(r"(con|prn|aux|nul|com\d|lpt\d) *(\.|$)", name, re.IGNORECASE)
    assert re.search(r"\((\d+)\)\Z", name)[1] == str(number)  # type: ignore[index]
    assert note_name("甲:乙?", number) == f"甲：乙？ ({number})"


@example(["C.Y. Leung", "A/B", "2019", "７２１", "covid-19", "COVID-19", "？", "e\u0301"])
@given(st.lists(st.text()))
def test_tags_are_valid_and_each_stands_once(tags: list[str]) -> None:
    found = valid_tags(tags)
    for tag in found:
        assert all(char in "_-" or unicodedata.category(char)[0] in "LMN" for char in tag)
        assert not tag.isnumeric()
        assert unicodedata.is_normalized("NFC", tag)
    assert len({tag.casefold() for tag in found}) == len(found)
    meant = {unicodedata.normalize("NFC", tag).casefold() for tag in tags if re.fullmatch(r"[a-z甲]+", tag)}
    assert meant <= {tag.casefold() for tag in found}


# Texts


@walked(
    ("html", "text"),
    [
        ('<p><a href="/article/5">甲</a>、<a href="/article/5"><b>乙</b></a></p>', f"[[甲 (5)|甲]]、[**乙**]({NOTE})"),
        (
            '<p><a href="/article/6">無</a> <a href="mailto:a@b.example">@</a></p>',
            f"[無]({ABROAD}/https://www.hkcnews.com/article/6) [@](mailto:a@b.example)",
        ),
        (
            "<p>見 http://hkcnews.com/article/5 和 https://www.hkcnews.com/。</p>",
            (
                "見 [[甲 (5)|http://hkcnews.com/article/5]] 和"
                f" [https://www.hkcnews.com/]({ABROAD}/https://www.hkcnews.com/)。"
            ),
        ),
        (
            "<p>#me %%a%% ==b== $1 ^c [x] [[y]] [^1] C# 5%</p>",
            r"\#me \%\%a\%\% \=\=b\=\= \$1 \^c \[x] \[\[y]] \[\^1] C# 5%",
        ),
        ("<blockquote><p>[!note] x</p></blockquote><ul><li>[ ] y</li></ul>", "> \\[!note] x\n\n* \\[ ] y"),
        (
            '<p><img src="/a.jpg" alt="塔|[1]"><img src="/b.jpg" alt="12"></p>',
            f"![[{TOWER}|塔 1]]![]({ABROAD}im_/https://www.hkcnews.com/b.jpg)",
        ),
        (
            '<p><a href="/article/5"><img src="/a.jpg" alt="塔"></a></p>',
            f"[![塔](../../../images/3f/%E5%A1%94.jpg)]({NOTE})",
        ),
        (
            '<table><tr><td><a href="/article/5">甲</a></td><td><img src="/a.jpg" alt="塔"></td></tr></table>',
            f"|  |  |\n| --- | --- |\n| [[甲 (5)\\|甲]] | ![[{TOWER}\\|塔]] |",
        ),
        (
            '<figure><img src="/a.jpg" alt="塔"><figcaption>「#塔」<b>*</b></figcaption></figure>',
            f"![[{TOWER}|塔]]  \n*「\\#塔」<b>\\*</b>*",
        ),
        (
            '<blockquote><figure><img src="/a.jpg" alt="塔"><figcaption>塔</figcaption></figure></blockquote>',
            f"> ![[{TOWER}|塔]]  \n> *塔*",
        ),
        (
            '<iframe src="https://www.youtube.com/embed/x"></iframe>',
            "[▶ 影片 Video (www.youtube.com)](https://www.youtube.com/watch?v=x)",
        ),
        (
            '<ol type="a"><li><a href="/article/5">甲</a></li><li><img src="/a.jpg" alt=""></li></ol>',
            (
                '<ol type="a">\n<li><a class="internal-link" data-href="甲 (5)" href="甲 (5)">甲</a></li>\n'
                f"<li>〔圖〕</li></ol>\n\n![[{TOWER}]]"
            ),
        ),
        ("<pre>#a [[x]] $1</pre><p><code>#a [[x]]</code></p>", "```\n#a [[x]] $1\n```\n\n`#a [[x]]`"),
        ("<p>&lt;script&gt; H<sub>2</sub></p>", "\\<script> H<sub>2</sub>"),
    ],
)
def test_a_text_is_spelt_for_obsidian(html: str, text: str) -> None:
    assert note(markdown_of(html)) == text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<iframe src="https://evil.example"></iframe>',
        '<img src="x" onerror="alert(1)">',
        "<SCRIPT src='x'>",
        "<figure>\n<script>\n</figure>",
        '<a href="javascript:alert(1)" onclick="x">甲</a>',
        "[甲](javascript:alert(1)) [乙](JaVaScRiPt&colon;alert(1))",
        '{{< video src="javascript:alert(1)" >}}',
        '[甲](https://www.hkcnews.com/article/6 "x")',
        "[甲]: https://www.hkcnews.com/x\n\n<https://www.hkcnews.com/x>",
    ],
)
def test_a_text_of_another_hand_does_nothing_and_leads_to_no_dead_page(text: str) -> None:
    made = note(text)
    shown = _RENDERER.render(made)
    assert not re.search(
        r"<(?:script|iframe|img)\b|<[^>]*\son|(?:href|src)=\"(?!https://archive|https://web|甲)", shown
    ), shown
    assert not DEAD.search(re.sub(r"\[[^\[\]]*\]\(", "(", made)), made


@given(bodies())
def test_no_text_is_lost_and_nothing_leads_to_the_dead_site(page: str) -> None:
    markdown = markdown_of(page)
    made = note(markdown)
    assert not re.search(r"\]\((?:/|https?://(?:www\.)?hkcnews)", made), made
    assert '{{< video src="' not in made
    seen = iter(plain_text(WIKI.sub(lambda link: f"{link[1]}[{link[3] or ''}](x)", made)))
    lost = [char for char in plain_text(markdown) if char.isalnum() and char not in seen]
    assert lost == [], made
    for _, target, _ in WIKI.findall(re.sub(r"(?s)```.*?```|`.*?`|\\.", "", made)):
        assert target in ("甲 (5)", TOWER)


# The vault


def test_a_vault_has_a_note_of_every_article_by_its_title(tmp_path: Path) -> None:
    twins = [Draft(number, "同名", "甲", "2020-01-02") for number in (7, 8)]
    output = write_tree(tmp_path / "tree", [*ARTICLES, HOSTILE, *twins])
    vault = export(output, tmp_path / "vault")
    found = notes(vault)
    assert broken(vault) == []
    assert {"立法會選舉押後 (101)", "同名 (7)", "同名 (8)", "沒有日期的來信 (104)"} <= found.keys()
    assert len(found) == len(ARTICLES) + 3
    assert (vault / "articles/2020/2020-07/立法會選舉押後 (101).md").is_file()
    cat = found["碼頭的貓 (102)"]
    assert "見[[立法會選舉押後 (101)|選舉]]。" in cat
    assert f"![[{image_file(PICTURE)}]]  \n*燈塔的夜*" in cat
    head = yaml.safe_load(found["立法會選舉押後 (101)"].partition("---\n")[2].partition("\n---\n")[0])
    assert head == {
        "title": "立法會選舉押後",
        "aliases": ["立法會選舉押後", "101"],
        "date": "2020-07-31",
        "author": "陳小明",
        "category": "政治",
        "tags": ["海港", "選舉"],
        "url": f"{REPLAY}/20210801000000/https://www.hkcnews.com/article/101/x",
        "original_url": "www.hkcnews.com/article/101/x",
        "captured": "2021-08-01T00:00:00Z",
    }


def test_a_tree_in_any_format_gives_the_same_vault(tmp_path: Path) -> None:
    local = figure().replace(f"{REPLAY}/20210801000000im_/{PICTURE}", f"../../{image_file(PICTURE)}")
    texts = {
        "seed": f"{figure()}\n\n[甲]({HERE}/article/101)",
        "reading": f"{local}\n\n[甲](article_101.md)",
    }
    made = [
        notes(export(write_tree(tmp_path / name, [ARTICLES[0], Draft(102, "乙", text)]), tmp_path / f"{name}-vault"))
        for name, text in texts.items()
    ]
    assert made[0] == made[1]


def test_what_somebody_wrote_is_not_replaced(tmp_path: Path) -> None:
    output = write_tree(tmp_path / "tree")
    vault = export(output, tmp_path / "vault")
    (vault / ".obsidian").mkdir()
    (vault / "我的筆記.md").write_text("[[立法會選舉押後 (101)]]")
    with pytest.raises(UsageError, match="--force"):
        VAULT.check_target(output, vault, force=False)
    check_unchanged(vault)
    export(output, vault)
    assert (vault / "我的筆記.md").is_file()
    assert (vault / ".obsidian").is_dir()
    with (vault / "articles/2020/2020-07/立法會選舉押後 (101).md").open("a") as file:
        file.write("重要！")
    (vault / "articles/我的.md").write_text("甲")
    with pytest.raises(UsageError, match=r"立法會選舉押後 \(101\).*我的"):
        check_unchanged(vault)
    (vault / ".citizen-news-vault.json").write_text("[")
    with pytest.raises(UsageError, match="move them"):
        check_unchanged(vault)


def test_there_must_be_an_article(tmp_path: Path) -> None:
    output = write_tree(tmp_path / "tree", [])
    with pytest.raises(NothingError):
        export(output, tmp_path / "vault")
    assert [path.name for path in tmp_path.iterdir()] == ["tree"]
