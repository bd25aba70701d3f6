from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.vocabulary import MailMode, NoticeKind
from app.infra.http.examples import ID, taken

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NoticeOut(BaseModel):
    """A notice: its kind, the sentence, and what it is about; `path` is the page where one can act on it."""

    id: UUID
    kind: NoticeKind
    text: str
    path: str
    draft_id: UUID | None
    number: str | None
    title: str | None
    case_id: UUID | None
    stage: str
    line: str
    created_at: datetime
    read_at: datetime | None


class NoticesOut(BaseModel):
    """A page of one's notices, newest first; `next` is the cursor of the next page, null on the last."""

    items: list[NoticeOut]
    unread: int
    next: str | None


class ReadIn(_In):
    """The newest notice that was seen: it and all before it are read."""

    model_config = taken(until=ID)

    until: UUID


class ReadOut(BaseModel):
    """How many notices were new until then."""

    read: int


class PreferencesOut(BaseModel):
    """When notices go to the caller by mail, by kind; `email` is where, null for nowhere."""

    email: str | None
    mail: dict[NoticeKind, MailMode]


class PreferencesIn(_In):
    """What is to change; kinds that are not named stay as they are."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"mail": {"stage_opened": "at_once", "published": "never"}}]},
    )

    mail: dict[NoticeKind, MailMode]


class RobotIn(_In):
    """A robot of a group: whose drafts it hears of, its address with its key; no kinds: all of them.

    `titles` lets it name drafts by their titles; else it says numbers. Confidential ones are never named.
    """

    model_config = taken(
        unit_id=ID,
        name="宣传科工作群",
        url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0000",
        kinds=["published"],
    )

    unit_id: UUID
    name: Name
    # Described, not checked here: the service tells every fault of an address at once.
    url: Annotated[
        str,
        StringConstraints(min_length=1, max_length=1000),
        Field(json_schema_extra={"pattern": "^https?://."}),
    ]
    kinds: list[NoticeKind] = Field(default_factory=list, max_length=50)
    titles: bool = False


class RobotOut(BaseModel):
    """A robot; its address is never shown again, only the host."""

    id: UUID
    unit_id: UUID
    name: str
    host: str
    kinds: list[NoticeKind]
    titles: bool
    active: bool
    disabled_reason: str | None
    created_at: datetime
