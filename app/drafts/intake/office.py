"""Files of other word processors, made .docx by LibreOffice where `SANSHEN_OFFICE` names it.

The program runs apart, in an empty folder with a profile of its own that runs no macro and fetches nothing,
with limits of processor time, memory, output and time. What it makes is read as any other Word file.
"""

import os
import signal
import subprocess
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from app.drafts.intake.file_kind import FileKind

#: The variable that names the program (`/usr/bin/soffice`); without it nothing is converted.
VARIABLE = "SANSHEN_OFFICE"
#: Kind → how the file's name ends for the program.
ENDINGS = {FileKind.DOC: "doc", FileKind.OPEN_DOCUMENT: "odt", FileKind.RTF: "rtf", FileKind.WORD_XML: "xml"}
#: Processor time, and the time after which it is ended in any case, in seconds.
CPU_SECONDS = 40
DEADLINE = 60
#: Address space, and the largest file that it may write, in units of 1 024 bytes.
MEMORY = 4_000_000
OUTPUT = 60_000
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution"
 oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel"
 oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks"
 oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link"
 oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""
#: Limits first, then the program, in the shell's own process.
_LIMITED = 'ulimit -c 0; ulimit -t "$1"; ulimit -v "$2"; ulimit -f "$3"; shift 3; exec "$@"'


class NotConverted(Exception):
    """The program gave nothing: it was ended, failed, or does not know the file."""


def program() -> str | None:
    """Return the program that converts; `None` where the installation names none."""
    return os.environ.get(VARIABLE) or None


def to_docx(data: bytes, kind: FileKind, command: str) -> bytes:
    """Return a file as .docx. Raises `NotConverted`."""
    with TemporaryDirectory(prefix="sanshen-office-") as made:
        folder = Path(made)
        profile, out, source = folder / "profile", folder / "out", folder / f"source.{ENDINGS[kind]}"
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE, encoding="utf-8")
        out.mkdir()
        source.write_bytes(data)
        ended = _run(
            [
                command,
                f"-env:UserInstallation={profile.as_uri()}",
                *("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard"),
                *("--convert-to", "docx:MS Word 2007 XML", "--outdir", str(out), str(source)),
            ],
            folder,
        )
        target = out / "source.docx"
        if ended != 0 or not target.is_file():
            raise NotConverted
        return target.read_bytes()


def _run(command: list[str], folder: Path) -> int:
    limits = [str(CPU_SECONDS), str(MEMORY), str(OUTPUT)]
    own = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    with subprocess.Popen(  # noqa: S603 – the program that the installation names, on a file of ours
        ["/bin/bash", "-c", _LIMITED, "bash", *limits, *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Nothing of ours is its business; and it finds no way out.
        env={
            **own,
            "HOME": str(folder),
            "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
        },
        start_new_session=True,
    ) as child:
        clock = threading.Timer(DEADLINE, _end, [child.pid])
        clock.start()
        try:
            return child.wait()
        finally:
            clock.cancel()
            # It may have left others behind.
            _end(child.pid)


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
