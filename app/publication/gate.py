"""The gate over the tables: everything that `domain.release` asks about one line, gathered."""

from datetime import datetime

from sqlmodel import Session

from app.domain.release import Blocker, Dossier, blockers
from app.drafts.remedies import queries as remedies
from app.infra.runtime import Runtime
from app.policies.versions import digest_in_use
from app.publication import aftermath
from app.publication.debts import service as debts
from app.reviews import screening
from app.reviews.cases import Loaded


def standing(
    session: Session,
    loaded: Loaded,
    *,
    line: str,
    digest: str,
    runtime: Runtime,
    at: datetime,
    goes_out_at: datetime | None = None,
) -> tuple[Blocker, ...]:
    """Return what stands in the way of publishing `digest` on a signed line: now, or later at `goes_out_at`.

    Runs the newest active policy if need be.
    """
    checked = screening.check(session, loaded, runtime=runtime, at=at)
    remedy = remedies.of_draft(session, loaded.draft.id)
    dossier = Dossier(
        case=loaded.case,
        workflow=loaded.workflow,
        line=line,
        digest=digest,
        checked_under=checked.report.policy,
        active_policy=digest_in_use(session) or checked.report.policy,
        open_findings=tuple(checked.blockers),
        owed=debts.open_places(session, loaded.row.id, line),
        purpose=aftermath.purpose_of(remedy),
        aftermath=aftermath.blockers(
            session, loaded.draft.id, remedy, line=line, digest=digest, at=goes_out_at or at
        ),
    )
    return blockers(dossier, goes_out_at or at)
