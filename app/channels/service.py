"""Bringing the channels of `policies/channels.yaml` into the database."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.channels import connections
from app.channels import errors as _words  # noqa: F401 – the words of the codes below
from app.channels.models import Channel, Section
from app.channels.schemas import ChannelEntry, ChannelsFile, HolderEntry, SectionEntry
from app.domain.files.faults import Fault, in_order
from app.domain.files.policy_text import Lines, modelled
from app.identity.models import Unit
from app.infra.errors import Invalid, Reason
from app.infra.ids import new_id
from app.infra.policy_faults import reason_of

FILE = "channels.yaml"
_KEYS = frozenset().union(
    *(
        model.model_fields
        for model in (
            ChannelsFile,
            ChannelEntry,
            SectionEntry,
            HolderEntry,
            connections.WechatConnection,
            connections.SiteConnection,
            connections.FileConnection,
        )
    )
)
#: An entry, the unit that keeps the channel, and the channel if it is known already.
_Planned = tuple[ChannelEntry, UUID, Channel | None]


def lint(text: str) -> tuple[ChannelsFile | None, tuple[Fault, ...]]:
    """Return what the text of a channels file says, if it has the right form, and all its faults."""
    read = modelled(text, ChannelsFile, keys=_KEYS)
    if read.model is None:
        return None, read.faults
    return read.model, in_order([*read.faults, *_twice(read.model, read.lines)])


def _twice(file: ChannelsFile, lines: Lines) -> Iterator[Fault]:
    seen: set[tuple[str | None, str]] = set()
    for index, channel in enumerate(file.channels):
        path = ("channels", index)
        if (channel.unit, channel.code) in seen:
            data = {"channel": channel.code, "unit": channel.unit or ""}
            yield lines.fault((*path, "code"), "channel_twice", **data)
        seen.add((channel.unit, channel.code))
        sections: set[str] = set()
        for number, section in enumerate(channel.sections):
            if section.code in sections:
                place = (*path, "sections", number, "code")
                yield lines.fault(place, "section_twice", channel=channel.code, section=section.code)
            sections.add(section.code)


def read(text: str) -> ChannelsFile:
    """Return what the text of a channels file says. Raises `Invalid` with every fault."""
    file, faults = lint(text)
    if file is None or faults:
        raise Invalid("channels_malformed", reasons=[reason_of(fault, FILE) for fault in faults])
    return file


def sync(session: Session, file: str, *, at: datetime) -> tuple[Channel, ...]:  # noqa: ARG001 – every verb takes it
    """Make the database's channels those of a file's text, and return them in its order.

    Channels and sections that the file no longer names take no more drafts; nothing is deleted. Before there
    is any unit nothing happens. Raises `Invalid` with every fault: of the file, of unknown units, of a
    changed kind.
    """
    named, kept = _planned(session, file)
    if not named and not kept:
        return ()
    channels = tuple(_channel(session, entry, owner, known) for entry, owner, known in named)
    for channel in kept.values():
        channel.active = channel in channels
    session.flush()
    for (entry, _, _), channel in zip(named, channels, strict=True):
        _sections(session, entry, channel)
    session.flush()
    return channels


def check(session: Session, file: str) -> None:
    """Raise `Invalid` with everything for which `sync` would refuse a file's text; changes nothing."""
    _planned(session, file)


def _planned(session: Session, file: str) -> tuple[list[_Planned], dict[tuple[UUID, str], Channel]]:
    """Return each entry of a file with its unit and its channel, if there is one, and all channels there are.

    Both empty before there is any unit. Raises `Invalid`.
    """
    wanted = read(file).channels
    units = session.exec(select(Unit)).all()
    if not units:
        return [], {}
    kept = {(row.unit_id, row.code): row for row in session.exec(select(Channel)).all()}
    faults: list[Reason] = []
    named: list[_Planned] = []
    for entry in wanted:
        owners = [
            unit.id for unit in units if (unit.name == entry.unit if entry.unit else unit.parent_id is None)
        ]
        if len(owners) != 1:
            data = {"channel": entry.code, "unit": entry.unit}
            faults.append(Reason("channel_unit_unknown" if entry.unit else "channel_of_several_roots", data))
            continue
        known = kept.get((owners[0], entry.code))
        if known is not None and known.kind != entry.kind:
            faults.append(Reason("channel_kind_fixed", {"channel": entry.code}))
            continue
        named.append((entry, owners[0], known))
    if faults:
        raise Invalid("channels_malformed", reasons=faults)
    return named, kept


def _channel(session: Session, entry: ChannelEntry, unit_id: UUID, known: Channel | None) -> Channel:
    channel = known or Channel(id=new_id(), unit_id=unit_id, code=entry.code, name="", kind=entry.kind)
    channel.name, channel.config, channel.active = entry.name, dict(entry.config), True
    if entry.connection is not None:
        channel.config[connections.KEY] = entry.connection.model_dump(mode="json")
    channel.chain = {
        str(rung): [holder.model_dump(mode="json", exclude_none=True) for holder in holders]
        for rung, holders in entry.chain.items()
    }
    session.add(channel)
    return channel


def _sections(session: Session, entry: ChannelEntry, channel: Channel) -> None:
    kept = {
        section.code: section
        for section in session.exec(select(Section).where(col(Section.channel_id) == channel.id))
    }
    for section in kept.values():
        section.active = False
    for wanted in entry.sections:
        section = kept.get(wanted.code) or Section(
            id=new_id(), channel_id=channel.id, code=wanted.code, name=wanted.name
        )
        section.name, section.active = wanted.name, True
        session.add(section)
