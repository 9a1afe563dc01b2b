"""Articles as JSON lines: every line by the schema, everything in a file in its line, and nothing that is not."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from crawler.hkcnews.layout import NOTE
from crawler.ledger.queries import StoreQueries
from crawler.markdown.article import Article, Blogger, Evidence
from crawler.markdown.document import relative_path, render
from crawler.markdown.front_matter import FrontMatterError
from crawler.markdown.inline import escape_text
from crawler.preserve.jsonl import SCHEMA, JsonlSummary, write_jsonl
from tests.pages import address
from tests.preserve.drafts import sound
from tests.preserve.tree import ARTICLES, capture_of, file_of, recovered
from tests.schemas import violations

REPLAY, WHEN = "https://archive.example/web", "20210712013906"
DIGEST = "sha1:" + "A" * 32
ARTICLE = Article(5, WHEN, address(5), "燈塔日誌", body="燈塔 **今晚** 亮起。\n\n[往日](/article/7)\n第二行")
BARE: dict[str, Any] = {
    **dict.fromkeys(("date", "last_updated", "author", "category", "blogger", "digest", "source")),
    "tags": [],
}


def put(root: Path, number: int, text: str) -> None:
    path = root / file_of(number)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


def export(root: Path, ledger: StoreQueries | None = None) -> tuple[list[dict[str, Any]], JsonlSummary]:
    """The lines, each held against the schema, and what was said of them."""
    out = io.BytesIO()
    lines = write_jsonl(out, root, ledger)
    told = out.getvalue().decode("utf-8")
    assert (lines.size, lines.articles) == (len(out.getvalue()), told.count("\n"))
    assert len(told.splitlines()) == lines.articles, "a reader of lines sees others"
    found = [json.loads(line) for line in told.split("\n")[:-1]]
    schema = json.loads(SCHEMA.read_text("utf-8"))
    assert [problem for one in found for problem in violations(one, schema)] == []
    return found, lines


def of_one(root: Path, text: str) -> dict[str, Any]:
    put(root, 5, text)
    (found,), _ = export(root)
    return found


def test_what_a_file_does_not_say_is_null_and_nothing_is_invented(tmp_path: Path) -> None:
    found = of_one(tmp_path, render(ARTICLE, REPLAY))
    assert found | {"sha256": ""} == {
        **BARE,
        "id": 5,
        "title": "燈塔日誌",
        "text": "燈塔 今晚 亮起。\n\n往日\n第二行",
        "url": f"{REPLAY}/{WHEN}/{address(5)}",
        "original_url": address(5),
        "timestamp": WHEN,
        "captured": "2021-07-12T01:39:06Z",
        "verified": None,
        "faults": None,
        "versions": None,
        "file": "articles/1-1000/article_5.md",
        "sha256": "",
    }


def test_everything_that_a_file_says_is_in_its_line(tmp_path: Path) -> None:
    article = replace(
        ARTICLE,
        date="2021-07-12",
        last_updated="2021-07-13 01:02:03",
        author="記者甄小帆、盧汐言",
        category="眾聞",
        tags=("燈塔", "眾 聞"),
        note=f"{NOTE}，請訂閱",
        bloggers=(Blogger("博客 | 司徒潮", "https://a.example/1.png", "教過書，**跑過**船期。"),),
        source="old.warc.gz",
    )
    found = of_one(tmp_path, render(article, REPLAY, Evidence("2021-07-12T01:39:06Z", DIGEST, True, ("一", "二"))))
    named = {
        key: found[key]
        for key in ("date", "last_updated", "author", "category", "tags", "digest", "verified", "faults", "source")
    }
    assert named == {
        "date": "2021-07-12",
        "last_updated": "2021-07-13 01:02:03",
        "author": "記者甄小帆、盧汐言",
        "category": "眾聞",
        "tags": ["燈塔", "眾 聞"],
        "digest": DIGEST,
        "verified": True,
        "faults": ["一", "二"],
        "source": "old.warc.gz",
    }
    assert found["blogger"] == "博客 | 司徒潮\n\n教過書，跑過船期。"
    assert "訂閱" not in found["text"]
    assert "司徒" not in found["text"]


def test_verified_is_null_where_there_was_nothing_to_compare_with(tmp_path: Path) -> None:
    for digest, verified, told in ((DIGEST, True, True), (DIGEST, False, False), ("", False, None)):
        found = of_one(tmp_path, render(ARTICLE, REPLAY, Evidence("2021-07-12T01:39:06Z", digest, verified)))
        assert (found["digest"], found["verified"], found["faults"]) == (digest or None, told, [])


def test_a_rule_in_the_text_is_no_bloggers_block(tmp_path: Path) -> None:
    found = of_one(tmp_path, render(replace(ARTICLE, body="甲\n\n---\n\n**乙** 丙"), REPLAY))
    assert found["blogger"] is None
    assert found["text"] == "甲\n\n乙 丙"


def test_captions_and_cells_are_text_and_pictures_are_not(tmp_path: Path) -> None:
    figure = '<figure>\n<img src="https://a.example/1.jpg" alt="">\n<figcaption>圖說</figcaption>\n</figure>'
    body = f"甲\n\n{figure}\n\n| 一 | 二 |\n| --- | --- |\n| 三 | 四 |"
    assert of_one(tmp_path, render(replace(ARTICLE, body=body), REPLAY))["text"] == "甲\n\n圖說\n\n一\n二\n\n三\n四"


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
one_line = anything.map(lambda text: " ".join(text.split())).filter(bool)


@given(
    number=st.integers(1, 99_999),
    texts=st.tuples(one_line, anything, anything, anything),
    tags=st.lists(one_line, max_size=3),
    words=anything,
    evidence=st.none()
    | st.builds(Evidence, st.just(""), st.just(DIGEST), st.booleans(), st.lists(one_line, max_size=2).map(tuple)),
)
def test_hostile_texts_come_back_the_same(
    number: int, texts: tuple[str, str, str, str], tags: list[str], words: str, evidence: Evidence | None
) -> None:
    title, date, author, category = texts
    body = escape_text(" ".join(words.split())) or "完"
    article = Article(number, WHEN, address(number), title, date, "", author, category, tuple(tags), body)
    try:
        text = render(article, REPLAY, evidence)
    except FrontMatterError:
        assume(False)
    with TemporaryDirectory() as folder:
        put(Path(folder), number, text)
        (found,), _ = export(Path(folder))
    assert (found["id"], found["file"]) == (number, f"articles/{relative_path(number)}")
    assert [found[key] for key in ("title", "date", "author", "category")] == [
        text or None for text in (title, date, author, category)
    ]
    assert found["tags"] == tags
    assert found["faults"] == (None if evidence is None else list(evidence.faults))
    assert found["verified"] == (None if evidence is None else evidence.verified)


def test_a_tree_of_somebodys_without_a_ledger(tmp_path: Path) -> None:
    for number in (12, 5, 1001):
        put(tmp_path, number, sound(number).text())
    (tmp_path / "articles" / "copy").mkdir()
    (tmp_path / "articles" / "copy" / "more").mkdir()
    (tmp_path / "articles" / "copy" / "more" / "article_5.md").write_text("---\ntitle: old\n---\n", "utf-8")
    (tmp_path / "articles" / "notes.md").write_text("somebody's", "utf-8")
    (tmp_path / "articles" / "article_8.md").write_bytes(b"\xff\xfe")
    found, lines = export(tmp_path)
    assert [one["id"] for one in found] == [5, 12, 1001]
    assert found[0]["title"] == "第5號燈塔重開　街坊帶貓上山"
    assert found[0]["tags"] == ["燈塔", "Tsing Lo Bay"]
    assert lines.others == ["articles/copy/more/article_5.md"]
    assert [left.split(" (")[0] for left in lines.left_out] == ["articles/notes.md", "article 8"]
    assert export(tmp_path)[0] == found


def test_the_ledger_tells_what_the_seeds_format_does_not(tmp_path: Path) -> None:
    root = recovered(tmp_path)
    with StoreQueries(root / "ledger.sqlite") as ledger:
        found, lines = export(root, ledger)
    assert [one["id"] for one in found] == [*ARTICLES]
    row = capture_of(root, 33951)
    assert found[0]["digest"] == f"sha1:{row.capture.digest}"
    told = {key: found[0][key] for key in ("verified", "faults", "source", "timestamp", "versions")}
    assert told == {
        "verified": True,
        "faults": [],
        "source": "wayback",
        "timestamp": row.served_timestamp,
        "versions": 1,
    }
    assert (lines.changed, lines.left_out) == ([], [])


def test_files_that_are_gone_or_changed_are_told_of(tmp_path: Path) -> None:
    root = recovered(tmp_path)
    (root / file_of(33951)).unlink()
    path = root / file_of(33952)
    path.write_text(path.read_text("utf-8").replace("燈塔", "碼頭"), "utf-8")
    with StoreQueries(root / "ledger.sqlite") as ledger:
        found, lines = export(root, ledger)
    assert [one["id"] for one in found] == [33952, 34001]
    assert found[0]["title"].startswith("碼頭")
    assert lines.changed == [33952]
    assert [left.split(" (")[0] for left in lines.left_out] == ["article 33951"]


def test_a_digest_that_does_not_match_is_told_and_one_that_was_not_compared_is_null(tmp_path: Path) -> None:
    root = recovered(tmp_path)
    row = capture_of(root, 33951)
    for result, told in (("mismatch", False), ("unknown", None), ("match after decoding", True)):
        with StoreQueries(root / "ledger.sqlite") as ledger:
            ledger.note(row.id, digest_result=result)
            assert export(root, ledger)[0][0]["verified"] is told


def test_the_schema_refuses_what_is_not_by_it(tmp_path: Path) -> None:
    schema, line = json.loads(SCHEMA.read_text("utf-8")), of_one(tmp_path, render(ARTICLE, REPLAY))
    changes: list[tuple[str, dict[str, Any]]] = [
        ("line.id: '5' is no integer", {"id": "5"}),
        ("line.id: True is no integer", {"id": True}),
        ("line.verified: 1 is no boolean or null", {"verified": 1}),
        ("line.tags[1]: 1 is no string", {"tags": ["a", 1]}),
        ("line.sha256", {"sha256": "0" * 63}),
        ("line.versions: 0 is less than 1", {"versions": 0}),
        ("line: more is not in the schema", {"more": 1}),
    ]
    for problem, change in changes:
        (found,) = violations(line | change, schema)
        assert found.startswith(problem)
    del line["title"]
    assert list(violations(line, schema)) == ["line: title is missing"]
