"""Reading a source: here where it is small, in a process of its own with limits where it is not.

A text decides by itself how long it takes to read. What is large is read where it can hold up nobody and be
ended: a child process with limits of processor time, memory and output, a few at a time, with a deadline.
"""

import json
import os
import subprocess
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter

from app.domain.document.model import Block, Image
from app.drafts.intake import office
from app.drafts.intake.builder import Builder, PictureElsewhere, TooMuch
from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.file_kind import kind_of
from app.drafts.intake.left_out import LeftOut, summed
from app.drafts.intake.reading import Reading, unreadable
from app.drafts.intake.source_pictures import SourcePicture, SourcePictures

#: So much marked-up text, in characters, is read in the process that was asked; see decision 42 for its cost.
SMALL = 20_000
#: Processor time of a child, and the time after which it is ended in any case, in seconds.
CPU_SECONDS = 20
DEADLINE = 45
#: Memory of a child, in bytes of address space.
MEMORY = 1_500_000_000
#: The most that a child may answer, in bytes.
MOST_OUT = 40_000_000
#: Children at once in one process, and how long to wait for a turn, in seconds.
AT_ONCE = 2
PATIENCE = 5

_turns = threading.BoundedSemaphore(AT_ONCE)
_blocks: TypeAdapter[tuple[Block, ...]] = TypeAdapter(tuple[Block, ...])


class Busy(Exception):
    """All children have been at work for too long; later there is a turn."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be read: its format, the title given beside it, and where its relative links lead from.

    The content of a Word file is its bytes in Base64; `changes` says what becomes of its tracked changes.
    """

    format: str
    content: str
    title: str | None = None
    base: str = ""
    changes: str = TrackedChanges.ORIGINAL

    @property
    def is_heavy(self) -> bool:
        """Whether it is read in a process of its own."""
        # A package may be a bomb, however small it is.
        if self.format in {"docx", "text"}:
            return self.format == "docx"
        return len(self.content) > SMALL or "data:image" in self.content.casefold()


@dataclass(frozen=True, slots=True)
class Read:
    """What was read: blocks without the title, the title, further fields, and what was left out.

    Among what was left out are the pictures that lie elsewhere.
    """

    blocks: tuple[Block, ...]
    title: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    pictures_elsewhere: tuple[PictureElsewhere, ...] = ()
    #: Pictures that came with the source, each with what it says where that was read.
    pictures: tuple[SourcePicture, ...] = ()
    readings: Mapping[str, Reading] = field(default_factory=dict)


def read(source: Source) -> Read:
    """Return what a source says.

    Raises `TooMuch` with the code of the reason where it cannot be read, `Busy` where there is no turn.
    """
    return _read_apart(source) if source.is_heavy else read_here(source)


def read_here(source: Source) -> Read:
    """Return what a source says, reading it in this process. Raises `TooMuch`."""
    from app.drafts.intake.html import read_html
    from app.drafts.intake.markdown import read_markdown
    from app.drafts.intake.text import read_text

    readers = {"text": read_text, "markdown": read_markdown, "html": read_html}
    builder = Builder(base=source.base, pictures=SourcePictures())
    try:
        if source.format == "docx":
            from app.drafts.intake.docx.service import read_docx

            read_docx(b64decode(source.content), builder, choice=TrackedChanges(source.changes))
        else:
            readers[source.format](source.content, builder)
    except RecursionError as error:
        raise TooMuch("nested_too_deep") from error
    title = source.title or builder.fields.get("title") or None
    builder.settle(title)
    return Read(
        tuple(builder.blocks),
        title or builder.title,
        builder.fields,
        summed(builder.left_out),
        tuple(builder.pictures_elsewhere),
        _shown(builder),
    )


def _shown(builder: Builder) -> tuple[SourcePicture, ...]:
    """Return the pictures that the blocks show."""
    kept = builder.pictures.by_digest if builder.pictures is not None else {}
    shown = {block.sha256: None for block in builder.blocks if isinstance(block, Image)}
    return tuple(kept[digest] for digest in shown if digest in kept)


#: What is said of a file that could not be read within the limits.
TOO_HEAVY = unreadable("太复杂，在限定的时间和内存里读不完，没有检查；请拆成几个文件，或删去多余的内容")


def read_file(content: bytes) -> Reading:
    """Return what a file of a draft says, read in a process of its own; `TOO_HEAVY` where it was ended.

    That may be due to the machine's load: it is not to be kept for good. Raises `Busy`.
    """
    said = _in_turn({"held": b64encode(content).decode()})
    if "fault" in said:
        return TOO_HEAVY
    return Reading.from_json(said["reading"])


def _in_turn(asked: dict[str, Any]) -> dict[str, Any]:
    with _turn():
        return _ask(asked)


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=PATIENCE):
        raise Busy
    try:
        yield
    finally:
        _turns.release()


def _converted(source: Source) -> bytes | None:
    """Return a file of another program as .docx; `None` for any other, and where nothing converts it."""
    command = office.program() if source.format == "docx" else None
    if command is None:
        return None
    data = b64decode(source.content)
    kind = kind_of(data)
    if kind not in office.ENDINGS:
        return None
    with _turn():
        try:
            return office.to_docx(data, kind, command)
        except office.NotConverted:
            # Read as where there is no such program: the words of an old file, or a sentence that helps.
            return None


def _read_apart(source: Source) -> Read:
    made = _converted(source)
    if made is not None:
        said = _in_turn(asdict(replace(source, content=b64encode(made).decode())))
        if "fault" not in said:
            said["left_out"].insert(0, {"kind": "converted", "what": "由 LibreOffice 转换", "count": 1})
            return _as_read(said)
    return _as_read(_in_turn(asdict(source)))


def _as_read(said: dict[str, Any]) -> Read:
    if "fault" in said:
        raise TooMuch(said["fault"], **said.get("data", {}))
    return Read(
        _blocks.validate_python(said["blocks"]),
        said["title"],
        said["fields"],
        tuple(LeftOut(**entry) for entry in said["left_out"]),
        tuple(PictureElsewhere(*picture) for picture in said["pictures_elsewhere"]),
        tuple(map(SourcePicture.from_json, said["pictures"])),
        {digest: Reading.from_json(reading) for digest, reading in said["readings"].items()},
    )


def _ask(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the child's answer; a child that was ended or says nothing was asked too much."""
    # Nothing of ours is a child's business: no settings, no secrets.
    own = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    command = [sys.executable, "-m", "app.drafts.intake.subprocess_child"]
    with subprocess.Popen(  # noqa: S603 – our own interpreter on our own module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**own, "PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"},
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        clock = threading.Timer(DEADLINE, child.kill)
        clock.start()
        try:
            child.stdin.write(json.dumps(asked).encode())
            child.stdin.close()
            answer = child.stdout.read(MOST_OUT + 1)
        except BrokenPipeError:
            answer = b""
        finally:
            clock.cancel()
            child.kill()
    if len(answer) > MOST_OUT or not answer:
        return {"fault": "conversion_too_heavy"}
    said: dict[str, Any] = json.loads(answer)
    return said
