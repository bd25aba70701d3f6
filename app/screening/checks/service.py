"""What of a document is checked, within which scope, and what is not."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from app.domain.document.model import FIELDS, Document, sha256
from app.domain.record.canonical import canonical
from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.service import Format, take_in
from app.drafts.queries import Target
from app.infra.clock import beijing
from app.negative_list import Part, PartKind, Policy, Report, Scope, check
from app.negative_list.text.content import parts_of
from app.screening.checks.files import HeldFile, content_of
from app.screening.checks.typed import retyped

#: Stands for the title of a text that is only checked and has none; it is not checked itself.
_UNTITLED = "（无标题）"


def scope_of(targets: Iterable[Target], *, stage: str = "") -> Scope:
    """Return the scope of a draft bound for `targets`, at `stage` (`""`: every stage's rules apply)."""
    bound = tuple(targets)
    return Scope(
        frozenset(target.kind for target in bound), frozenset(target.section for target in bound), stage
    )


def scope_key(policy: Policy, scope: Scope, *, at: datetime) -> str:
    """Return the name of a scope: where the text is bound for, and which rules apply there on that day."""
    applies = "".join(
        "1" if is_active else "0" for is_active in policy.program.active(scope, beijing(at).date())
    )
    named = {"channels": sorted(scope.channels), "sections": sorted(scope.sections), "stage": scope.stage}
    return sha256(canonical({**named, "rules": applies}))


def run(
    policy: Policy,
    document: Document,
    *,
    scope: Scope,
    at: datetime,
    key: bytes,
    document_id: str,
    files: Mapping[str, HeldFile],
    typed: Mapping[str, str] | None = None,
) -> Report:
    """Return the report on a document with its files.

    `files` gives attachments and pictures by SHA-256: what they say is checked like the document, what could
    not be read is listed. `key` is the secret of fingerprints, `document_id` ties them to one draft. `typed`
    gives by place what somebody is writing in place of the texts there; see `retyped`.
    """
    content = retyped(content_of(document, files), typed or {})
    return check(
        policy,
        content.parts,
        scope=scope,
        on=beijing(at).date(),
        key=key,
        document_id=document_id,
        not_checked=content.not_checked,
        structure=content.structure,
    )


def loose(
    policy: Policy,
    format: Format,  # noqa: A002 – the word of the wire
    content: str | list[dict[str, Any]],
    fields: Mapping[str, Any],
    *,
    scope: Scope,
    at: datetime,
    key: bytes,
    changes: TrackedChanges = TrackedChanges.ORIGINAL,
) -> tuple[Report, list[dict[str, Any]]]:
    """Return the report on content that belongs to no draft, and what of it could not be read.

    Plain text is checked as it is, as one part `content`, so that positions are those of the text; other
    formats are read into a document first. A title is not needed. Raises what `intake.take_in` raises.
    """
    on = beijing(at).date()
    titled = bool(str(fields.get("title") or "").strip())
    given = dict(fields) if titled else {**fields, "title": _UNTITLED}
    taken = take_in(format, content, given, changes=changes)
    refs = {name for name in FIELDS if given.get(name)} - ({"title"} if not titled else set())
    if format is Format.TEXT:
        parts = [part for part in parts_of(taken.document) if part.ref in refs]
        parts.append(Part(PartKind.BODY, "content", str(content)))
        return check(policy, parts, scope=scope, on=on, key=key), taken.listed()
    readings = taken.readings
    files = {
        picture.sha256: HeldFile(picture.name, readings[picture.sha256])
        for picture in taken.pictures
        if picture.sha256 in readings
    }
    content_read = content_of(taken.document, files)
    parts = [part for part in content_read.parts if titled or part.ref != "title"]
    report = check(
        policy,
        parts,
        scope=scope,
        on=on,
        key=key,
        not_checked=content_read.not_checked,
        structure=content_read.structure,
    )
    return report, taken.listed()
