"""The gate over the tables: everything that `domain.release` asks about one line, gathered."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Self

from sqlalchemy import ColumnElement, Uuid, bindparam, exists, or_
from sqlmodel import Session, col, select

from app.domain.release import Blocker, Dossier, blockers
from app.domain.vocabulary import PolicyKind
from app.drafts.remedies import queries as remedies
from app.drafts.remedies.models import Remedy
from app.infra.runtime import Runtime
from app.policies.models import PolicyInUse
from app.policies.versions import digest_in_use
from app.publication import aftermath
from app.publication.debts import service as debts
from app.publication.end_times.models import PublicationEnd
from app.publication.models import ReviewDebt
from app.publication.orders import queries as orders
from app.publication.orders.models import ChannelOrder
from app.reviews import screening
from app.reviews.cases import Loaded

_POLICY, _MORE = "policy_in_force", "more_to_ask"


@dataclass(frozen=True, slots=True)
class Glance:
    """What one look beside a case's runs told: the digest of the policy in force, and whether there is more.

    Of most drafts nothing was ever said beside their case: they correct nothing, owe nothing, were never
    ordered away and have no end. `more` says that any of this is there, and is to be asked in full.
    """

    policy: str | None
    more: bool

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self | None:
        """Return what was told; `None` where nothing was, so that all is asked in full."""
        return cls(told[_POLICY], bool(told[_MORE])) if told else None


@cache
def glance() -> tuple[ColumnElement[Any], ...]:
    """Return what is asked beside the runs of a case, over `draft_id`, `case_id`, `line` and `digest`.

    Each condition is the one of the query that it stands for, or a wider one.
    """
    draft, case = bindparam("draft_id", type_=Uuid()), bindparam("case_id", type_=Uuid())
    line: ColumnElement[str] = bindparam("line")
    digest: ColumnElement[str] = bindparam("digest")
    is_concerned = or_(col(Remedy.draft_id) == draft, col(Remedy.of_draft_id) == draft)
    more = or_(
        exists(select(Remedy.draft_id).where(is_concerned)),
        exists(select(ReviewDebt.id).where(debts.is_open(case, line))),
        exists(select(ChannelOrder.id).where(orders.is_against(line, digest, draft))),
        exists(select(PublicationEnd.id).where(col(PublicationEnd.draft_id) == draft)),
    )
    in_use = select(PolicyInUse.digest).where(PolicyInUse.kind == PolicyKind.NEGATIVE_LIST)
    return in_use.scalar_subquery().label(_POLICY), select(more).scalar_subquery().label(_MORE)


def standing(
    session: Session,
    loaded: Loaded,
    *,
    line: str,
    digest: str,
    runtime: Runtime,
    at: datetime,
    goes_out_at: datetime | None = None,
    seen: Glance | None = None,
) -> tuple[Blocker, ...]:
    """Return what stands in the way of publishing `digest` on a signed line: now, or later at `goes_out_at`.

    Runs the newest active policy if need be. `seen` is what a look at this line and digest told under the
    same lock; without one, all is asked.
    """
    checked = screening.check(session, loaded, runtime=runtime, at=at)
    active = digest_in_use(session) if seen is None else seen.policy
    dossier = Dossier(
        case=loaded.case,
        workflow=loaded.workflow,
        line=line,
        digest=digest,
        checked_under=checked.report.policy,
        active_policy=active or checked.report.policy,
        open_findings=tuple(checked.blockers),
    )
    if seen is None or seen.more:
        remedy = remedies.of_draft(session, loaded.draft.id)
        dossier = replace(
            dossier,
            owed=debts.open_places(session, loaded.row.id, line),
            purpose=aftermath.purpose_of(remedy),
            aftermath=aftermath.blockers(
                session, loaded.draft.id, remedy, line=line, digest=digest, at=goes_out_at or at
            ),
        )
    return blockers(dossier, goes_out_at or at)
