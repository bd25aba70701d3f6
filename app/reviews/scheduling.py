"""When lines of a case go out: the domain decides, here it is stored. Publication does what follows."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from app.domain.workflow import SERVICE, Effects, Facts, Participant
from app.domain.workflow import scheduling as rules
from app.domain.workflow.commands import Embargo, Schedule, Unschedule, Withhold
from app.identity.queries import SYSTEM
from app.infra.runtime import Runtime
from app.reviews import screening
from app.reviews.apply import Step, apply, assessed
from app.reviews.cases import Loaded, acting_at_case, save


def schedule(step: Step, command: Schedule) -> None:
    """Set a line that is signed on a digest to go out at an instant (定时)."""
    step.apply(command, _signer(step, command.line), Facts())


def unschedule(step: Step, command: Unschedule) -> None:
    """Take a line back from its time (取消定时); it must be signed anew."""
    facts = step.assess()
    step.apply(command, _signer(step, command.line), facts)


def embargo(step: Step, command: Embargo) -> None:
    """Let nothing of a case go out before an instant (不早于); `None` lifts that."""
    step.apply(command, acting_at_case(step.actor, step.loaded), Facts())


def withhold(
    session: Session, loaded: Loaded, *, line: str, against: Sequence[str], runtime: Runtime, at: datetime
) -> Effects:
    """Note that a scheduled line of a locked case may not go out, and why; its sign-off opens again."""
    facts = assessed(screening.check(session, loaded, runtime=runtime, at=at), runtime)
    return apply(session, loaded, Withhold(line, tuple(against)), SERVICE, facts, by=SYSTEM, at=at)


def fulfil(session: Session, loaded: Loaded, *, line: str, at: datetime) -> None:
    """Note in a locked case that a scheduled line goes out now. The release is what is put on record."""
    save(session, loaded, Effects(rules.fulfilled(loaded.case, line), ()), at=at)


def _signer(step: Step, line: str) -> Participant:
    stage = rules.signing(step.loaded.workflow)
    return step.place_at(stage.key if stage else "", line)
