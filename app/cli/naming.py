"""What people call things on the command line; whoever names something unknown is told what is known."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from app.cli.output import fail
from app.words.labels import label

if TYPE_CHECKING:
    from sqlmodel import Session

    from app.identity.models import Unit

Chosen = TypeVar("Chosen", bound=StrEnum)


def chosen(kind: type[Chosen], given: str, what: str) -> Chosen:
    """Return the member of `kind` with this code or Chinese label; anything else is told with all of them."""
    member = next((choice for choice in kind if given in {str(choice), label(choice)}), None)
    if member is None:
        known = "、".join(f"{choice}（{label(choice)}）" for choice in kind)
        fail(f"不认识的{what}“{given}”，可用：{known}。")
    return member


def unit_names(session: "Session") -> dict[UUID, str]:
    """Return every unit's name with those above it, `清河市民政局/办公室`, parents before children."""
    from sqlmodel import select

    from app.identity.models import Unit

    units = session.exec(select(Unit).order_by(Unit.path)).all()
    own = {unit.id: unit.name for unit in units}
    return {unit.id: "/".join(own[UUID(part)] for part in unit.path.strip("/").split("/")) for unit in units}


def unit_named(session: "Session", given: str | None) -> "Unit":
    """Return the unit of this id, name or path of names, or the only unit there is when nothing is given.

    No such unit, several, or a choice that was not made ends the command with 2.
    """
    from app.identity.models import Unit

    names = unit_names(session)
    if not names:
        fail("还没有单位。请先建立：sanshen unit add 单位名称 --kind city")
    matching = list(names) if given is None else _matching(names, given.strip("/"))
    if len(matching) > 1 and given is not None:
        fail(
            f"叫“{given}”的单位不止一个，请写全：",
            *(f"  {names[unit_id]}（{unit_id}）" for unit_id in matching),
        )
    if len(matching) != 1:
        said = "请用 --unit 写明单位" if given is None else f"没有单位“{given}”"
        fail(f"{said}，现有：", *(f"  {name}" for name in names.values()))
    unit = session.get(Unit, matching[0])
    assert unit is not None
    return unit


def _matching(names: Mapping[UUID, str], given: str) -> list[UUID]:
    whole = [unit_id for unit_id, name in names.items() if given in {str(unit_id), name}]
    return whole or [unit_id for unit_id, name in names.items() if name.endswith(f"/{given}")]


def place_known(session: "Session", channel: str | None, section: str | None) -> None:
    """Leave with what there is when no channel or section has this code."""
    from sqlmodel import col, select

    from app.channels.models import Channel, Section

    channels = session.exec(select(Channel).where(col(Channel.active).is_(True))).all()
    codes = {row.code: row.name for row in channels}
    if channel is not None and channel not in codes:
        fail(f"没有阵地“{channel}”，现有：{_listed(codes)}。")
    if channel is None or section is None:
        return
    of_channel = [row.id for row in channels if row.code == channel]
    sections = session.exec(
        select(Section).where(col(Section.channel_id).in_(of_channel), col(Section.active).is_(True))
    ).all()
    known = {row.code: row.name for row in sections}
    if section not in known:
        fail(f"阵地“{channel}”没有栏目“{section}”，现有：{_listed(known)}。")


def _listed(names: Mapping[str, str]) -> str:
    return "、".join(f"{code}（{name}）" for code, name in names.items()) or "无"
