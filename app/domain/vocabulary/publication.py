"""Permissions to publish."""

from enum import StrEnum


class ReleaseState(StrEnum):
    """What became of a permission to publish."""

    SIGNED = "signed"
    PUBLISHED = "published"
    EXPIRED = "expired"
    RETRACTED = "retracted"


class RemedyKind(StrEnum):
    """What is done about something that is out: it is put right, or taken down for good."""

    CORRECTION = "correction"
    RETRACTION = "retraction"


class RemedyReason(StrEnum):
    """Why something that is out is corrected or retracted: a closed list, so that it can be counted."""

    FACTUAL = "factual"
    WORDING = "wording"
    SENSITIVE = "sensitive"
    POLICY = "policy"
    RIGHTS = "rights"
    OTHER = "other"


class RemedyOrigin(StrEnum):
    """What a remedy came from: somebody asked for it, or a review that was owed (补审) said no."""

    ASKED = "asked"
    OWED_REVIEW = "owed_review"


class OrderKind(StrEnum):
    """What a channel is told to do with something that it has published."""

    CORRECT = "correct"
    RETRACT = "retract"
    UNPUBLISH = "unpublish"


class OrderState(StrEnum):
    """Where an order to a channel stands."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    OVERTAKEN = "overtaken"


class OnlineState(StrEnum):
    """What was found at the address of something that is out (网上核查)."""

    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"
    UNKNOWN = "unknown"


class PushState(StrEnum):
    """Where something stands that the service publishes itself on a connected channel (推送)."""

    WAITING = "waiting"
    WORKING = "working"
    LAID_IN = "laid_in"
    PUBLISHED = "published"
    FAILED = "failed"


class ScheduledState(StrEnum):
    """What became of a release that was set for an instant (定时)."""

    WAITING = "waiting"
    RELEASED = "released"
    WITHHELD = "withheld"
    WITHDRAWN = "withdrawn"
