"""The shipped tables of characters are those that their generator writes, on the Unicode that they name."""

import unicodedata
from pathlib import Path

import pytest

from app.negative_list.text.tables import generate

SHIPPED = Path(generate.__file__).parent


def rows(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if line and not line.startswith("#"))


def test_the_generator_writes_the_shipped_folds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source.txt"
    source.write_text("體\t体\n乾\t干 乾\n戰\t战 𢧐\n一\t一\n", encoding="utf-8")
    monkeypatch.setattr(generate, "HERE", tmp_path)
    generate.main(source)
    written = rows(tmp_path / "fold.tsv")
    shipped = rows(SHIPPED / "fold.tsv")
    assert f"Unicode {unicodedata.unidata_version}" in (tmp_path / "fold.tsv").read_text(encoding="utf-8")
    # Another Python may know more characters, never another fold of one that both know.
    assert len(shipped) > 5_000
    assert {code for code in written.keys() & shipped.keys() if written[code] != shipped[code]} == set()
    assert (tmp_path / "t2s.tsv").read_text(encoding="utf-8") == "戰\t战\n體\t体\n"


@pytest.mark.parametrize(
    ("char", "folded"),
    [("Ａ", "a"), ("④", "(4)"), ("⑷", "(4)"), ("\u200b", ""), ("\u0301", ""), ("ß", "ss"), ("一", "一")],
)
def test_a_character_is_folded_as_it_is_read(char: str, folded: str) -> None:
    assert generate.fold_character(char) == folded


@pytest.mark.parametrize(
    ("traditional", "forms", "simplified"),
    [
        ("體", ["体"], "体"),
        ("戰", ["战", "𢧐"], "战"),
        ("乾", ["干", "乾"], None),
        ("一", ["一"], None),
        ("甲", [], None),
        ("甲", ["甲乙"], None),
    ],
)
def test_only_a_certain_form_is_taken(traditional: str, forms: list[str], simplified: str | None) -> None:
    assert generate.certain(traditional, forms) == simplified
