"""Looking at what is online: fetched, compared, and told where it is not what was signed (私自改动、失效)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urljoin
from uuid import UUID

from sqlmodel import Session, select

from app.connections.online import queries
from app.connections.online.comparison import Change, differences, read
from app.connections.online.fetching import MOST_FILE, Fetcher, NotFetched
from app.connections.online.models import OnlineCheck
from app.domain.document.model import sha256
from app.domain.vocabulary import ChannelKind, Event, OnlineState
from app.drafts import queries as drafts
from app.drafts import service as draft_service
from app.events.emit import emit
from app.events.payloads.publication import FoundOnline
from app.identity.access import SYSTEM
from app.infra.runtime import Runtime
from app.proofs.models import Proof
from app.publication.models import Publication
from app.publication.packages import forms
from app.webhooks.addresses.targets import AllowList

#: Each address is looked at so often; so many in one round.
EVERY, AT_ONCE = timedelta(hours=24), 40
#: More pictures of one page are not fetched.
_MOST_PICTURES = 30
_GONE = frozenset({404, 410})
#: Why nothing is known, as it is told.
_WHY = {
    "robots": "网站的 robots.txt 不允许读取",
    "host_not_allowed": "主机不在允许读取的名单里（SANSHEN_ONLINE_HOSTS）",
    "host_not_found": "主机名查不到",
    "address_refused": "主机指向不允许访问的地址",
    "deadline_exceeded": "网站没有在规定时间内答复",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at an address; `words` where nothing can be said of it."""

    state: OnlineState
    changes: tuple[Change, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Released:
    """What was released: its paragraphs, and its pictures' digests where a channel keeps their bytes."""

    url: str
    paragraphs: tuple[str, ...]
    pictures: frozenset[str]


def look(runtime: Runtime, *, at: datetime, fetcher: Fetcher | None = None) -> int:
    """Look at what has waited longest, one transaction each; return how many addresses were looked at.

    A round that is broken off loses nothing: what was looked at is stored, and the next one goes on.
    """
    settings = runtime.settings
    fetching = fetcher or Fetcher(AllowList(settings.online_hosts, settings.webhook_loopback))
    with runtime.database.read() as session:
        waiting = queries.due(session, before=at - EVERY, limit=AT_ONCE)
    for publication_id in waiting:
        with runtime.database.read() as session:
            released = _released(session, publication_id)
        finding = compare(fetching, released)
        with runtime.database.write() as session:
            _store(session, publication_id, finding, at=at)
    return len(waiting)


def compare(fetcher: Fetcher, released: _Released) -> Finding:
    """Fetch an address and hold it against what was released."""
    try:
        answer = fetcher.get(released.url)
    except NotFetched as error:
        return Finding(OnlineState.UNKNOWN, words=_WHY.get(str(error), f"读取失败（{error}）"))
    if answer.status in _GONE:
        return Finding(OnlineState.GONE, words=f"页面已不在（HTTP {answer.status}）")
    if not 200 <= answer.status < 300:
        there = answer.headers.get("location", "")
        words = f"页面转到了 {there[:200]}" if there else f"网站答复 HTTP {answer.status}"
        return Finding(OnlineState.UNKNOWN, words=words)
    if not answer.whole:
        return Finding(OnlineState.UNKNOWN, words="页面太大，没有读完")
    page = read(answer.body.decode(errors="replace"))
    changes = list(differences(released.paragraphs, page.paragraphs))
    if released.pictures:
        changes += _pictures(fetcher, released, page.pictures)
    return Finding(OnlineState.CHANGED if changes else OnlineState.SAME, tuple(changes))


def _pictures(fetcher: Fetcher, released: _Released, addresses: tuple[str, ...]) -> list[Change]:
    """Return the released pictures that no address of a page shows byte for byte."""
    missing = set(released.pictures)
    for address in addresses[:_MOST_PICTURES]:
        there = urljoin(released.url, address)
        if not missing or not fetcher.lists(there):
            continue
        try:
            answer = fetcher.get(there, most=MOST_FILE)
        except NotFetched:
            continue
        if answer.status == 200 and answer.whole:
            missing.discard(sha256(answer.body))
    return [Change("picture", digest) for digest in sorted(missing)]


def _released(session: Session, publication_id: UUID) -> _Released:
    publication = session.get_one(Publication, publication_id)
    query = select(Proof.content).where(
        Proof.draft_id == publication.draft_id, Proof.digest == publication.digest
    )
    fragment = forms.fragment_of(bytes(session.exec(query.limit(1)).one()))
    seen = read(fragment.decode())
    kinds = {place.channel: place.kind for place in drafts.targets(session, publication.draft_id)}
    # Only a website shows the bytes that it was given; platforms make pictures anew.
    as_given = kinds.get(publication.channel) is ChannelKind.WEBSITE
    pictures = frozenset(address.rpartition("/")[2] for address in seen.pictures) if as_given else frozenset()
    return _Released(publication.url, seen.paragraphs, pictures)


def _store(session: Session, publication_id: UUID, finding: Finding, *, at: datetime) -> None:
    publication = session.get_one(Publication, publication_id)
    draft_service.lock(session, publication.draft_id)
    check = session.get(OnlineCheck, publication_id)
    before = None if check is None else OnlineState(check.state)
    if check is None:
        check = OnlineCheck(
            publication_id=publication.id,
            draft_id=publication.draft_id,
            state=finding.state,
            since=at,
            checked_at=at,
        )
    changes = [{"kind": one.kind, "text": one.text} for one in finding.changes]
    if check.state != finding.state or check.changes != changes:
        check.since = at
    news = before != finding.state or check.changes != changes
    check.state, check.changes, check.words, check.checked_at = finding.state, changes, finding.words, at
    session.add(check)
    if news and (finding.state in _TOLD or before in _TOLD):
        payload = FoundOnline(
            draft=publication.draft_id,
            publication=publication.id,
            channel=publication.channel,
            url=publication.url,
            state=str(finding.state),
            changes=len(changes),
        )
        emit(
            session,
            Event.PUBLICATION_FOUND,
            payload,
            about=publication.draft_id,
            actor=SYSTEM.as_audit(),
            at=at,
        )


#: What goes on record when it begins and when it ends.
_TOLD = frozenset({OnlineState.CHANGED, OnlineState.GONE})

__all__ = ["AT_ONCE", "EVERY", "Finding", "compare", "look"]
