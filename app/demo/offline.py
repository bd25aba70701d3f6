"""Evidence packages away from any service: the verifier that they carry, and packages tampered with."""

import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path


def verify(evidence: bytes) -> "subprocess.CompletedProcess[str]":
    """Run the verifier that the package carries, alone: isolated, in a folder with nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "evidence.zip"
        package.write_bytes(evidence)
        with zipfile.ZipFile(package) as archive:
            script = next(name for name in archive.namelist() if name.endswith(".py"))
            archive.extract(script, folder)
        return subprocess.run(  # noqa: S603 – our own interpreter on our own file
            [sys.executable, "-I", str(Path(folder) / script), str(package)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            cwd=folder,
            env={"PYTHONUTF8": "1"},
        )


def each_with_a_changed_byte(evidence: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield `(member, package)` for each member but the verifier: the package with that member changed."""
    with zipfile.ZipFile(io.BytesIO(evidence)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for name, content in files.items():
        if content and not name.endswith(".py"):
            changed = bytearray(content)
            changed[len(changed) // 2] ^= 1
            yield name, _packed({**files, name: bytes(changed)})


def _packed(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()
