from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.drafts.schemas import ContentIn, LeftOutOut
from app.negative_list import Finding, PartKind, Severity
from app.negative_list.text.model import SEVERITIES
from app.policies.schemas import Digest
from app.screening.waivers.schemas import WaiverOut
from app.words.places import place_held, place_in_file

Code = Annotated[str, Field(min_length=1, max_length=40)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CheckIn(ContentIn):
    """Text to check without storing it; with a channel and a section only the rules that apply there."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"content": "联系人身份证号11010519491231002X。", "channel": "wechat", "section": "news"}
            ]
        },
    )

    channel: Code | None = None
    section: Code | None = None
    stage: str = Field(default="", max_length=40)
    policy: Digest | None = Field(
        default=None, description="digest of a stored version; else the one in force"
    )


class FindingOut(BaseModel):
    """One hit of one rule; positions in code points and in UTF-16 units, their end excluded.

    `ref` says where in the document: `title`, `blocks/3`, `attachments/0/pages/3/lines/12`,
    `attachments/0/sheets/名单/rows/11/3` (its cell D12); for text that is only checked, `content` is the
    whole text as it was sent.
    """

    rule: str
    title: str
    severity: Severity
    part: PartKind
    ref: str
    start: int
    end: int
    start16: int
    end16: int
    place: str = Field(default="", description="where in an attachment or picture it stands, in Chinese")
    excerpt: str
    message: str
    suggestions: list[str]
    basis: list[str]
    fingerprint: str


class NotCheckedOut(BaseModel):
    """Something that the rules did not read."""

    ref: str
    what: str
    why: str


class RuleGroupOut(BaseModel):
    """What one rule found, by kind of part; `findings` are the places of its findings in the list."""

    rule: str
    title: str
    severity: Severity
    basis: list[str]
    count: int
    parts: dict[PartKind, int]
    findings: list[int]


class CheckOut(BaseModel):
    """What a check found. `truncated` counts findings that are not listed; `groups` gather what is listed.

    `elapsed_us` is the time that the rules took, in microseconds.
    """

    policy: str
    counts: dict[Severity, int]
    groups: list[RuleGroupOut]
    findings: list[FindingOut]
    not_checked: list[NotCheckedOut]
    left_out: list[LeftOutOut]
    truncated: int
    elapsed_us: int


class ReportOut(CheckOut):
    """The report on a draft's newest content, its waivers, and which blocking findings are still open.

    `checked_at` is null when nobody has had the report stored yet: it was made for this answer.
    """

    draft_id: UUID
    revision: int
    digest: str
    checked_at: datetime | None
    open_blockers: list[str] = Field(description="fingerprints")
    waivers: list[WaiverOut]


def grouped(findings: Sequence[Finding]) -> list[RuleGroupOut]:
    """Return findings by rule, the worst first, in the order in which the rules first hit."""
    by_rule: dict[str, list[int]] = {}
    for number, finding in enumerate(findings):
        by_rule.setdefault(finding.rule, []).append(number)
    groups = [
        RuleGroupOut(
            rule=rule,
            title=first.title,
            severity=first.severity,
            basis=list(first.basis),
            count=len(numbers),
            parts=dict(Counter(findings[number].part for number in numbers)),
            findings=numbers,
        )
        for rule, numbers in by_rule.items()
        for first in (findings[numbers[0]],)
    ]
    return sorted(groups, key=lambda group: SEVERITIES.index(group.severity))


def listed(findings: Iterable[Finding], files: Mapping[str, str] | None = None) -> list[FindingOut]:
    """Return findings as they go over the wire; keyed hashes of values stay here.

    `files` gives the file names of attachments by their places. Without any, places are within one file.
    """
    return [
        FindingOut.model_validate(
            {
                **finding._asdict(),
                "place": place_held(finding.ref, files or {})
                or (place_in_file(finding.ref) if finding.part is PartKind.ATTACHMENT else ""),
            }
        )
        for finding in findings
    ]
