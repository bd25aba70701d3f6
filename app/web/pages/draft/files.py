"""A file that somebody chose in a form: what it says as a draft's text, and where it is kept."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from app.drafts import assets
from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.service import Format, Intake, decode, take_in
from app.drafts.models import Draft
from app.drafts.uploads import format_of
from app.identity.access import Actor
from app.infra.errors import Invalid, Reason
from app.web.shell.viewer import Form, SentFile


def read(form: Form, file: SentFile, fields: Mapping[str, str]) -> Intake:
    """Return what a chosen file says. Raises what `take_in` raises, and `Invalid` beside a typed text."""
    if form.word("content"):
        raise Invalid("content_unusable", reasons=[Reason("file_and_text", field="file")])
    kind = format_of(file.name)
    if kind is not Format.DOCX:
        return take_in(kind, decode(file.content), fields)
    chosen = form.text("tracked_changes")
    changes = TrackedChanges(chosen) if chosen in set(TrackedChanges) else TrackedChanges.ORIGINAL
    return take_in(Format.DOCX, b64encode(file.content).decode(), fields, changes=changes)


def keep(
    session: Session, draft: Draft, taken: Intake | None, file: SentFile | None, actor: Actor, at: datetime
) -> None:
    """Keep what came with a draft's text: its pictures, and the Word file that it was read from."""
    if taken is not None:
        name = file.name if file is not None else ""
        assets.keep_source(session, draft, taken, filename=name, actor=actor, at=at)
