"""Who is told of what: one line for each kind of event. The functions answer who is concerned.

Whether they may know of the draft at all is asked afterwards, for everybody alike.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.domain.vocabulary import Event, NoticeKind, StageState
from app.domain.workflow import Run
from app.domain.workflow.separation import meet
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity.absences import service as absences
from app.reviews import eligibility
from app.reviews.cases import Loaded
from app.screening.models import Waiver
from app.screening.waivers import eligibility as waivers

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """A draft and its case at the time of telling; `loaded` is `None` before it was submitted."""

    session: Session
    draft: Draft
    loaded: Loaded | None
    at: datetime

    def run(self, data: Data) -> Run | None:
        """Return the open run that the data of an event names; `None` when it is not open any more."""
        if self.loaded is None:
            return None
        run = self.loaded.case.current().get((str(data.get("stage", "")), str(data.get("line", ""))))
        if run is None or run.state is not StageState.OPEN:
            return None
        return run if data.get("round") in {None, run.round} else None


Who = Callable[[Scene, Data], Collection[UUID]]


@dataclass(frozen=True, slots=True)
class Tell:
    """What an event is to whom."""

    kind: NoticeKind
    who: Who


def authors(scene: Scene, _data: Data) -> frozenset[UUID]:
    """Return who wrote any of the draft or handed it in."""
    return drafts.authors(scene.session, scene.draft.id)


def at_stage(scene: Scene, data: Data) -> frozenset[UUID]:
    """Return who may act at the stage: whoever has claimed it, else all who could; none once it is done."""
    run = scene.run(data)
    if run is None or scene.loaded is None:
        return frozenset()
    if run.claimed_by is not None:
        return frozenset({UUID(run.claimed_by)})
    stage = scene.loaded.workflow.by_key[run.stage]
    able = eligibility.of(scene.session, scene.loaded, stage, run.line)
    able |= eligibility.delegates(scene.session, scene.loaded, stage, run.line, at=scene.at)
    return frozenset(UUID(person) for person in able - run.persons)


def at_work(who: Who) -> Who:
    """Return `who` without those who are away today: they act at nothing, so nothing is urged on them."""

    def present(scene: Scene, data: Data) -> frozenset[UUID]:
        found = frozenset(who(scene, data))
        return found - absences.away(scene.session, found, scene.at)

    return present


def at_freed(scene: Scene, data: Data) -> frozenset[UUID]:
    """Return who may act at the stages that somebody left."""
    return frozenset(person for place in data.get("freed", ()) for person in at_stage(scene, place))


def at_open_stages(scene: Scene, _data: Data) -> frozenset[UUID]:
    """Return who may act at any stage that is open now."""
    if scene.loaded is None:
        return frozenset()
    open_now = [run for run in scene.loaded.case.current().values() if run.state is StageState.OPEN]
    return frozenset(
        person
        for run in open_now
        for person in at_stage(scene, {"stage": run.stage, "line": run.line, "round": run.round})
    )


def if_to_author(who: Who) -> Who:
    """Return `who` for what was sent back to the author, nobody for what went to an earlier stage."""
    return lambda scene, data: who(scene, data) if data.get("to") in {None, "", "author"} else ()


def previous_signers(scene: Scene, data: Data) -> frozenset[UUID]:
    """Return who signed the stage before the one that sent back, and nobody further back.

    Stages that nobody had to sign (the rule check, one that did not apply) are looked behind.
    """
    loaded = scene.loaded
    if loaded is None:
        return frozenset()
    signed = _signed(loaded)
    spot = str(data.get("stage", "")), str(data.get("line", ""))
    found: set[str] = set()
    ahead, seen = list(loaded.workflow.after.get(spot[0], ())), set[str]()
    while ahead:
        key = ahead.pop()
        if key in seen:
            continue
        seen.add(key)
        persons = {
            person
            for place, run in signed.items()
            if place[0] == key and meet(place, spot)
            for person in run.persons
        }
        found |= persons
        if not persons:
            ahead += loaded.workflow.after[key]
    people = frozenset(UUID(person) for person in found)
    # An author who may sign hears that it is back in their hands, and that is enough.
    return people - frozenset(if_to_author(authors)(scene, data))


def named(*fields: str) -> Who:
    """Return the function that gives the persons whom these fields name, each one id or a list of them."""

    def who(_scene: Scene, data: Data) -> frozenset[UUID]:
        found: set[UUID] = set()
        for field in fields:
            value = data.get(field) or ()
            found |= {UUID(one) for one in ([value] if isinstance(value, str) else value)}
        return frozenset(found)

    return who


def askers(scene: Scene, data: Data) -> frozenset[UUID]:
    """Return who asked for the opinion that was given."""
    if scene.loaded is None:
        return frozenset()
    place = data.get("stage"), data.get("line"), data.get("asked")
    asked = scene.loaded.case.consults
    return frozenset(UUID(one.by) for one in asked if (one.stage, one.line, one.asked) == place)


def may_grant(scene: Scene, data: Data) -> frozenset[UUID]:
    """Return who may decide the waiver that was asked for."""
    waiver = scene.session.get_one(Waiver, UUID(str(data["waiver"])))
    return waivers.deciders(scene.session, waiver, scene.draft)


def both(*several: Who) -> Who:
    """Return the function that gives everybody whom any of these gives."""
    return lambda scene, data: frozenset(person for who in several for person in who(scene, data))


K = NoticeKind

TELLS: Mapping[Event, tuple[Tell, ...]] = {
    Event.CASE_STAGE_OPENED: (Tell(K.STAGE_OPENED, at_stage),),
    Event.CASE_UNCLAIMED: (Tell(K.STAGE_OPENED, at_stage),),
    Event.CASE_FREED: (Tell(K.STAGE_OPENED, at_freed),),
    Event.CASE_RECUSED: (Tell(K.STAGE_OPENED, at_freed),),
    Event.CASE_REMINDED: (Tell(K.STAGE_REMINDED, at_work(at_stage)),),
    Event.CASE_STAGE_DUE: (Tell(K.STAGE_DUE, at_work(at_stage)),),
    Event.CASE_STAGE_LATE: (Tell(K.STAGE_LATE, both(at_work(at_stage), named("told"))),),
    Event.CASE_STAGE_ESCALATED: (Tell(K.STAGE_ESCALATED, named("told")),),
    Event.CASE_HANDED_OVER: (Tell(K.HANDED_OVER, named("to")),),
    Event.CASE_CONSULTED: (Tell(K.CONSULTED, named("to")),),
    Event.CASE_ADVISED: (Tell(K.ADVISED, askers),),
    Event.CASE_COPIED: (Tell(K.COPIED, named("to")),),
    # 退回: the author, where it comes to them, and the previous signer; nobody else.
    Event.DECISION_SENT_BACK: (
        Tell(K.RETURNED, if_to_author(authors)),
        Tell(K.SIGNED_BUT_RETURNED, previous_signers),
    ),
    Event.PROOF_FAILED: (Tell(K.RETURNED, authors),),
    Event.CASE_BLOCKED: (Tell(K.BLOCKED, authors),),
    Event.DECISION_DECLINED: (Tell(K.DECLINED, authors),),
    Event.CASE_HELD: (Tell(K.HELD, authors),),
    Event.CASE_ANSWERED: (Tell(K.ANSWERED, both(authors, at_open_stages)),),
    Event.CASE_CLEARED: (Tell(K.CLEARED, authors),),
    Event.PUBLICATION_PUBLISHED: (Tell(K.PUBLISHED, authors),),
    Event.PUBLICATION_CORRECTED: (Tell(K.CORRECTED, authors),),
    Event.PUBLICATION_RETRACTED: (Tell(K.RETRACTED, authors),),
    Event.RELEASE_SCHEDULED: (Tell(K.SCHEDULED, authors),),
    Event.RELEASE_UNSCHEDULED: (Tell(K.UNSCHEDULED, both(named("signed_by"), authors)),),
    Event.RELEASE_WITHHELD: (Tell(K.WITHHELD, both(named("signed_by"), authors)),),
    Event.RELEASE_URGENT: (Tell(K.DEBT_OWED, at_open_stages),),
    Event.DEBT_OVERDUE: (Tell(K.DEBT_OWED, at_open_stages),),
    Event.FINDING_WAIVER_ASKED: (Tell(K.WAIVER_ASKED, may_grant),),
    Event.FINDING_WAIVED: (Tell(K.WAIVER_DECIDED, both(named("asked_by"), authors)),),
    Event.FINDING_WAIVER_REFUSED: (Tell(K.WAIVER_DECIDED, both(named("asked_by"), authors)),),
}

#: Notices of work that waits at a stage: once the stage is done, they say nothing any more.
AWAITING = frozenset(
    {
        K.STAGE_OPENED,
        K.STAGE_REMINDED,
        K.STAGE_DUE,
        K.STAGE_LATE,
        K.STAGE_ESCALATED,
        K.HANDED_OVER,
        K.CONSULTED,
    }
)


def _signed(loaded: Loaded) -> dict[tuple[str, str], Run]:
    """Return the newest run of each place that somebody approved, also where it was voided since."""
    newest: dict[tuple[str, str], Run] = {}
    for run in loaded.case.runs:
        known = newest.get(run.spot)
        if run.persons and (known is None or run.round > known.round):
            newest[run.spot] = run
    return newest
