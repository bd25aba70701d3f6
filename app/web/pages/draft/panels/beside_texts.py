"""What the rules say of a text as it is being written, each finding beside the field where it is written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from app.domain.document.model import FIELDS, Document
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.infra.runtime import Runtime
from app.negative_list import Finding, PartKind
from app.negative_list.text.model import SEVERITIES, Severity
from app.policies.in_use import policy_of
from app.screening import service
from app.screening.checks.service import scope_of
from app.screening.checks.typed import ADDED
from app.screening.waivers import queries as waivers
from app.web.components.text_view import Hit, numbered
from app.words.places import place_in_text


@dataclass(frozen=True, slots=True)
class Said:
    """One finding beside a field. `ways` are what can be written in place of its `words`; perhaps none."""

    severity: Severity
    place: str
    excerpt: str
    message: str
    start: int
    end: int
    words: str
    ways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BesideTexts:
    """Findings by the place of the field that they belong to, those of no field, and how many of each.

    `fields` are the places that have findings, with their names in words, in reading order.
    """

    by_place: Mapping[str, tuple[Said, ...]]
    elsewhere: tuple[Said, ...]
    counts: Mapping[Severity, int]
    fields: tuple[tuple[str, str], ...]
    total: int


def beside_texts(
    session: Session,
    runtime: Runtime,
    draft: Draft,
    document: Document,
    typed: Mapping[str, str],
    places: Iterable[str],
) -> BesideTexts:
    """Check a document with what is typed in place of its texts, and store nothing.

    `places` are those that the form has fields for; findings at any other are `elsewhere`.
    """
    at = runtime.clock()
    report = service.examine(
        session,
        policy=policy_of(session, runtime),
        key=runtime.secret,
        draft_id=draft.id,
        document=document,
        scope=scope_of(drafts.targets(session, draft.id)),
        at=at,
        typed=typed,
    )
    waived = waivers.in_force(waivers.of_draft(session, draft.id), at)
    hits = numbered(report.findings, document, waived, service.attached_names(session, draft.id, document))
    texts = {**dict(document.texts()), **typed}
    fields = {*places, *FIELDS, ADDED}
    by_place: dict[str, list[Said]] = {}
    elsewhere: list[Said] = []
    for hit in hits:
        ref = hit.finding.ref
        own = ref in fields and (hit.finding.part is not PartKind.LINK or ref in FIELDS)
        (by_place.setdefault(ref, []) if own else elsewhere).append(_said(hit, texts.get(ref, "")))
    order = {place: index for index, place in enumerate((*FIELDS, *places, ADDED))}
    return BesideTexts(
        {place: tuple(found) for place, found in by_place.items()},
        tuple(elsewhere),
        {one: sum(hit.severity is one for hit in hits) for one in SEVERITIES},
        tuple(
            (place, name_of(place)) for place in sorted(by_place, key=lambda one: order.get(one, len(order)))
        ),
        len(hits),
    )


def name_of(place: str) -> str:
    """Return the name of a field in words: 第4段, 末尾增加的."""
    return "末尾增加的" if place == ADDED else place_in_text(place) or "正文"


def _said(hit: Hit, text: str) -> Said:
    finding = hit.finding
    words = text[finding.start : finding.end]
    return Said(
        hit.severity,
        "末尾增加的" if finding.ref == ADDED else hit.place,
        finding.excerpt,
        finding.message,
        finding.start,
        finding.end,
        words,
        _ways(finding, words),
    )


def _ways(finding: Finding, words: str) -> tuple[str, ...]:
    # Of a value that is masked, and of an address, the place is not that of the words that are shown.
    if finding.value_hash is not None or finding.part is PartKind.LINK:
        return ()
    return tuple(one for one in finding.suggestions if one != words)
