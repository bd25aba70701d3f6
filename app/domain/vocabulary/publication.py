"""Permissions to publish."""

from enum import StrEnum


class ReleaseState(StrEnum):
    """What became of a permission to publish."""

    SIGNED = "signed"
    PUBLISHED = "published"
    EXPIRED = "expired"
    RETRACTED = "retracted"


class ScheduledState(StrEnum):
    """What became of a release that was set for an instant (定时)."""

    WAITING = "waiting"
    RELEASED = "released"
    WITHHELD = "withheld"
    WITHDRAWN = "withdrawn"
