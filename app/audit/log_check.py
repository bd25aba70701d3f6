"""Holding the log over all events, and every checkpoint of it, against the events."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from app.audit import row_reader
from app.audit.service import ROWS
from app.domain.record import checkpoints, merkle
from app.domain.record.chain import Fault, FaultCode
from app.domain.record.checkpoints import Checkpoint
from app.infra.signing import Signer

#: How far clocks may be apart: an event that lies further outside its checkpoints was dated by hand.
_APART = timedelta(days=1)
_INSIDE, _FOLDER, _OUTSIDE = "库内", "检查点目录里", "库外保存"

#: Size → the checkpoints of that size, each with where it was found.
Known = dict[int, list[tuple[str, Checkpoint]]]


@dataclass(slots=True)
class Checked:
    """What was found: how many events are logged, how many checkpoints fit, and what could not be asked.

    `begun` says that there is or was a log; `not_comparable` counts checkpoints where entries are gone.
    """

    logged: int = 0
    compared: int = 0
    unsigned: int = 0
    not_comparable: int = 0
    begun: bool = False
    faults: list[Fault] = field(default_factory=list)

    def fault(self, code: FaultCode, **data: Any) -> None:  # noqa: ANN401 – JSON values
        """Add a fault that belongs to no stream."""
        self.faults.append(Fault(code, "", 0, data))


def files(folder: Path | None) -> dict[str, str]:
    """Return the texts of the files of a folder of checkpoints by name; what is no text is empty."""
    if folder is None or not folder.is_dir():
        return {}
    found = {}
    for path in sorted(folder.glob("*.txt")):
        try:
            found[path.name] = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            found[path.name] = ""
    return found


def check(
    session: Session, *, signer: Signer | None, outside: Sequence[str], files: Mapping[str, str] | None = None
) -> Checked:
    """Walk the log from its first entry, and compare its root with every checkpoint where it was made.

    `files` are the texts of the files that checkpoints were written into, by name.
    """
    checked = Checked()
    inside = list(_inside(session, checked))
    folder = list(_unknown(files or {}, {one.note for one in inside}, checked))
    told = [one for text in outside for one in checkpoints.read(text)]
    known: Known = {}
    for where, some in ((_INSIDE, inside), (_FOLDER, folder), (_OUTSIDE, told)):
        for one in some:
            known.setdefault(one.size, []).append((where, one))
            _signature(where, one, signer, checked)
    walk = _Walk(session, known, checked)
    walk.run()
    walk.bookkeeping()
    checked.begun = bool(inside or files or walk.begun or checked.begun)
    if walk.begun and not inside:
        checked.fault(FaultCode.CHECKPOINTS_MISSING, size=walk.next)
    return checked


def _signature(where: str, one: Checkpoint, signer: Signer | None, checked: Checked) -> None:
    if signer is None or one.origin != checkpoints.origin_of(signer.key_id):
        checked.unsigned += 1
    elif not checkpoints.is_signed(one, public=signer.public_bytes, verify=signer.verifies_bytes):
        checked.fault(FaultCode.CHECKPOINT_UNSIGNED, size=one.size, made_at=one.at, where=where)


def _inside(session: Session, checked: Checked) -> Iterator[Checkpoint]:
    """Yield the checkpoints of the database that can be read, and tell of the others."""
    for rows in row_reader.rows(session, "audit_checkpoint"):
        for row in rows:
            checked.begun = True
            checked.faults += row_reader.unreadable("audit_checkpoint", str(row["size"]), row)
            note = row["note"]
            read = checkpoints.read(note) if isinstance(note, str) else []
            if len(read) != 1 or read[0].note != note or _instant(read[0]) is None:
                checked.fault(FaultCode.CHECKPOINT_UNREADABLE, size=str(row["size"]))
                continue
            says = {"size": read[0].size, "made_at": _instant(read[0])}
            differ = [
                name
                for name, value in says.items()
                if row[name] != value and not isinstance(row[name], row_reader.Unreadable)
            ]
            if differ:
                checked.fault(FaultCode.CHECKPOINT_ROW_DIFFERS, size=read[0].size, columns=differ)
            yield read[0]


def _unknown(files: Mapping[str, str], inside: set[str], checked: Checked) -> Iterator[Checkpoint]:
    """Yield the checkpoints of the folder that the database does not have, and tell of them."""
    for name, text in files.items():
        found = checkpoints.read(text)
        if not found:
            checked.fault(FaultCode.CHECKPOINT_FILE_UNREADABLE, file=name)
            continue
        lost = [one for one in found if one.note not in inside]
        if lost:
            last = max(lost, key=lambda one: one.size)
            data = {"file": name, "count": len(lost), "size": last.size, "made_at": last.at}
            checked.fault(FaultCode.CHECKPOINT_ROW_MISSING, **data)
        yield from lost


def _instant(one: Checkpoint) -> datetime | None:
    try:
        return datetime.fromisoformat(one.at)
    except ValueError:
        return None


class _Walk:
    """Goes along the log with the tree over it.

    Where entries are gone the roots of the tiles help on: the tree goes on after the last tile with a gap.
    """

    def __init__(self, session: Session, known: Known, checked: Checked) -> None:
        self.session, self.known, self.checked = session, known, checked
        self.tree, self.tile = merkle.Tree(), merkle.Tree()
        #: The position that comes next, and whether entries of the tree are missing since the last tile.
        self.next, self.lost = 0, False
        #: How many roots of tiles stand before the tile that is walked: the tree is made of them again.
        self.roots: list[bytes | None] = []
        self.good = 0
        self.ends: dict[str, int] = {}
        self.tiles: dict[int, str] = {}
        for rows in row_reader.rows(session, "audit_tile"):
            for row in rows:
                checked.faults += row_reader.unreadable("audit_tile", str(row["number"]), row)
                self.tiles[row["number"]] = row["root"]
        self.begun = bool(self.tiles)
        #: Sizes at which the log was signed here, and when.
        self.signed = sorted(
            (size, at)
            for size, there in known.items()
            for where, one in there
            if where == _INSIDE and (at := _instant(one)) is not None
        )
        self.sizes = [size for size, _ in self.signed]

    def run(self) -> None:
        """Walk to the end, and tell of checkpoints and tiles beyond it."""
        for row in self._rows():
            self.begun = True
            self._entry(row)
        self.checked.logged = self.next
        for number in self.tiles:
            if not isinstance(number, int) or number >= self.next // merkle.TILE:
                self.checked.fault(FaultCode.LOG_TILE_DIFFERS, number=str(number))
        beyond = {where: one for _, there in sorted(self.known.items()) for where, one in there}
        for size, there in sorted(self.known.items()):
            for where, one in there if size > self.next else ():
                if where != _FOLDER or one is beyond[where]:
                    data = {"size": size, "found": self.next, "made_at": one.at, "where": where}
                    self.checked.fault(FaultCode.CHECKPOINT_AHEAD, **data)

    def bookkeeping(self) -> None:
        """Compare how far each stream is said to be in the log with how far it is."""
        told: dict[str, object] = {}
        for rows in row_reader.rows(self.session, "audit_logged"):
            for row in rows:
                stream = str(row["stream"])
                told[stream] = row["seq"]
                self.checked.faults += row_reader.unreadable("audit_logged", stream, row)
        self.begun = self.begun or bool(told)
        if bool(told) != bool(self.ends):
            self.checked.fault(FaultCode.LOGGED_MISSING, said=len(told), found=len(self.ends))
            return
        for stream in sorted(told.keys() | self.ends.keys()):
            said, end = told.get(stream, 0), self.ends.get(stream, 0)
            if said != end:
                data = {"said": str(said), "found": end}
                self.checked.faults.append(Fault(FaultCode.LOGGED_DIFFERS, stream, 0, data))

    def _rows(self) -> Iterator[dict[str, Any]]:
        tables = SQLModel.metadata.tables
        log, event = tables["audit_log"].c, tables["audit_event"].c
        query = (
            sa.select(
                *row_reader.raw(self.session, log),
                event.leaf.label("found"),
                *row_reader.raw(self.session, [event.ts]),
            )
            .outerjoin(tables["audit_event"], sa.and_(event.stream == log.stream, event.seq == log.seq))
            .order_by(log.position)
            .execution_options(yield_per=2000)
        )
        read = row_reader.reader(self.session, [*log, event.ts])
        for row in self.session.connection().execute(query).mappings():
            yield read(dict(row))

    def _entry(self, row: dict[str, Any]) -> None:
        position, stream, seq = row["position"], str(row["stream"]), row["seq"]
        entry = {name: row[name] for name in ("position", "stream", "seq", "leaf")}
        self.checked.faults += row_reader.unreadable("audit_log", str(position), entry)
        if not isinstance(position, int) or position < self.next:
            return
        number = seq if isinstance(seq, int) else 0
        self.ends[stream] = max(number, self.ends.get(stream, 0))
        if position != self.next:
            self._gap(position)
        place = {"position": position}
        if row["found"] is None:
            self.checked.faults.append(Fault(FaultCode.LOG_EVENT_MISSING, stream, number, place))
        elif row["found"] != row["leaf"]:
            self.checked.faults.append(Fault(FaultCode.LOG_EVENT_DIFFERS, stream, number, place))
        if isinstance(row["ts"], datetime) and stream != ROWS:
            self._dated(position, stream, number, row["ts"])
        self._append(row["leaf"])

    def _append(self, leaf: object) -> None:
        try:
            one = bytes.fromhex(leaf) if isinstance(leaf, str) else b""
        except ValueError:
            one = b""
        if len(one) != merkle.BYTES:
            self.checked.fault(FaultCode.LOG_LEAF_UNREADABLE, position=self.next)
            self.lost = True
        self.next += 1
        self.tree.append(one)
        self.tile.append(one)
        if self.next % merkle.TILE == 0:
            self._end_of_tile()
        self._at_size()

    def _gap(self, position: int) -> None:
        """Tell of entries that are gone, and go on after them."""
        self.checked.fault(FaultCode.LOG_GAP, first=self.next, last=position - 1)
        self.lost = True
        sizes = [size for size in self.known if self.next < size <= position]
        self.next = position
        self.checked.not_comparable += sum(len(self.known[size]) for size in sizes)
        if position // merkle.TILE - len(self.roots) > len(self.tiles):
            self.roots.append(None)  # nothing helps on: too many are gone, or a position is made up
        while None not in self.roots and len(self.roots) < position // merkle.TILE:
            self.roots.append(self._stored(len(self.roots)))
        self.tile = merkle.Tree()
        if position % merkle.TILE == 0:
            self._again()

    def _stored(self, number: int) -> bytes | None:
        """Return the root of a tile as it is stored."""
        root = self.tiles.get(number)
        if root is None:
            self.checked.fault(FaultCode.LOG_TILE_DIFFERS, number=number)
        try:
            found = bytes.fromhex(root) if isinstance(root, str) else b""
        except ValueError:
            return None
        return found if len(found) == merkle.BYTES else None

    def _end_of_tile(self) -> None:
        number = self.next // merkle.TILE - 1
        if self.lost:
            self.roots.append(self._stored(number))
            self._again()
        else:
            root = self.tile.root()
            self.roots.append(root)
            if self.tiles.get(number) != root.hex():
                self.checked.fault(FaultCode.LOG_TILE_DIFFERS, number=number)
        self.tile = merkle.Tree()

    def _again(self) -> None:
        """Make the tree of the roots of all tiles so far, as far as they are known."""
        if any(root is None for root in self.roots):
            return
        self.tree = merkle.Tree()
        for root in self.roots:
            self.tree.append(root or b"", leaves=merkle.TILE)
        self.lost = False

    def _at_size(self) -> None:
        there = self.known.get(self.next, ())
        if self.lost:
            self.checked.not_comparable += len(there)
            return
        for where, one in there:
            self._compare(where, one)

    def _dated(self, position: int, stream: str, seq: int, ts: datetime) -> None:
        """Ask whether an event's time lies between the checkpoints before and after it."""
        at = bisect_right(self.sizes, position)
        since = self.signed[at - 1][1] if at else None
        after = self.signed[at][1] if at < len(self.signed) else None
        if (since and ts < since - _APART) or (after and ts > after + _APART):
            data = {"ts": str(ts), "after": str(since or "最初"), "before": str(after or "现在")}
            self.checked.faults.append(Fault(FaultCode.BACK_DATED, stream, seq, data))

    def _compare(self, where: str, one: Checkpoint) -> None:
        self.checked.compared += 1
        if one.root == self.tree.root():
            self.good = one.size
            return
        data = {"size": one.size, "made_at": one.at, "where": where, "good": self.good}
        self.checked.fault(FaultCode.CHECKPOINT_DIFFERS, **data)
