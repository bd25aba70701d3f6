from dataclasses import dataclass, field

from fastapi import Request

from app.infra.clock import Clock, system_clock
from app.infra.db import Database
from app.infra.settings import Settings
from app.infra.signing import Signer
from app.infra.tokens import Tokens
from app.negative_list.in_use import NegativeList


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


def runtime_of(request: Request) -> Runtime:
    """Return the runtime that serves this request."""
    runtime: Runtime = request.app.state.runtime
    return runtime
