"""Codes in pictures are read with their box; the place where a picture was taken is taken out."""

import io

import pytest
from PIL import Image

from app.drafts.intake.file_reader import read_held
from app.drafts.intake.positions import without_position
from app.words.places import place_in_file
from tests.intake.pictures import with_code, with_position


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_code_is_read_with_its_box(kind: str) -> None:
    reading = read_held(with_code("https://example.test/报名", kind))

    ((ref, text),) = reading.said()
    left, top, wide, high = map(int, ref.removeprefix("codes/").split(","))
    assert text == "https://example.test/报名"
    assert 120 <= left < 180
    assert 40 <= top < 100
    assert 180 < wide <= 300
    assert 180 < high <= 300
    assert place_in_file(ref).startswith("二维码（距左")
    assert [one.why for one in reading.unread] == ["没有识别图片里的文字"]


def test_a_picture_without_a_code_and_a_broken_one() -> None:
    made = io.BytesIO()
    Image.new("L", (50, 50), 255).save(made, "PNG")

    assert [one.why for one in read_held(made.getvalue()).unread] == ["没有识别图片里的文字"]
    broken = read_held(b"\x89PNG\r\n\x1a\n" + b"\0" * 20)
    assert [one.why for one in broken.unread] == ["图片已损坏，打不开，没有识别"]


def test_a_picture_that_is_too_large_is_not_opened() -> None:
    made = io.BytesIO()
    Image.new("1", (9000, 9000), 1).save(made, "PNG")

    assert "太大" in read_held(made.getvalue()).unread[0].why


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_place_is_taken_out_and_the_picture_stays(kind: str) -> None:
    before = with_position(kind)
    after = without_position(before)

    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        assert old.getexif().get_ifd(0x8825)
        assert not new.getexif().get_ifd(0x8825)
        assert new.getexif()[0x0112] == 6
        assert old.tobytes() == new.tobytes()
    assert without_position(after) == after


def test_a_place_in_xmp_is_taken_out() -> None:
    made = io.BytesIO()
    words = b'<x xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="34,45.2N"/>'
    Image.new("RGB", (20, 20)).save(made, "JPEG", xmp=words)

    assert b"GPSLatitude" in made.getvalue()
    assert b"GPSLatitude" not in without_position(made.getvalue())


@pytest.mark.parametrize("cut", range(2, 200, 7))
def test_a_broken_picture_stays_as_it_is_or_loses_its_place(cut: int) -> None:
    content = with_position()[:cut]

    assert len(without_position(content)) == len(content)
