"""What a publishing tool may put out, and what it did. One verb, one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from app.domain.document.model import sha256
from app.domain.record.chain import timestamp
from app.domain.vocabulary import CaseState, DraftState, Event, ReleaseState
from app.drafts import queries as drafts_read
from app.drafts import service as drafts
from app.drafts.models import Draft, Revision
from app.events.emit import About, emit, refusal
from app.events.entry import Stream
from app.events.payloads.base import ABSENT
from app.events.payloads.publication import Clearance, PublicationRefused, Published
from app.identity.queries import SYSTEM
from app.infra.errors import AppError, Conflict, Forbidden, Reason
from app.infra.http.problems import sentence
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.infra.signing import SignedStatement
from app.proofs.models import Proof
from app.publication import gate, tickets
from app.publication.debts import service as debts
from app.publication.differences import Difference, difference
from app.publication.models import Publication, Release
from app.publication.orders import service as orders
from app.publication.packages.forms import Form, files_in, in_form, normal
from app.publication.publishers import Publisher
from app.publication.service import reasons_of
from app.reviews.cases import Loaded, in_hand, load
from app.reviews.models import ReviewCase


@dataclass(frozen=True, slots=True)
class Wish:
    """What a tool wants to publish: a digest or the very payload, and the release if it knows it.

    A payload may have its files elsewhere: `addresses` says which SHA-256 lies at which of its addresses.
    With the release named it may be the fragment as well as the page.
    """

    channel: str
    digest: str | None = None
    payload: bytes | None = None
    release_id: UUID | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The digest of what the tool wants to publish."""
        return self.digest or sha256(self.payload or b"")


def clear(
    session: Session, wish: Wish, *, publisher: Publisher, runtime: Runtime, at: datetime
) -> SignedStatement:
    """Answer a tool that asks whether it may publish exactly this.

    A signed statement, `cleared` or `refused`.

    What is not known is refused. Every reason is given, and for a payload what differs from the release.
    """
    wanted = _wanted(session, wish, publisher)
    release, loaded, seen = wanted or (None, None, None)
    reasons = _against_tool(session, publisher, wish.channel, loaded)
    said = _Compared(None, wish.name)
    if release is None or loaded is None:
        reasons.append(Reason("nothing_released", {"channel": wish.channel, "digest": wish.name}))
    else:
        said = _compared(session, release, wish)
        reasons += said.reasons
        reasons += _against(
            session,
            release,
            loaded,
            channel=wish.channel,
            digest=said.digest,
            runtime=runtime,
            at=at,
            seen=seen,
        )
    cleared = not reasons and release is not None
    event = Event.CLEARANCE_GIVEN if cleared else Event.CLEARANCE_REFUSED
    payload = Clearance(
        release=release.id if release else None,
        channel=wish.channel,
        digest=said.digest,
        tool=publisher.id,
        reasons=sorted(reason.code for reason in reasons),
        payload=ABSENT if wish.payload is None else sha256(wish.payload),
        addresses=wish.addresses or ABSENT,
    )
    about: About = release.draft_id if release else (Stream.TOOL, publisher.id)
    emit(session, event, payload, about=about, actor=publisher.as_audit(), at=at)
    return runtime.signer.sign(
        {
            "v": tickets.VERSION,
            "kind": "clearance",
            "outcome": "cleared" if cleared else "refused",
            "channel": wish.channel,
            "digest": said.digest,
            "form": said.form,
            "payload": None if wish.payload is None else sha256(wish.payload),
            "at": timestamp(at),
            "release": str(release.id) if release else None,
            "ticket": tickets.stored(release.ticket).model_dump(mode="json") if cleared and release else None,
            "expires_at": timestamp(release.expires_at) if cleared and release else None,
            "reasons": [
                {"code": reason.code, "message": sentence(reason), "data": reason.data} for reason in reasons
            ],
            "difference": said.difference.as_json() if said.difference else None,
        }
    )


@dataclass(frozen=True, slots=True)
class _Compared:
    """What a tool wants to publish, held against a release: in which form it says the same, or where not."""

    form: Form | None
    digest: str
    difference: Difference | None = None
    reasons: tuple[Reason, ...] = ()


def _compared(session: Session, release: Release, wish: Wish) -> _Compared:
    if wish.payload is None or wish.name == release.digest:
        form = Form.PAGE if wish.name == release.digest else None
        return _Compared(form, wish.name)
    page = _proof_bytes(session, release)
    held = {file.sha256 for file in files_in(page)}
    unknown = sorted(set(wish.addresses.values()) - held)
    reasons = tuple(Reason("file_not_released", {"sha256": digest}) for digest in unknown)
    given = normal(wish.payload, wish.addresses)
    for form in Form:
        if given == normal(in_form(page, form)):
            return _Compared(form, release.digest, None, reasons)
    # What is shorter than the frame of a page is held against what stands within.
    like = in_form(page, Form.PAGE if b"<body" in wish.payload else Form.FRAGMENT)
    return _Compared(None, wish.name, difference(like, wish.payload, wish.addresses), reasons)


class Reported(NamedTuple):
    """A publication, and whether its report is new: not the same once more."""

    publication: Publication
    is_new: bool


def report_published(
    session: Session,
    *,
    ticket: SignedStatement,
    external_id: str,
    url: str,
    digest: str,
    publisher: Publisher,
    runtime: Runtime,
    at: datetime,
) -> Reported:
    """Record that a tool has published what its ticket names, at the server's time.

    The ticket is then used up. Says too whether that is new: the same report by the same tool, when its
    first answer was lost, gets the publication that there is.

    Raises `Forbidden` for a ticket that was not issued here, and `Conflict` with every reason: used, expired
    or replaced ticket, another channel, other content, or a gate that has closed since. The refusal goes on
    record, of what was never released on the tool's own.
    """
    read = tickets.read(ticket, runtime.signer)
    release = session.get(Release, read.release_id) if read else None
    if read is None or release is None:
        raise _never_released(publisher, digest, at=at)
    loaded = load(session, release.case_id, SYSTEM)
    if not loaded.draft.unit_path.startswith(publisher.unit_path):
        raise _never_released(publisher, digest, at=at)
    session.refresh(release)
    before = _publication_of(session, release)
    if (
        before is not None
        and read.nonce == release.nonce
        and _told(before) == (publisher.id, digest, external_id, url)
    ):
        return Reported(before, is_new=False)
    reasons = _against_tool(session, publisher, release.channel, loaded)
    if read.nonce != release.nonce:
        reasons.append(Reason("ticket_replaced"))
    reasons += _against(session, release, loaded, channel=read.channel, digest=digest, runtime=runtime, at=at)
    if reasons:
        raise _publication_refused(release, reasons, publisher=publisher, at=at)
    done = Publication(
        id=new_id(),
        release_id=release.id,
        draft_id=release.draft_id,
        channel=release.channel,
        digest=digest,
        external_id=external_id,
        url=url,
        tool_id=publisher.id,
        published_at=at,
    )
    session.add(done)
    release.state = ReleaseState.PUBLISHED
    session.add(release)
    if loaded.case.state is CaseState.CLEARED:
        drafts.set_state(loaded.draft, DraftState.PUBLISHED, at)
    elif debts.open_places(session, loaded.row.id, release.channel):
        drafts.set_state(loaded.draft, DraftState.PUBLISHED_WITH_DEBT, at)
    payload = Published(
        draft=release.draft_id,
        publication=done.id,
        release=release.id,
        channel=release.channel,
        digest=digest,
        external_id=external_id,
        url=url,
        tool=publisher.id,
    )
    emit(
        session,
        Event.PUBLICATION_PUBLISHED,
        payload,
        about=release.draft_id,
        actor=publisher.as_audit(),
        at=at,
        case_id=release.case_id,
    )
    orders.replaced(session, done, by=publisher.as_audit(), at=at)
    return Reported(done, is_new=True)


def _publication_of(session: Session, release: Release) -> Publication | None:
    return session.exec(select(Publication).where(Publication.release_id == release.id)).first()


def _told(done: Publication) -> tuple[UUID, str, str, str]:
    """Return what a report said: by which tool, of what, under which id and address."""
    return done.tool_id, done.digest, done.external_id, done.url


class Released(NamedTuple):
    """A release and its case, locked, and what a look beside the case told of the line."""

    release: Release
    loaded: Loaded
    seen: gate.Glance | None


def _wanted(session: Session, wish: Wish, publisher: Publisher) -> Released | None:
    """Return the release that a tool means and its case, locked; `None` for one that it may not know of."""
    params: dict[str, object] = {"unit_path": publisher.unit_path}
    if wish.release_id is not None:
        params |= {"release": wish.release_id}
    else:
        params |= {"channel": wish.channel, "digest": wish.name}
    row = session.exec(_releases(by_id=wish.release_id is not None), params=params).first()
    if row is None:
        return None
    draft, case, release, revision = row
    held = in_hand(
        session,
        draft,
        case,
        revision,
        beside=gate.glance(),
        draft_id=draft.id,
        case_id=case.id,
        line=release.channel,
        digest=release.digest,
    )
    return Released(release, held.loaded, gate.Glance.read(held.told))


@cache
def _releases(*, by_id: bool) -> Select[Draft, ReviewCase, Release, Revision | None]:
    """Return the statement that locks the newest release of some content, with its draft and case.

    The draft is locked first, as everywhere. What the statement waited for is read as it is then.
    """
    below = func.substr(col(Draft.unit_path), 1, func.length(bindparam("unit_path")))
    query = (
        select(Draft, ReviewCase, Release, Revision)
        .join(ReviewCase, col(ReviewCase.draft_id) == col(Draft.id))
        .join(Release, col(Release.case_id) == col(ReviewCase.id))
        .outerjoin(Revision, col(Revision.id) == col(ReviewCase.revision_id))
        .where(below == bindparam("unit_path"))
        .order_by(col(Release.id).desc())
        .limit(1)
        .with_for_update(of=[Draft, ReviewCase, Release])
        .execution_options(populate_existing=True)
    )
    if by_id:
        return query.where(Release.id == bindparam("release", type_=Uuid()))
    return query.where(Release.channel == bindparam("channel"), Release.digest == bindparam("digest"))


def _against_tool(
    session: Session, publisher: Publisher, channel: str, loaded: Loaded | None
) -> list[Reason]:
    if channel not in publisher.channels:
        return [Reason("tool_channel", {"channel": channel})]
    sections = publisher.sections(channel)
    if sections is None or loaded is None:
        return []
    bound = {
        place.section for place in drafts_read.targets(session, loaded.draft.id) if place.channel == channel
    }
    return [Reason("tool_section", {"section": section}) for section in sorted(bound - sections)]


def _against(
    session: Session,
    release: Release,
    loaded: Loaded,
    *,
    channel: str,
    digest: str,
    runtime: Runtime,
    at: datetime,
    seen: gate.Glance | None = None,
) -> list[Reason]:
    """Return every reason why this release does not let `digest` out on `channel` now; empty when it does."""
    found = []
    if channel != release.channel:
        found.append(Reason("channel_differs", {"channel": release.channel}))
    if digest != release.digest:
        found.append(Reason("digest_differs", {"released": release.digest, "given": digest}))
    if release.state == ReleaseState.PUBLISHED:
        found.append(Reason("ticket_used", _use_of(session, release)))
    if release.state == ReleaseState.RETRACTED:
        found.append(Reason("release_retracted", {"release": str(release.id)}))
    if release.state == ReleaseState.EXPIRED or at >= release.expires_at:
        found.append(Reason("ticket_expired", {"expired_at": timestamp(release.expires_at)}))
    standing = gate.standing(
        session, loaded, line=release.channel, digest=release.digest, runtime=runtime, at=at, seen=seen
    )
    return found + reasons_of(standing)


def _use_of(session: Session, release: Release) -> dict[str, str]:
    """Return by which publication a release was used up, when, and by which tool."""
    done = _publication_of(session, release)
    if done is None:
        return {"release": str(release.id)}
    return {
        "release": str(release.id),
        "publication": str(done.id),
        "tool": str(done.tool_id),
        "published_at": timestamp(done.published_at),
    }


def _proof_bytes(session: Session, release: Release) -> bytes:
    query = select(Proof.content).where(Proof.draft_id == release.draft_id, Proof.digest == release.digest)
    return bytes(session.exec(query.limit(1)).one())


def _never_released(publisher: Publisher, digest: str, *, at: datetime) -> AppError:
    """Return the refusal of a report by a ticket that nobody here gave; on the tool's record."""
    payload = PublicationRefused(digest=digest, tool=publisher.id, reasons=["ticket_forged"])
    record = refusal(
        Event.PUBLICATION_REFUSED,
        payload,
        about=(Stream.TOOL, publisher.id),
        actor=publisher.as_audit(),
        at=at,
        reason="ticket_forged",
    )
    return Forbidden("ticket_forged", record=record)


def _publication_refused(
    release: Release, reasons: Sequence[Reason], *, publisher: Publisher, at: datetime
) -> AppError:
    payload = PublicationRefused(
        draft=release.draft_id,
        release=release.id,
        channel=release.channel,
        tool=publisher.id,
        reasons=sorted(reason.code for reason in reasons),
    )
    record = refusal(
        Event.PUBLICATION_REFUSED,
        payload,
        about=release.draft_id,
        actor=publisher.as_audit(),
        at=at,
        reason=reasons[0].code,
    )
    return Conflict(reasons[0].code, reasons=reasons, record=record)
