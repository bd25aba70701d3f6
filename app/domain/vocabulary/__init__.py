"""Every enum of the trade. Values are stored as text and never renamed; people see `words.labels`."""

from enum import StrEnum

from app.domain.vocabulary.annotations import UNSETTLED as UNSETTLED
from app.domain.vocabulary.annotations import ThreadState as ThreadState
from app.domain.vocabulary.notices import MailMode as MailMode
from app.domain.vocabulary.notices import NoticeKind as NoticeKind
from app.domain.vocabulary.policies import ActivationState as ActivationState
from app.domain.vocabulary.policies import BackTestState as BackTestState
from app.domain.vocabulary.policies import MigrationState as MigrationState
from app.domain.vocabulary.policies import PolicyKind as PolicyKind
from app.domain.vocabulary.policies import PolicySource as PolicySource
from app.domain.vocabulary.policies import WaiverReason as WaiverReason
from app.domain.vocabulary.policies import WaiverStanding as WaiverStanding
from app.domain.vocabulary.policies import WaiverState as WaiverState
from app.domain.vocabulary.proofs import ErrorType as ErrorType
from app.domain.vocabulary.proofs import MarkKind as MarkKind
from app.domain.vocabulary.proofs import MarkState as MarkState
from app.domain.vocabulary.publication import OnlineState as OnlineState
from app.domain.vocabulary.publication import OrderKind as OrderKind
from app.domain.vocabulary.publication import OrderState as OrderState
from app.domain.vocabulary.publication import PushState as PushState
from app.domain.vocabulary.publication import ReleaseState as ReleaseState
from app.domain.vocabulary.publication import RemedyKind as RemedyKind
from app.domain.vocabulary.publication import RemedyOrigin as RemedyOrigin
from app.domain.vocabulary.publication import RemedyReason as RemedyReason
from app.domain.vocabulary.publication import ScheduledState as ScheduledState


class Role(StrEnum):
    """What a person may be, within a scope. Source: docs/decisions/0008-roles.md."""

    EDITOR = "editor"
    INITIAL_REVIEWER = "initial_reviewer"
    SECOND_REVIEWER = "second_reviewer"
    FINAL_REVIEWER = "final_reviewer"
    PROOFREADER = "proofreader"
    PUBLISHER = "publisher"
    READER = "reader"
    POLICY_KEEPER = "policy_keeper"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


#: 三员分立: one person holds at most one of these, and then no other role.
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})


class UnitKind(StrEnum):
    """The level of a unit in the tree of public bodies."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    STREET = "street"
    DEPARTMENT = "department"


class ChannelKind(StrEnum):
    """The kinds of channel (阵地) a body publishes on."""

    WECHAT = "wechat"
    WEBSITE = "website"
    JOURNAL = "journal"
    VIDEO = "video"
    APP = "app"
    NOTICE_BOARD = "notice_board"
    SCREEN = "screen"
    OUTSIDE_MEDIA = "outside_media"


class DraftState(StrEnum):
    """Where a draft is in its whole life."""

    EDITING = "editing"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    HELD = "held"
    DECLINED = "declined"
    CLEARED = "cleared"
    PUBLISHED = "published"
    PUBLISHED_WITH_DEBT = "published_with_debt"
    RETRACTED = "retracted"


#: The states in which the text is in its author's hands.
WITH_AUTHOR = frozenset({DraftState.EDITING, DraftState.RETURNED})


class StageKind(StrEnum):
    """What a stage of a workflow is for; a stage may carry two duties through `also`."""

    RULE_CHECK = "rule_check"
    REVIEW = "review"
    SECRECY_REVIEW = "secrecy_review"
    PRIVACY_REVIEW = "privacy_review"
    READ_THROUGH = "read_through"
    CONSULT = "consult"
    PROOF = "proof"
    CONFIRM_MARKS = "confirm_marks"
    SIGN_OFF = "sign_off"


class Level(StrEnum):
    """The three reviews and the three proofreads. Source: 《图书质量保障体系》 art. 8."""

    INITIAL_REVIEW = "initial_review"
    SECOND_REVIEW = "second_review"
    FINAL_REVIEW = "final_review"
    FIRST_PROOF = "first_proof"
    SECOND_PROOF = "second_proof"
    THIRD_PROOF = "third_proof"


REVIEW_LEVELS = (Level.INITIAL_REVIEW, Level.SECOND_REVIEW, Level.FINAL_REVIEW)
PROOF_LEVELS = (Level.FIRST_PROOF, Level.SECOND_PROOF, Level.THIRD_PROOF)


class Subject(StrEnum):
    """What a stage's digest names: the text, or the proof of one channel."""

    REVISION = "revision"
    PROOF = "proof"


class StageState(StrEnum):
    """The state of one stage of one case."""

    WAITING = "waiting"
    OPEN = "open"
    PASSED = "passed"
    VOIDED = "voided"
    SENT_BACK = "sent_back"
    DECLINED = "declined"
    SKIPPED = "skipped"
    OVERRIDDEN = "overridden"


class CaseState(StrEnum):
    """The state of one walk of a draft through a workflow."""

    BLOCKED = "blocked"
    RUNNING = "running"
    RETURNED = "returned"
    HELD = "held"
    RECALLED = "recalled"
    DECLINED = "declined"
    CLEARED = "cleared"


class Verb(StrEnum):
    """What a person does to a case."""

    SUBMIT = "submit"
    RESUBMIT = "resubmit"
    RECALL = "recall"
    TAKE_BACK = "take_back"
    CLAIM = "claim"
    UNCLAIM = "unclaim"
    APPROVE = "approve"
    OPPOSE = "oppose"
    ABSTAIN = "abstain"
    SEND_BACK = "send_back"
    DECLINE = "decline"
    HOLD = "hold"
    ANSWER = "answer"
    HAND_OVER = "hand_over"
    CONSULT = "consult"
    ADVISE = "advise"
    ADD_REVIEWER = "add_reviewer"
    RECUSE = "recuse"
    REMIND = "remind"
    COPY = "copy"
    CONFIRM_MARKS = "confirm_marks"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    EMBARGO = "embargo"
    OVERRIDE = "override"
    CARRY_OUT = "carry_out"
    BIND_SUBJECT = "bind_subject"
    LAY_OUT_FAILED = "lay_out_failed"
    RECONSIDER = "reconsider"
    WITHHOLD = "withhold"
    FREE = "free"
    CLOSE_VOTE = "close_vote"
    RECLASS = "reclass"


class Verdict(StrEnum):
    """The outcome that a decision records."""

    APPROVED = "approved"
    SENT_BACK = "sent_back"
    DECLINED = "declined"
    OPPOSED = "opposed"
    ABSTAINED = "abstained"


#: Verdicts that are votes: one of several says so, and the others go on.
VOTED = frozenset({Verdict.APPROVED, Verdict.OPPOSED, Verdict.ABSTAINED})


class ChangeClass(StrEnum):
    """How far two revisions differ; decides which passed stages an edit voids."""

    NONE = "none"
    LAYOUT = "layout"
    MARKS_ONLY = "marks_only"
    SUBSTANTIVE = "substantive"


class Event(StrEnum):
    """One list for audit verbs, webhook types and log names."""

    USER_SIGNED_IN = "user.signed_in"
    USER_SIGN_IN_REFUSED = "user.sign_in_refused"
    USER_SIGNED_OUT = "user.signed_out"
    USER_CREATED = "user.created"
    USER_PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 – a name, not a secret
    USER_PASSWORD_RESET = "user.password_reset"  # noqa: S105 – a name, not a secret
    USER_SESSION_ENDED = "user.session_ended"
    USER_DEACTIVATED = "user.deactivated"
    USER_EMAIL_CHANGED = "user.email_changed"
    USER_MOVED = "user.moved"
    USER_RENAMED = "user.renamed"
    USER_REACTIVATED = "user.reactivated"
    PERSON_IDENTIFIED = "person.identified"
    PERSON_MERGED = "person.merged"
    PERSONS_TOLD_APART = "person.told_apart"
    USER_WORK_HANDED_OVER = "user.work_handed_over"
    USER_POSTS_SET = "user.posts_set"
    ROLE_GRANTED = "role.granted"
    ROLE_REVOKED = "role.revoked"
    ROLE_FOUND_ALONE = "role.found_alone"
    DELEGATION_ASKED = "delegation.asked"
    DELEGATION_GRANTED = "delegation.granted"
    DELEGATION_REVOKED = "delegation.revoked"
    USER_ABSENT = "user.absent"
    USER_BACK = "user.back"
    TOKEN_ISSUED = "token.issued"  # noqa: S105 – a name, not a secret
    UNIT_CREATED = "unit.created"
    DRAFT_CREATED = "draft.created"
    DRAFT_REVISED = "draft.revised"
    DRAFT_SUBMITTED = "draft.submitted"
    DRAFT_RECALLED = "draft.recalled"
    ASSET_ADDED = "asset.added"
    CHECK_RUN = "check.run"
    FINDING_WAIVER_ASKED = "finding.waiver_asked"
    FINDING_WAIVED = "finding.waived"
    FINDING_WAIVER_REFUSED = "finding.waiver_refused"
    FINDING_IGNORED = "finding.ignored"
    FINDING_TAKEN_UP = "finding.taken_up"
    COMMENT_MADE = "comment.made"
    COMMENT_REPLIED = "comment.replied"
    COMMENT_RESOLVED = "comment.resolved"
    COMMENT_REOPENED = "comment.reopened"
    SUGGESTION_MADE = "suggestion.made"
    SUGGESTIONS_ACCEPTED = "suggestions.accepted"
    SUGGESTION_DISPUTED = "suggestion.disputed"
    CASE_OPENED = "case.opened"
    CASE_ROUTED = "case.routed"
    CASE_MIGRATED = "case.migrated"
    CASE_BLOCKED = "case.blocked"
    CASE_STAGE_OPENED = "case.stage_opened"
    CASE_STAGE_VOIDED = "case.stage_voided"
    CASE_STAGE_KEPT = "case.stage_kept"
    CASE_STAGE_SKIPPED = "case.stage_skipped"
    CASE_STAGE_DUE = "case.stage_due"
    CASE_STAGE_LATE = "case.stage_late"
    CASE_STAGE_ESCALATED = "case.stage_escalated"
    CASE_STAGE_STRANDED = "case.stage_stranded"
    CASE_STAGE_OVERRIDDEN = "case.stage_overridden"
    CASE_TAKEN_BACK = "case.taken_back"
    CASE_CLAIMED = "case.claimed"
    CASE_UNCLAIMED = "case.unclaimed"
    CASE_HANDED_OVER = "case.handed_over"
    CASE_REVIEWER_ADDED = "case.reviewer_added"
    CASE_RECUSED = "case.recused"
    CASE_FREED = "case.freed"
    CASE_REMINDED = "case.reminded"
    CASE_COPIED = "case.copied"
    CASE_CONSULTED = "case.consulted"
    CASE_ADVISED = "case.advised"
    CASE_HELD = "case.held"
    CASE_ANSWERED = "case.answered"
    CASE_RECONSIDERED = "case.reconsidered"
    CASE_EMBARGOED = "case.embargoed"
    CASE_CLEARED = "case.cleared"
    CASE_CLASS_ASKED = "case.class_asked"
    CASE_CLASS_CHANGED = "case.class_changed"
    CASE_CLASS_KEPT = "case.class_kept"
    DECISION_APPROVED = "decision.approved"
    DECISION_SENT_BACK = "decision.sent_back"
    DECISION_DECLINED = "decision.declined"
    DECISION_OPPOSED = "decision.opposed"
    DECISION_ABSTAINED = "decision.abstained"
    CASE_VOTE_CLOSED = "case.vote_closed"
    DECISION_REFUSED = "decision.refused"
    PROOF_LAID_OUT = "proof.laid_out"
    PROOF_FAILED = "proof.failed"
    MARK_ADDED = "mark.added"
    MARK_WITHDRAWN = "mark.withdrawn"
    MARK_OVERTAKEN = "mark.overtaken"
    MARK_DISPUTED = "mark.disputed"
    MARK_UPHELD = "mark.upheld"
    MARKS_CARRIED_OUT = "marks.carried_out"
    MARKS_CONFIRMED = "marks.confirmed"
    RELEASE_SIGNED = "release.signed"
    RELEASE_REFUSED = "release.refused"
    RELEASE_SCHEDULED = "release.scheduled"
    RELEASE_UNSCHEDULED = "release.unscheduled"
    RELEASE_WITHHELD = "release.withheld"
    RELEASE_URGENT = "release.urgent"
    RELEASE_PUSHED = "release.pushed"
    RELEASE_PUSH_FAILED = "release.push_failed"
    RELEASE_LAID_IN = "release.laid_in"
    RELEASE_SEEN_OUT = "release.seen_out"
    DEBT_SETTLED = "debt.settled"
    DEBT_OVERDUE = "debt.overdue"
    CLEARANCE_GIVEN = "clearance.given"
    CLEARANCE_REFUSED = "clearance.refused"
    PUBLICATION_PUBLISHED = "publication.published"
    PUBLICATION_REFUSED = "publication.refused"
    PUBLICATION_CORRECTED = "publication.corrected"
    PUBLICATION_RETRACTED = "publication.retracted"
    PUBLICATION_UNPUBLISHED = "publication.unpublished"
    PUBLICATION_CONFIRMED = "publication.confirmed"
    PUBLICATION_CONFIRMATION_REFUSED = "publication.confirmation_refused"
    PUBLICATION_OVERDUE = "publication.overdue"
    PUBLICATION_END_SET = "publication.end_set"
    PUBLICATION_FOUND = "publication.found"
    REMEDY_OPENED = "remedy.opened"
    REMEDY_BEGUN = "remedy.begun"
    REMEDY_DROPPED = "remedy.dropped"
    POLICY_PROPOSED = "policy.proposed"
    POLICY_ACTIVATION_ASKED = "policy.activation_asked"
    POLICY_ACTIVATION_REFUSED = "policy.activation_refused"
    POLICY_ACTIVATED = "policy.activated"
    POLICY_BACK_TESTED = "policy.back_tested"
    WORKFLOW_ACTIVATED = "workflow.activated"
    WORKFLOW_RISK_ASKED = "workflow.risk_asked"
    WORKFLOW_RISK_ACCEPTED = "workflow.risk_accepted"
    WORKFLOW_RISK_DECLINED = "workflow.risk_declined"
    WORKFLOW_MIGRATION_ASKED = "workflow.migration_asked"
    WORKFLOW_MIGRATION_GRANTED = "workflow.migration_granted"
    WORKFLOW_MIGRATION_DECLINED = "workflow.migration_declined"
    LINK_MADE = "link.made"
    LINK_SENT = "link.sent"
    LINK_USED = "link.used"
    LINK_REFUSED = "link.refused"
    LINK_REVOKED = "link.revoked"
    WEBHOOK_ENDPOINT_CREATED = "webhook.endpoint_created"
    WEBHOOK_ENDPOINT_DISABLED = "webhook.endpoint_disabled"
    WEBHOOK_ENDPOINT_CHANGED = "webhook.endpoint_changed"
    WEBHOOK_REPLAYED = "webhook.replayed"
    WEBHOOK_DELIVERED = "webhook.delivered"
    WEBHOOK_FAILED = "webhook.failed"
    ROBOT_CREATED = "robot.created"
    ROBOT_DISABLED = "robot.disabled"
    TOOL_CREATED = "tool.created"
    TOOL_CHANGED = "tool.changed"
    TOOL_SECRET_ADDED = "tool.secret_added"  # noqa: S105 – a name, not a secret
    TOOL_KEY_MADE = "tool.key_made"
    TOOL_KEY_ENDED = "tool.key_ended"
    EVIDENCE_EXPORTED = "evidence.exported"
    RECORD_BEGUN = "record.begun"
    RECORD_SEALED = "record.sealed"
    RECORD_ERASED = "record.erased"
    RECORD_CHECKPOINTED = "record.checkpointed"
    JOB_RETRIED = "job.retried"
