"""Long texts are aligned at a bounded cost, short ones character by character; nothing of either is lost."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Indel, Levenshtein

from app.domain.document import alignment
from app.domain.document.alignment import Metric, Step, steps
from app.domain.document.changes import MarksOnly, classify
from app.domain.document.model import Document, Paragraph
from app.domain.refusals import RefusalCode
from app.domain.vocabulary import ChangeClass

TEXTS = st.text(alphabet="甲乙丙丁。，\n 1", max_size=60)
METRICS = pytest.mark.parametrize(
    "metric", [Indel.opcodes, Levenshtein.opcodes], ids=["indel", "levenshtein"]
)


def rebuilt(told: list[Step], old: str, new: str) -> tuple[str, str]:
    """Return both texts as the steps tell them, and hold that they touch and say the truth."""
    source = target = 0
    for step in told:
        assert (step.src_start, step.dest_start) == (source, target)
        source, target = step.src_end, step.dest_end
        before, after = old[step.src_start : step.src_end], new[step.dest_start : step.dest_end]
        assert (before == after) == (step.tag == "equal")
        assert (bool(before), bool(after)) == {"insert": (False, True), "delete": (True, False)}.get(
            step.tag, (True, True)
        )
    return old[:source], new[:target]


@METRICS
@given(old=TEXTS, new=TEXTS, most=st.sampled_from([0, 1, 9, 60, 400, 4000]))
def test_the_steps_lead_from_one_text_to_the_other(metric: Metric, old: str, new: str, most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "MOST_CELLS", most)
        assert rebuilt(steps(old, new, metric), old, new) == (old, new)


@METRICS
@given(old=TEXTS, new=TEXTS)
def test_short_texts_are_aligned_as_well_as_they_can_be(metric: Metric, old: str, new: str) -> None:
    def cost(told: object) -> int:
        return sum(
            max(step.src_end - step.src_start, step.dest_end - step.dest_start)  # type: ignore[attr-defined]
            for step in told  # type: ignore[attr-defined]
            if step.tag != "equal"  # type: ignore[attr-defined]
        )

    assert cost(steps(old, new, metric)) <= cost(metric(old, new))


@pytest.mark.parametrize("between", ["。", "", "\n"])
def test_of_a_text_of_a_million_characters_a_change_is_told_where_it_is(between: str) -> None:
    chance = random.Random(5)
    han = [chr(code) for code in range(0x4E00, 0x6E00)]
    parts = ["".join(chance.choices(han, k=100)) for _ in range(10_000)]
    old = between.join(parts)
    parts[3000] = "新写的一句"
    parts[7000] += "补"
    began = time.process_time()
    told = [step for step in steps(old, between.join(parts), Levenshtein.opcodes) if step.tag != "equal"]
    assert time.process_time() - began < 10
    assert told
    if between:
        # In the first of them a character or two of the new words may be among the old ones.
        assert sum(step.src_end - step.src_start for step in told) <= 100
        assert told[-1].dest_end - told[-1].dest_start == 1


@pytest.mark.parametrize("text", ["甲", "副", "1", "a_", "a@", "1,", "。甲"])
def test_a_long_paragraph_that_was_rewritten_is_classed_in_seconds(text: str) -> None:
    old = Document(title="题", blocks=(Paragraph(text=text * 30_000),))
    new = Document(title="题", blocks=(Paragraph(text=("书" + text * 9) * 3_000),))
    began = time.process_time()
    change = classify(old, new, limits=MarksOnly())
    # Read anew for each edit, and from each character of a run, this took minutes.
    assert time.process_time() - began < 10
    assert change.kind is ChangeClass.SUBSTANTIVE
    assert RefusalCode.TOO_LARGE_A_CHANGE in {one.code for one in change.objections}
