from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.domain.vocabulary import ActivationState, PolicyKind, PolicySource
from app.infra.http.examples import DIGEST, taken

Comment = Annotated[str, Field(max_length=1000)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ActivationOut(BaseModel):
    """The wish to bring a version into force.

    `shadowed` are new blocking rules that are only tried, `back_test_digest` the report that was read: of the
    negative list only.
    """

    id: UUID
    kind: PolicyKind
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
    """A version of a kind of policy files; `rules` counts what it holds.

    `runnable` is false for a negative list of another engine.
    """

    digest: str
    kind: PolicyKind
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
    """One thing wrong in the folder of policies; `line` 0 has no line."""

    file: str
    line: int
    key: str
    message: str


class VersionsOut(BaseModel):
    """The versions of a kind, the newest first, and what is wrong with the folder now (else nothing).

    `in_force` is null where no version was ever stored; `follows_folder` says that the files of the folder
    are in force as they lie there.
    """

    kind: PolicyKind
    in_force: str | None
    follows_folder: bool
    items: list[VersionOut]
    folder_faults: list[PolicyFaultOut]


class RiskOfVersionOut(BaseModel):
    """What the linter warns of a workflow with this version in force, and whether somebody accepted it."""

    workflow: str
    fingerprint: str
    code: str
    data: dict[str, Any]
    message: str
    accepted: bool


class VersionDetailOut(VersionOut):
    """A version with its files' digests, the wishes to bring it into force, and the linter's warnings."""

    files: dict[str, str]
    activations: list[ActivationOut]
    risks: list[RiskOfVersionOut]


class FileChangeOut(BaseModel):
    """A file that only one version has, or that they have otherwise; `lines` is a unified diff of it."""

    file: str
    state: Literal["added", "changed", "removed"]
    lines: list[str]


class DifferenceOut(BaseModel):
    """How a version differs from another of its kind, file by file; `against` is null for nothing."""

    digest: str
    against: str | None
    files: list[FileChangeOut]


class VersionIn(_In):
    """A new version: the files of `base` with `files` put in their places; null takes a file away.

    Without a `base` the files are the whole version. Of the negative list their paths are from its own
    folder, of the other kinds from the folder of policies (`workflows/standard.yaml`).
    """

    model_config = taken(
        kind="negative_list", base=DIGEST, files={"lexicons/own.txt": "清河大桥\n"}, note="加入本地地名"
    )

    kind: PolicyKind = PolicyKind.NEGATIVE_LIST

    base: Digest | None = None
    files: dict[Annotated[str, Field(min_length=1, max_length=200)], str | None] = Field(max_length=500)
    note: str = Field(default="", max_length=500)


class AskIn(_In):
    """The wish to bring a version into force."""

    model_config = taken(note="回测已看过")

    note: Comment = ""


class AcceptedRiskIn(_In):
    """That a warning of a workflow is accepted, and why."""

    model_config = taken(fingerprint=DIGEST, reason="本单位只有两名审核人员")

    fingerprint: Digest
    reason: Annotated[str, Field(min_length=1, max_length=4000)]


class WishDecisionIn(_In):
    """Whether a version comes into force. `back_test` is the digest of the report that was read.

    `accepted` gives a reason for every warning of a workflow that nobody has accepted yet.
    """

    model_config = taken(grant=True, back_test=DIGEST, comment="同意启用")

    grant: bool
    back_test: Digest | None = None
    accepted: list[AcceptedRiskIn] = Field(default=[], max_length=200)
    comment: Comment = ""
