"""When lines of a case go out: the domain decides, here it is stored. Publication does what follows."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.vocabulary import Verb
from app.domain.workflow import SYSTEM, Act, Actor, Effects, Facts
from app.domain.workflow import scheduling as rules
from app.identity.queries import SYSTEM as SYSTEM_PERSON
from app.identity.queries import Actor as Person
from app.infra.clock import utc
from app.infra.runtime import Runtime
from app.reviews import screening
from app.reviews.apply import take
from app.reviews.cases import Loaded, load, save
from app.reviews.service import Form, facts_of, place_of


def schedule(
    session: Session,
    loaded: Loaded,
    *,
    line: str,
    digest: str,
    release_at: datetime,
    actor: Person,
    at: datetime,
) -> None:
    """Set a line of a locked case, which is signed on `digest`, to go out at `release_at` (定时).

    Raises `Forbidden`, `Conflict` or `Invalid` with every reason.
    """
    act = Act(Verb.SCHEDULE, line=line, digest=digest, when=utc(release_at))
    take(session, loaded, act, _signer(actor, loaded, line), Facts(), by=actor, at=at)


def unschedule(
    session: Session,
    *,
    case_id: UUID,
    line: str,
    comment: str,
    actor: Person,
    runtime: Runtime,
    at: datetime,
) -> Loaded:
    """Take a line back from its time (取消定时); it must be signed anew.

    Raises `NotFound`, and as `schedule`.
    """
    loaded = load(session, case_id, actor)
    facts = facts_of(screening.check(session, loaded, runtime=runtime, at=at), runtime)
    act = Act(Verb.UNSCHEDULE, line=line, comment=comment)
    take(session, loaded, act, _signer(actor, loaded, line), facts, by=actor, at=at)
    return loaded


def embargo(
    session: Session, *, case_id: UUID, until: datetime | None, comment: str, actor: Person, at: datetime
) -> Loaded:
    """Let nothing of a case go out before `until` (不早于); `None` lifts that. Raises as `unschedule`."""
    loaded = load(session, case_id, actor)
    act = Act(Verb.EMBARGO, comment=comment, when=until and utc(until))
    takes_part = place_of(actor, loaded, Form("", "", ""))
    take(session, loaded, act, takes_part, Facts(), by=actor, at=at)
    return loaded


def withhold(
    session: Session, loaded: Loaded, *, line: str, against: Sequence[str], runtime: Runtime, at: datetime
) -> Effects:
    """Note that a scheduled line of a locked case may not go out, and why; its sign-off opens again."""
    known = facts_of(screening.check(session, loaded, runtime=runtime, at=at), runtime)
    facts = Facts(blockers=known.blockers, due=known.due, against=tuple(against))
    act = Act(Verb.WITHHOLD, line=line)
    effects = take(session, loaded, act, SYSTEM, facts, by=SYSTEM_PERSON, at=at)
    assert effects is not None
    return effects


def fulfil(session: Session, loaded: Loaded, *, line: str, at: datetime) -> None:
    """Note in a locked case that a scheduled line goes out now. The release is what is put on record."""
    save(session, loaded, Effects(rules.fulfilled(loaded.case, line), ()), at=at)


def _signer(actor: Person, loaded: Loaded, line: str) -> Actor:
    stage = rules.signing(loaded.workflow)
    return place_of(actor, loaded, Form(stage.key if stage else "", line, ""))
