from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.publication.issues.commands import ComposeIssue


class IssueIn(BaseModel):
    """An issue of an internal journal: what it is called, and the released drafts in it, in their order."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "channel": "journal",
                    "number": "2026年第3期",
                    "print_run": 500,
                    "recipients": "各县区民政局、局机关各科室",
                    "drafts": ["01890000-0000-7000-8000-000000000001"],
                }
            ]
        },
    )

    channel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="The journal's code.")]
    number: Annotated[str, Field(min_length=1, max_length=40, description="How the issue is called.")]
    print_run: Annotated[int, Field(ge=1, le=1_000_000, description="How many copies are printed.")]
    recipients: Annotated[str, Field(min_length=1, max_length=500, description="To whom the copies go.")]
    drafts: Annotated[
        list[UUID],
        Field(min_length=1, max_length=100, description="Its pieces: drafts released on the journal."),
    ]

    def command(self) -> ComposeIssue:
        """Return it as the verb takes it."""
        return ComposeIssue(
            self.channel, self.number.strip(), self.print_run, self.recipients.strip(), tuple(self.drafts)
        )


class PieceOut(BaseModel):
    """A released text in an issue."""

    draft_id: UUID
    title: str
    section: str


class IssueOut(BaseModel):
    """An issue as it was composed: the draft that is reviewed, and its pieces in their order."""

    draft_id: UUID
    number: str
    title: str
    pieces: Annotated[list[PieceOut], Field(description="What is in it, in its order.")]
