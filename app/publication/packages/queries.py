"""What a release lets out, to the last byte: its forms, its files, and what stands beside them.

Only what was signed and is still good, or is out, is to be had here; and of each draft only the channels that
whoever asks may read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.document.model import Document, Image, Video
from app.domain.roles import SEEING, UserKind
from app.domain.vocabulary import ChannelKind, ReleaseState
from app.drafts import queries as drafts
from app.drafts.models import Asset, Draft
from app.drafts.queries import Target
from app.identity.actors import Actor
from app.infra.errors import NotFound
from app.proofs.models import Proof
from app.publication.models import Publication, Release
from app.publication.packages import forms

#: States in which a release's bytes are to be had: signed and not yet used, or out.
RELEASED = (ReleaseState.SIGNED, ReleaseState.PUBLISHED)


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    """A file that released bytes show or link to, with its words; `kind`: picture, video or attachment."""

    sha256: str
    kind: str
    filename: str
    media_type: str
    size: int
    alt: str = ""
    caption: str = ""
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """Everything that a tool needs to publish one release; `files` in the order in which they stand."""

    release: Release
    draft: Draft
    target: Target
    document: Document
    page: bytes
    media_type: str
    files: tuple[ReleasedFile, ...]
    first_address: str | None
    canonical_address: str | None

    @property
    def cover(self) -> str | None:
        """The first picture of the text: it was reviewed with it. `None` for a text without."""
        return next((file.sha256 for file in self.files if file.kind == "picture"), None)


def released(
    session: Session, actor: Actor, *, channel: str | None, after: UUID | None, limit: int
) -> list[tuple[Release, Draft]]:
    """Return up to `limit` releases that the actor may read, the oldest first, after the one with id `after`.

    Only such as are signed or out; `channel` narrows them to one.
    """
    found: list[tuple[Release, Draft]] = []
    while len(found) < limit:
        query = (
            select(Release, Draft)
            .join(Draft, col(Draft.id) == col(Release.draft_id))
            .where(col(Release.state).in_(RELEASED), drafts.visible_to(actor))
            .order_by(col(Release.id))
            .limit(limit)
        )
        if channel is not None:
            query = query.where(Release.channel == channel)
        if after is not None:
            query = query.where(col(Release.id) > after)
        rows = session.exec(query).all()
        if not rows:
            break
        places = drafts.targets_of(session, {draft.id for _, draft in rows})
        found += [
            (release, draft)
            for release, draft in rows
            if _reads(actor, draft, _target(places.get(draft.id, ()), release.channel))
        ]
        after = rows[-1][0].id
    return found[:limit]


def readable(session: Session, release_id: UUID, actor: Actor) -> tuple[Release, Draft, Target]:
    """Return a release whose bytes the actor may have, its draft, and where it goes. Raises `NotFound`.

    Not to be had is also what is not released any more: voided, replaced, retracted.
    """
    release = session.get(Release, release_id)
    if release is None or release.state not in RELEASED:
        raise NotFound("not_found")
    draft = drafts.visible(session, release.draft_id, actor)
    target = _target(drafts.targets(session, draft.id), release.channel)
    if target is None or not _reads(actor, draft, target):
        raise NotFound("not_found")
    return release, draft, target


def package(session: Session, release_id: UUID, actor: Actor) -> Package:
    """Return what a release lets out. Raises `NotFound`."""
    release, draft, target = readable(session, release_id, actor)
    proof = session.exec(
        select(Proof).where(Proof.draft_id == draft.id, Proof.digest == release.digest).limit(1)
    ).one()
    document = drafts.document_of(drafts.revision_by_digest(session, draft.id, release.revision))
    first, website = _addresses(session, draft.id)
    return Package(
        release=release,
        draft=draft,
        target=target,
        document=document,
        page=bytes(proof.content),
        media_type=proof.media_type,
        files=_files(session, draft.id, document, forms.files_in(bytes(proof.content))),
        first_address=first,
        canonical_address=document.source_url or website or first,
    )


def file_of(session: Session, release_id: UUID, digest: str, actor: Actor) -> Asset:
    """Return a file that a release shows or links to, with its bytes. Raises `NotFound` for any other."""
    release, draft, _ = readable(session, release_id, actor)
    page = session.exec(
        select(Proof.content).where(Proof.draft_id == draft.id, Proof.digest == release.digest).limit(1)
    ).one()
    if digest not in {file.sha256 for file in forms.files_in(bytes(page))}:
        raise NotFound("not_found")
    return session.get_one(Asset, digest)


def bytes_of(session: Session, digest: str) -> bytes:
    """Return the bytes of a file that is there. Asks nobody."""
    return bytes(session.exec(select(Asset.content).where(Asset.sha256 == digest)).one())


def _reads(actor: Actor, draft: Draft, target: Target | None) -> bool:
    """Say whether somebody who may see a draft may have the bytes of one of its channels.

    People who may see it see all its proofs; a machine has what its roles reach, and what it handed in.
    """
    if target is None:
        return False
    if actor.kind is UserKind.PERSON or draft.submitter_id == actor.id:
        return True
    return any(
        grant.role in SEEING and grant.covers(draft.unit_path, target.channel, target.section)
        for grant in actor.reach
    )


def _target(places: Sequence[Target], channel: str) -> Target | None:
    return next((place for place in places if place.channel == channel), None)


def _files(
    session: Session, draft_id: UUID, document: Document, placed: Sequence[forms.FileAt]
) -> tuple[ReleasedFile, ...]:
    words = dict(_words(document))
    named = {file.sha256: file.filename for file in drafts.assets_held(session, draft_id)}
    wanted = [file.sha256 for file in placed]
    query = select(Asset.sha256, Asset.media_type, Asset.size).where(col(Asset.sha256).in_(wanted))
    known = {digest: (kind, size) for digest, kind, size in session.exec(query).all()}
    return tuple(
        ReleasedFile(
            digest, kind, named.get(digest, ""), *known[digest], alt=alt, caption=caption, credit=credit
        )
        for digest in wanted
        if digest in known
        for kind, alt, caption, credit in [words.get(digest, ("attachment", "", "", ""))]
    )


def _words(document: Document) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    """Yield for each picture and video its digest, what it is, and its words; of one twice, the first's."""
    for block in reversed(document.blocks):
        if isinstance(block, Image):
            yield block.sha256, ("picture", block.alt, block.caption, block.credit)
        elif isinstance(block, Video):
            yield block.sha256, ("video", "", block.caption, "")


def _addresses(session: Session, draft_id: UUID) -> tuple[str | None, str | None]:
    """Return where a draft was first published, and where on a website; `None` where no address is known."""
    query = (
        select(Publication.channel, Publication.url)
        .where(Publication.draft_id == draft_id, Publication.url != "")
        .order_by(col(Publication.id))
    )
    rows = session.exec(query).all()
    sites = {
        place.channel for place in drafts.targets(session, draft_id) if place.kind is ChannelKind.WEBSITE
    }
    on_site = next((url for channel, url in rows if channel in sites), None)
    return (rows[0][1] if rows else None), on_site


__all__ = ["Package", "ReleasedFile", "bytes_of", "file_of", "package", "readable", "released"]
