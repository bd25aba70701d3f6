"""审签单: one sheet that says who approved what, when and on which text, as a PDF to be signed and filed."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import zxingcpp
from sqlmodel import Session, col, select

from app.domain.vocabulary import MarkState, ReleaseState, Verdict, WaiverState
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import queries as identity
from app.identity.actors import Actor
from app.infra.clock import moment
from app.infra.errors import Forbidden, NotFound
from app.proofs.models import ProofMark
from app.publication import queries as publications
from app.reviews import queries as reviews
from app.reviews import workflows
from app.reviews.models import Decision, ReviewCase
from app.screening import queries as screening
from app.screening.models import CheckReport
from app.screening.waivers import queries as waivers
from app.typesetting.press import GlyphsMissing, typeset
from app.words.labels import label

#: What stands for a character that no font here has.
_NOT_DRAWN = "〓"


@dataclass(frozen=True, slots=True)
class Slip:
    """A sheet: the name of its file, and its bytes."""

    filename: str
    content: bytes


def slip(session: Session, draft_id: UUID, *, actor: Actor, public_url: str) -> Slip:
    """Return the sheet of a draft's case as it stands.

    For whoever may see the draft, but not for whom it was only copied to. Raises `NotFound`, also for a draft
    that was never handed in, and `Forbidden`. A character that no font has is set as 〓.
    """
    draft = drafts.visible(session, draft_id, actor)
    if not drafts.may_see(session, draft, actor, by_copy=False):
        raise Forbidden("evidence_of_copies")
    case = reviews.case_of_draft(session, draft.id)
    if case is None:
        raise NotFound("slip_before_submission")
    data = _data(session, draft, case)
    codes = {
        one["_code"]: _code(f"{public_url.rstrip('/')}/published/{one['_code'].removesuffix('.svg')}")
        for one in data["out"]
    }
    try:
        content = typeset("slip", data, codes)
    except GlyphsMissing as error:
        content = typeset("slip", _drawn(data, frozenset(error.characters)), codes)
    return Slip(f"{draft.number}-slip.pdf", content)


def _data(session: Session, draft: Draft, case: ReviewCase) -> dict[str, Any]:
    workflow = workflows.version(session, case.workflow_digest)
    titles = {stage.key: stage.title for stage in workflow.stages}
    query = select(Decision).where(Decision.case_id == case.id).order_by(col(Decision.id))
    decided = session.exec(query).all()
    granted = [one for one in waivers.of_draft(session, draft.id) if one.state == WaiverState.GRANTED]
    released = publications.releases_of(session, draft.id)
    people = identity.names(
        session,
        {
            draft.submitter_id,
            *(one.actor_id for one in decided),
            *(one.principal_id for one in decided if one.principal_id),
            *(one.signed_by for one in released),
            *(person for one in granted for person in (one.asked_by, one.decided_by) if person),
        },
    )
    channels = drafts.channel_names(session, draft.id)
    report = screening.newest(session, case.revision_id)
    out = publications.publications_of(session, draft.id)
    return {
        "number": draft.number,
        "title": draft.title,
        "author": people.get(draft.submitter_id, ""),
        "unit": "".join(identity.names_above(session, draft.unit_path)[-1:]),
        "workflow": workflow.title,
        "channels": "、".join(channels.values()),
        "opinions": [
            {
                "place": channels.get(one.line, "") + titles.get(one.stage, one.stage),
                "verdict": label(Verdict(one.verdict)) + ("（自审）" if one.own else ""),
                "who": _who(one, people),
                "at": moment(one.decided_at),
                "digest": one.digest[:16],
                "comment": one.comment,
            }
            for one in decided
        ],
        "findings": _findings(report),
        "waivers": [
            f"{one.rule}：{one.explanation}（{people.get(one.asked_by, '')}申请，"
            f"{people.get(one.decided_by, '') if one.decided_by else ''}同意）"
            for one in granted
        ],
        "errors": _errors(session, case, channels),
        "releases": [
            {
                "channel": channels.get(one.channel, one.channel),
                "state": label(ReleaseState(one.state)),
                "who": people.get(one.signed_by, ""),
                "at": moment(one.signed_at),
                "digest": one.digest,
            }
            for one in released
        ],
        "out": [
            {
                "channel": channels.get(one.channel, one.channel),
                "at": moment(one.published_at),
                "url": one.url,
                "_code": f"{one.id}.svg",
            }
            for one in out
        ],
    }


def _who(decision: Decision, people: dict[UUID, str]) -> str:
    name = people.get(decision.actor_id, "")
    if decision.principal_id is None:
        return name
    return f"{name}（代{people.get(decision.principal_id, '')}）"


def _findings(report: CheckReport | None) -> str:
    if report is None:
        return "没有检查报告"
    return f"阻断 {report.blocks} 处，提示 {report.warnings} 处，参考 {report.infos} 处"


def _errors(session: Session, case: ReviewCase, channels: dict[str, str]) -> str:
    query = select(ProofMark.line).where(
        ProofMark.case_id == case.id, col(ProofMark.state) != MarkState.WITHDRAWN
    )
    counted = Counter(session.exec(query).all())
    told = [f"{channels.get(line, line)} {count} 处" for line, count in sorted(counted.items())]
    return "，".join(told) or "没有校对标记"


def _code(address: str) -> bytes:
    code = zxingcpp.create_barcode(address, zxingcpp.BarcodeFormat.QRCode)
    return zxingcpp.write_barcode_to_svg(code).encode()


def _drawn(data: Any, lacking: frozenset[str]) -> Any:  # noqa: ANN401 – what JSON can hold
    if isinstance(data, str):
        return "".join(_NOT_DRAWN if one in lacking else one for one in data)
    if isinstance(data, dict):
        return {key: _drawn(value, lacking) for key, value in data.items()}
    if isinstance(data, list):
        return [_drawn(value, lacking) for value in data]
    return data
