"""Reading shares of errors from the marks of proofreaders: of what one may see; of persons, oneself only.

An error counts once, in the text where it was found. Found after a stage had passed the same line, it leaked
through that stage.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from app.channels.models import Channel, Section
from app.domain.quality import Error, Profile, Quality, Rate, rate, weighed
from app.domain.vocabulary import ErrorType, MarkState, Verdict
from app.drafts.models import Draft, DraftTarget
from app.drafts.queries import visible_to
from app.identity.queries import Actor
from app.infra.clock import beijing
from app.proofs.models import Proof, ProofMark
from app.reviews import workflows
from app.reviews.models import Decision, ReviewCase

#: Lines that are counted at once; the newest come first.
MOST = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One draft as it was proofread for one channel: its size, its errors, and who passed which stage when.

    `titles` are those of its workflow's stages, by key.
    `passed` are `(stage, person, decision)` of the approvals on the line, the oldest first.
    """

    draft_id: UUID
    number: str
    title: str
    submitter_id: UUID
    channel: str
    section: str
    characters: int
    created_at: datetime
    profile: Profile
    marks: tuple[ProofMark, ...]
    passed: tuple[tuple[str, UUID, UUID], ...]
    titles: Mapping[str, str]

    @property
    def weight(self) -> float:
        """What its errors weigh together."""
        return weighed(map(as_error, self.marks), self.profile)

    @property
    def rate(self) -> Rate:
        """Its share of errors."""
        return rate(self.weight, self.characters, self.profile.limit)

    def leaked(self, stage: str) -> tuple[ProofMark, ...]:
        """Return the errors that were found after a stage had passed; none where it never did."""
        # Ids tell which was first, also within one instant.
        ended = [made for key, _, made in self.passed if key == stage]
        if not ended:
            return ()
        return tuple(one for one in self.marks if one.stage != stage and one.id > ended[0])


@dataclass(frozen=True, slots=True)
class Share:
    """The share of errors of several lines together."""

    name: str
    lines: int
    rate: Rate


@dataclass(frozen=True, slots=True)
class Stage:
    """One proofread of a line: what it found, and what leaked through it."""

    title: str
    found: float
    leaked: float


@dataclass(frozen=True, slots=True)
class Own:
    """One's own work: of what one proofread, and of what one wrote.

    `found` and `leaked` are what errors weigh that one marked, and that were found after one had passed it.
    """

    proofread: int
    characters: int
    found: float
    leaked: Rate
    written: Share


def as_error(mark: ProofMark) -> Error:
    """Return a mark as an error is counted."""
    return Error(mark.place, ErrorType(mark.error_type), float(mark.weight), mark.quote, mark.new_text)


def lines(
    session: Session,
    actor: Actor,
    quality: Quality,
    *,
    draft_id: UUID | None = None,
    since: datetime | None = None,
) -> tuple[Line, ...]:
    """Return the lines that were proofread of drafts that the actor may see, the newest first.

    Errors are counted as `quality` says now.

    A line's size is that of its newest proof.
    """
    query = (
        select(Proof, ReviewCase.workflow_digest, Draft)
        .join(ReviewCase, col(ReviewCase.id) == col(Proof.case_id))
        .join(Draft, col(Draft.id) == col(Proof.draft_id))
        .where(visible_to(actor))
        .order_by(col(Proof.id).desc())
        .limit(MOST * 3)
        .options(defer(Proof.content))  # type: ignore[arg-type]
    )
    if draft_id is not None:
        query = query.where(Proof.draft_id == draft_id)
    if since is not None:
        query = query.where(Proof.created_at >= since)
    newest: dict[tuple[UUID, str], tuple[Proof, str, Draft]] = {}
    for proof, digest, draft in session.exec(query).all():
        if len(newest) < MOST:
            newest.setdefault((proof.case_id, proof.line), (proof, digest, draft))
    titles = {
        digest: {one.key: one.title for one in workflows.version(session, digest).ordered}
        for digest in {digest for _, digest, _ in newest.values()}
    }
    cases = {case_id for case_id, _ in newest}
    marks, passed = _marks(session, cases), _passed(session, cases)
    places = _places(session, {draft.id for _, _, draft in newest.values()})
    return tuple(
        Line(
            draft.id,
            draft.number,
            draft.title,
            draft.submitter_id,
            *places.get((draft.id, line), (line, "")),
            proof.characters,
            proof.created_at,
            quality.profile(proof.kind),
            tuple(marks.get((case_id, line), ())),
            tuple(passed.get((case_id, line), ())),
            titles[digest],
        )
        for (case_id, line), (proof, digest, draft) in newest.items()
        if passed.get((case_id, line)) or marks.get((case_id, line))
    )


def stages_of(line: Line) -> tuple[Stage, ...]:
    """Return each proofread of a line in the order in which it was passed, then those not passed yet."""
    keys = dict.fromkeys((*(key for key, _, _ in line.passed), *(mark.stage for mark in line.marks)))
    return tuple(
        Stage(
            line.titles.get(key, key),
            weighed((as_error(one) for one in line.marks if one.stage == key), line.profile),
            weighed(map(as_error, line.leaked(key)), line.profile),
        )
        for key in keys
    )


def shares(found: Iterable[Line], by: str) -> tuple[Share, ...]:
    """Return the shares of lines together, by `section` or `month`; by name, months the newest first."""
    groups: dict[str, list[Line]] = defaultdict(list)
    for one in found:
        name = one.section if by == "section" else f"{beijing(one.created_at):%Y年%m月}"
        groups[f"{one.channel} · {name}" if by == "section" and name else name or one.channel].append(one)
    return tuple(_share(name, groups[name]) for name in sorted(groups, reverse=by == "month"))


def own(found: Sequence[Line], actor: Actor) -> Own:
    """Return the share of what the actor proofread and wrote; of nobody else can it be asked."""
    read = [one for one in found if any(person == actor.id for _, person, _ in one.passed)]
    leaked = 0.0
    for one in read:
        missed = {
            mark.id: mark for key, person, _ in one.passed if person == actor.id for mark in one.leaked(key)
        }
        leaked += weighed(map(as_error, missed.values()), one.profile)
    mine = [
        weighed((as_error(mark) for mark in one.marks if mark.marked_by == actor.id), one.profile)
        for one in found
    ]
    characters = sum(one.characters for one in read)
    return Own(
        len(read),
        characters,
        round(sum(mine), 2),
        rate(round(leaked, 2), characters),
        _share("", [one for one in found if one.submitter_id == actor.id]),
    )


def _share(name: str, group: Sequence[Line]) -> Share:
    limits = {one.profile.limit for one in group}
    limit = limits.pop() if len(limits) == 1 else None
    weight = round(sum(one.weight for one in group), 2)
    return Share(name, len(group), rate(weight, sum(one.characters for one in group), limit))


def _marks(session: Session, cases: set[UUID]) -> dict[tuple[UUID, str], list[ProofMark]]:
    query = (
        select(ProofMark)
        .where(col(ProofMark.case_id).in_(cases), ProofMark.state != MarkState.WITHDRAWN)
        .order_by(col(ProofMark.id))
    )
    found: dict[tuple[UUID, str], list[ProofMark]] = defaultdict(list)
    for row in session.exec(query).all() if cases else ():
        found[row.case_id, row.line].append(row)
    return found


def _passed(session: Session, cases: set[UUID]) -> dict[tuple[UUID, str], list[tuple[str, UUID, UUID]]]:
    query = (
        select(Decision)
        .where(col(Decision.case_id).in_(cases), Decision.line != "", Decision.verdict == Verdict.APPROVED)
        .order_by(col(Decision.id))
    )
    found: dict[tuple[UUID, str], list[tuple[str, UUID, UUID]]] = defaultdict(list)
    for row in session.exec(query).all() if cases else ():
        found[row.case_id, row.line].append((row.stage, row.actor_id, row.id))
    return found


def _places(session: Session, draft_ids: set[UUID]) -> dict[tuple[UUID, str], tuple[str, str]]:
    query = (
        select(DraftTarget.draft_id, Channel.code, Channel.name, Section.name)
        .join(Channel, col(Channel.id) == col(DraftTarget.channel_id))
        .join(Section, col(Section.id) == col(DraftTarget.section_id))
        .where(col(DraftTarget.draft_id).in_(draft_ids))
    )
    rows = session.exec(query).all() if draft_ids else ()
    return {(draft_id, code): (channel, section) for draft_id, code, channel, section in rows}
