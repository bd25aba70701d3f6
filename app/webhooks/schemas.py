from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from app.domain.document.model import Sha256
from app.domain.vocabulary import Event
from app.events.catalogue import ANNOUNCED
from app.events.forms import Message
from app.infra.http.bounds import Instant
from app.infra.http.examples import DIGEST, ID, taken
from app.infra.signing import SignedStatement
from app.webhooks.models import DeliveryState

Code = Annotated[str, StringConstraints(max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]

#: Described as one that is told outside; the service names each that is not.
ToldEvent = Annotated[Event, WithJsonSchema({"type": "string", "enum": sorted(map(str, ANNOUNCED))})]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


#: Described, not checked here: the service tells every fault of an address at once.
HTTP = Field(json_schema_extra={"pattern": "^https?://."})


class NewToolIn(_Given):
    """A publishing tool: whose it is, and the codes of the channels that it publishes on."""

    model_config = taken(unit_id=ID, name="网站发布系统", channels=["website"])

    unit_id: UUID
    name: Name
    channels: list[Code] = Field(min_length=1, max_length=50)


class ToolOut(BaseModel):
    """A publishing tool."""

    id: UUID
    unit_id: UUID
    name: str
    channels: list[str]
    active: bool
    created_at: datetime


class ToolWithSecretOut(ToolOut):
    """A publishing tool and its secret, shown this once, with the addresses that it asks and reports to."""

    secret: str
    clearance_url: str
    publications_url: str


class NewEndpointIn(_Given):
    """An address to be told; no events: all of them. One that is a tool's own hears of its channels alone."""

    model_config = taken(
        unit_id=ID, url="https://cms.example.gov.cn/hooks/sanshen", events=["case.cleared", "release.signed"]
    )

    unit_id: UUID
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000), HTTP]
    events: list[ToldEvent] = Field(default_factory=list, max_length=100)
    tool_id: UUID | None = Field(default=None, description="the tool of the unit whose own it is")


class EndpointChangeIn(_Given):
    """What is to be changed of an endpoint; what is left out stays. An empty list of events: all of them."""

    model_config = taken(events=["case.cleared", "release.signed"])

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000), HTTP] | None = None
    events: list[ToldEvent] | None = Field(default=None, max_length=100)


class RotationIn(_Given):
    """Whether the old secrets end at once, one of them having leaked, rather than after 24 hours."""

    model_config = taken(revoke_old=True)

    revoke_old: bool = False


class EndpointOut(BaseModel):
    """An address that is told of events; so many tries in a row failed, the next is after `resting_until`."""

    id: UUID
    unit_id: UUID
    url: str
    events: list[str]
    tool_id: UUID | None = Field(description="the tool whose own it is; it hears of its channels alone")
    active: bool
    disabled_reason: str | None
    paused_at: datetime | None = Field(description="since when what comes for it waits")
    failures: int
    failing_since: datetime | None
    resting_until: datetime | None
    created_at: datetime


class EndpointWithSecretOut(EndpointOut):
    """An address and the secret that its messages are signed with, shown this once."""

    secret: str


class DeliveryOut(BaseModel):
    """One message on its way to one endpoint; `next_at` is null when no try is to come."""

    id: UUID
    message_id: UUID
    endpoint_id: UUID
    type: str
    subject: str
    sequence: int
    state: DeliveryState
    attempt: int
    next_at: datetime | None
    status: int | None
    error: str | None
    delivered_at: datetime | None
    created_at: datetime


class AttemptOut(BaseModel):
    """One try: what came back, and of a refusal the first 2 000 bytes of what it said."""

    at: datetime
    milliseconds: int
    status: int | None
    error: str | None
    answer: str


class DeliveryWithBodyOut(DeliveryOut):
    """One message on its way to one endpoint, with the very bytes that are sent, and each try of them."""

    body: str
    attempts: list[AttemptOut] = Field(description="the oldest first; also those before a replay")


class SpanIn(_Given):
    """Which messages are sent again: those that came to be in this span; without an end, until now."""

    model_config = taken(since="2026-03-01T08:00:00+08:00", only_failed=True)

    since: Instant
    until: Instant | None = None
    only_failed: bool = Field(default=True, description="not those that were delivered")


class RecoveredOut(BaseModel):
    """How many messages are sent again; with `go_on_from`, ask once more from there."""

    count: int
    go_on_from: datetime | None


class DrawnEventOut(Message):
    """A message as endpoints are sent it, with its id and its place in the stream."""

    id: UUID = Field(description="what `webhook-id` says")
    position: int


class DrawnEventsOut(BaseModel):
    """Messages in their order; ask again with `after` = `next_after`, however many there were."""

    items: list[DrawnEventOut]
    next_after: int


class DeliveriesOut(BaseModel):
    """A page of deliveries, newest first; `next_before` is null on the last page."""

    deliveries: list[DeliveryOut]
    next_before: UUID | None


class FileAtIn(_Given):
    """Where a tool has put a file of a release."""

    address: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    sha256: Sha256


class ClearanceIn(_Given):
    """The question whether exactly this may go out: by its digest, or the very payload, as text or base64.

    A payload may be the page or, with `release`, the fragment, and its files may lie at addresses of the
    tool's own: `files` says which file lies where.
    """

    model_config = taken(channel="website", digest=DIGEST)

    channel: Code
    digest: Sha256 | None = None
    payload: str | None = None
    payload_base64: str | None = None
    release: UUID | None = None
    files: list[FileAtIn] = Field(default_factory=list, max_length=1000)

    @field_validator("files")
    @classmethod
    def _each_lies_somewhere(cls, files: list[FileAtIn]) -> list[FileAtIn]:
        told: dict[str, str] = {}
        for file in files:
            if told.setdefault(file.address, file.sha256) != file.sha256:
                raise ValueError("同一个地址不能对应两个文件。")
        return files

    @model_validator(mode="after")
    def _names_one_thing(self) -> "ClearanceIn":
        if sum(one is not None for one in (self.digest, self.payload, self.payload_base64)) != 1:
            raise ValueError("digest、payload、payload_base64 三者要且只要给出一个。")
        return self


class PublicationIn(_Given):
    """A report: the ticket as it was given, where the item can be found, the digest of what went out."""

    model_config = taken(
        ticket={
            "statement": {"kind": "ticket", "release": ID, "digest": DIGEST, "channel": "website"},
            "algorithm": "Ed25519",
            "key_id": "4f1c2a9be07d3c58",
            "signature": "bm90IGEgcmVhbCBzaWduYXR1cmU=",
        },
        external_id="20261201-17",
        url="https://www.example.gov.cn/a/17.html",
        digest=DIGEST,
    )

    ticket: SignedStatement
    external_id: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
    url: Annotated[str, StringConstraints(max_length=2000, pattern=r"^(https?://[^\s\x00-\x1f]+)?$")] = ""
    digest: Sha256
