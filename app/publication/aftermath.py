"""What became of content that is out, as the gate asks it: retracted, superseded, or about to be."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.domain.release import Blocker, BlockerCode
from app.domain.remedies import PURPOSES
from app.domain.vocabulary import OrderKind, OrderState, RemedyKind
from app.domain.workflow.definition import Purpose
from app.drafts.models import Draft
from app.drafts.remedies import queries as remedies
from app.drafts.remedies.models import Remedy
from app.publication.end_times import queries as end_times
from app.publication.models import Release
from app.publication.orders import queries as orders
from app.publication.orders.models import ChannelOrder


def purpose_of(remedy: Remedy | None) -> Purpose:
    """Return which shorter workflow a draft may have walked, if it corrects or retracts another."""
    return "publication" if remedy is None else PURPOSES[RemedyKind(remedy.kind)]


def blockers(
    session: Session, draft_id: UUID, remedy: Remedy | None, *, line: str, digest: str, at: datetime
) -> tuple[Blocker, ...]:
    """Return why this content may not go out on this line, by what became of what is out; empty when it may.

    What was retracted, or is being retracted, goes out on no channel; what was superseded not on that one.
    What corrects it (a draft with a `remedy`) shares its fate. The data say what succeeds it: number, id,
    release and digest.
    """
    found = list(_of_content(session, draft_id, line, digest))
    found += _being_retracted(session, draft_id)
    if remedy is not None and remedy.kind == RemedyKind.CORRECTION:
        found += _being_retracted(session, remedy.of_draft_id)
        found += _of_corrected(session, remedy, line)
    ends = end_times.end_of(session, draft_id, line)
    if ends is not None and ends <= at:
        found.append(Blocker(BlockerCode.ENDED, {"at": ends.isoformat()}))
    return tuple(found)


def _of_content(session: Session, draft_id: UUID, line: str, digest: str) -> Iterator[Blocker]:
    for order in orders.against(session, channel=line, digest=digest, draft_id=draft_id):
        if order.kind == OrderKind.RETRACT:
            yield Blocker(BlockerCode.RETRACTED, _said(session, order))
            continue
        said = _said(session, order)
        # A correction of what this channel does not show is the same content once more.
        if order.remedy_id != draft_id and said.get("successor") != digest:
            yield Blocker(BlockerCode.SUPERSEDED, said)


def _of_corrected(session: Session, remedy: Remedy, line: str) -> Iterator[Blocker]:
    """Yield why a correction may not go out: what it corrects is retracted, or was corrected by another."""
    for order in orders.against(session, channel="", digest="", draft_id=remedy.of_draft_id):
        yield Blocker(BlockerCode.RETRACTED, _said(session, order))
    mine = [order for order in orders.of_remedy(session, remedy.draft_id) if order.channel == line]
    if mine and mine[-1].state == OrderState.OVERTAKEN:
        later = orders.of_publications(session, [mine[-1].publication_id]).get(mine[-1].publication_id, ())
        for order in later:
            if order.kind == OrderKind.CORRECT and order.remedy_id != remedy.draft_id:
                yield Blocker(BlockerCode.SUPERSEDED, _said(session, order))


def _being_retracted(session: Session, draft_id: UUID) -> Iterator[Blocker]:
    for remedy, draft in remedies.under_way(session, draft_id, [RemedyKind.RETRACTION]):
        yield Blocker(BlockerCode.BEING_RETRACTED, {"by": draft.number, "remedy": str(remedy.draft_id)})


def _said(session: Session, order: ChannelOrder) -> dict[str, Any]:
    by = session.get(Draft, order.remedy_id) if order.remedy_id else None
    release = session.get(Release, order.release_id) if order.release_id else None
    return {
        "by": by.number if by else "",
        "remedy": str(order.remedy_id) if order.remedy_id else "",
        "order": str(order.id),
        "at": order.ordered_at.isoformat(),
        **({"release": str(release.id), "successor": release.digest} if release else {}),
    }
