"""Words recognised in pictures and scans; a stand-in for the extra `ocr` is told what it sees.

What the models of the extra make of a picture is theirs, and tried by hand (docs/documents.md).
"""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from app.drafts.intake import ocr
from app.drafts.intake.file_reader import read_held
from app.words.places import place_in_file


class Recogniser:
    """Sees a line wherever a picture has a row of this colour, and says what the colour stands for."""

    def __init__(self, words: dict[int, tuple[str, float]]) -> None:
        self.words = words
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, pixels: Any) -> Any:
        self.shapes.append(pixels.shape)
        # Red is what is written with; blue comes first.
        red = pixels[:, :, 2].astype(int)
        found = []
        for value, (text, score) in self.words.items():
            rows = np.flatnonzero((red == value).any(axis=1))
            if len(rows):
                top, bottom = int(rows[0]), int(rows[-1]) + 1
                corners = [(10.0, top), (110.0, top), (110.0, bottom), (10.0, bottom)]
                found.append((corners, text, score))
        boxes, texts, scores = zip(*found, strict=True) if found else (None, None, None)
        return type("Answer", (), {"boxes": boxes, "txts": texts, "scores": scores})


def drawn(*lines: tuple[int, int], size: tuple[int, int] = (300, 200), kind: str = "PNG") -> bytes:
    """Return a picture with lines, each a colour and where it begins, 20 pixels high."""
    picture = Image.new("RGB", size, (255, 255, 255))
    for value, top in lines:
        picture.paste((value, 255, 255), (10, top, 110, top + 20))
    made = io.BytesIO()
    picture.save(made, kind)
    return made.getvalue()


@pytest.fixture
def recogniser(monkeypatch: pytest.MonkeyPatch) -> Recogniser:
    seen = Recogniser({10: ("身份证号 110101199003071233", 0.99), 20: ("张三", 0.7), 30: ("噪声", 0.3)})
    monkeypatch.setattr(ocr, "INSTALLED", True)
    monkeypatch.setattr(ocr, "_engine", lambda: seen)
    ocr._begun.cache_clear()
    return seen


def test_words_have_their_box_and_unsure_ones_are_not_checked(recogniser: Recogniser) -> None:
    reading = read_held(drawn((10, 40), (20, 80), (30, 120)))

    assert [tuple(one) for one in reading.said()] == [
        ("words/10,40,100,20", "身份证号 110101199003071233"),
        ("words/10,80,100,20", "张三"),
    ]
    assert [(one.ref, one.why) for one in reading.unread] == [
        ("words/10,80,100,20", "这里的文字认不准（认作“张三”），请对照图片核对")
    ]
    assert place_in_file("words/10,80,100,20") == "图中文字（距左 10、距上 80，100×20 像素）"
    assert len(recogniser.shapes) == 1


def test_a_tall_picture_is_looked_at_in_tiles_and_no_line_twice(recogniser: Recogniser) -> None:
    within_both = ocr.TILE - 60
    reading = read_held(drawn((10, 40), (20, within_both), size=(300, 3000)))

    assert [one.ref for one in reading.said()] == ["words/10,40,100,20", f"words/10,{within_both},100,20"]
    assert [shape[:2] for shape in recogniser.shapes] == [(1600, 300), (1520, 300)]


def test_a_wide_picture_is_made_smaller_and_its_boxes_are_not(recogniser: Recogniser) -> None:
    reading = read_held(drawn((10, 40), size=(3200, 400)))

    ((ref, _),) = reading.said()
    left, top, wide, high = map(int, ref.removeprefix("words/").split(","))
    assert (left, wide) == (20, 200)
    assert abs(top - 40) <= 4
    assert abs(high - 20) <= 8
    assert recogniser.shapes[0][:2] == (200, 1600)


def test_what_is_too_tall_is_told(recogniser: Recogniser) -> None:
    reading = read_held(drawn((10, 40), size=(20, 15_000)))

    assert [one.why for one in reading.unread] == ["图片太长或者太多，下面的一截没有识别"]
    assert len(recogniser.shapes) == ocr.MOST_TILES


def test_a_process_whose_answer_is_due_looks_at_nothing_more(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "PATIENCE", -1)

    reading = read_held(drawn((10, 40)))

    assert recogniser.shapes == []
    assert [one.why for one in reading.unread] == ["图片太长或者太多，下面的一截没有识别"]


def test_scanned_pages_are_read_up_to_a_number(recogniser: Recogniser) -> None:
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=(300, 200))
    for _ in range(7):
        canvas.drawInlineImage(Image.open(io.BytesIO(drawn((10, 40)))), 0, 0, 300, 200)
        canvas.showPage()
    canvas.save()

    reading = read_held(made.getvalue())

    words = [one.ref for one in reading.said() if one.ref.startswith("pages")]
    assert [ref.split("/words")[0] for ref in words] == [f"pages/{page}" for page in range(1, 6)]
    assert {one.ref for one in reading.unread if "扫描件" in one.why} == {"pages/6", "pages/7"}
    assert place_in_file(words[0]).startswith("第 1 页图中文字")


def test_without_the_extra_it_is_told_that_nothing_was_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "INSTALLED", False)

    reading = read_held(drawn((10, 40)))
    assert list(reading.said()) == []
    assert [one.why for one in reading.unread] == ["没有识别图片里的文字"]
