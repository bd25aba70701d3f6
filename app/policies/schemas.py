from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.domain.vocabulary import ActivationState, PolicySource

Comment = Annotated[str, Field(max_length=1000)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ActivationOut(BaseModel):
    """The wish to bring a version into force. `shadowed` are the new blocking rules that are only tried."""

    id: UUID
    digest: str
    base: str | None
    note: str
    state: ActivationState
    asked_by: UUID | None
    asked_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    comment: str
    back_test_digest: str
    shadowed: list[str]
    activated: str | None


class VersionOut(BaseModel):
    """A version of the negative list. `runnable` is false for one of another engine."""

    digest: str
    title: str
    state: Literal["in_force", "asked", "candidate", "earlier"]
    source: PolicySource
    base: str | None
    note: str
    rules: int
    engine: int
    runnable: bool
    proposed_by: UUID | None
    created_at: datetime


class PolicyFaultOut(BaseModel):
    """One thing wrong in the folder of the negative list; `line` 0 has no line."""

    file: str
    line: int
    key: str
    message: str


class VersionsOut(BaseModel):
    """The versions, the newest first, and what is wrong with the folder as it is now (else nothing)."""

    in_force: str
    items: list[VersionOut]
    folder_faults: list[PolicyFaultOut]


class VersionDetailOut(VersionOut):
    """A version with the digests of its files, and the wishes to bring it into force."""

    files: dict[str, str]
    activations: list[ActivationOut]


class VersionIn(_In):
    """A new version: the files of `base` with `files` put in their places; null takes a file away.

    Without a `base` the files are the whole version.
    """

    base: Digest | None = None
    files: dict[Annotated[str, Field(min_length=1, max_length=200)], str | None] = Field(max_length=500)
    note: str = Field(default="", max_length=500)


class AskIn(_In):
    """The wish to bring a version into force."""

    note: Comment = ""


class WishDecisionIn(_In):
    """Whether a version comes into force. `back_test` is the digest of the report that was read."""

    grant: bool
    back_test: Digest | None = None
    comment: Comment = ""
