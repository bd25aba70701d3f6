"""The adapter for WeChat against a stand-in for the platform: steps, tokens, errors, what was broken off."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.connections.adapters import wechat
from app.connections.adapters.base import (
    File,
    LaidIn,
    Later,
    Parcel,
    Pending,
    Published,
    Refused,
    Tools,
)
from tests.connections.platform import APP_ID, SECRET, Platform

PNG = b"\x89PNG" + b"\x00" * 60
ONE, TWO = "a" * 64, "b" * 64


def picture(digest: str, **more: Any) -> File:
    return replace(File(digest, "picture", "图.png", "image/png", len(PNG)), **more)


PARCEL = Parcel(
    release="r1",
    number="2026-000001",
    title="走访慰问",
    author="通讯员",
    summary="走访独居老人",
    source_url="",
    page=b"",
    fragment=f'<p>甲</p><img src="/api/v1/assets/{ONE}"><img src="/api/v1/assets/{TWO}">'.encode(),
    files=(picture(ONE), picture(TWO)),
    cover=ONE,
)


class Hand:
    """What an adapter works with, and what it did with it."""

    def __init__(self, **progress: Any) -> None:
        self.kept: list[dict[str, Any]] = []
        self.asked: list[tuple[bytes, dict[str, str]]] = []
        self.progress = progress

    def tools(self) -> Tools:
        last = self.kept[-1] if self.kept else self.progress
        return Tools(
            lambda _digest: PNG,
            self.kept.append,
            lambda text, lies: self.asked.append((text, dict(lies))),
            dict(last),
        )


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as platform:
        yield platform


def account(
    platform: Platform, *, publishes: bool = True, cover: str = "", secret: str = SECRET
) -> wechat.Wechat:
    calls = wechat.Platform(platform.url, APP_ID, secret, loopback=True, seconds=10)
    return wechat.Wechat(calls, publishes=publishes, cover=cover)


def test_an_article_goes_into_the_draft_box(platform: Platform) -> None:
    hand = Hand()
    assert account(platform, publishes=False).publish(PARCEL, hand.tools()) == LaidIn("draft-1")
    article = platform.drafts["draft-1"]
    assert (article["title"], article["author"], article["digest"]) == ("走访慰问", "通讯员", "走访独居老人")
    assert article["thumb_media_id"] == "cover-1"
    assert "/api/v1/assets/" not in article["content"]
    assert article["content"].count("from=appmsg&amp;wx=1") == 2
    ((text, lies),) = hand.asked
    assert text.decode() == article["content"], "the gate was asked of what goes out"
    assert sorted(lies.values()) == [ONE, TWO]
    assert platform.paths()[-1] == "draft/add"


def test_publishing_is_asked_after_until_it_is_over(platform: Platform) -> None:
    platform.still_publishing = 2
    hand, its = Hand(), account(platform)
    assert its.publish(PARCEL, hand.tools()) == Pending(wechat.POLL)
    assert its.publish(PARCEL, hand.tools()) == Pending(wechat.POLL)
    done = its.publish(PARCEL, hand.tools())
    assert done == Published("article-draft-1", "https://mp.weixin.qq.com/s/article-draft-1")
    assert platform.paths().count("draft/add") == 1
    assert platform.paths().count("freepublish/submit") == 1


@pytest.mark.parametrize(
    "path", ["media/uploadimg", "material/add_material", "draft/add", "freepublish/submit", "freepublish/get"]
)
def test_a_token_that_ends_in_mid_publication_is_renewed(platform: Platform, path: str) -> None:
    platform.fail[f"/cgi-bin/{path}"] = [{"errcode": 42001, "errmsg": "access_token expired"}]
    assert isinstance(account(platform).publish(PARCEL, Hand().tools()), Published)
    assert platform.paths().count("stable_token") == 2
    assert platform.paths().count("freepublish/submit") == 1 + (path == "freepublish/submit")
    assert len(platform.articles) == 1


@pytest.mark.parametrize("status", [2, 3, 4, 5, 6])
def test_a_task_that_ends_badly_is_told_in_words(platform: Platform, status: int) -> None:
    platform.ends_in = status
    with pytest.raises(Refused) as told:
        account(platform).publish(PARCEL, Hand().tools())
    assert told.value.words == wechat.ENDED[status]


@pytest.mark.parametrize(("code", "wait"), [(-1, 1), (45009, 60), (45011, 2)])
def test_what_passes_is_tried_later(platform: Platform, code: int, wait: int) -> None:
    platform.fail["/cgi-bin/draft/add"] = [{"errcode": code, "errmsg": "x"}]
    hand, its = Hand(), account(platform)
    with pytest.raises(Later) as told:
        its.publish(PARCEL, hand.tools())
    assert told.value.wait == timedelta(minutes=wait)
    assert isinstance(its.publish(PARCEL, hand.tools()), Published)
    assert platform.paths().count("media/uploadimg") == 2, "each picture is handed over once"
    assert platform.paths().count("material/add_material") == 1


@pytest.mark.parametrize(
    ("code", "says"), [(40164, "白名单"), (48001, "没有该接口"), (53503, "发布检查"), (99, "99")]
)
def test_what_somebody_has_to_mend_is_told_in_words(platform: Platform, code: int, says: str) -> None:
    platform.fail["/cgi-bin/draft/add"] = [{"errcode": code, "errmsg": "told"}]
    with pytest.raises(Refused) as refused:
        account(platform).publish(PARCEL, Hand().tools())
    assert says in refused.value.words
    assert "told" in refused.value.words


def test_a_wrong_secret_is_told(platform: Platform) -> None:
    with pytest.raises(Refused, match="AppSecret"):
        account(platform, secret="x" * 32).publish(PARCEL, Hand().tools())


def test_a_draft_that_was_submitted_unseen_is_not_submitted_again(platform: Platform) -> None:
    platform.fail["/cgi-bin/freepublish/submit"] = [{"lost": True}]
    hand, its = Hand(), account(platform)
    with pytest.raises(Later):
        its.publish(PARCEL, hand.tools())
    with pytest.raises(Refused, match="可能已经发布"):
        its.publish(PARCEL, hand.tools())
    assert platform.paths().count("freepublish/submit") == 1
    assert len(platform.articles) == 1


def test_a_submission_that_never_arrived_is_made_again(platform: Platform) -> None:
    its, hand = account(platform), Hand()
    platform.fail["/cgi-bin/freepublish/submit"] = [{"errcode": -1, "errmsg": "busy"}]
    with pytest.raises(Later):
        its.publish(PARCEL, hand.tools())
    assert isinstance(its.publish(PARCEL, hand.tools()), Published)


def test_a_text_without_pictures_takes_the_houses_cover(platform: Platform) -> None:
    bare = replace(PARCEL, fragment="<p>甲</p>".encode(), files=(), cover=None)
    with pytest.raises(Refused, match="封面"):
        account(platform).publish(bare, Hand().tools())
    assert account(platform, publishes=False, cover="our-cover").publish(bare, Hand().tools()) == LaidIn(
        "draft-1"
    )


def test_what_the_platform_does_not_take_is_told_at_once_and_whole(platform: Platform) -> None:
    files = (
        picture(ONE, media_type="image/gif"),
        picture(TWO, size=1024 * 1024),
        File("c" * 64, "video", "短片.mp4", "video/mp4", 9),
    )
    with pytest.raises(Refused) as told:
        account(platform).publish(replace(PARCEL, files=files), Hand().tools())
    assert all(word in told.value.words for word in ("image/gif", "1048576", "短片.mp4"))
    assert platform.asked == []


def test_words_that_are_too_long_are_left_out(platform: Platform) -> None:
    long = replace(PARCEL, author="名" * 17, summary="摘" * 121)
    account(platform, publishes=False).publish(long, Hand().tools())
    assert not {"author", "digest"} & set(platform.drafts["draft-1"])


def test_a_correction_takes_the_place_of_what_is_out(platform: Platform) -> None:
    its = account(platform)
    first = its.publish(PARCEL, Hand().tools())
    assert isinstance(first, Published)
    second = its.publish(replace(PARCEL, title="更正", replaces=first.external_id), Hand().tools())
    assert isinstance(second, Published)
    assert [article["title"] for article in platform.articles.values()] == ["更正"]
    its.take_down(second.external_id)
    assert platform.articles == {}
    its.take_down(second.external_id)


def test_a_platform_that_is_away_is_tried_later(platform: Platform) -> None:
    gone = wechat.Platform("http://127.0.0.1:9", APP_ID, SECRET, loopback=True, seconds=3)
    with pytest.raises(Later, match="连不上"):
        wechat.Wechat(gone, publishes=False).publish(PARCEL, Hand().tools())
    # Only where it is configured to be, and this machine only where that is for trying out.
    here = wechat.Platform(platform.url, APP_ID, SECRET, seconds=3)
    with pytest.raises(Later, match="host_is_this_machine"):
        wechat.Wechat(here, publishes=False).publish(PARCEL, Hand().tools())
