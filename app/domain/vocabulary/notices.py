"""What people are told of, and how."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """What somebody is told of (通知); each kind may be wanted by mail or not."""

    STAGE_OPENED = "stage_opened"
    STAGE_REMINDED = "stage_reminded"
    STAGE_DUE = "stage_due"
    STAGE_LATE = "stage_late"
    STAGE_ESCALATED = "stage_escalated"
    HANDED_OVER = "handed_over"
    CONSULTED = "consulted"
    ADVISED = "advised"
    COPIED = "copied"
    RETURNED = "returned"
    SIGNED_BUT_RETURNED = "signed_but_returned"
    BLOCKED = "blocked"
    DECLINED = "declined"
    HELD = "held"
    ANSWERED = "answered"
    CLEARED = "cleared"
    SCHEDULED = "scheduled"
    UNSCHEDULED = "unscheduled"
    WITHHELD = "withheld"
    PUBLISHED = "published"
    CORRECTED = "corrected"
    RETRACTED = "retracted"
    REMEDY_OPENED = "remedy_opened"
    UNPUBLISHED = "unpublished"
    ORDER_OVERDUE = "order_overdue"
    WAIVER_ASKED = "waiver_asked"
    WAIVER_DECIDED = "waiver_decided"
    DEBT_OWED = "debt_owed"
    CALENDAR_MISSING = "calendar_missing"
    ACCOUNT = "account"
    ENDPOINT = "endpoint"
    COMMENTED = "commented"
    MENTIONED = "mentioned"
    SUGGESTION_ANSWERED = "suggestion_answered"
    CLASS_ASKED = "class_asked"
    CLASS_CHANGED = "class_changed"
    STAGE_STRANDED = "stage_stranded"


class MailMode(StrEnum):
    """When notices of a kind go out by mail; in the application they are always there."""

    NEVER = "never"
    AT_ONCE = "at_once"
    DAILY = "daily"
