import pytest

from app.domain.document.list_numbers import ordinals, sign
from app.domain.document.model import Block, ListItem, Numbering, Paragraph


def item(text: str = "x", **more: object) -> ListItem:
    return ListItem.model_validate({"text": text, "ordered": True, **more})


BREAK = Paragraph(text="说明")


@pytest.mark.parametrize(
    ("blocks", "numbers"),
    [
        ([item(), item(), BREAK, item()], [1, 2, None, 1]),
        ([item(number=5), item(continues=True), item(), BREAK, item(number=7)], [5, None, 6, None, 7]),
        ([item(), item(depth=1), item(depth=1), item(), item(depth=1)], [1, 1, 2, 2, 1]),
        ([item(depth=2), item(depth=1), item()], [1, 1, 1]),
        ([item(), item(ordered=False), item()], [1, None, 1]),
        ([item(), item(numbering="upper_alpha"), item(numbering="upper_alpha")], [1, 1, 2]),
        ([item(number=3), item(number=2), item(number=1), item()], [3, 2, 1, 2]),
        ([item(continues=True), item()], [None, 1]),
        ([], []),
    ],
)
def test_a_list_counts_as_its_readers_do(blocks: list[Block], numbers: list[int | None]) -> None:
    assert list(ordinals(blocks)) == numbers


@pytest.mark.parametrize(
    ("number", "numbering", "shown"),
    [
        (5, Numbering.DECIMAL, "5."),
        (-1, Numbering.LOWER_ALPHA, "-1."),
        (1, Numbering.LOWER_ALPHA, "a."),
        (28, Numbering.UPPER_ALPHA, "AB."),
        (1994, Numbering.UPPER_ROMAN, "MCMXCIV."),
        (4, Numbering.LOWER_ROMAN, "iv."),
        (4000, Numbering.LOWER_ROMAN, "4000."),
        (1, Numbering.CHINESE, "一、"),
        (10, Numbering.CHINESE, "十、"),
        (12, Numbering.CHINESE, "十二、"),
        (30, Numbering.CHINESE, "三十、"),
        (99, Numbering.CHINESE, "九十九、"),
        (100, Numbering.CHINESE, "一百、"),
        (1010, Numbering.CHINESE, "一千零一十、"),
        (0, Numbering.CHINESE, "零、"),
        (10000, Numbering.CHINESE, "一〇〇〇〇、"),
    ],
)
def test_a_number_is_written_as_its_list_writes(number: int, numbering: Numbering, shown: str) -> None:
    assert sign(number, numbering) == shown
