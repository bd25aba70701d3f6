"""Folders: pages of a site, and zips that people carry."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from app.connections.adapters.base import LaidIn, Later, Published, Refused
from app.connections.adapters.folders import Carried, Site
from tests.connections.test_wechat import ONE, PARCEL, PNG, TWO, Hand

PAGE = replace(PARCEL, page=b"<!DOCTYPE html>\n" + PARCEL.fragment)


def test_a_page_and_its_files_are_written(tmp_path: Path) -> None:
    hand, site = Hand(), Site(tmp_path, "https://example.cn/mz/")
    assert site.publish(PAGE, hand.tools()) == Published(
        "2026-000001.html", "https://example.cn/mz/2026-000001.html"
    )
    page = (tmp_path / "2026-000001.html").read_text()
    assert f'src="files/{ONE}.png"' in page
    assert (tmp_path / "files" / f"{TWO}.png").read_bytes() == PNG
    assert hand.asked == [(page.encode(), {f"files/{ONE}.png": ONE, f"files/{TWO}.png": TWO})]
    assert sorted(one.name for one in tmp_path.rglob(".*")) == []


def test_a_correction_keeps_the_address_and_taking_down_is_done_once(tmp_path: Path) -> None:
    site = Site(tmp_path, "https://example.cn")
    site.publish(PAGE, Hand().tools())
    again = replace(PAGE, number="2026-000002", page=b"new", files=(), replaces="2026-000001.html")
    assert site.publish(again, Hand().tools()) == Published(
        "2026-000001.html", "https://example.cn/2026-000001.html"
    )
    assert (tmp_path / "2026-000001.html").read_bytes() == b"new"
    site.take_down("2026-000001.html")
    site.take_down("2026-000001.html")
    assert list(tmp_path.glob("*.html")) == []


@pytest.mark.parametrize("name", ["../x.html", "a/b.html", "..\\x.html", ".x.html", "index.php", "files"])
def test_only_pages_of_the_folder_are_touched(tmp_path: Path, name: str) -> None:
    site = Site(tmp_path / "site", "https://example.cn")
    with pytest.raises(Refused):
        site.take_down(name)
    with pytest.raises(Refused):
        site.publish(replace(PAGE, files=(), replaces=name), Hand().tools())
    assert list(tmp_path.rglob("*.html")) == []


def test_a_folder_that_cannot_be_written_is_tried_later(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("not a folder")
    with pytest.raises(Later, match="写不进目录"):
        Site(tmp_path / "site", "https://example.cn").publish(PAGE, Hand().tools())


def test_what_is_carried_is_a_zip(tmp_path: Path) -> None:
    assert Carried(tmp_path).publish(PAGE, Hand().tools()) == LaidIn("2026-000001.zip")
    with zipfile.ZipFile(tmp_path / "2026-000001.zip") as packed:
        assert packed.read("2026-000001.html") == PAGE.page
        assert packed.read(f"files/{ONE}.png") == PNG
        assert min(packed.namelist()) == "2026-000001.html"
    with pytest.raises(Refused, match="现场"):
        Carried(tmp_path).take_down("2026-000001.zip")
