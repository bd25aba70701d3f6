"""The numbers of lists: counted once, and left out where the count comes to them by itself."""

import pytest

from app.domain.document.list_numbers import ordinals, sign, sparse
from app.domain.document.model import ListItem, Numbering, Paragraph


def item(depth: int = 0, *, ordered: bool = True, **more: object) -> ListItem:
    return ListItem.model_validate({"text": "项", "ordered": ordered, "depth": depth, **more})


def test_a_list_counts_by_depth_and_ends_with_what_is_no_item() -> None:
    blocks = [item(), item(1), item(1), item(), item(1), Paragraph(text="段"), item()]
    assert ordinals(blocks) == (1, 1, 2, 2, 1, None, 1)


def test_bullets_and_another_way_of_writing_begin_anew() -> None:
    blocks = [
        item(),
        item(ordered=False),
        item(),
        item(numbering="lower_alpha"),
        item(numbering="lower_alpha"),
    ]
    assert ordinals(blocks) == (1, None, 1, 1, 2)


def test_an_item_sets_its_number_and_what_continues_one_has_none() -> None:
    assert ordinals([item(number=5), item(), item(continues=True), item()]) == (5, 6, None, 7)


def test_numbers_stay_only_where_the_count_does_not_come_to_them() -> None:
    blocks = [
        item(number=1),
        item(number=2),
        item(number=9),
        item(number=10),
        Paragraph(text="段"),
        item(number=3),
    ]
    kept = sparse(blocks)
    assert [block.number for block in kept if isinstance(block, ListItem)] == [None, None, 9, None, 3]
    assert ordinals(kept) == ordinals(blocks)


@pytest.mark.parametrize(
    ("number", "numbering", "written"),
    [
        (5, Numbering.DECIMAL, "5."),
        (5, Numbering.LOWER_ALPHA, "e."),
        (5, Numbering.UPPER_ROMAN, "V."),
        (5, Numbering.CHINESE, "五、"),
        (0, Numbering.LOWER_ROMAN, "0."),
    ],
)
def test_a_number_is_written_as_the_list_says(number: int, numbering: Numbering, written: str) -> None:
    assert sign(number, numbering) == written
