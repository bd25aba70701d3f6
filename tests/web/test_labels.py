"""Every stored value has a word in Chinese."""

import re
from enum import StrEnum

import pytest

from app.domain import vocabulary
from app.negative_list import model
from app.web.labels import LABELS, choices, label

ENUMS = [
    kind
    for module in (vocabulary, model)
    for kind in vars(module).values()
    if isinstance(kind, type)
    and issubclass(kind, StrEnum)
    and kind is not StrEnum
    and kind.__module__ == module.__name__
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


@pytest.mark.parametrize("kind", LABELS, ids=lambda kind: kind.__name__)
def test_no_two_choices_of_one_kind_read_the_same(kind: type[StrEnum]) -> None:
    words = [word for _, word in choices(kind)]
    assert len(set(words)) == len(words)
