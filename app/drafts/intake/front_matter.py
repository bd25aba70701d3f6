"""The head of a Markdown file, `---` YAML `---` or `+++` TOML `+++`: title, author and source are read."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from app.domain.addresses import web_address_faults
from app.domain.document.model import Document
from app.drafts.intake.builder import Builder

#: A longer head is none: it would be text.
_LONGEST = 20_000
_HEAD = re.compile(
    r"(?:[ \t]*\n)*(---|\+\+\+)[ \t]*\n(.*?)^(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
#: What a key of the head is in a document; keys in lower case, without `_` and `-`.
_FIELDS = {
    "title": "title",
    "标题": "title",
    "subtitle": "subtitle",
    "副标题": "subtitle",
    "author": "byline",
    "authors": "byline",
    "byline": "byline",
    "作者": "byline",
    "署名": "byline",
    "description": "summary",
    "summary": "summary",
    "abstract": "summary",
    "excerpt": "summary",
    "digest": "summary",
    "摘要": "summary",
    "source": "source",
    "来源": "source",
    "sourceurl": "source_url",
    "originalurl": "source_url",
    "canonicalurl": "source_url",
    "原文链接": "source_url",
}
_MOST = {"title": 200, "subtitle": 200, "byline": 200, "summary": 2000, "source": 200, "source_url": 2000}
assert _MOST.keys() <= Document.model_fields.keys()


class _Loader(yaml.BaseLoader):
    """Every value as it is written: no dates, no numbers; and no aliases, which can stand for millions.

    `overruled` holds what keys say that are said again later.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.overruled: list[tuple[str, Any]] = []

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: ANN401
        """Construct a mapping; the last value of a key counts."""
        said: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if name in said:
                self.overruled.append((name, self.construct_object(said[name], deep=True)))
            if name:
                said[name] = value
        return super().construct_mapping(node, deep=deep)

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 – as the loader that it extends
        """Compose a node. Raises `YAMLError` for an alias."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("no aliases")
        return super().compose_node(parent, index)


def read(text: str, builder: Builder) -> str:
    """Read a head into the builder's fields, list what else it says, and return the text below it.

    A text without a head is returned as it is; so is one whose head is no list of keys.
    """
    match = _HEAD.match(text)
    if match is None or match.end() > _LONGEST:
        return text
    try:
        said, overruled = _of_yaml(match[2]) if match[1] == "---" else (tomllib.loads(match[2]), [])
    except (yaml.YAMLError, tomllib.TOMLDecodeError, RecursionError, ValueError):
        return text
    if not isinstance(said, Mapping) or not said:
        return text
    for key, value in overruled:
        builder.leave_out("front_matter", f"{key}: {_words(value)}")
    for key, value in said.items():
        words = _words(value)
        name = _FIELDS.get(str(key).lower().replace("_", "").replace("-", ""), "")
        fits = name and name not in builder.fields and words and len(words) <= _MOST[name]
        if fits and "\n" not in words and not (name == "source_url" and web_address_faults(words)):
            builder.fields[name] = builder.without_controls(words)
        else:
            builder.leave_out("front_matter", f"{key}: {words}")
    if "#" in match[2]:
        for comment in re.findall(r"(?:^|\s)#\s?(.*)$", match[2], re.MULTILINE):
            if comment.strip() and comment.strip() not in str(said):
                builder.leave_out("comment", comment)
    return text[match.end() :]


def _of_yaml(text: str) -> tuple[Any, list[tuple[str, Any]]]:
    loader = _Loader(text)
    try:
        return loader.get_single_data(), loader.overruled
    finally:
        loader.dispose()


def _words(value: Any) -> str:  # noqa: ANN401 – any value of YAML or TOML
    if isinstance(value, Mapping):
        return "；".join(f"{key}: {_words(item)}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "、".join(_words(item) for item in value)
    return "" if value is None else str(value).strip()
