"""Refusals: the domain's way of saying no, with every reason at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class RefusalCode(StrEnum):
    """Why a step on a case, a mark or an edit is refused. The sentences stand with the features."""

    # the case and the stage
    ALREADY_SUBMITTED = "already_submitted"
    NOT_SUBMITTED = "not_submitted"
    CASE_BLOCKED = "case_blocked"
    CASE_CLOSED = "case_closed"
    CASE_HELD = "case_held"
    CASE_NOT_HELD = "case_not_held"
    CASE_RETURNED = "case_returned"
    NOT_WITH_AUTHOR = "not_with_author"
    OUT_ALREADY = "out_already"
    STAGE_UNKNOWN = "stage_unknown"
    STAGE_NOT_OPEN = "stage_not_open"
    VERB_NOT_OFFERED = "verb_not_offered"
    OUTCOME_NOT_OFFERED = "outcome_not_offered"
    OUTCOME_REQUIRED = "outcome_required"
    # the person
    NOT_ALLOWED = "not_allowed"
    NOT_AN_AUTHOR = "not_an_author"
    OWN_DRAFT = "own_draft"
    OWN_MARKS = "own_marks"
    ANOTHER_PERSON = "another_person"
    HEAD_OF_AUTHOR = "head_of_author"
    SAME_PERSON = "same_person"
    ALREADY_DECIDED = "already_decided"
    CLAIMED_BY_OTHER = "claimed_by_other"
    EACH_FOR_THEMSELVES = "each_for_themselves"
    NOT_CLAIMED = "not_claimed"
    RECUSED = "recused"
    NO_DELEGATION = "no_delegation"
    # somebody who is named
    PERSON_UNKNOWN = "person_unknown"
    PERSON_ABSENT = "person_absent"
    PERSON_CANNOT_ACT = "person_cannot_act"
    PERSON_IS_ONESELF = "person_is_oneself"
    # what was done or asked already
    NOTHING_TO_TAKE_BACK = "nothing_to_take_back"
    NOT_YOUR_DECISION = "not_your_decision"
    TAKEN_UP = "taken_up"
    REMINDED_ALREADY = "reminded_already"
    ALREADY_COPIED = "already_copied"
    ALREADY_ASKED = "already_asked"
    NOT_ASKED = "not_asked"
    OPINION_AWAITED = "opinion_awaited"
    CANNOT_ADD_THERE = "cannot_add_there"
    TOO_MANY_ADDED = "too_many_added"
    # the text
    STALE_DIGEST = "stale_digest"
    BLOCKING_FINDINGS = "blocking_findings"
    TOO_MANY_ERRORS = "too_many_errors"
    OWN_THREADS_UNSETTLED = "own_threads_unsettled"
    CHANNEL_LIMIT = "channel_limit"
    MARKS_OPEN = "marks_open"
    NO_MARKS = "no_marks"
    VOTE_GOES_ON = "vote_goes_on"
    NOTHING_CHANGED = "nothing_changed"
    NOT_MARKS_ONLY = "not_marks_only"
    LINE_UNKNOWN = "line_unknown"
    PROOF_OUTDATED = "proof_outdated"
    PROOF_ALREADY_BOUND = "proof_already_bound"
    # when it goes out
    LINE_SCHEDULED = "line_scheduled"
    NOT_SCHEDULED = "not_scheduled"
    NOT_SIGNED_OFF = "not_signed_off"
    INSTANT_PAST = "instant_past"
    INSTANT_TOO_FAR = "instant_too_far"
    UNDER_EMBARGO = "under_embargo"
    SCHEDULED_EARLIER = "scheduled_earlier"
    EMBARGO_SAME = "embargo_same"
    # the form
    COMMENT_REQUIRED = "comment_required"
    CHECKLIST_INCOMPLETE = "checklist_incomplete"
    CANNOT_SEND_BACK_THERE = "cannot_send_back_there"
    ROUNDS_USED_UP = "rounds_used_up"
    REASON_REQUIRED = "reason_required"
    BASIS_REQUIRED = "basis_required"
    STRANDS = "strands"
    CLASS_UNKNOWN = "class_not_known"
    CLASS_SAME = "class_same"
    CLASS_BY_ANOTHER = "class_by_another"
    # marks and edits
    PLACE_UNKNOWN = "place_unknown"
    QUOTE_DIFFERS = "quote_differs"
    MARKS_OVERLAP = "marks_overlap"
    MARK_MALFORMED = "mark_malformed"
    RESULT_INVALID = "result_invalid"
    # moving a case to another workflow version
    MIGRATION_SAME = "migration_same"
    MIGRATION_CHANGES_BEGUN = "migration_changes_begun"
    MIGRATION_REMOVES_BEGUN = "migration_removes_begun"
    MIGRATION_COMES_BEFORE = "migration_comes_before"
    MIGRATION_LOSES_REVIEW = "migration_loses_review"
    MIGRATION_BREAKS_SET = "migration_breaks_set"
    MIGRATION_STRANDS = "migration_strands"
    # what a small correction may not do
    TOO_LARGE_A_CHANGE = "too_large_a_change"
    TOUCHES_NUMBER = "touches_number"
    TOUCHES_DATE = "touches_date"
    TOUCHES_NAME = "touches_name"
    TOUCHES_POST = "touches_post"
    TOUCHES_LINK = "touches_link"
    TOUCHES_MEDIA = "touches_media"
    CHANGES_STRUCTURE = "changes_structure"
    NEW_FINDING = "new_finding"
    CHANGES_ROUTE = "changes_route"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason for a no: a code, and the data that its sentence needs (JSON values)."""

    code: RefusalCode
    data: Mapping[str, Any] = field(default_factory=dict)


#: Every reason for a no, in the order in which they were asked; none: yes.
Refusals = tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A no with all its reasons; there is always at least one."""

    refusals: Refusals

    def __post_init__(self) -> None:
        if not self.refusals:
            raise ValueError("a refusal has a reason")

    @property
    def codes(self) -> frozenset[RefusalCode]:
        """The codes of all reasons."""
        return frozenset(refusal.code for refusal in self.refusals)
