"""Third-party scripts are the bytes that the lock names, and the packages still give those bytes."""

import hashlib
import json
import shutil
import subprocess

import pytest

from app.web.shell.render import STATIC

VENDOR = STATIC / "vendor"
LOCK = json.loads((VENDOR / "vendor.lock.json").read_text())
FILES = [file for package in LOCK["packages"] for file in package["files"]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["to"])
def test_each_file_is_the_one_in_the_lock(file: dict[str, str]) -> None:
    assert hashlib.sha256((VENDOR / file["to"]).read_bytes()).hexdigest() == file["sha256"]


def test_nothing_lies_there_that_the_lock_does_not_name() -> None:
    ours = {"vendor.lock.json", "rebuild.sh"}
    assert {path.name for path in VENDOR.iterdir()} == ours | {file["to"] for file in FILES}


def test_the_lock_pins_exactly_and_names_no_host() -> None:
    text = (VENDOR / "vendor.lock.json").read_text()
    assert "://" not in text
    for package in LOCK["packages"]:
        assert package["version"].replace(".", "").isdigit()
        assert package["integrity"].startswith("sha512-")
        assert package["licence"]


def test_the_packages_still_give_these_bytes() -> None:
    npm = shutil.which("npm")
    if npm is None or subprocess.run([npm, "ping"], capture_output=True, timeout=60, check=False).returncode:
        pytest.skip(
            "!!! no package registry within reach: the vendored files are compared with the lock alone"
        )
    built = subprocess.run([VENDOR / "rebuild.sh"], capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
