"""What an event carries: a frozen class, and where each of its fields goes."""

from collections.abc import Mapping
from dataclasses import field, fields
from datetime import date
from enum import Enum
from typing import Any, NamedTuple, Self
from uuid import UUID


class Absent(Enum):
    """A field that this event does not carry; `None` is carried as null."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT

_USE, _NAME, _CONTENT, _PACKED = "use", "name", "content", "packed"
_PRIVATE, _OUTSIDE, _INSIDE = "private", "outside", "inside"


def private() -> Any:  # noqa: ANN401 – stands for the field
    """Declare words that may name a person: they are on record by their commitment. `None`: not carried."""
    return field(default=None, metadata={_USE: _PRIVATE})


def outside() -> Any:  # noqa: ANN401 – stands for the field
    """Declare what is told to the outside beside what is on record."""
    return field(default=ABSENT, metadata={_USE: _OUTSIDE})


def inside() -> Any:  # noqa: ANN401 – stands for the field
    """Declare what only notices are made from."""
    return field(default=ABSENT, metadata={_USE: _INSIDE})


def content(*tables: str, packed: bool = False, may_lack: bool = False) -> Any:  # noqa: ANN401 – stands for the field
    """Declare a SHA-256 that names content in one of these tables; verifying the record looks for it there.

    `packed`: evidence packages hold it, and the verifier that travels with them looks for it too.
    """
    metadata = {_CONTENT: tables, _PACKED: packed}
    return field(default=ABSENT, metadata=metadata) if may_lack else field(metadata=metadata)


def named(name: str, *tables: str, packed: bool = False) -> Any:  # noqa: ANN401 – stands for the field
    """Declare a field whose name on record is a word of Python; see `content` for the rest."""
    return field(metadata={_NAME: name, _CONTENT: tables, _PACKED: packed})


class Content(NamedTuple):
    """A field that names content: the tables where it lies, and whether evidence packages hold it."""

    tables: tuple[str, ...]
    packed: bool


class Shape(NamedTuple):
    """The fields of a payload class by where they go, as pairs of attribute and name on record."""

    recorded: tuple[tuple[str, str], ...]
    private: tuple[tuple[str, str], ...]
    outside: tuple[tuple[str, str], ...]
    inside: tuple[tuple[str, str], ...]
    content: Mapping[str, Content]

    @property
    def names(self) -> dict[str, str]:
        """Name on record → attribute, of every field."""
        every = (*self.recorded, *self.private, *self.outside, *self.inside)
        return {name: attribute for attribute, name in every}


class Payload:
    """The base of every payload; the classes are frozen dataclasses with keywords only.

    Values are JSON values, or ids, instants, enums, tuples and sets, which are written as JSON.
    """

    __slots__ = ()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Return the payload that holds `data`, by the names on record; `TypeError` for other names."""
        names = shape_of(cls).names
        return cls(**{names.get(name, name): value for name, value in data.items()})

    def recorded(self) -> dict[str, Any]:
        """Return what goes on record in the clear, as JSON values."""
        return _written(self, shape_of(type(self)).recorded)

    def private(self) -> dict[str, str]:
        """Return what goes on record by its commitment only."""
        pairs = ((name, getattr(self, attribute)) for attribute, name in shape_of(type(self)).private)
        return {name: value for name, value in pairs if value is not None}

    def outside(self) -> dict[str, Any]:
        """Return what is told outside beside what is on record."""
        return _written(self, shape_of(type(self)).outside)

    def inside(self) -> dict[str, Any]:
        """Return what only notices are made from."""
        return _written(self, shape_of(type(self)).inside)


def shape_of(payload: type[Payload]) -> Shape:
    """Return where the fields of a payload class go."""
    known = _shapes.get(payload)
    if known is None:
        known = _shapes[payload] = _shape(payload)
    return known


_shapes: dict[type[Payload], Shape] = {}


def _shape(payload: type[Payload]) -> Shape:
    by_use: dict[str | None, list[tuple[str, str]]] = {None: [], _PRIVATE: [], _OUTSIDE: [], _INSIDE: []}
    holds: dict[str, Content] = {}
    for field_ in fields(payload):  # type: ignore[arg-type]
        name = field_.metadata.get(_NAME, field_.name)
        by_use[field_.metadata.get(_USE)].append((field_.name, name))
        if tables := field_.metadata.get(_CONTENT):
            holds[name] = Content(tables, field_.metadata[_PACKED])
    return Shape(
        tuple(by_use[None]), tuple(by_use[_PRIVATE]), tuple(by_use[_OUTSIDE]), tuple(by_use[_INSIDE]), holds
    )


def _written(payload: Payload, pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    values = ((name, getattr(payload, attribute)) for attribute, name in pairs)
    return {name: _json(value) for name, value in values if value is not ABSENT}


def _json(value: Any) -> Any:  # noqa: ANN401 – any value of a payload
    if type(value) is str or value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (str, UUID)):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _json(inner) for key, inner in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(_json(inner) for inner in value)
    if isinstance(value, (list, tuple)):
        return [_json(inner) for inner in value]
    return value
