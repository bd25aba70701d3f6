"""The benchmark of documents, run for real with tiny counts; the page of kinds is held to its command."""

import sys
from pathlib import Path

import pytest

from app.bench import word, word_kinds
from app.bench.figures import Options, State
from app.bench.word_files import article, packed, paragraph, traced
from app.drafts.intake.builder import Builder

ROOT = Path(__file__).parents[2]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "甲.docx").write_bytes(article(600, 2, 2))
    (tmp_path / "坏.docx").write_bytes(b"PK\x03\x04")
    return tmp_path


def test_documents_are_measured(corpus: Path) -> None:
    figures = {figure.key: figure for figure in word.run(Options(quick=True, corpus=corpus))}
    assert figures["documents.kinds"].state is State.REACHED
    complete = figures["documents.complete"]
    assert (complete.value, complete.raw["files"], len(complete.raw["refused"])) == (100, 1, 1)
    assert all(figure.value is not None for figure in figures.values())
    assert figures["documents.mammoth"].ratio is not None


def test_what_is_lost_is_seen(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(data: bytes, builder: Builder, **_: object) -> None:
        builder.leave_out("hidden_text", "Q000000Z")

    monkeypatch.setattr(word, "read_docx", forgetful)
    figures = {figure.key: figure for figure in word.run(Options(quick=True, corpus=corpus))}
    complete = figures["documents.complete"]
    assert complete.value is not None
    assert 0 < complete.value < 100
    assert complete.state is State.MISSED
    assert complete.raw["lossy"] == ["甲.docx"]


def test_each_run_becomes_a_token_of_its_own() -> None:
    data, where = traced(packed(paragraph("甲") + paragraph("甲") + paragraph(" ")))
    assert len(where) == 2
    assert data


def test_the_page_says_what_the_command_says() -> None:
    told = (ROOT / "docs" / "documents.md").read_text(encoding="utf-8")
    # Other converters stand in further columns; an interpreter has those that are installed with it.
    assert [row for row in word_kinds.rows() if f"\n| {' | '.join(row)} |" not in told] == []
    assert set(word_kinds.others(sys.executable)) <= {"docling"}
