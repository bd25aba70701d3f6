"""A publishing tool that has proved itself, as the services of publication know it."""

from dataclasses import dataclass
from uuid import UUID

from app.audit.service import AuditActor


@dataclass(frozen=True, slots=True)
class Publisher:
    """A publishing tool that has proved itself: whose it is, and which channels it serves."""

    id: UUID
    name: str
    unit_id: UUID
    unit_path: str
    channels: frozenset[str]
    #: Pairs of a channel and a section, where it came with a key that is narrowed; `None`: all sections.
    places: tuple[tuple[str, str | None], ...] = ()

    def sections(self, channel: str) -> frozenset[str] | None:
        """Return the sections of a channel that it may publish in; `None` for all."""
        within = {section for code, section in self.places if code == channel}
        return None if not within or None in within else frozenset(filter(None, within))

    def as_audit(self) -> AuditActor:
        """Return the tool as the record names it."""
        return AuditActor(id=self.id, name=self.name, role="publishing_tool", unit=str(self.unit_id))
