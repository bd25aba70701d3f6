"""Who is told: what the rules of the catalogue of events mean at the time of telling.

Whether they may know of the draft at all is asked afterwards, for everybody alike.
"""

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from app.domain.vocabulary import NoticeKind, Role, StageState
from app.domain.workflow import Run
from app.domain.workflow.separation import meet
from app.events.entry import Named, Recipients, Told
from app.identity import queries as identity
from app.notifications.scenes import Data, Scene
from app.reviews.cases import CaseInHand
from app.screening.models import Waiver
from app.screening.waivers import eligibility as waivers

Who = Callable[[Scene, Data], Collection[UUID]]


def authors(scene: Scene, _data: Data) -> frozenset[UUID]:
    """Return who wrote any of the draft or handed it in."""
    return scene.together.authors.get(scene.draft.id, frozenset())


def at_stage(scene: Scene, data: Data) -> frozenset[UUID]:
    """Return who may act at the stage: whoever has claimed it, else all who could; none once it is done."""
    run = scene.run(data)
    if run is None or scene.loaded is None:
        return frozenset()
    if run.claimed_by is not None:
        return frozenset({UUID(run.claimed_by)})
    return scene.together.eligible.get((scene.loaded.row.id, *run.spot), frozenset())


def at_work(who: Who) -> Who:
    """Return `who` without those who are away today: they act at nothing, so nothing is urged on them."""

    def present(scene: Scene, data: Data) -> frozenset[UUID]:
        return frozenset(who(scene, data)) - scene.together.away

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
    signers: set[str] = set()
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
        signers |= persons
        if not persons:
            ahead += loaded.workflow.after[key]
    people = frozenset(UUID(person) for person in signers)
    # An author who may sign hears that it is back in their hands, and that is enough.
    return people - frozenset(if_to_author(authors)(scene, data))


def named(data: Data, field: str) -> frozenset[UUID]:
    """Return the persons whom a field names: one id, or a list of them."""
    value = data.get(field) or ()
    return frozenset(UUID(person) for person in ([value] if isinstance(value, str) else value))


def askers(scene: Scene, data: Data) -> frozenset[UUID]:
    """Return who asked for the opinion that was given."""
    if scene.loaded is None:
        return frozenset()
    place = data.get("stage"), data.get("line"), data.get("asked")
    asked = scene.loaded.case.consults
    return frozenset(
        UUID(question.by) for question in asked if (question.stage, question.line, question.asked) == place
    )


def may_grant(scene: Scene, data: Data) -> frozenset[UUID]:
    """Return who may decide the waiver that was asked for."""
    waiver = scene.session.get_one(Waiver, UUID(str(data["waiver"])))
    return waivers.deciders(scene.session, waiver, scene.draft)


def publishers(scene: Scene, data: Data) -> frozenset[UUID]:
    """Return who publishes on the channels that an event is about."""
    lines = {str(line) for line in data.get("channels", ())} | {str(data.get("channel") or "")} - {""}
    unit_path = scene.draft.unit_path
    holding = [user.id for user in identity.holders(scene.session, Role.PUBLISHER, unit_path=unit_path)]
    return frozenset(
        person
        for person, actor in identity.user_actors(scene.session, holding).items()
        if any(actor.has(Role.PUBLISHER, unit_path=unit_path, channel=line) for line in lines)
    )


#: What each rule of the catalogue means at the time of telling.
RULES: Mapping[Recipients, Who] = {
    Recipients.AUTHORS: authors,
    Recipients.AUTHORS_IF_THEIRS: if_to_author(authors),
    Recipients.AT_STAGE: at_stage,
    Recipients.AT_WORK_AT_STAGE: at_work(at_stage),
    Recipients.AT_FREED_STAGES: at_freed,
    Recipients.AT_OPEN_STAGES: at_open_stages,
    Recipients.PREVIOUS_SIGNERS: previous_signers,
    Recipients.ASKERS: askers,
    Recipients.MAY_GRANT_WAIVER: may_grant,
    Recipients.PUBLISHERS: publishers,
}


def concerned(scene: Scene, told: Told, data: Data) -> frozenset[UUID]:
    """Return everybody whom any rule of a notice means."""
    return frozenset(
        person
        for rule in told.rules
        for person in (named(data, rule.field) if isinstance(rule, Named) else RULES[rule](scene, data))
    )


K = NoticeKind

#: Notices of work that waits at a stage: once the stage is done, they say nothing any more.
AWAITING = frozenset(
    {
        K.STAGE_OPENED,
        K.STAGE_REMINDED,
        K.STAGE_DUE,
        K.STAGE_LATE,
        K.STAGE_ESCALATED,
        K.STAGE_STRANDED,
        K.HANDED_OVER,
        K.CONSULTED,
    }
)


def _signed(loaded: CaseInHand) -> dict[tuple[str, str], Run]:
    """Return the newest run of each place that somebody approved, also where it was voided since."""
    newest: dict[tuple[str, str], Run] = {}
    for run in loaded.case.runs:
        known = newest.get(run.spot)
        if run.persons and (known is None or run.round > known.round):
            newest[run.spot] = run
    return newest
