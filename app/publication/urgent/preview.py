"""What the urgent lane would take (急件通道): told to whoever may use it, before anything is done."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.owed_reviews import Objection, Owed, UrgentCode, Wish, objections, owed
from app.identity.queries import Actor
from app.infra.runtime import Runtime
from app.publication.debts import service as debts
from app.publication.urgent.service import lane, roles_over
from app.reviews import calendar, screening
from app.reviews.cases import load


@dataclass(frozen=True, slots=True)
class Outlook:
    """One line as the urgent lane sees it now.

    `proof` is the digest that would go out, "" while nothing is laid out; `owed` what would be owed, until
    `due_at` (`None` where the calendar does not know); `against` all that stands in the way but the reason,
    which comes with the wish.
    """

    line: str
    proof: str
    owed: tuple[Owed, ...]
    due_at: datetime | None
    against: tuple[Objection, ...]

    @property
    def codes(self) -> frozenset[UrgentCode]:
        """The codes of what stands in the way."""
        return frozenset(one.code for one in self.against)


def outlooks(
    session: Session, *, case_id: UUID, actor: Actor, runtime: Runtime, at: datetime
) -> tuple[Outlook, ...]:
    """Return every line of a case as the urgent lane sees it for this actor, in order. Changes nothing.

    What the rules found is what the newest report says; they run again when something is really released.
    Raises `NotFound`, and `Unavailable` where the lane is not configured.
    """
    loaded = load(session, case_id, actor, lock=False)
    rules = lane(runtime.policies)
    findings = screening.known_facts(session, case_id, at=at).blockers
    left = debts.undone(session, debts.of_unit(session, loaded.draft.unit_id))
    overdue = debts.overdue(session, left, at=at)
    due_at = calendar.due_by(runtime.policies)(at, rules.within.working_days)
    found = []
    for line in sorted(loaded.case.lines):
        proof = loaded.case.proof_of(line) or ""
        wish = Wish(
            line=line,
            digest=proof,
            reason="",
            roles=roles_over(actor, loaded, line),
            persons=frozenset(map(str, {actor.id, *actor.others})),
            findings=findings,
            overdue=overdue,
            due_at=due_at,
        )
        against = objections(loaded.case, loaded.workflow, rules, wish)
        found.append(
            Outlook(
                line,
                proof,
                owed(loaded.case, loaded.workflow, line),
                due_at,
                tuple(one for one in against if one.code is not UrgentCode.REASON),
            )
        )
    return tuple(found)
