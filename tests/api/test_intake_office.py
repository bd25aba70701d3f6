"""Files of other word processors, converted where an installation names a program: here a stand-in for it."""

import os
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from app.domain.document.model import Document
from app.drafts.export.docx.service import docx_of
from app.drafts.intake import office
from app.drafts.intake.file_kind import FileKind
from app.drafts.intake.service import Format, Intake, take_in
from app.infra.errors import AppError
from tests.api.test_intake_old_word import old

MADE = docx_of(
    Document.model_validate(
        {
            "title": "通知",
            "blocks": [{"kind": "heading", "text": "一、检查"}, {"kind": "paragraph", "text": "正文"}],
        }
    ),
    {},
    {},
)
#: A stand-in that understands the command line of LibreOffice, and does what a case asks of it.
PROGRAM = """#!{python}
import os, pathlib, subprocess, sys, time
made, told = pathlib.Path({made!r}), pathlib.Path({told!r})
where = sys.argv[sys.argv.index("--outdir") + 1]
source = pathlib.Path(sys.argv[-1])
assert sys.argv[sys.argv.index("--convert-to") + 1].startswith("docx") and "--headless" in sys.argv
profile = next(one for one in sys.argv if one.startswith("-env:UserInstallation=file:///"))
settings = pathlib.Path(profile[len("-env:UserInstallation=file://"):]) / "user" / "registrymodifications.xcu"
assert "DisableMacrosExecution" in settings.read_text()
told.write_text(source.name + " " + " ".join(sorted(name for name in os.environ if "SANSHEN" in name)))
target = pathlib.Path(where) / "source.docx"
{does}
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    def install(does: str = "target.write_bytes(made.read_bytes())") -> Path:
        made, told, program = tmp_path / "made.docx", tmp_path / "told", tmp_path / "soffice"
        made.write_bytes(MADE)
        program.write_text(
            PROGRAM.format(python=sys.executable, made=str(made), told=str(told), does=does), encoding="utf-8"
        )
        program.chmod(0o700)
        monkeypatch.setenv(office.VARIABLE, str(program))
        return told

    return install


def taken(data: bytes) -> Intake:
    return take_in(Format.DOCX, b64encode(data).decode(), {})


def open_document() -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", "<x/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "name"), [(old(), "source.doc"), (open_document(), "source.odt"), (b"{\\rtf1 x}", "source.rtf")]
)
def test_files_of_other_programs_are_converted_and_told_to_be(
    stand_in: Callable[..., Path], data: bytes, name: str
) -> None:
    told = stand_in()

    read = taken(data)

    assert (read.document.title, read.document.blocks[0].kind) == ("通知", "heading")
    assert ("converted", "由 LibreOffice 转换") in {(one.kind, one.what) for one in read.left_out}
    assert read.original == data
    # It is told nothing of the service.
    assert told.read_text().strip() == name


def test_word_files_of_today_are_not_converted(stand_in: Callable[..., Path]) -> None:
    told = stand_in()

    assert "converted" not in {one.kind for one in taken(MADE).left_out}
    assert not told.exists()


def test_without_a_program_what_it_would_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(office.VARIABLE, raising=False)

    assert "old_word" in {one.kind for one in taken(old()).left_out}
    with pytest.raises(AppError) as refused:
        taken(open_document())
    assert "另存为 .docx" in str(refused.value.reasons[0].data["what"])


@pytest.mark.parametrize(
    "does",
    [
        "sys.exit(1)",
        "target.write_bytes(b'x' * 1000)",
        "target.write_bytes(made.read_bytes()[:900])",
        "target.write_bytes(b'x' * 70_000_000)",
        "x = bytearray(6_000_000_000)",
    ],
)
def test_a_conversion_that_fails_leaves_what_was_to_be_had_without(
    stand_in: Callable[..., Path], does: str
) -> None:
    told = stand_in(does)

    assert "old_word" in {one.kind for one in taken(old()).left_out}
    assert told.exists()
    with pytest.raises(AppError) as refused:
        taken(open_document())
    assert "这是 OpenDocument 文档" in str(refused.value.reasons[0].data["what"])


def test_a_program_that_does_not_end_is_ended_with_all_that_it_began(
    stand_in: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office, "DEADLINE", 2)
    number = tmp_path / "pid"
    stand_in(
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(number)!r}).write_text(str(child.pid))\n"
        "time.sleep(600)"
    )

    with pytest.raises(office.NotConverted):
        office.to_docx(old(), FileKind.DOC, office.program() or "")

    if number.exists():
        for _ in range(100):
            if not _runs(int(number.read_text())):
                break
            time.sleep(0.05)
        assert not _runs(int(number.read_text()))


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except OSError:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        return True
    return state != "Z"
