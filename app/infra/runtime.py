from dataclasses import dataclass, field
from typing import Protocol

from fastapi import Request

from app.domain.files.policy_files import PolicyFiles
from app.infra.clock import Clock, system_clock
from app.infra.db import Database
from app.infra.folders import files_in
from app.infra.settings import Settings
from app.infra.signing import Signer
from app.infra.tokens import Tokens
from app.negative_list.in_use import NegativeList


class GrantedFiles(Protocol):
    """Policy files that are in force because two people brought them in."""

    @property
    def current(self) -> PolicyFiles:
        """The files in force; the same object until something in them changes."""


@dataclass(slots=True)
class Runtime:
    """What one running process has: made once, handed to requests and jobs."""

    settings: Settings
    database: Database
    tokens: Tokens
    signer: Signer
    negative_list: NegativeList
    #: The policy files in force where two people bring them in; None where the folder is followed.
    granted: GrantedFiles | None = None
    clock: Clock = field(default=system_clock)

    @property
    def policies(self) -> PolicyFiles:
        """The policy files in force; the same object until something in them changes."""
        return files_in(self.settings.policies) if self.granted is None else self.granted.current

    @property
    def secret(self) -> bytes:
        """The installation's secret, for keyed hashes."""
        return self.settings.secret_key.get_secret_value().encode()


def runtime_of(request: Request) -> Runtime:
    """Return the runtime that serves this request."""
    runtime: Runtime = request.app.state.runtime
    return runtime
