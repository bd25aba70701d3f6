"""What is told outside: every event that is announced, and what its message holds.

One table for the description of the API and for the addresses that ask for events. A test holds the messages
of a whole walk against it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.domain.vocabulary import Event
from app.infra.http import contract
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


class CaseData(_Data):
    """One step of a case: what was done, where the case stands now, which stages that opened."""

    draft: UUID = Field(description="id of the draft")
    case: UUID = Field(description="id of the case")
    revision: str = Field(description=_DIGEST)
    workflow: str = Field(description="digest of the workflow version that the case walks")
    state: str = Field(description="state of the case now")
    opened: list[OpenedStage] = Field(description="stages that this step opened")


class ReleaseData(_Data):
    """A line that may go out: what, where, until when. The ticket stays with those who sign."""

    draft: UUID = Field(description="id of the draft")
    release: UUID = Field(description="id of the release")
    channel: str = Field(description="code of the channel")
    digest: str = Field(description="SHA-256 of the proof that may go out")


class PublicationData(ReleaseData):
    """What a publishing tool reported."""

    publication: UUID = Field(description="id of the publication")
    external_id: str = Field(description="the item's id where it was published")
    url: str = Field(description="its address there; may be empty")
    tool: UUID = Field(description="id of the publishing tool")


class PolicyData(_Data):
    """A version of the negative list that came into force."""

    policy: str = Field(description="digest of the version")


class Message(BaseModel):
    """A message as it is sent: `webhook-id` names it, and every try of it carries the same bytes."""

    type: str = Field(description="the event")
    timestamp: datetime = Field(description="when it happened")
    subject: str = Field(description="what it is about, such as `draft:<id>`", max_length=100)
    draft_id: UUID | None = Field(description="the draft, if it concerns one")
    sequence: int = Field(description="number of the event in the draft's record: sort by it; it has gaps")
    data: dict[str, Any]


#: Told of a step of a case.
_STEPS = (
    Event.CASE_ADVISED,
    Event.CASE_ANSWERED,
    Event.CASE_BLOCKED,
    Event.CASE_CLAIMED,
    Event.CASE_CLEARED,
    Event.CASE_CONSULTED,
    Event.CASE_COPIED,
    Event.CASE_EMBARGOED,
    Event.CASE_FREED,
    Event.CASE_HANDED_OVER,
    Event.CASE_HELD,
    Event.CASE_MIGRATED,
    Event.CASE_OPENED,
    Event.CASE_RECONSIDERED,
    Event.CASE_RECUSED,
    Event.CASE_REMINDED,
    Event.CASE_REVIEWER_ADDED,
    Event.CASE_STAGE_OVERRIDDEN,
    Event.CASE_TAKEN_BACK,
    Event.CASE_UNCLAIMED,
    Event.DECISION_APPROVED,
    Event.DECISION_DECLINED,
    Event.DECISION_SENT_BACK,
    Event.DRAFT_RECALLED,
    Event.DRAFT_SUBMITTED,
    Event.MARKS_CARRIED_OUT,
    Event.MARKS_CONFIRMED,
    Event.PROOF_FAILED,
    Event.PROOF_LAID_OUT,
    Event.RELEASE_SCHEDULED,
    Event.RELEASE_UNSCHEDULED,
    Event.RELEASE_WITHHELD,
)
#: Promised for publications that are corrected or taken down; told by nothing yet.
FORESEEN = frozenset({Event.PUBLICATION_CORRECTED, Event.PUBLICATION_RETRACTED})


class StageData(_Data):
    """A stage that is due, or late, and who was told."""

    draft: UUID = Field(description="id of the draft")
    case: UUID = Field(description="id of the case")
    stage: str = Field(description="key of the stage in its workflow")
    line: str = Field(description="channel of a proof line; empty for a stage on the text")
    round: int = Field(description="how often the stage was opened, this time included")
    due_at: datetime = Field(description="by when it was to be done")


class SignedData(ReleaseData):
    """A line that was signed, with the ticket that its publishing tool shows."""

    signed_ticket: SignedStatement = Field(description="the ticket, to be shown when publishing is reported")
    expires_at: datetime = Field(description="until when the ticket is good")


class UrgentData(_Data):
    """A line that went out by the urgent lane; its reviews are owed."""

    release: UUID = Field(description="id of the release")


#: Every event that is told outside, with what its message holds.
ANNOUNCED: dict[Event, type[BaseModel]] = {
    **dict.fromkeys(_STEPS, CaseData),
    Event.DRAFT_CREATED: DraftData,
    Event.DRAFT_REVISED: DraftData,
    Event.FINDING_WAIVED: DraftData,
    Event.MARK_ADDED: DraftData,
    Event.MARK_WITHDRAWN: DraftData,
    Event.MARK_OVERTAKEN: DraftData,
    Event.CASE_STAGE_DUE: StageData,
    Event.CASE_STAGE_LATE: StageData,
    Event.CASE_STAGE_ESCALATED: StageData,
    Event.RELEASE_SIGNED: SignedData,
    Event.RELEASE_URGENT: UrgentData,
    Event.PUBLICATION_PUBLISHED: PublicationData,
    Event.POLICY_ACTIVATED: PolicyData,
}

#: In words, not as parameters: openapi-generator writes none of a webhook's headers rightly.
_SIGNED = (
    "Signed by Standard Webhooks 1.0.0: `webhook-id` is the same for every try, `webhook-timestamp` is in "
    "seconds since 1970, `webhook-signature` is `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`."
)


def described() -> dict[str, Any]:
    """Return the `webhooks` of the API's description: one operation for each event that is told."""
    found = {str(event): _operation(event, model) for event, model in ANNOUNCED.items()}
    return dict(sorted(found.items()))


def _operation(event: Event, data: type[BaseModel]) -> dict[str, Any]:
    message = {"allOf": [contract.described(Message)], "properties": {"data": contract.described(data)}}
    message["properties"] = {"type": {"type": "string", "const": str(event)}, **message["properties"]}  # type: ignore[dict-item]
    return {
        "post": {
            "operationId": "on_" + str(event).replace(".", "_"),
            "tags": ["webhooks"],
            "summary": f"Told when: {str(event).replace('.', ' ').replace('_', ' ')}",
            "description": f"{data.__doc__} Sent at least once; any 2xx in ten seconds takes it. {_SIGNED}",
            "security": [],
            "requestBody": {"required": True, "content": {"application/json": {"schema": message}}},
            "responses": {
                "2XX": {"description": "Taken."},
                "410": {"description": "Never again: the address is switched off."},
                "default": {"description": "Anything else is tried again, ten times over 75 hours."},
            },
        }
    }
