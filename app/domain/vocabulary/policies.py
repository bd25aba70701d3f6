"""Policy files, their versions, and what is let through of what they find."""

from enum import StrEnum


class WaiverReason(StrEnum):
    """Why a finding is let through."""

    QUOTATION = "quotation"
    PROPER_NAME = "proper_name"
    HISTORICAL = "historical"
    FALSE_POSITIVE = "false_positive"
    OTHER = "other"


class WaiverStanding(StrEnum):
    """Where a waiver stands among all: open, in force, refused, or stale for one of three reasons."""

    ASKED = "asked"
    IN_FORCE = "in_force"
    REFUSED = "refused"
    EXPIRED = "expired"
    FINDING_GONE = "finding_gone"
    RULE_GONE = "rule_gone"


class WaiverState(StrEnum):
    """Where a waiver stands; only a granted and unexpired one lets a finding through."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


class PolicyKind(StrEnum):
    """The kinds of policy files; each kind is proposed, granted and in force by itself."""

    NEGATIVE_LIST = "negative_list"
    WORKFLOWS = "workflows"
    ROUTING = "routing"
    CALENDAR = "calendar"
    URGENT = "urgent"
    CHANNELS = "channels"
    QUALITY = "quality"


class PolicySource(StrEnum):
    """How a version of policy files came to be."""

    SHIPPED = "shipped"
    FOLDER = "folder"
    COMMAND = "command"
    EDITOR = "editor"
    API = "api"
    SHADOWED = "shadowed"
    ENGINE = "engine"


class ActivationState(StrEnum):
    """What became of the wish to bring a version into force."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


class BackTestState(StrEnum):
    """How far a back-test has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class MigrationState(StrEnum):
    """Where a wish to move open cases to another workflow version stands."""

    ASKED = "asked"
    GRANTED = "granted"
    DECLINED = "declined"
