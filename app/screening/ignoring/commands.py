"""What somebody fills in to leave findings as they are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ignore:
    """Findings, by fingerprint, that are left as they are for one reason: all of them or none."""

    fingerprints: tuple[str, ...]
    reason: str
