"""What messages to the outside hold: the form of each announcement, as the API's description tells it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.infra.signing import SignedStatement

_DIGEST = "SHA-256 of the content, hexadecimal"


class OpenedStage(BaseModel):
    """A stage that the step opened."""

    stage: str = Field(description="key of the stage in its workflow")
    line: str = Field(description="channel of a proof line; empty for a stage on the text")
    digest: str | None = Field(description="what a decision there quotes; null until a proof is laid out")


class _Data(BaseModel):
    model_config = ConfigDict(extra="allow")


class DraftData(_Data):
    """What happened to a draft outside of its case."""

    draft: UUID = Field(description="id of the draft")


class EvidenceData(DraftData):
    """A package of evidence that was handed out."""

    file: str = Field(description="SHA-256 of the package")
    seq: int = Field(description="number of the last event that it holds")


class CaseData(_Data):
    """One step of a case: what was done, where the case stands now, which stages that opened."""

    draft: UUID = Field(description="id of the draft")
    case: UUID = Field(description="id of the case")
    revision: str = Field(description=_DIGEST)
    workflow: str = Field(description="digest of the workflow version that the case walks")
    state: str = Field(description="state of the case now")
    opened: list[OpenedStage] = Field(description="stages that this step opened")


class StageData(_Data):
    """A stage that is due, or late, and who was told."""

    draft: UUID = Field(description="id of the draft")
    case: UUID = Field(description="id of the case")
    stage: str = Field(description="key of the stage in its workflow")
    line: str = Field(description="channel of a proof line; empty for a stage on the text")
    round: int = Field(description="how often the stage was opened, this time included")
    due_at: datetime = Field(description="by when it was to be done")


class ReleaseData(_Data):
    """A line that may go out: what, where, until when. The ticket stays with those who sign."""

    draft: UUID = Field(description="id of the draft")
    release: UUID = Field(description="id of the release")
    channel: str = Field(description="code of the channel")
    digest: str = Field(description="SHA-256 of the proof that may go out")


class SignedData(ReleaseData):
    """A line that was signed, with the ticket that its publishing tool shows."""

    signed_ticket: SignedStatement = Field(description="the ticket, to be shown when publishing is reported")
    expires_at: datetime = Field(description="until when the ticket is good")


class UrgentData(_Data):
    """A line that went out by the urgent lane; its reviews are owed."""

    release: UUID = Field(description="id of the release")


class PublicationData(ReleaseData):
    """What a publishing tool reported."""

    publication: UUID = Field(description="id of the publication")
    external_id: str = Field(description="the item's id where it was published")
    url: str = Field(description="its address there; may be empty")
    tool: UUID = Field(description="id of the publishing tool")


class RemedyData(_Data):
    """A correction or retraction that was opened; nothing is changed on any channel yet."""

    draft: UUID = Field(description="id of the draft that is out")
    remedy: UUID = Field(description="id of the draft that corrects or retracts it")
    kind: str = Field(description="`correction` or `retraction`")
    channels: list[str] = Field(description="codes of the channels that it is about")


class OrderData(_Data):
    """What a channel is to do with something that it has published, and by when it is to say so."""

    draft: UUID = Field(description="id of the draft that is out")
    publication: UUID = Field(description="id of the publication")
    order: UUID = Field(description="id of the order, to be quoted when it is confirmed")
    channel: str = Field(description="code of the channel")
    digest: str = Field(description="SHA-256 of the proof that was published")
    external_id: str = Field(description="the item's id where it was published")
    url: str = Field(description="its address there; may be empty")
    due_at: datetime = Field(description="by when the channel is to confirm")


class RetractedData(OrderData):
    """Something to be taken down for good, at once."""

    reason: str = Field(description="why, by its code")
    remedy: UUID = Field(description="id of the draft that corrects or retracts it")
    release: UUID = Field(description="id of what was signed: the correction, or the note of the retraction")
    note: str = Field(description="what the public may read of it; may be empty")


class CorrectedData(RetractedData):
    """Something to be replaced by the release that is named, whose ticket came with `release.signed`."""

    successor: str = Field(description="SHA-256 of the proof that takes its place")


class ConfirmedData(_Data):
    """What a channel has done about something that it had published."""

    draft: UUID = Field(description="id of the draft that was out")
    publication: UUID = Field(description="id of the publication")
    order: UUID = Field(description="id of the order")
    kind: str = Field(description="`correct`, `retract` or `unpublish`")
    channel: str = Field(description="code of the channel")


class OverdueData(_Data):
    """An order that a channel has not confirmed in time."""

    draft: UUID = Field(description="id of the draft that is out")
    publication: UUID = Field(description="id of the publication")
    order: UUID = Field(description="id of the order")
    channel: str = Field(description="code of the channel")
    due_at: datetime = Field(description="by when it was to be confirmed")


class PolicyData(_Data):
    """A version of policy files that came into force."""

    policy: str = Field(description="digest of the version")
    kind: str = Field(description="the kind of policy, such as `negative_list` or `workflows`")


class Message(BaseModel):
    """A message as it is sent: `webhook-id` names it, and every try of it carries the same bytes."""

    type: str = Field(description="the event")
    timestamp: datetime = Field(description="when it happened")
    subject: str = Field(description="what it is about, such as `draft:<id>`", max_length=100)
    draft_id: UUID | None = Field(description="the draft, if it concerns one")
    sequence: int = Field(description="number of the event in the draft's record: sort by it; it has gaps")
    data: dict[str, Any]
