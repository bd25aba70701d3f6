"""Searching drafts: what a line of the search language asks, as conditions on drafts. Reads only."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, exists, false, or_
from sqlmodel import Session, col, select

from app.channels.models import Channel, Section
from app.domain.document.model import Document
from app.domain.search_language import Asked, Search, Term
from app.domain.vocabulary import CaseState, DraftState, StageState
from app.drafts.models import Draft, DraftTarget, Revision
from app.identity.models import Unit, User
from app.infra.clock import BEIJING
from app.negative_list import Policy
from app.reviews import workflows
from app.reviews.models import Decision, ReviewCase, StageRun
from app.screening.models import RuleHit
from app.words.labels import label


@dataclass(frozen=True, slots=True)
class Wanted:
    """Conditions that a draft must meet, and what of the line names nothing: code and value."""

    conditions: tuple[ColumnElement[bool], ...]
    faults: tuple[tuple[str, str], ...]


def wanted(session: Session, search: Search, policy: Policy) -> Wanted:
    """Return a search as conditions on `Draft`; whoever lists adds what the actor may see.

    Words stand in the title, the number or the newest text; names of people, channels, sections, units and
    stages may be parts of them. `policy` gives the titles of rules.
    """
    faults = list(search.faults)
    conditions = [_stands(word) for word in search.words]
    for term in search.terms:
        if term.days is not None:
            conditions.append(_dated(term, term.days))
        elif term.asked is Asked.STATE:
            conditions.append(_in_state(term.value, faults))
        elif term.asked is Asked.STAGE:
            conditions.append(_at_stage(session, term.value))
        elif term.asked is Asked.FINDING:
            conditions.append(_hit(term.value, policy))
        else:
            conditions.append(_OF[term.asked](term.value))
    return Wanted(tuple(conditions), tuple(faults))


def holds(search: Search, document: Document, *, title: str, number: str) -> bool:
    """Say whether every word of a search stands in a draft; texts are stored with more than their words."""
    said = "\n".join((title, number, *(text for _, text in document.texts()))).casefold()
    return all(word.casefold() in said for word in search.words)


def _part(column: object, value: str) -> ColumnElement[bool]:
    return col(column).icontains(value, autoescape=True)


def _stands(word: str) -> ColumnElement[bool]:
    # Texts are stored as JSON: a quotation mark in them is written with a sign before it.
    written = json.dumps(word, ensure_ascii=False)[1:-1]
    text = select(Revision.id).where(
        col(Revision.id) == col(Draft.head_id), _part(Revision.document, written)
    )
    return or_(_part(Draft.title, word), _part(Draft.number, word), exists(text))


def _dated(term: Term, days: tuple[date, date]) -> ColumnElement[bool]:
    column = col(Draft.created_at if term.asked is Asked.CREATED else Draft.updated_at)
    begin = datetime.combine(days[0], time.min, BEIJING).astimezone(UTC)
    if days[1] == date.max:
        return column >= begin
    end = datetime.combine(days[1] + timedelta(days=1), time.min, BEIJING).astimezone(UTC)
    return and_(column >= begin, column < end)


def _in_state(value: str, faults: list[tuple[str, str]]) -> ColumnElement[bool]:
    found = [state for state in DraftState if value in label(state)]
    if not found:
        faults.append(("state", value))
        return false()
    return col(Draft.state).in_(found)


def _at_stage(session: Session, value: str) -> ColumnElement[bool]:
    digests = session.scalars(
        select(ReviewCase.workflow_digest).where(ReviewCase.state == CaseState.RUNNING).distinct()
    ).all()
    keys = {
        stage.key
        for digest in digests
        for stage in workflows.version(session, digest).ordered
        if value in stage.title
    }
    return exists(
        select(StageRun.id)
        .join(ReviewCase, col(ReviewCase.id) == col(StageRun.case_id))
        .where(
            col(ReviewCase.draft_id) == col(Draft.id),
            ReviewCase.state == CaseState.RUNNING,
            StageRun.state == StageState.OPEN,
            col(StageRun.stage).in_(sorted(keys)),
        )
    )


def _hit(value: str, policy: Policy) -> ColumnElement[bool]:
    rules = [rule.id for rule in policy.rules if value in rule.title or rule.id == value]
    return exists(
        select(RuleHit.draft_id).where(col(RuleHit.draft_id) == col(Draft.id), col(RuleHit.rule).in_(rules))
    )


def _bound(value: str) -> ColumnElement[bool]:
    return exists(
        select(DraftTarget.draft_id)
        .join(Channel, col(Channel.id) == col(DraftTarget.channel_id))
        .where(
            col(DraftTarget.draft_id) == col(Draft.id),
            or_(_part(Channel.name, value), col(Channel.code) == value),
        )
    )


def _in_section(value: str) -> ColumnElement[bool]:
    return exists(
        select(DraftTarget.draft_id)
        .join(Section, col(Section.id) == col(DraftTarget.section_id))
        .where(
            col(DraftTarget.draft_id) == col(Draft.id),
            or_(_part(Section.name, value), col(Section.code) == value),
        )
    )


def _of_unit(value: str) -> ColumnElement[bool]:
    return exists(select(Unit.id).where(col(Unit.id) == col(Draft.unit_id), _part(Unit.name, value)))


def _written_by(value: str) -> ColumnElement[bool]:
    wrote = (
        select(Revision.id)
        .join(User, col(User.id) == col(Revision.author_id))
        .where(col(Revision.draft_id) == col(Draft.id), _part(User.name, value))
    )
    handed = select(User.id).where(col(User.id) == col(Draft.submitter_id), _part(User.name, value))
    return or_(exists(wrote), exists(handed))


def _decided_by(value: str) -> ColumnElement[bool]:
    return exists(
        select(Decision.id)
        .join(User, col(User.id) == col(Decision.actor_id))
        .where(col(Decision.draft_id) == col(Draft.id), _part(User.name, value))
    )


_OF: Mapping[Asked, Callable[[str], ColumnElement[bool]]] = {
    Asked.CHANNEL: _bound,
    Asked.SECTION: _in_section,
    Asked.UNIT: _of_unit,
    Asked.AUTHOR: _written_by,
    Asked.REVIEWER: _decided_by,
    Asked.NUMBER: lambda value: _part(Draft.number, value),
    Asked.TITLE: lambda value: _part(Draft.title, value),
}
