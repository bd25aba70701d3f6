"""Which channels there are, and where a unit's drafts may go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from app.channels import errors as _words  # noqa: F401 – the words of the codes below
from app.channels.models import Channel, Section
from app.domain.deadlines import Rung
from app.domain.vocabulary import Role
from app.identity import queries as identity
from app.identity.models import User
from app.infra.errors import Reason


def units_of(path: str) -> tuple[UUID, ...]:
    """Return the ids of the units on a path, the root first."""
    return tuple(UUID(part) for part in path.strip("/").split("/") if part)


def open_to(session: Session, unit_path: str) -> dict[str, Channel]:
    """Return the channels that take drafts of the unit at `unit_path`, by code; perhaps none.

    They are its own and those of the units above it; of two with one code the nearer counts.
    """
    above = units_of(unit_path)
    channels = session.exec(
        select(Channel).where(col(Channel.unit_id).in_(above), col(Channel.active).is_(True))
    ).all()
    return {
        channel.code: channel
        for channel in sorted(
            channels, key=lambda channel_on_way: (above.index(channel_on_way.unit_id), channel_on_way.id)
        )
    }


def on_rung(session: Session, channel_ids: Iterable[UUID], rung: Rung, *, unit_path: str) -> frozenset[UUID]:
    """Return who stands on a rung of these channels' responsibility chains, for a draft of the unit there.

    Active people only; empty where the channels file names nobody.
    """
    query = select(Channel).where(col(Channel.id).in_(list(channel_ids)))
    holders: set[UUID] = set()
    for channel in session.exec(query).all():
        for holder in channel.chain.get(rung, ()):
            if "role" in holder:
                people = identity.holders(session, Role(holder["role"]), unit_path=unit_path)
            elif "post" in holder:
                people = tuple(
                    user
                    for user in identity.posted(session, unit_path=unit_path)
                    if any(
                        post["post"] == holder["post"] and unit_path.startswith(post["path"])
                        for post in user.posts
                    )
                )
            else:
                named = select(User).where(User.login == holder["person"], col(User.active).is_(True))
                people = tuple(session.exec(named).all())
            holders |= {user.id for user in people}
    return frozenset(holders)


def sections_of(session: Session, channel_ids: Iterable[UUID]) -> dict[UUID, tuple[Section, ...]]:
    """Return the sections that take drafts, by channel, in the order of their making."""
    query = (
        select(Section)
        .where(col(Section.channel_id).in_(list(channel_ids)), col(Section.active).is_(True))
        .order_by(col(Section.id))
    )
    by_channel: dict[UUID, tuple[Section, ...]] = {}
    for section in session.exec(query).all():
        by_channel[section.channel_id] = (*by_channel.get(section.channel_id, ()), section)
    return by_channel


@dataclass(frozen=True, slots=True)
class Place:
    """A channel and one of its sections."""

    channel: Channel
    section: Section


def resolve(
    session: Session, wanted: Sequence[tuple[str, str]], *, unit_path: str
) -> tuple[tuple[Place, ...], tuple[Reason, ...]]:
    """Return the places of these `(channel code, section code)` pairs, and every reason why some are none."""
    channels = open_to(session, unit_path)
    sections = sections_of(session, [channel.id for channel in channels.values()])
    places, faults, seen = [], [], set()
    for index, (channel_code, section_code) in enumerate(wanted):
        channel = channels.get(channel_code)
        if channel is None:
            faults.append(
                Reason("unknown_channel", {"channel": channel_code}, field=f"targets.{index}.channel")
            )
            continue
        if channel_code in seen:
            faults.append(
                Reason("channel_twice", {"channel": channel_code}, field=f"targets.{index}.channel")
            )
            continue
        seen.add(channel_code)
        section = next(
            (candidate for candidate in sections.get(channel.id, ()) if candidate.code == section_code), None
        )
        if section is None:
            data = {"channel": channel_code, "section": section_code}
            faults.append(Reason("unknown_section", data, field=f"targets.{index}.section"))
            continue
        places.append(Place(channel, section))
    return tuple(places), tuple(faults)
