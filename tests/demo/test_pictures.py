"""The pictures of the docs: all that are shown can be taken anew, and none lies about unused."""

import re

from tests.cli.processes import ROOT
from tests.demo.pictures import FOLDER, PICTURES

SHOWN = re.compile(r"\((?:docs/)?images/([\w-]+)\.png\)")


def test_every_picture_is_taken_by_the_command_and_shown_somewhere() -> None:
    texts = [*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")]
    shown = {
        name for path in texts for name in re.findall(r"\((?:docs/)?images/([\w-]+)\.png\)", path.read_text())
    }
    assert {path.stem for path in FOLDER.iterdir()} == {picture.name for picture in PICTURES} == shown
