"""Pictures as tests need them: with a code, with notes of a camera, broken."""

import io

import numpy as np
import zxingcpp
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from reportlab.lib.utils import ImageReader


def photo() -> ImageReader:
    """Return a small grey picture for a page of a PDF."""
    return ImageReader(Image.new("L", (40, 40), 128))


def with_code(words: str, kind: str = "PNG") -> bytes:
    """Return a picture in which a code says these words."""
    made_of = zxingcpp.create_barcode(words, zxingcpp.BarcodeFormat.QRCode)
    code = Image.fromarray(np.array(zxingcpp.write_barcode_to_image(made_of))).resize((300, 300))
    made = io.BytesIO()
    sheet = Image.new("L", (600, 400), 255)
    sheet.paste(code, (120, 40))
    sheet.save(made, kind)
    return made.getvalue()


def with_position(kind: str = "JPEG") -> bytes:
    """Return a picture that says where it was taken and which way up it is."""
    exif = Image.Exif()
    exif[0x0112] = 6
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (IFDRational(34), IFDRational(45), IFDRational(12))
    place[3], place[4] = "E", (IFDRational(113), IFDRational(37), IFDRational(1))
    made = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(made, kind, exif=exif)
    return made.getvalue()
