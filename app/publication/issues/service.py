"""组刊: released drafts become one issue of an internal journal, which is reviewed as a draft of its own.

The issue is a draft in the section that the journal keeps for whole issues, so that a workflow of its own may
be chosen for it, and everything holds of it that holds of any draft: reviews, proofs, sign-off, record.
Source: 《内部资料性出版物管理办法》 (permit, "内部资料，免费交流", print run, recipients on the cover).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.channels import queries as channels
from app.channels.models import Channel
from app.domain.document.model import Align, Block, Document, Heading, Paragraph
from app.domain.vocabulary import ChannelKind
from app.drafts import queries as drafts
from app.drafts import service as draft_service
from app.drafts.models import Draft, DraftAsset
from app.identity.queries import Actor
from app.infra.errors import Conflict, NotFound, Reason
from app.publication.issues import errors as _words  # noqa: F401 – the words of the codes below
from app.publication.issues.commands import ComposeIssue
from app.publication.models import Release
from app.publication.packages.queries import RELEASED

#: The setting of a journal that names its section for whole issues.
SECTION = "issue_section"
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """A released text in an issue, and the section in which it stands there."""

    draft: Draft
    section: str
    document: Document


def compose(
    session: Session, command: ComposeIssue, *, actor: Actor, at: datetime
) -> tuple[Draft, tuple[Piece, ...]]:
    """Make an issue of released drafts: a new draft in its author's hands, with its pieces in their order.

    What goes in is the text that was released, not what its draft has become since. Raises `NotFound` for a
    channel that the actor's unit has not, `Conflict` for one that has no issues, and with each piece that
    is unknown, comes twice, is bound elsewhere or is not released, `Forbidden` without an editor's role.
    """
    found = channels.open_to(session, actor.unit_path).get(command.channel)
    if found is None:
        raise NotFound("not_found")
    section, lines = _cover(found)
    pieces = _pieces(session, command, actor)
    document = Document(
        title=f"{found.name}{command.number}",
        blocks=(
            *(Paragraph(text=line, align=Align.CENTER) for line in lines),
            Paragraph(text=f"印数：{command.print_run} 册", align=Align.CENTER),
            Paragraph(text=f"发送对象：{command.recipients}", align=Align.CENTER),
            *_body(pieces),
        ),
    )
    new = draft_service.NewDraft(document, ((command.channel, section),), pictures=document.assets())
    draft = draft_service.create(session, new=new, actor=actor, at=at)
    _hold(session, draft, document, pieces)
    return draft, pieces


def _cover(channel: Channel) -> tuple[str, tuple[str, str]]:
    """Return the section of a journal's issues, and the lines that must stand on their cover."""
    section, permit, imprint = (
        str(channel.config.get(name) or "").strip() for name in (SECTION, "permit", "imprint")
    )
    if channel.kind != ChannelKind.JOURNAL or not (section and permit and imprint):
        raise Conflict("no_issues_here")
    return section, (permit, imprint)


def _pieces(session: Session, command: ComposeIssue, actor: Actor) -> tuple[Piece, ...]:
    found, faults, seen = list[Piece](), list[Reason](), set[UUID]()
    for at, draft_id in enumerate(command.drafts, 1):
        try:
            draft = drafts.visible(session, draft_id, actor)
        except NotFound:
            faults.append(Reason("piece_unknown", {"at": at}, field=f"drafts.{at - 1}"))
            continue
        piece = _piece(session, draft, command.channel)
        if draft_id in seen:
            piece = "piece_twice"
        seen.add(draft_id)
        if isinstance(piece, str):
            faults.append(Reason(piece, {"at": at, "title": draft.title}, field=f"drafts.{at - 1}"))
        else:
            found.append(piece)
    if faults:
        raise Conflict("issue_incomplete", reasons=faults)
    return tuple(found)


def _piece(session: Session, draft: Draft, channel: str) -> Piece | str:
    """Return a draft as it was released on a journal, or the code of what keeps it out of an issue."""
    target = next((one for one in drafts.targets(session, draft.id) if one.channel == channel), None)
    if target is None:
        return "piece_elsewhere"
    query = (
        select(Release)
        .where(Release.draft_id == draft.id, Release.channel == channel, col(Release.state).in_(RELEASED))
        .order_by(col(Release.id).desc())
        .limit(1)
    )
    release = session.exec(query).first()
    if release is None:
        return "piece_not_released"
    revision = drafts.revision_by_digest(session, draft.id, release.revision)
    return Piece(draft, target.section_name, drafts.document_of(revision))


def _body(pieces: tuple[Piece, ...]) -> Iterator[Block]:
    """Yield the sections in the order of their first pieces, each with its pieces."""
    for section in dict.fromkeys(piece.section for piece in pieces):
        yield Heading(text=section, level=1)
        for piece in pieces:
            if piece.section == section:
                yield from _text(piece.document)


def _text(document: Document) -> Iterator[Block]:
    yield Heading(text=document.title, level=2)
    for words in (document.subtitle, document.byline):
        if words:
            yield Paragraph(text=words, align=Align.CENTER)
    for block in document.blocks:
        if isinstance(block, Heading):
            yield block.model_copy(update={"level": min(block.level + 2, _DEEPEST)})
        else:
            yield block
    if document.source:
        yield Paragraph(text=f"来源：{document.source}", align=Align.RIGHT)


def _hold(session: Session, draft: Draft, document: Document, pieces: tuple[Piece, ...]) -> None:
    """Let an issue hold the pictures and videos that its pieces show."""
    wanted = set(document.assets())
    for piece in pieces:
        for held in drafts.assets_held(session, piece.draft.id):
            if held.sha256 in wanted:
                wanted.discard(held.sha256)
                session.add(DraftAsset(**{**held.model_dump(), "draft_id": draft.id}))
    session.flush()
