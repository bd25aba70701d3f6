"""Telling people what others did to their accounts: by a notice, and by mail where they have an address.

Notices lie above identity: it promises a job, and the kind of the job is the whole contract.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import Session

from app.audit.service import Receipt
from app.identity.models import User
from app.jobs import service as jobs

#: Done by notifications.
TELL_ACCOUNT = "notifications.account"


def tell(
    session: Session,
    people: Iterable[User],
    what: str,
    *,
    source: Receipt,
    at: datetime,
    data: Mapping[str, str] | None = None,
    old_address: str = "",
) -> None:
    """Promise that these people hear of `what` (a code with words in notifications) that is on record.

    `data` fills its sentence: days, a role; nobody's name. `old_address` is written to as well,
    where an account's mail address was changed.
    """
    ids = sorted({str(one.id) for one in people})
    if not ids:
        return
    payload = {
        "people": ids,
        "what": what,
        "data": dict(data or {}),
        "source": f"{source.stream}#{source.seq}",
        "old_address": old_address,
    }
    jobs.enqueue(session, TELL_ACCOUNT, payload, at=at)
