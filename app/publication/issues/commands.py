from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ComposeIssue:
    """组刊: what somebody fills in who makes an issue of an internal journal out of released drafts.

    `channel` is the journal's code, `number` how the issue is called (2026年第3期), `print_run` its copies,
    `recipients` to whom they go, `drafts` the pieces in their order.
    """

    channel: str
    number: str
    print_run: int
    recipients: str
    drafts: tuple[UUID, ...]
