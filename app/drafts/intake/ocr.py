"""Words in pictures, recognised on this machine: the extra `ocr` (rapidocr, its models lie in its wheel).

What is recognised is checked as any text; where the recogniser is unsure, the place is told as not checked
as well. Without the extra nothing is recognised, and that is told.
"""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from time import monotonic
from typing import Any, NamedTuple

#: Whether the extra is installed.
INSTALLED = find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None
#: What is shown of a picture to the recogniser at once, in pixels: it makes larger ones smaller.
TILE = 1600
#: Tiles overlap by so many pixels, so that no line is cut in two of them.
OVERLAP = 120
#: So many tiles of one picture are looked at; a child has little time.
MOST_TILES = 8
#: Once a process has spent so long on recognising, in seconds, it looks at nothing more: its answer is due.
PATIENCE = 25
#: Below the first a line is not taken for words at all, below the second it is told as unsure.
TAKEN, SURE = 0.5, 0.85


class Line(NamedTuple):
    """A line of words with its box (left, top, width, height, in pixels), and how sure it is, 0 to 1."""

    box: tuple[int, int, int, int]
    text: str
    score: float


class Recognised(NamedTuple):
    """The lines of a picture from above; `whole` tells whether all of it was looked at."""

    lines: tuple[Line, ...]
    whole: bool


def recognise(picture: Any) -> Recognised:  # noqa: ANN401 – a picture of Pillow's
    """Return the words of a picture. A wide one is made smaller, a tall one is looked at in tiles."""
    import numpy as np

    seen = picture.convert("RGB")
    scale = max(1.0, seen.width / TILE)
    if scale > 1:
        seen = seen.resize((TILE, max(1, round(seen.height / scale))))
    tops = list(range(0, max(seen.height - OVERLAP, 1), TILE - OVERLAP))
    lines: list[Line] = []
    looked = 0
    for top in tops[:MOST_TILES]:
        if monotonic() - _begun() > PATIENCE:
            break
        looked += 1
        tile = seen.crop((0, top, seen.width, min(top + TILE, seen.height)))
        # The recogniser reads blue first.
        for line in _lines(np.asarray(tile)[:, :, ::-1]):
            left, above, wide, high = line.box
            whole = Line((left, above + top, wide, high), line.text, line.score)
            if not any(_same(whole, known) for known in lines):
                lines.append(whole)
    boxed = (one._replace(box=_scaled(one.box, scale)) for one in lines)
    return Recognised(tuple(boxed), looked == len(tops))


@cache
def _begun() -> float:
    return monotonic()


def _scaled(box: tuple[int, int, int, int], scale: float) -> tuple[int, int, int, int]:
    left, top, wide, high = (round(side * scale) for side in box)
    return left, top, wide, high


def _same(one: Line, other: Line) -> bool:
    """Say whether two lines are one that lies in two tiles: the fuller reading of it came first or will."""
    middle = one.box[1] + one.box[3] / 2
    beside = one.box[0] < other.box[0] + other.box[2] and other.box[0] < one.box[0] + one.box[2]
    return beside and other.box[1] <= middle <= other.box[1] + other.box[3]


def _lines(pixels: Any) -> Iterator[Line]:  # noqa: ANN401 – an array of numpy's
    found = _engine()(pixels)
    if found.txts is None:
        return
    for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
        box = (round(min(xs)), round(min(ys)), round(max(xs) - min(xs)), round(max(ys) - min(ys)))
        if score >= TAKEN and text.strip():
            yield Line(box, text.strip(), float(score))


@cache
def _engine() -> Any:  # noqa: ANN401 – the package has no types
    from rapidocr import RapidOCR

    one = "EngineConfig.onnxruntime"
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            f"{one}.intra_op_num_threads": 1,
            f"{one}.inter_op_num_threads": 1,
        }
    )
