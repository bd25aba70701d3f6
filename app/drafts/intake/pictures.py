"""Pictures: the codes in them are read, and the words where the extra `ocr` is there."""

from io import BytesIO
from typing import Any

from app.drafts.intake import ocr
from app.drafts.intake.reading import Gathered, Reading

#: Pictures with more pixels are not opened.
MOST_PIXELS = 60_000_000


def read_picture(content: bytes) -> Reading:
    """Return what the codes in a picture say, and its words where they are recognised, with their boxes."""
    import zxingcpp
    from PIL import Image, UnidentifiedImageError

    gathered = Gathered()
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(BytesIO(content)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                gathered.miss("", "", f"有 {picture.width}×{picture.height} 像素，太大，没有识别")
                return gathered.reading()
            shown = picture.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        gathered.miss("", "", "图片已损坏，打不开，没有识别")
        return gathered.reading()
    for code in zxingcpp.read_barcodes(shown.convert("L")):
        at = code.position
        corners = (at.top_left, at.top_right, at.bottom_left, at.bottom_right)
        left, top = min(corner.x for corner in corners), min(corner.y for corner in corners)
        right, bottom = max(corner.x for corner in corners), max(corner.y for corner in corners)
        ref = f"codes/{left},{top},{right - left},{bottom - top}"
        if code.text.strip():
            gathered.say(ref, code.text)
        else:
            gathered.miss(ref, "", "二维码里不是文字，没有检查")
    read_words(shown, "", gathered)
    return gathered.reading()


def read_words(picture: Any, ref: str, gathered: Gathered) -> None:  # noqa: ANN401 – a picture of Pillow's
    """Gather the words of a picture that stands at `ref`, each line with its box; say what is not checked."""
    if not ocr.INSTALLED:
        gathered.miss(ref, "", "没有识别图片里的文字")
        return
    found = ocr.recognise(picture)
    for line in found.lines:
        at = f"{ref}/words/{','.join(map(str, line.box))}".lstrip("/")
        gathered.say(at, line.text)
        if line.score < ocr.SURE:
            gathered.miss(at, "", f"这里的文字认不准（认作“{line.text}”），请对照图片核对")
    if not found.whole:
        gathered.miss(ref, "", "图片太长或者太多，下面的一截没有识别")
