"""What the benchmark of attachments says is held: a text that is not read is found missing."""

from pathlib import Path

import pytest

from app.bench import attachments
from app.bench.figures import Options, State
from app.drafts.intake.reading import Reading
from tests.intake.test_pdfs import written
from tests.intake.workbooks import by_hand, listed


def options(folder: Path | None) -> Options:
    return Options(quick=True, postgres=None, wagtail=None, corpus=folder, say=lambda _: None)


def test_a_corpus_that_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(listed([["姓名", "金额"], ["王某", 500]]))
    (tmp_path / "b.xlsx").write_bytes(b"broken")
    (tmp_path / "c.pdf").write_bytes(written(["公示名单"]))
    rows, sheets, pages = attachments.run(options(tmp_path))

    assert rows.value is not None
    assert (sheets.value, sheets.state, pages.value) == (100, State.REACHED, 100)
    assert "2 个文件" in sheets.note


def test_what_is_not_read_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = "<si><t>甲</t></si><si><t>乙</t></si>"
    cells = '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
    (tmp_path / "a.xlsx").write_bytes(by_hand(f"<sheetData>{cells}</sheetData>", shared=shared))
    monkeypatch.setattr(attachments, "_rows", lambda *_, **__: None)
    monkeypatch.setattr(attachments, "read_held", lambda _: Reading())
    _, sheets, pages = attachments.run(options(tmp_path))

    assert (sheets.value, sheets.state) == (0, State.MISSED)
    assert sheets.raw["missing"] == {"a.xlsx": ["甲", "乙"]}
    assert pages.state is State.NOT_MEASURED
