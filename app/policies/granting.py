"""Granting what somebody else asked for, whatever kind of policy it is."""

from collections.abc import Mapping
from uuid import UUID

from app.domain.vocabulary import PolicyKind
from app.identity.queries import Actor
from app.infra.errors import NotFound
from app.infra.runtime import Runtime
from app.policies import service as policies
from app.policies.files import service as files
from app.policies.models import PolicyActivation, PolicyVersion


def decide(
    runtime: Runtime,
    *,
    activation_id: UUID,
    grant: bool,
    back_test: str = "",
    accepted: Mapping[str, str] | None = None,
    comment: str = "",
    actor: Actor,
) -> PolicyActivation:
    """Grant or refuse a wish in a transaction of its own, and use what came into force in this process.

    `back_test` is for the negative list only, `accepted` for what is walked: a reason for each open warning
    of a workflow, by fingerprint. Raises what `service.bring_in` and `files.service.bring_in` raise.
    """
    policies.admit(actor, *policies.GRANTERS)
    with runtime.database.read() as session:
        activation = session.get(PolicyActivation, activation_id)
        version = session.get(PolicyVersion, activation.digest) if activation else None
    if version is None:
        raise NotFound("activation_unknown")
    if version.kind != PolicyKind.NEGATIVE_LIST:
        return files.decide(
            runtime,
            activation_id=activation_id,
            grant=grant,
            accepted=accepted or {},
            comment=comment,
            actor=actor,
        )
    return policies.decide(
        runtime,
        activation_id=activation_id,
        grant=grant,
        back_test=back_test,
        comment=comment,
        actor=actor,
    )
