"""Pictures: the codes in them are read; where a camera noted the place, that is taken out."""

from io import BytesIO

from app.drafts.intake.reading import Gathered, Reading

#: Pictures with more pixels are not opened.
MOST_PIXELS = 60_000_000


def read_picture(content: bytes) -> Reading:
    """Return what the codes in a picture say, each with its box in pixels; its other words are not read."""
    import zxingcpp
    from PIL import Image, UnidentifiedImageError

    gathered = Gathered()
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(BytesIO(content)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                gathered.miss("", "", f"有 {picture.width}×{picture.height} 像素，太大，没有识别")
                return gathered.reading()
            grey = picture.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        gathered.miss("", "", "图片已损坏，打不开，没有识别")
        return gathered.reading()
    for code in zxingcpp.read_barcodes(grey):
        at = code.position
        corners = (at.top_left, at.top_right, at.bottom_left, at.bottom_right)
        left, top = min(corner.x for corner in corners), min(corner.y for corner in corners)
        right, bottom = max(corner.x for corner in corners), max(corner.y for corner in corners)
        ref = f"codes/{left},{top},{right - left},{bottom - top}"
        if code.text.strip():
            gathered.say(ref, code.text)
        else:
            gathered.miss(ref, "", "二维码里不是文字，没有检查")
    gathered.miss("", "", "没有识别图片里的文字")
    return gathered.reading()
