"""What is published, exactly: who gets the bytes of a release, in which forms, and what is the same."""

import base64
import io
import json
import re
import zipfile
from hashlib import sha256
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import select

from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.infra.runtime import Runtime
from app.proofs.models import Proof
from app.publication.packages import forms
from tests import factories
from tests.api.desk import Desk
from tests.api.illustrated import ONE, OTHER, PAPER, hosted, illustrated
from tests.api.press import Press, ready, signed

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def content_of(desk: Desk, release: dict[str, Any], login: str = "publisher") -> dict[str, Any]:
    answer = desk.get(f"/releases/{release['id']}/content", login)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def form(package: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in package["forms"] if one["form"] == name)


def machine(desk: Desk, login: str, **narrow: str) -> None:
    """Make a service account that reads, everywhere in the city or on one channel and section."""
    with desk.runtime.database.write() as session:
        factories.person(
            session,
            login,
            unit=desk.bureau.city,
            roles=[Role.READER],
            kind=UserKind.SERVICE,
            at=desk.runtime.clock(),
            **narrow,
        )


def stored(desk: Desk, release: dict[str, Any]) -> bytes:
    with desk.session() as session:
        return bytes(session.exec(select(Proof.content).where(Proof.digest == release["digest"])).one())


# --- what one gets ---


def test_one_call_gives_all_that_a_tool_needs(desk: Desk) -> None:
    release = signed(illustrated(desk, "website"), line="website")
    package = content_of(desk, release)

    page, fragment = form(package, "page"), form(package, "fragment")
    assert page["text"].encode() == stored(desk, release)
    assert page["digest"] == package["digest"] == release["digest"]
    assert fragment["text"].startswith("<article>")
    assert page["text"].count(fragment["text"]) == 1
    assert "<head>" not in fragment["text"]
    assert fragment["digest"] == digest(fragment["text"].encode())
    assert (package["title"], package["author"]) == ("清河市开展冬季送温暖活动", "通讯员 甲")
    assert (package["summary"], package["source"]) == ("志愿者走访独居老人。", "")
    assert package["section"] == {"code": "news", "name": "工作动态"}
    assert (package["first_address"], package["canonical_address"]) == (None, None)

    told = [(file["sha256"], file["kind"], file["alt"], file["size"]) for file in package["files"]]
    assert told == [
        (digest(ONE), "picture", "志愿者把棉被交给老人", len(ONE)),
        (digest(OTHER), "picture", "志愿者检查取暖炉", len(OTHER)),
        (digest(PAPER), "attachment", "", len(PAPER)),
    ]
    assert package["cover"] == digest(ONE)
    assert all(file["address"] in fragment["text"] for file in package["files"])


def test_a_channel_s_release_has_only_what_it_shows(desk: Desk) -> None:
    package = content_of(desk, signed(illustrated(desk)))
    assert [file["kind"] for file in package["files"]] == ["picture", "picture"]
    assert form(package, "fragment")["text"].startswith("<section")
    refused = desk.get(f"/releases/{package['id']}/files/{digest(PAPER)}", "publisher")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_files_are_given_byte_for_byte(desk: Desk) -> None:
    package = content_of(desk, signed(illustrated(desk)))
    for file, content in zip(package["files"], (ONE, OTHER), strict=True):
        path = file["url"].partition("/api/v1")[2]
        answer = desk.get(path, "publisher")
        assert (answer.status_code, answer.content) == (200, content)
        assert answer.headers["etag"] == f'"{file["sha256"]}"'


def test_the_zip_holds_the_same(desk: Desk) -> None:
    release = signed(illustrated(desk, "website"), line="website")
    package = content_of(desk, release)
    answers = [desk.get(f"/releases/{release['id']}/package", "publisher") for _ in range(2)]
    assert {one.status_code for one in answers} == {200}
    assert answers[0].content == answers[1].content
    with zipfile.ZipFile(io.BytesIO(answers[0].content)) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    assert json.loads(inside.pop("release.json")) == package
    assert inside == {
        "page.html": form(package, "page")["text"].encode(),
        "fragment.html": form(package, "fragment")["text"].encode(),
        **{f"files/{digest(content)}": content for content in (ONE, OTHER, PAPER)},
    }


def test_where_it_was_first_and_where_it_belongs(desk: Desk) -> None:
    press = Press.open(desk, "wechat", "website")
    ready(desk, "wechat", "website")
    wechat, website = signed(desk, line="wechat"), signed(desk, line="website")
    told = {"external_id": "1", "url": "https://mp.example.cn/s/1"}
    assert press.publish(wechat["ticket"], wechat["digest"], **told).status_code == 201
    package = content_of(desk, website)
    assert package["first_address"] == package["canonical_address"] == "https://mp.example.cn/s/1"
    told = {"external_id": "2", "url": "https://mzj.example.cn/2.html"}
    assert press.publish(website["ticket"], website["digest"], **told).status_code == 201
    package = content_of(desk, website)
    assert (package["state"], package["first_address"]) == ("published", "https://mp.example.cn/s/1")
    assert package["canonical_address"] == "https://mzj.example.cn/2.html"


# --- who gets it ---


def test_only_what_was_released(desk: Desk) -> None:
    ready(desk, "wechat", "website")
    assert desk.get("/releases", "publisher").json()["items"] == []
    release = signed(desk)
    (listed,) = desk.get("/releases", "publisher").json()["items"]
    assert (listed["id"], listed["channel"], listed["digest"]) == (release["id"], "wechat", release["digest"])
    with desk.runtime.database.write() as session:
        session.connection().execute(text("UPDATE release SET state = 'expired'"))
    assert desk.get("/releases", "publisher").json()["items"] == []
    for path in ("content", "package"):
        answer = desk.get(f"/releases/{release['id']}/{path}", "publisher")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_machine_reads_only_the_channels_that_it_was_given(desk: Desk, client: TestClient) -> None:
    ready(desk, "wechat", "website")
    released = {line: signed(desk, line=line)["id"] for line in ("wechat", "website")}
    assert client.get(f"/api/v1/releases/{released['wechat']}/content").status_code == 401
    machine(desk, "reads_all")
    machine(desk, "reads_site", channel="website")
    machine(desk, "reads_notices", channel="website", section="notices")
    for login, channels in (("reads_all", released), ("reads_site", {"website"}), ("reads_notices", set())):
        listed = desk.get("/releases", login).json()["items"]
        assert {one["channel"] for one in listed} == set(channels), login
        for line, release_id in released.items():
            expected = 200 if line in channels else 404
            assert desk.get(f"/releases/{release_id}/content", login).status_code == expected, (login, line)
            assert desk.get(f"/releases/{release_id}/package", login).status_code == expected
    assert desk.get(f"/releases/{released['wechat']}/content", "outsider").status_code == 404
    assert desk.get("/releases", "outsider").json()["items"] == []


def test_the_list_goes_on_where_it_ended(desk: Desk) -> None:
    made = [signed(ready(desk))["id"] for _ in range(3)]
    machine(desk, "reads_site", channel="website")
    first = desk.get("/releases", "publisher", limit=2).json()
    assert ([one["id"] for one in first["items"]], first["next"]) == (made[:2], made[1])
    rest = desk.get("/releases", "publisher", limit=2, after=first["next"]).json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == (made[2:], None)
    assert desk.get("/releases", "reads_site", limit=1).json() == {"items": [], "next": None}


# --- what is the same ---


def asked(press: Press, package: dict[str, Any], payload: str, **more: Any) -> dict[str, Any]:
    body = {"channel": package["channel"], "release": package["id"], "payload": payload, **more}
    return dict(press.ask(**body)["statement"])


@pytest.mark.parametrize("name", ["page", "fragment"])
def test_with_files_elsewhere_it_is_still_the_same(desk: Desk, name: str) -> None:
    press = Press.open(desk, "website")
    package = content_of(desk, signed(illustrated(desk, "website"), line="website"))
    moved, files = hosted(form(package, name)["text"])
    assert "/api/v1/assets/" not in moved
    said = asked(press, package, moved, files=files)
    assert (said["outcome"], said["form"], said["digest"]) == ("cleared", name, package["digest"])
    assert (said["difference"], said["payload"]) == (None, digest(moved.encode()))
    action, _, data = desk.record()[-1]
    assert (action, data["payload"]) == ("clearance.given", digest(moved.encode()))
    assert data["addresses"] == {file["address"]: file["sha256"] for file in files}
    # As it stands, and without the white space around it, it is the same too.
    for same in (form(package, name)["text"], f"\n {moved.strip()}"):
        assert asked(press, package, same, files=files)["outcome"] == "cleared"


def test_the_normal_digest_can_be_made_by_anybody(desk: Desk) -> None:
    package = content_of(desk, signed(illustrated(desk, "website"), line="website"))
    for name in ("page", "fragment"):
        moved, files = hosted(form(package, name)["text"])
        for file in files:
            moved = moved.replace(file["address"].replace("&", "&amp;"), f"sha256:{file['sha256']}")
        assert digest(moved.strip().encode()) == form(package, name)["normal_digest"]


def test_another_picture_or_another_word_is_told_by_its_place(desk: Desk) -> None:
    press = Press.open(desk, "website")
    package = content_of(desk, signed(illustrated(desk, "website"), line="website"))
    fragment = form(package, "fragment")["text"]
    moved, files = hosted(fragment)
    one, other = (file["address"].replace("&", "&amp;") for file in files[:2])

    swapped = moved.replace(one, "\0").replace(other, one).replace("\0", other)
    said = asked(press, package, swapped, files=files)
    assert said["outcome"] == "refused"
    assert [place["released"] for place in said["difference"]["files"]] == [digest(ONE), digest(OTHER)]
    assert [place["payload"] for place in said["difference"]["files"]] == [digest(OTHER), digest(ONE)]
    lines = [fragment.split("\n").index(line) + 1 for line in fragment.split("\n") if "<img" in line]
    assert [place["line"] for place in said["difference"]["files"]] == lines

    said = asked(press, package, moved.replace(one, "https://elsewhere.example/x.png"), files=files)
    assert [(place["place"], place["payload"]) for place in said["difference"]["files"]] == [(1, None)]

    said = asked(press, package, moved.replace("棉被和粮油", "棉衣和粮油"), files=files)
    assert said["difference"]["files"] == []
    (place,) = said["difference"]["changes"]
    assert "棉衣" in "".join(place["payload"])
    assert place["line"] == said["difference"]["line"]
    before = fragment.split("\n")[place["line"] - 1].encode()[: said["difference"]["column"] - 1]
    assert before.decode(errors="ignore").endswith("送去棉")


@pytest.mark.parametrize("change", ["added", "removed", "relinked", "script"])
def test_nothing_hides_behind_an_address(desk: Desk, change: str) -> None:
    press = Press.open(desk, "website")
    package = content_of(desk, signed(illustrated(desk, "website"), line="website"))
    moved, files = hosted(form(package, "fragment")["text"])
    first = files[0]["address"].replace("&", "&amp;")
    changed = {
        "added": moved.replace("<figure>", f'<figure><img src="{first}" alt="">', 1),
        "removed": re.sub(r"<figure>.*?</figure>", "", moved, count=1),
        # A link now leads to where a picture lies.
        "relinked": moved.replace("https://mzj.example.cn/gg.html", first),
        "script": moved.replace(f'src="{first}"', f'src="{first}" onload="x()"'),
    }[change]
    assert changed != moved
    said = asked(press, package, changed, files=files)
    assert said["outcome"] == "refused"
    assert [one["code"] for one in said["reasons"]] == ["digest_differs"]


def test_a_file_that_is_no_part_of_it_is_named(desk: Desk) -> None:
    press = Press.open(desk, "wechat")
    package = content_of(desk, signed(illustrated(desk)))
    moved, files = hosted(form(package, "fragment")["text"])
    files.append({"address": "https://img.example.cn/z", "sha256": "e" * 64})
    said = asked(press, package, moved, files=files)
    assert [(one["code"], one["data"]) for one in said["reasons"]] == [
        ("file_not_released", {"sha256": "e" * 64})
    ]


@pytest.mark.parametrize(
    "files",
    [
        [
            {"address": "https://a.example/1", "sha256": "0" * 64},
            {"address": "https://a.example/1", "sha256": "1" * 64},
        ],
        [{"address": "", "sha256": "0" * 64}],
        [{"address": "https://a.example/1", "sha256": "no"}],
        [{"address": "https://a.example/1"}],
        [{"address": "https://a.example/1", "sha256": "0" * 64, "more": 1}],
    ],
)
def test_malformed_files(desk: Desk, files: list[dict[str, Any]]) -> None:
    answer = Press.open(desk).send("clearance", {"channel": "wechat", "payload": "x", "files": files})
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


def test_without_its_release_a_moved_payload_is_not_known(desk: Desk) -> None:
    press = Press.open(desk, "wechat")
    package = content_of(desk, signed(illustrated(desk)))
    moved, files = hosted(form(package, "fragment")["text"])
    said = press.ask(payload=moved, files=files)["statement"]
    assert [one["code"] for one in said["reasons"]] == ["nothing_released"]
    encoded = base64.b64encode(moved.encode()).decode()
    said = press.ask(payload_base64=encoded, files=files, release=package["id"])["statement"]
    assert (said["outcome"], said["form"]) == ("cleared", "fragment")


# --- the forms ---


@pytest.mark.parametrize(
    ("written", "address", "is_same"),
    [
        ('<img src="a.png">', "a.png", True),
        ('<img alt="" src="a&amp;b">', "a&b", True),
        ('<img src="a&b">', "a&b", True),
        ('<a href="a">', "a", True),
        ("<img src='a.png'>", "a.png", False),
        ('<img data-src="a.png">', "a.png", False),
        ('<img SRC="a.png">', "a.png", False),
        ("<p>a.png</p>", "a.png", False),
    ],
)
def test_only_addresses_stand_for_files(written: str, address: str, *, is_same: bool) -> None:
    found = forms.normal(written.encode(), {address: "f" * 64})
    assert (b"sha256:" + b"f" * 64 in found) is is_same


def test_what_is_no_text_is_just_different() -> None:
    assert forms.normal(b'<img src="\xff">', {"a": "f" * 64}) == b'<img src="\xff">'
