"""Every stored value has a word in Chinese."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from app.domain import vocabulary
from app.negative_list.text import model
from app.words.labels import LABELS, LIMITS, choices, label

ROOT = Path(__file__).parents[2]
ENUMS = [
    kind
    for module in (vocabulary, model)
    for kind in vars(module).values()
    if isinstance(kind, type)
    and issubclass(kind, StrEnum)
    and kind is not StrEnum
    and kind.__module__.startswith(module.__name__)
]
#: How a rule reads a text; no page shows it.
UNSEEN = {model.View}


@pytest.mark.parametrize(
    "kind", [kind for kind in ENUMS if kind not in UNSEEN], ids=lambda kind: kind.__name__
)
def test_every_member_has_a_chinese_word(kind: type[StrEnum]) -> None:
    assert set(LABELS[kind]) == {member.value for member in kind}
    for member in kind:
        assert re.search("[一-龥]", label(member)), member


def test_every_limit_of_a_channel_has_words() -> None:
    sources = [*(ROOT / "app/proofs/render").glob("*.py"), ROOT / "app/domain/limits.py"]
    codes = {
        code
        for path in sources
        for code in re.findall(r'"((?:wechat|website|journal)\.\w+)"', path.read_text())
    }
    assert codes
    assert codes <= set(LIMITS)


@pytest.mark.parametrize("kind", LABELS, ids=lambda kind: kind.__name__)
def test_no_two_choices_of_one_kind_read_the_same(kind: type[StrEnum]) -> None:
    words = [word for _, word in choices(kind)]
    assert len(set(words)) == len(words)
