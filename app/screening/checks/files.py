"""Attachments and pictures as the rules read them: parts, tables and traces, and what was not read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from app.domain.document.model import Document, Image, Video
from app.drafts.intake.reading import Reading
from app.negative_list import (
    NotChecked,
    Part,
    PartKind,
    Policy,
    Scope,
    Structure,
    TableFact,
    TraceFact,
    check,
)
from app.negative_list.engine.report import FileReport, Located
from app.negative_list.text.content import parts_of, structure_of
from app.words.places import in_order, place_held, place_in_file


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that a draft holds, under its name there, with what was read of it."""

    filename: str
    reading: Reading


class Content(NamedTuple):
    """What is checked of a document with its files, and what is not."""

    parts: tuple[Part, ...]
    structure: Structure
    not_checked: tuple[NotChecked, ...]


def content_of(document: Document, files: Mapping[str, HeldFile]) -> Content:
    """Return what of a document and its files is checked; `files` by SHA-256, those that are known."""
    attached = [(f"attachments/{index}", name) for index, name in enumerate(document.attachments)]
    shown = [
        (f"blocks/{index}", block.sha256)
        for index, block in enumerate(document.blocks)
        if isinstance(block, Image)
    ]
    readings = [(ref, files[name].reading) for ref, name in (*shown, *attached) if name in files]
    names = file_names(document, files)
    parts = (*parts_of(document), *(part for ref, reading in readings for part in parts_in(ref, reading)))
    structure = with_files(structure_of(document), readings)
    missing = [
        *_pictures(document, files),
        *(NotChecked(ref, "附件", "没有读取附件") for ref, name in attached if name not in files),
        *(
            NotChecked(
                f"{ref}/{at}".rstrip("/"),
                f"{place_held(f'{ref}/{at}'.rstrip('/'), names)} {what}".strip(),
                why,
            )
            for ref, name in attached
            if name in files
            for at, what, why in files[name].reading.unread
        ),
    ]
    return Content(parts, structure, tuple(missing))


def file_names(document: Document, files: Mapping[str, HeldFile]) -> dict[str, str]:
    """Return the file name of each attachment by its place: `attachments/0`."""
    return {
        f"attachments/{index}": files[name].filename
        for index, name in enumerate(document.attachments)
        if name in files
    }


def parts_in(ref: str, reading: Reading) -> Iterator[Part]:
    """Yield what a file says as parts below `ref` (`""`: the file is all that is checked)."""
    for at, text in reading.said():
        yield Part(PartKind.ATTACHMENT, f"{ref}/{at}".lstrip("/"), text)


def with_files(structure: Structure, readings: list[tuple[str, Reading]]) -> Structure:
    """Return a structure with the tables and traces of files."""
    tables = [
        TableFact(
            f"{ref}/{grid.ref}".strip("/"),
            grid.rows,
            part=PartKind.ATTACHMENT,
            row_numbers=grid.row_numbers,
            column_numbers=grid.column_numbers,
        )
        for ref, reading in readings
        for grid in reading.grids
    ]
    traces = [
        TraceFact(f"{ref}/{trace.ref}".lstrip("/"), trace.kind.value, trace.text)
        for ref, reading in readings
        for trace in reading.traces
    ]
    return replace(structure, tables=(*structure.tables, *tables), traces=tuple(traces))


def missed_in(reading: Reading) -> list[NotChecked]:
    """Return what of a single file was not read."""
    return [
        NotChecked(at, f"{place_in_file(at)} {what}".strip() or "文件", why)
        for at, what, why in reading.unread
    ]


def report_on(
    policy: Policy, name: str, reading: Reading, *, scope: Scope, on: date, key: bytes, document_id: str = ""
) -> FileReport:
    """Return the report on a single file as an attachment is checked, its findings with their places."""
    report = check(
        policy,
        list(parts_in("", reading)),
        scope=scope,
        on=on,
        key=key,
        document_id=document_id,
        structure=with_files(Structure(), [("", reading)]),
        not_checked=missed_in(reading),
    )
    ordered = sorted(report.findings, key=lambda finding: (in_order(finding.ref), finding.start))
    placed = [
        Located(finding, finding.start, finding.end, 1, 1, 1, 1, place_in_file(finding.ref))
        for finding in ordered
    ]
    return FileReport(name, placed, report)


def _pictures(document: Document, files: Mapping[str, HeldFile]) -> Iterator[NotChecked]:
    for index, block in enumerate(document.blocks):
        if isinstance(block, Image):
            held = files.get(block.sha256)
            for at, what, why in held.reading.unread if held else (("", "", "没有识别图片里的文字"),):
                said = place_in_file(at)
                yield NotChecked(f"blocks/{index}", f"{block.alt or '图片'} {said}{what}".strip(), why)
        elif isinstance(block, Video):
            yield NotChecked(f"blocks/{index}", block.caption or "视频", "没有检查视频的画面和声音")
