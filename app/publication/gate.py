"""The gate over the tables: everything that `domain.release` asks about one line, gathered."""

from datetime import datetime

from sqlmodel import Session, select

from app.domain.release import Blocker, Dossier, blockers
from app.domain.vocabulary import ReleaseState
from app.infra.runtime import Runtime
from app.policies.versions import digest_in_use
from app.publication.debts import service as debts
from app.publication.models import Release
from app.reviews import screening
from app.reviews.cases import Loaded


def standing(
    session: Session,
    loaded: Loaded,
    *,
    line: str,
    digest: str,
    signed: bool,
    runtime: Runtime,
    at: datetime,
    goes_out_at: datetime | None = None,
) -> tuple[Blocker, ...]:
    """Return what stands in the way of publishing `digest` on `line`: now, or later at `goes_out_at`.

    Runs the newest active policy if need be.

    `signed`: the sign-off must have been given already. Without it, a ticket that is still good stands in the
    way.
    """
    checked = screening.check(session, loaded, runtime=runtime, at=at)
    dossier = Dossier(
        case=loaded.case,
        workflow=loaded.workflow,
        line=line,
        digest=digest,
        checked_under=checked.report.policy,
        active_policy=digest_in_use(session) or checked.report.policy,
        open_findings=tuple(checked.blockers),
        signed_until=None if signed else _signed_until(session, loaded, line),
        signed=signed,
        owed=debts.open_places(session, loaded.row.id, line),
    )
    return blockers(dossier, goes_out_at or at)


def _signed_until(session: Session, loaded: Loaded, line: str) -> datetime | None:
    return session.exec(
        select(Release.expires_at).where(
            Release.draft_id == loaded.draft.id, Release.channel == line, Release.state == ReleaseState.SIGNED
        )
    ).one_or_none()
