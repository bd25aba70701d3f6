"""The door of intake: text, Markdown, HTML or blocks become a `Document`, or are refused with every reason.

The words stay what the editor wrote: only line ends are unified, and where a source's line break is only
layout (Markdown, HTML) it goes between wide characters and is one space elsewhere. What a source holds and a
document cannot is listed in `left_out`.
"""

from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.domain.addresses import web_address_faults
from app.domain.document.model import (
    FIELDS,
    MAX_CONTENT_BYTES,
    TEXT_BLOCKS,
    Block,
    Document,
    Table,
    document_bytes,
    leads_out,
)
from app.domain.record.canonical import canonical
from app.drafts import errors as _words  # noqa: F401 – the words of the codes below
from app.drafts.intake import subprocess_reader
from app.drafts.intake.builder import CONTROL, Builder, TooMuch, named
from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.files import FileRead, read_file, read_word
from app.drafts.intake.left_out import OF_MACHINES, LeftOut, summed, turning
from app.drafts.intake.reading import Reading
from app.drafts.intake.source_pictures import SourcePicture
from app.drafts.intake.subprocess_reader import Source
from app.infra.errors import Invalid, Reason, TooLarge, Unavailable
from app.infra.http.bodies import MANY, unstorable
from app.infra.http.problems import field_reasons
from app.negative_list.source.files import looks_like

#: The largest document that a text may become, in bytes of its canonical form: markup may ask for more than
#: it is long itself.
MOST_RESULT = 2 * MAX_CONTENT_BYTES
#: The largest file that is taken in, in bytes.
MAX_FILE_BYTES = 20_000_000
_blocks: TypeAdapter[tuple[Block, ...]] = TypeAdapter(tuple[Block, ...])


class Format(StrEnum):
    """What a text is handed in as."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    BLOCKS = "blocks"
    DOCX = "docx"


@dataclass(frozen=True, slots=True)
class Intake:
    """A document, and what its source held besides; perhaps nothing."""

    document: Document
    left_out: tuple[LeftOut, ...]
    #: The file that it was read from, where it was one.
    original: bytes | None = None
    #: Pictures that came with it, and what those say that were read.
    pictures: tuple[SourcePicture, ...] = ()
    readings: Mapping[str, Reading] = field(default_factory=dict)

    def brings(self) -> frozenset[str]:
        """Return the SHA-256 of the pictures that come with it; perhaps none."""
        return frozenset(picture.sha256 for picture in self.pictures)

    def listed(self) -> list[dict[str, Any]]:
        """Return what was left out as JSON values."""
        return listed(self.left_out)


@contextmanager
def refusals() -> Iterator[None]:
    """Tell what keeps a source from being read as a refusal: `Invalid`, or `Unavailable` for the moment."""
    try:
        yield
    except TooMuch as fault:
        reason = Reason(fault.code, dict(fault.data), field="content")
        raise Invalid("content_unusable", reasons=[reason]) from fault
    except subprocess_reader.Busy as busy:
        raise Unavailable("conversion_busy", headers={"Retry-After": "30"}) from busy


def word_parts(data: bytes) -> tuple[str, FileRead]:
    """Return text and parts of a Word file as `files.read_word` does. Raises `Invalid`, `Unavailable`."""
    with refusals():
        return read_word(data)


def file_parts(text: str, suffix: str) -> FileRead:
    """Return the parts of a file as `files.read_file` does. Raises `Invalid`, `Unavailable`."""
    with refusals():
        return read_file(text, suffix)


def listed(left_out: Iterable[LeftOut]) -> list[dict[str, Any]]:
    """Return what was left out as JSON values; `count` only where it is more than one."""
    return [
        {"kind": entry.kind, "what": entry.what} | ({"count": entry.count} if entry.count > 1 else {})
        for entry in left_out
    ]


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


def _text(content: str, faults: list[Reason], builder: Builder) -> str:
    """Return a text as it is read. Raises `TooLarge` above 5 MB, `Invalid` with every fault."""
    faults += text_faults(content, field="content", controls=False)
    if faults:
        raise Invalid("content_unusable", reasons=faults)
    _limit(len(content.encode()))
    return _clean(content, builder)


def _word(content: str, faults: list[Reason]) -> tuple[str, bytes]:
    """Return a Word file in Base64 without white space, and its bytes.

    Raises `TooLarge` above 20 MB, `Invalid` for what is no Base64.
    """
    bare = "".join(content.split())
    if len(bare) > MAX_FILE_BYTES * 4 // 3 + 4:
        raise TooLarge("file_too_large", data={"limit": MAX_FILE_BYTES // 1_000_000})
    try:
        data = b64decode(bare, validate=True)
    except ValueError:
        faults.append(Reason("not_base64", field="content"))
    if faults:
        raise Invalid("content_unusable", reasons=faults)
    return bare, data


def to_document(format: Format, content: Any, fields: Mapping[str, Any]) -> Document:  # noqa: A002, ANN401 – any JSON
    """Return the document of `content`. Raises what `take_in` raises."""
    return take_in(format, content, fields).document


def take_in(
    format: Format,  # noqa: A002
    content: Any,  # noqa: ANN401 – any JSON
    fields: Mapping[str, Any],
    *,
    changes: TrackedChanges = TrackedChanges.ORIGINAL,
) -> Intake:
    """Return the document of `content`, a text or (for blocks) a list, with the fields given beside it.

    The content of a Word file is its bytes in Base64; `changes` says what becomes of its tracked changes.

    Without a title among the `fields`, a text's first line, a Markdown's first heading of level 1, an HTML's
    first `h1` or its `title` is the title. Raises `TooLarge` above 5 MB, `Invalid` with every fault.
    """
    given = {
        name: value for name, value in fields.items() if value not in {None, ""} or name == "attachments"
    }
    faults = [fault for name in FIELDS if name in given for fault in text_faults(given[name], field=name)]
    if "source_url" in given:
        given["source_url"] = str(given["source_url"]).strip()
        faults += source_url_faults(given["source_url"])
    if format is Format.BLOCKS:
        if not isinstance(content, Sequence) or isinstance(content, str):
            raise Invalid("content_unusable", reasons=[*faults, _wrong_type("内容块的列表")])
        blocks, lost = _with_links_that_lead_out(_checked_blocks(content, faults))
        return _taken(_document(given, blocks, faults, lost), lost)
    if not isinstance(content, str):
        raise Invalid("content_unusable", reasons=[*faults, _wrong_type("文字")])
    builder = Builder()
    text, original = _word(content, faults) if format is Format.DOCX else (content, None)
    if original is None:
        text = _text(content, faults, builder)
    base = str(given.get("source_url", ""))
    source = Source(str(format), text, given.get("title"), base, changes)
    with refusals():
        read = subprocess_reader.read(source)
    for name, words in read.fields.items():
        if given.setdefault(name, words) != words:
            builder.leave_out("front_matter", f"{name}: {words}")
    if read.title:
        given.setdefault("title", read.title)
    lost = summed([*builder.left_out, *read.left_out])
    taken = _taken(_document(given, read.blocks, faults, lost), lost)
    return replace(taken, original=original, pictures=read.pictures, readings=read.readings)


def edited(before: Document, content: Any) -> Intake:  # noqa: ANN401 – any JSON
    """Return a document with `content` as its blocks, and what of them it cannot hold; its fields stay.

    What `before` had was judged when it came and stays as it is; anything else is taken in as blocks are.
    Raises `TooLarge` above 5 MB, `Invalid` with every fault.
    """
    if not isinstance(content, Sequence) or isinstance(content, str):
        raise Invalid("content_unusable", reasons=[_wrong_type("内容块的列表")])
    faults: list[Reason] = []
    blocks = _checked_blocks(content, faults, known=frozenset(before.blocks))
    blocks, lost = _with_links_that_lead_out(blocks, known=frozenset(before.blocks))
    fields = {name: getattr(before, name) for name in (*FIELDS, "attachments")}
    return Intake(_document(fields, blocks, faults, lost), lost)


def _taken(document: Document, lost: tuple[LeftOut, ...]) -> Intake:
    return Intake(document, summed([*lost, *turning(text for _, text in document.texts())]))


def _with_links_that_lead_out(
    blocks: tuple[Block, ...], *, known: frozenset[Block] = frozenset()
) -> tuple[tuple[Block, ...], tuple[LeftOut, ...]]:
    """Return the blocks without the links that no layout keeps, and those links; those of `known` stay."""
    builder, kept = Builder(), list[Block]()
    old = {span.href for block in known if isinstance(block, (*TEXT_BLOCKS, Table)) for span in block.spans}
    for block in blocks:
        if not isinstance(block, (*TEXT_BLOCKS, Table)):
            kept.append(block)
            continue
        spans = [span for span in block.spans if span.href in old | {None} or leads_out(span.href or "")]
        for span in block.spans:
            if span not in spans:
                builder.leave_out("link", span.href or "")
        kept.append(
            block if len(spans) == len(block.spans) else block.model_copy(update={"spans": tuple(spans)})
        )
    return tuple(kept), summed(builder.left_out)


def text_faults(text: str, *, field: str, controls: bool = True) -> list[Reason]:
    """Return why a text cannot be stored as it is: surrogates, NULs and, if asked, control characters."""
    faults = unstorable(text, field=field)
    if controls:
        faults += [
            Reason("control_character", {"at": match.start() + 1, "name": named(match[0])}, field=field)
            for match in islice((sign for sign in CONTROL.finditer(text) if sign[0] != "\x00"), MANY)
        ]
    return faults


def source_url_faults(address: str) -> list[Reason]:
    """Return why a source's address is none that readers can follow; none for an empty one."""
    codes = web_address_faults(address) if address else ()
    return [Reason(code, field="source_url") for code in codes]


def _clean(content: str, builder: Builder) -> str:
    text = content.replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("\ufeff"):
        builder.leave_out("control_character", named("\ufeff"))
        text = text[1:]
    return builder.without_controls(text)


def _checked_blocks(
    content: Sequence[Any], faults: list[Reason], *, known: frozenset[Block] = frozenset()
) -> tuple[Block, ...]:
    try:
        blocks = _blocks.validate_python(tuple(content))
    except ValidationError as error:
        told = field_reasons(error.errors(include_url=False, include_input=False))
        faults += [Reason(reason.code, reason.data, field=f"content.{reason.field}") for reason in told]
        return ()
    for index, block in enumerate(blocks):
        for text in () if block in known else _strings(block.model_dump()):
            faults += text_faults(text, field=f"content.{index}")
    if not faults:
        _limit(len(canonical([block.model_dump(mode="json") for block in blocks])))
    return blocks


def _document(
    fields: Mapping[str, Any], blocks: tuple[Block, ...], faults: list[Reason], lost: tuple[LeftOut, ...]
) -> Document:
    if not str(fields.get("title", "")).strip():
        faults.append(Reason("title_missing", field="title"))
    if not blocks and not any((reason.field or "").startswith("content") for reason in faults):
        faults += _empty(lost)
    if not faults:
        try:
            document = Document(**fields, blocks=blocks)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False):
                # The document's own rule, where there are blocks but none of them says anything.
                empty = fault["type"] == "value_error" and not fault["loc"]
                faults += _empty(lost) if empty else field_reasons([fault])
        else:
            _limit(len(document_bytes(document)), MOST_RESULT)
            return document
    # What was left out says why so little, or nothing, came in.
    raise Invalid(
        "content_unusable", reasons=faults, data={"left_out": listed(lost[:MANY])} if lost else None
    )


def _empty(lost: tuple[LeftOut, ...]) -> list[Reason]:
    """Return why there is no text, and what there was instead."""
    if not lost:
        return [Reason("content_empty", field="content")]
    names = Counter[str]()
    for entry in lost:
        names[entry.name] += entry.count
    told = "、".join(f"{name} {count} 处" for name, count in names.items())
    why = "；".join(
        dict.fromkeys(f"{entry.name}：{entry.why}" for entry in lost if entry.kind not in OF_MACHINES)
    )
    only = Reason("only_left_out", {"what": told, "why": why}, field="content")
    return [Reason("content_empty", field="content"), only]


def _strings(value: Any) -> list[str]:  # noqa: ANN401 – any JSON value
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, Sequence):
        return [text for item in value for text in _strings(item)]
    return []


def _limit(size: int, limit: int = MAX_CONTENT_BYTES) -> None:
    if size > limit:
        raise TooLarge("content_too_large", data={"bytes": size, "limit": limit})


def _wrong_type(expected: str) -> Reason:
    return Reason("content_wrong_type", {"expected": expected}, field="content")
