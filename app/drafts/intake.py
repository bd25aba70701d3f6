"""Taking text in: text, Markdown, HTML or blocks become a `Document`, and nothing disappears in silence.

The words stay what the editor wrote: only line ends are unified, and where a source's line break is only
layout (Markdown, HTML) it goes between wide characters and is one space elsewhere. What a source holds and a
document cannot is listed in `left_out`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.domain.canonical import canonical
from app.domain.document import FIELDS, MAX_CONTENT_BYTES, Block, Document, Paragraph
from app.drafts import errors as _words  # noqa: F401 – the words of the codes below
from app.drafts.builder import CONTROL, Builder, LeftOut, named
from app.drafts.from_html import read_html
from app.drafts.from_markdown import read_markdown
from app.infra.bodies import MANY, unstorable
from app.infra.errors import Invalid, Reason, TooLarge
from app.infra.problems import field_reasons
from app.negative_list.files import looks_like

_blocks: TypeAdapter[tuple[Block, ...]] = TypeAdapter(tuple[Block, ...])


class Format(StrEnum):
    """What a text is handed in as."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True)
class Intake:
    """A document, and what its source held besides; perhaps nothing."""

    document: Document
    left_out: tuple[LeftOut, ...]

    def listed(self) -> list[dict[str, Any]]:
        """Return what was left out as JSON values."""
        return [{"kind": one.kind, "what": one.what} for one in self.left_out]


def decode(raw: bytes) -> str:
    """Return the text of UTF-8 bytes.

    Raises `Invalid` with the place of the first broken byte, and what the bytes seem to be.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        reasons = [Reason("broken_utf8", {"at": error.start + 1})]
        if what := looks_like(raw):
            reasons.append(Reason("no_utf8_but", {"what": what}))
        raise Invalid("content_unusable", reasons=reasons) from error


def to_document(format: Format, content: Any, fields: Mapping[str, Any]) -> Document:  # noqa: A002, ANN401 – any JSON
    """Return the document of `content`. Raises what `take_in` raises."""
    return take_in(format, content, fields).document


def take_in(format: Format, content: Any, fields: Mapping[str, Any]) -> Intake:  # noqa: A002, ANN401 – any JSON
    """Return the document of `content`, a text or (for blocks) a list, with the fields given beside it.

    Without a title among the `fields`, a text's first line, a Markdown's first heading of level 1, an HTML's
    first `h1` or its `title` is the title. Raises `TooLarge` above 5 MB, `Invalid` with every fault.
    """
    given = {
        name: value for name, value in fields.items() if value not in {None, ""} or name == "attachments"
    }
    faults = [fault for name in FIELDS if name in given for fault in text_faults(given[name], field=name)]
    if format is Format.BLOCKS:
        if not isinstance(content, Sequence) or isinstance(content, str):
            raise Invalid("content_unusable", reasons=[*faults, _wrong_type("内容块的列表")])
        return Intake(_document(given, _checked_blocks(content, faults), faults), ())
    if not isinstance(content, str):
        raise Invalid("content_unusable", reasons=[*faults, _wrong_type("文字")])
    faults += text_faults(content, field="content", controls=False)
    if faults:
        raise Invalid("content_unusable", reasons=faults)
    _limit(len(content.encode()))
    builder = Builder()
    text = _clean(content, builder)
    readers = {Format.TEXT: read_text, Format.MARKDOWN: read_markdown, Format.HTML: read_html}
    try:
        readers[format](text, builder)
    except RecursionError as error:
        raise Invalid("content_unusable", reasons=[Reason("nested_too_deep", field="content")]) from error
    builder.settle_title(given.get("title"))
    if builder.title and "title" not in given:
        given["title"] = builder.title
    return Intake(_document(given, tuple(builder.blocks), faults), tuple(builder.left_out))


def read_text(text: str, builder: Builder) -> None:
    """Take every line that is not blank as a paragraph; the first may become the title."""
    lines = [line for line in text.split("\n") if line.strip()]
    builder.blocks.extend(Paragraph(text=line) for line in lines)
    if lines:
        builder.offer_title(lines[0], at=0)


def text_faults(text: str, *, field: str, controls: bool = True) -> list[Reason]:
    """Return why a text cannot be stored as it is: surrogates, NULs and, if asked, control characters."""
    faults = unstorable(text, field=field)
    if controls:
        faults += [
            Reason("control_character", {"at": found.start() + 1, "name": named(found[0])}, field=field)
            for found in islice((one for one in CONTROL.finditer(text) if one[0] != "\x00"), MANY)
        ]
    return faults


def _clean(content: str, builder: Builder) -> str:
    text = content.replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("\ufeff"):
        builder.leave_out("control_character", named("\ufeff"))
        text = text[1:]
    return builder.without_controls(text)


def _checked_blocks(content: Sequence[Any], faults: list[Reason]) -> tuple[Block, ...]:
    try:
        blocks = _blocks.validate_python(tuple(content))
    except ValidationError as error:
        told = field_reasons(error.errors(include_url=False, include_input=False))
        faults += [Reason(one.code, one.data, field=f"content.{one.field}") for one in told]
        return ()
    for index, block in enumerate(blocks):
        for text in _strings(block.model_dump()):
            faults += text_faults(text, field=f"content.{index}")
    if not faults:
        _limit(len(canonical([block.model_dump(mode="json") for block in blocks])))
    return blocks


def _document(fields: Mapping[str, Any], blocks: tuple[Block, ...], faults: list[Reason]) -> Document:
    if not str(fields.get("title", "")).strip():
        faults.append(Reason("title_missing", field="title"))
    if not blocks and not any((one.field or "").startswith("content") for one in faults):
        faults.append(Reason("content_empty", field="content"))
    if not faults:
        try:
            return Document(**fields, blocks=blocks)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                # The document's own rule, where there are blocks but none of them says anything.
                empty = one["type"] == "value_error" and not one["loc"]
                faults += [Reason("content_empty", field="content")] if empty else field_reasons([one])
    raise Invalid("content_unusable", reasons=faults)


def _strings(value: Any) -> list[str]:  # noqa: ANN401 – any JSON value
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in _strings(one)]
    if isinstance(value, Sequence):
        return [text for one in value for text in _strings(one)]
    return []


def _limit(size: int) -> None:
    if size > MAX_CONTENT_BYTES:
        raise TooLarge("content_too_large", data={"bytes": size, "limit": MAX_CONTENT_BYTES})


def _wrong_type(expected: str) -> Reason:
    return Reason("content_wrong_type", {"expected": expected}, field="content")


__all__ = ["Format", "Intake", "LeftOut", "decode", "take_in", "text_faults", "to_document"]
