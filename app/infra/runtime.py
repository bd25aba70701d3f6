from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from sqlmodel import Session

from app.infra.clock import Clock, system_clock
from app.infra.db import Database
from app.infra.policies import FollowedPolicies, NegativeList
from app.infra.settings import Environment, Settings
from app.infra.signing import Signer, load_signer
from app.infra.tokens import Tokens, load_tokens
from app.negative_list import Policy


@dataclass(slots=True)
class Runtime:
    """What one running process has: made once, handed to requests and jobs."""

    settings: Settings
    database: Database
    tokens: Tokens
    signer: Signer
    negative_list: NegativeList
    clock: Clock = field(default=system_clock)

    @property
    def secret(self) -> bytes:
        """The installation's secret, for keyed hashes."""
        return self.settings.secret_key.get_secret_value().encode()


def start(settings: Settings, **replaced: Any) -> Runtime:  # noqa: ANN401 – fields of Runtime
    """Return the runtime of these settings; `replaced` puts other parts (a clock, say) in place of ours.

    In development missing keys are made under the data folder; in production they must be there.
    Raises `FileNotFoundError` or `ValueError` for keys, `PolicyFaults` for a faulty negative list.
    """
    create = settings.environment is Environment.DEVELOPMENT
    # What is in it is for nobody else on this machine.
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = settings.data_dir / "keys"
    database = replaced.pop("database", None) or Database(settings.url, pool_size=settings.threads + 4)
    return Runtime(
        settings=settings,
        database=database,
        tokens=load_tokens(settings.token_key_file or keys / "token.pem", create=create),
        signer=load_signer(settings.signing_key_file or keys / "signing.pem", create=create),
        negative_list=replaced.pop("negative_list", None)
        or FollowedPolicies(
            settings.policies / "negative_list", database, cache_dir=settings.data_dir / "cache"
        ),
        **replaced,
    )


def runtime_of(request: Request) -> Runtime:
    """Return the runtime that serves this request."""
    runtime: Runtime = request.app.state.runtime
    return runtime


_POLICY = "sanshen_policy"


def policy_of(session: Session, runtime: Runtime) -> Policy:
    """Return the negative list in use; the same one for the whole of a transaction, whatever is activated."""
    policy: Policy | None = session.info.get(_POLICY)
    if policy is None:
        policy = session.info[_POLICY] = runtime.negative_list.current
    return policy
