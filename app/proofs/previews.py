"""A text laid out at any time: how it will look on a channel, also before it is submitted, and on paper."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.channels import queries as channels
from app.domain.vocabulary import ChannelKind
from app.drafts import queries as drafts
from app.drafts.export.pdf import Paper, pdf_of
from app.drafts.export.queries import exported
from app.drafts.models import Draft, Revision
from app.drafts.queries import Target
from app.identity.queries import Actor
from app.infra.errors import NotFound
from app.proofs import queries
from app.proofs.layout import Rendered, render


@dataclass(frozen=True, slots=True)
class Preview:
    """A draft's newest text as it stands on a channel now; no proof, and nothing of it is stored."""

    draft: Draft
    revision: int
    target: Target
    rendered: Rendered


def preview(session: Session, draft_id: UUID, line: str, actor: Actor) -> Preview:
    """Return how a draft's newest text looks on one of its channels. Raises `NotFound`."""
    draft = drafts.visible(session, draft_id, actor)
    head = drafts.head(session, draft)
    target = _target(session, draft, line)
    made = rendered(session, draft, head, line) if target is not None else None
    if target is None or made is None:
        raise NotFound("not_found")
    return Preview(draft, head.number, target, made)


def rendered(session: Session, draft: Draft, revision: Revision, line: str) -> Rendered | None:
    """Return a revision laid out for a line; `None` for a line that its draft is not bound for."""
    target = _target(session, draft, line)
    if target is None:
        return None
    document = drafts.document_of(revision)
    return render(
        document,
        target.kind,
        channel=target.channel_name,
        section=target.section_name,
        config=_config(session, draft, line),
        files={one.sha256: one.filename for one in drafts.assets_held(session, draft.id)}
        if document.attachments
        else {},
    )


def proof_on_paper(session: Session, digest: str, actor: Actor) -> tuple[str, bytes]:
    """Return the title and a PDF of the text that a proof was laid out from.

    An internal journal's page is set as it is printed; of other channels, a sheet that names the proof.
    Raises `NotFound`, `Invalid` where the fonts lack characters.
    """
    proof = queries.proof(session, digest, actor)
    revision = queries.revision_of(session, proof)
    draft = session.get_one(Draft, proof.draft_id)
    return on_paper(session, draft, revision, proof.line, f"校样 {digest[:12]}")


def on_paper(session: Session, draft: Draft, revision: Revision, line: str, what: str) -> tuple[str, bytes]:
    """Return the title and a PDF of a revision as a line has it; `what` says of what it is a print.

    Raises `NotFound` for a line that its draft is not bound for, `Invalid` as above.
    """
    target = _target(session, draft, line)
    if target is None:
        raise NotFound("not_found")
    source = exported(session, draft, revision.number)
    if target.kind is ChannelKind.JOURNAL:
        config = _config(session, draft, line)
        head = (target.channel_name, str(config.get("permit") or ""), str(config.get("imprint") or ""))
        # Of a whole issue, with cover and contents; the section is named by the journal's settings.
        whole = target.section == str(config.get("issue_section") or "")
        paper = Paper(
            "issue" if whole else "journal", section=target.section_name, imprint=tuple(filter(None, head))
        )
    else:
        said = (target.channel_name, what, f"{draft.number} 修订 {revision.number}")
        paper = Paper("sheet", section=target.section_name, imprint=said)
    return source.document.title, pdf_of(source, paper)


def _target(session: Session, draft: Draft, line: str) -> Target | None:
    return next((one for one in drafts.targets(session, draft.id) if one.channel == line), None)


def _config(session: Session, draft: Draft, line: str) -> dict[str, Any]:
    channel = channels.open_to(session, draft.unit_path).get(line)
    return channel.config if channel is not None else {}
