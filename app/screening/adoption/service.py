"""Taking over what rules suggest into a text that is in its author's hands."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from sqlmodel import Session

from app.domain.document.edits import Edit, apply_edits, text_at
from app.domain.document.model import Document
from app.domain.refusals import Refused
from app.domain.vocabulary import MarkKind
from app.drafts import queries as drafts
from app.drafts import service as drafting
from app.drafts.models import Draft
from app.identity.queries import Actor
from app.infra.errors import Conflict, Invalid, Reason
from app.negative_list import Finding, Policy
from app.screening import service as screening
from app.screening.adoption import errors as _words  # noqa: F401 – the words of the codes below
from app.screening.adoption.commands import Adopt, Pick
from app.screening.checks import service as checks


def adoptable(document: Document, finding: Finding) -> tuple[str, ...]:
    """Return the suggestions of a finding that can be written in its place; empty when none can.

    A finding on the text itself, not on a link's address or in an attachment, whose words stand there, and
    only suggestions that differ from them.
    """
    there = text_at(document, finding.ref)
    if there is None or not 0 <= finding.start <= finding.end <= len(there):
        return ()
    words = there[finding.start : finding.end]
    # Of a value that is masked, and of an address, the place is not that of the words that are shown.
    if finding.value_hash is not None or finding.part == "link":
        return ()
    return tuple(suggestion for suggestion in finding.suggestions if suggestion != words)


def adopt(
    session: Session,
    draft_id: UUID,
    command: Adopt,
    *,
    policy: Policy,
    key: bytes,
    actor: Actor,
    at: datetime,
) -> Draft:
    """Write the suggestions that were picked into the draft as one revision.

    Each must be one that the rules make now of the text that was read. Raises what `drafts.service.revise`
    raises, `Conflict` when text or rules have changed since, `Invalid` with every pick that cannot be.
    """
    draft = drafting.editable(session, draft_id, actor)
    head = drafts.head(session, draft)
    if head.digest != command.digest or policy.digest != command.policy:
        raise Conflict("adopted_meanwhile")
    if not command.picks:
        raise Invalid("nothing_adopted")
    document = drafts.document_of(head)
    scope = checks.scope_of(drafts.targets(session, draft.id))
    report = screening.examine(
        session, policy=policy, key=key, draft_id=draft.id, document=document, scope=scope, at=at
    )
    offered = {
        (finding.rule, finding.ref, finding.start, finding.end, suggestion)
        for finding in report.findings
        for suggestion in adoptable(document, finding)
    }
    reasons = [
        Reason("suggestion_unknown", {"number": number})
        for number, pick in enumerate(command.picks, 1)
        if (pick.rule, pick.ref, pick.start, pick.end, pick.suggestion) not in offered
    ]
    reasons += _overlapping(command.picks)
    if reasons:
        raise Invalid("not_adoptable", reasons=reasons)
    changed = apply_edits(document, [_edit(document, pick) for pick in command.picks])
    if isinstance(changed, Refused):
        faults = "；".join(str(refusal.data.get("faults", refusal.code)) for refusal in changed.refusals)
        raise Invalid("not_adoptable", reasons=[Reason("picks_leave_nothing", {"faults": faults})])
    return drafting.revise(
        session, draft_id=draft.id, document=changed, seen=frozenset({draft.version}), actor=actor, at=at
    )


def _overlapping(picks: Sequence[Pick]) -> Iterator[Reason]:
    """Yield the later ones of picks that touch the same characters, or insert at the same spot."""
    placed = sorted(enumerate(picks, 1), key=lambda pair: (pair[1].ref, pair[1].start, pair[1].end))
    for (_, before), (number, after) in pairwise(placed):
        same_spot = before.start == after.start and before.ref == after.ref
        if before.ref == after.ref and (after.start < before.end or same_spot):
            yield Reason("picks_overlap", {"number": number})


def _edit(document: Document, pick: Pick) -> Edit:
    words = (text_at(document, pick.ref) or "")[pick.start : pick.end]
    kind = MarkKind.CORRECT if words and pick.suggestion else MarkKind.DELETE if words else MarkKind.INSERT
    name = f"{pick.ref}:{pick.start}-{pick.end}"
    return Edit(name, kind, pick.ref, pick.start, pick.end, words, pick.suggestion)
