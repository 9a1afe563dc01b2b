"""YAML front matter in the seed's style: plain keys, every value in double quotes, characters themselves, one line each."""

from __future__ import annotations

import re
from typing import Any, cast

import yaml
from yaml.emitter import ScalarAnalysis

from crawler.article import Article

_NONCHARACTERS = "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17))
_ESCAPED = re.compile(f'["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff{_NONCHARACTERS}]')
"""What cannot stand in a double-quoted value as it is, breaks tools that read line by line, or turns the direction of what follows."""


class FrontMatterError(ValueError):
    """The front matter does not read back as it was meant."""


class _Dumper(yaml.SafeDumper):
    """PyYAML escapes what is beyond the BMP and folds long lines; Cantonese needs the first, readers the second undone."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def analyze_scalar(self, scalar: str) -> ScalarAnalysis:
        """Without PyYAML's long look at every character: values are always in double quotes, keys are plain words of ours."""
        plain = scalar.isidentifier()
        return ScalarAnalysis(scalar, not scalar, False, plain, plain, True, True, False)

    def write_double_quoted(self, text: str, split: bool = True) -> None:
        written = _ESCAPED.sub(_escape, text)
        self.write_indicator('"', True)
        self.column += len(written)
        cast(Any, self).stream.write(written)
        self.write_indicator('"', False)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if short := yaml.SafeDumper.ESCAPE_REPLACEMENTS.get(found[0]):
        return f"\\{short}"
    return f"\\x{code:02X}" if code < 256 else f"\\u{code:04X}" if code < 65536 else f"\\U{code:08X}"


def _string(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style='"')


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.Node:
    pairs = [(dumper.represent_scalar("tag:yaml.org,2002:str", key), dumper.represent_data(item)) for key, item in value.items()]
    return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)


_Dumper.add_representer(str, _string)
_Dumper.add_representer(dict, _mapping)


def fields_of(article: Article, replay: str) -> dict[str, Any]:
    """The front matter of an article: FORMAT's keys in FORMAT's order; what is empty is absent. `replay`: see `render`."""
    values: dict[str, Any] = {
        "title": article.title,
        "date": article.date,
        "last_updated": article.last_updated,
        "author": article.author,
        "category": article.category,
        "tags": list(article.tags),
        "url": f"{replay}/{article.timestamp}/{article.original}",
        "original_url": article.original,
        "source": article.source,
    }
    return {key: value for key, value in values.items() if value}


def front_matter(values: dict[str, Any]) -> str:
    """The block between `---` lines, both included, with a newline at its end.

    Raises FrontMatterError when a YAML loader does not read back the same values.
    """
    text = yaml.dump(values, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=float("inf"))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        loaded = yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        raise FrontMatterError(f"front matter that does not load: {error}") from error
    if loaded != values:
        raise FrontMatterError(f"front matter that loads as {loaded!r}, not as {values!r}")
    return f"---\n{text}---\n"
