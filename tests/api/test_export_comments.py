"""Comments and suggestions in a Word file: what people said goes out as real comments and tracked changes."""

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from app.domain.document.model import Document, Paragraph, Table
from app.drafts.export.docx.notes import Note, Said
from app.drafts.export.docx.service import docx_of
from app.drafts.intake.builder import Builder
from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.docx.service import read_docx
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.api.test_comments import ONE, TWO, comment, say, suggest, words

AT = datetime(2026, 11, 3, 1, 2, 3, tzinfo=UTC)
DOCUMENT = Document(
    title="送温暖",
    blocks=(Paragraph(text="志愿者按排专人负责联系。"), Table(rows=(("科室", "人数"), ("救助科", "12")))),
)


def note(start: int, end: int, replacement: str | None = None, *said: str, place: str = "blocks/0") -> Note:
    told = said or ("请核对。",)
    return Note(place, start, end, tuple(Said("何静", AT, text) for text in told), replacement)


def read(content: bytes, choice: TrackedChanges = TrackedChanges.ORIGINAL) -> tuple[list[str], list[str]]:
    """Return the texts of a Word file, and what is told of its comments."""
    builder = Builder()
    read_docx(content, builder, choice=choice)
    builder.settle(None)
    told = [entry.what for entry in builder.left_out if entry.kind == "word_comment"]
    return [block.text for block in builder.blocks if isinstance(block, Paragraph)], told


def written(*notes: Note, choice: TrackedChanges = TrackedChanges.ORIGINAL) -> tuple[list[str], list[str]]:
    return read(docx_of(DOCUMENT, {}, {}, notes), choice)


def test_a_suggestion_is_a_tracked_change_that_nobody_has_accepted() -> None:
    given = note(3, 5, "安排")
    assert written(given) == (["志愿者按排专人负责联系。"], ["何静 2026-11-03，关于“按排”：请核对。"])
    assert written(given, choice=TrackedChanges.ACCEPTED)[0] == ["志愿者安排专人负责联系。"]


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        (note(0, 3, ""), "按排专人负责联系。"),
        (note(0, 0, "社区"), "社区志愿者按排专人负责联系。"),
        (note(12, 12, "特此说明。"), "志愿者按排专人负责联系。特此说明。"),
        (note(11, 12, "！"), "志愿者按排专人负责联系！"),
    ],
)
def test_words_are_taken_away_and_put_in_anywhere(given: Note, accepted: str) -> None:
    assert written(given)[0] == ["志愿者按排专人负责联系。"]
    assert written(given, choice=TrackedChanges.ACCEPTED)[0] == [accepted]


def test_answers_belong_to_their_comment_and_what_is_settled_says_so() -> None:
    said = (Said("何静", AT, "谁？"), Said("林小满", AT, "已核对。\n是志愿者。"))
    settled = Note("blocks/0", 0, 3, said, settled=True)
    assert written(settled)[1] == [
        "何静 2026-11-03，关于“志愿者”，已解决：谁？",
        "林小满 2026-11-03 答复 何静，已解决：已核对。 是志愿者。",
    ]


def test_comments_stand_at_the_title_and_in_cells_and_may_overlap() -> None:
    told = written(
        note(0, 3, None, "题", place="title"),
        note(0, 2, None, "格", place="blocks/1/rows/1/1"),
        note(0, 5, None, "长"),
        note(3, 7, None, "叠"),
    )[1]
    assert sorted(told) == sorted(
        [
            "何静 2026-11-03，关于“送温暖”：题",
            "何静 2026-11-03，关于“12”：格",
            "何静 2026-11-03，关于“志愿者按排”：长",
            "何静 2026-11-03，关于“按排专人”：叠",
        ]
    )


def test_of_suggestions_that_overlap_one_is_a_change_and_both_are_told() -> None:
    given = (note(3, 5, "安排"), note(4, 7, "排人"))
    assert written(*given, choice=TrackedChanges.ACCEPTED)[0] == ["志愿者安排专人负责联系。"]
    assert len(written(*given)[1]) == 2


def test_the_draft_goes_out_with_what_was_said_of_it(client: TestClient, runtime: Runtime) -> None:
    desk = Desk.open(client, runtime).draft(factories.document("志愿者走进社区", ONE, TWO))
    desk.submit()
    began = comment(desk, text="米面几袋？", **words("米面", ONE, "blocks/0")).json()["id"]
    assert suggest(desk, "按排", "安排").status_code == 201
    assert comment(desk, text="题目再想想。").status_code == 201
    sent_back = desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="请改。")
    assert sent_back.status_code == 200
    assert say(desk, began, "replies", "editor", "十袋。").status_code in {200, 201}
    answer = desk.get(f"/drafts/{desk.draft_id}/threads/docx", "editor")
    assert answer.status_code == 200, answer.text
    texts, told = read(answer.content)
    assert texts == [ONE, TWO]
    assert read(answer.content, TrackedChanges.ACCEPTED)[0] == [ONE, TWO.replace("按排", "安排")]
    assert any("米面几袋？" in line and "关于“米面”" in line for line in told)
    assert any("答复" in line and "十袋。" in line for line in told)
    assert any("题目再想想。" in line for line in told)
    assert desk.get(f"/drafts/{desk.draft_id}/threads/docx", "outsider").status_code == 404
