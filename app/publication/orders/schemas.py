from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.vocabulary import OrderKind, OrderState
from app.drafts.models import Draft
from app.publication.models import Publication
from app.publication.orders.models import ChannelOrder

Remark = Annotated[str, StringConstraints(max_length=1000)]


class ConfirmIn(BaseModel):
    """That something was taken down by hand, and a word of where and how if there is one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"remark": "一楼公告栏，已揭下"}]}
    )

    remark: Remark = ""


class ConfirmedByToolIn(BaseModel):
    """A publishing tool's report that it has done what an order says; the time is the server's."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"order": "0197f0c4-7c1e-7b1e-9c55-3f3f4a7d2b10", "remark": ""}]},
    )

    order: UUID
    remark: Remark = ""


class OrdersIn(BaseModel):
    """Which page of its open orders a tool asks for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"limit": 50}]})

    after: Annotated[str, StringConstraints(max_length=100)] | None = None
    limit: int = Field(default=50, ge=1, le=100)


class OrderOut(BaseModel):
    """What a channel is to do with something that it has published, by when, and what it has answered.

    `number` and `title` are those of the draft that is out; `remedy_id` of the draft that corrects or
    retracts it and `release_id` what was signed of that, both null where its time is over. `note` is what the
    public may read. `successor_id` is the publication that took its place.
    """

    id: UUID
    kind: OrderKind
    state: OrderState
    draft_id: UUID
    number: str
    title: str
    publication_id: UUID
    channel: str
    digest: str
    external_id: str
    url: str
    remedy_id: UUID | None
    release_id: UUID | None
    note: str
    ordered_at: datetime
    due_at: datetime
    overdue: bool
    confirmed_at: datetime | None
    confirmed_by: UUID | None
    by_tool: bool
    remark: str
    successor_id: UUID | None


class OrderPage(BaseModel):
    """A page of what channels are still to do; `next` is the cursor of the next, null on the last."""

    items: list[OrderOut] = Field(description="the longest overdue first")
    next: str | None


def shown(order: ChannelOrder, publication: Publication, draft: Draft, at: datetime) -> OrderOut:
    """Return an order as the API shows it."""
    return OrderOut(
        **order.model_dump(exclude={"told"}),
        number=draft.number,
        title=draft.title,
        external_id=publication.external_id,
        url=publication.url,
        overdue=order.state == OrderState.WAITING and order.due_at < at,
    )
