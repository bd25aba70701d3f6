"""The policies that a transaction works with."""

from sqlmodel import Session

from app.infra.runtime import Runtime
from app.negative_list import Policy

_POLICY = "sanshen_policy"


def policy_of(session: Session, runtime: Runtime) -> Policy:
    """Return the negative list in use; the same one for the whole of a transaction, whatever is activated."""
    policy: Policy | None = session.info.get(_POLICY)
    if policy is None:
        policy = session.info[_POLICY] = runtime.negative_list.current
    return policy
