"""How an article is cited, with the capture that it is from: as text, and for programs that keep references."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from crawler.publish.addresses import day

NEWSPAPER, IN_ENGLISH = "眾新聞", "Citizen News"
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{char: f"\\{char}" for char in "$&#%_"},
}
"""A brace is never written as itself, not even behind a backslash: BibTeX counts it all the same."""
_IN_ADDRESSES = {"\\": "%5C", "{": "%7B", "}": "%7D"}


@dataclass(frozen=True, slots=True)
class Citation:
    """What is known of an article and its capture; '' for what is not. `captured`: ISO 8601, UTC; `digest`: of the
    capture's bytes, as the archive's index has it, and `mismatched` when the bytes here are not those; `url`: in the
    archive."""

    number: int
    title: str
    author: str = ""
    date: str = ""
    captured: str = ""
    url: str = ""
    original: str = ""
    digest: str = ""
    mismatched: bool = False

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row of archive.db's table article. Nothing in it is trusted: a line is one line."""
        known = {name: _one_line(row[name] or "") for name in ("title", "author", "date", "captured", "url", "digest")}
        return cls(row["id"], **known, original=_one_line(row["original_url"] or ""), mismatched=row["verified"] == 0)

    @property
    def day(self) -> list[int]:
        """Year, month and day; empty for what is no date."""
        found = _DATE.fullmatch(self.date)
        return [int(part) for part in found.groups()] if found else []

    @property
    def archive(self) -> str:
        """The host that keeps the capture."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""

    @property
    def evidence(self) -> str:
        """What tells the capture from any other, in English."""
        parts = (
            f"captured {self.captured}" if self.captured else "",
            f"by {self.archive}" if self.archive else "",
            f"originally at {self.original}" if self.original else "",
            f"digest {self.digest}{' (not matched by the bytes kept here)' * self.mismatched}" if self.digest else "",
        )
        return ", ".join(filter(None, parts))


def _one_line(text: str) -> str:
    """A text without control characters and line ends, which no format of references can carry."""
    return " ".join(_UNSAFE.sub(" ", text).split())


def in_chinese(of: Citation) -> str:
    """As a footnote in Chinese has it."""
    parts = (
        f"〈{of.title}〉",
        f"《{NEWSPAPER}》",
        day(of.date) if of.day else "日期不詳",
        f"{of.archive or '網頁'}存檔於 {of.captured}" if of.captured else "",
        of.url,
        f"原址 {of.original}" if of.original else "",
        f"摘要 {of.digest}{'（所存位元組與之不符）' * of.mismatched}" if of.digest else "",
    )
    return f"{of.author}：" * bool(of.author) + "，".join(filter(None, parts)) + "。"


def in_english(of: Citation) -> str:
    """As a list of references in English has it."""
    about = f"{of.author}. " * bool(of.author) + f"“{of.title}”. {IN_ENGLISH} ({NEWSPAPER}), {of.date or 'n.d.'}"
    parts = (about, of.evidence[:1].upper() + of.evidence[1:], of.url)
    return ". ".join(filter(None, parts))


def as_text(of: Citation) -> str:
    """Both, a line each."""
    return f"{in_chinese(of)}\n\n{in_english(of)}\n"


def as_bibtex(of: Citation) -> str:
    """An entry for BibTeX and biblatex; a byline is one name, whatever is in it."""
    fields = {
        "author": f"{{{_tex(of.author)}}}" if of.author else "",
        "title": f"{{{_tex(of.title)}}}",
        "organization": f"{{{NEWSPAPER} {IN_ENGLISH}}}",
        "date": of.date if of.day else "",
        "year": str(of.day[0]) if of.day else "",
        "url": "".join(_IN_ADDRESSES.get(char, char) for char in of.url),
        "note": _tex(of.evidence),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@online{{hkcnews-{of.number},", *lines, "}", ""])


def _tex(text: str) -> str:
    return "".join(_TEX.get(char, char) for char in text)


def as_ris(of: Citation) -> str:
    """A record of RIS: lines that end with CR and LF, UTF-8."""
    fields = (
        ("TY", "ELEC"),
        ("ID", f"hkcnews-{of.number}"),
        ("TI", of.title),
        ("AU", of.author),
        ("T2", f"{NEWSPAPER} {IN_ENGLISH}"),
        ("PY", f"{of.day[0]:04}" if of.day else ""),
        ("DA", of.date.replace("-", "/") if of.day else ""),
        ("DB", of.archive),
        ("UR", of.url),
        ("N1", of.evidence),
    )
    return "".join(f"{tag}  - {value}\r\n" for tag, value in fields if value) + "ER  - \r\n"


def as_csl_json(of: Citation) -> str:
    """A list of one item of CSL-JSON, as Zotero and pandoc read it."""
    item = {
        "id": f"hkcnews-{of.number}",
        "type": "article-newspaper",
        "title": of.title,
        "author": [{"literal": of.author}] if of.author else None,
        "container-title": f"{NEWSPAPER} {IN_ENGLISH}",
        "issued": {"date-parts": [of.day]} if of.day else None,
        "URL": of.url,
        "archive": of.archive,
        "note": of.evidence,
    }
    return json.dumps([{name: value for name, value in item.items() if value}], ensure_ascii=False, indent=2) + "\n"


FORMATS: Mapping[str, tuple[Callable[[Citation], str], str, str]] = {
    "txt": (as_text, "text/plain; charset=utf-8", "Plain text"),
    "bib": (as_bibtex, "application/x-bibtex; charset=utf-8", "BibTeX"),
    "ris": (as_ris, "application/x-research-info-systems; charset=utf-8", "RIS"),
    "json": (as_csl_json, "application/vnd.citationstyles.csl+json; charset=utf-8", "CSL-JSON"),
}
"""By the ending of a file's name: what writes it, its media type, its name."""
