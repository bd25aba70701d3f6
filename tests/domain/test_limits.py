import pytest

from app.domain.document.model import Document
from app.domain.limits import exceeded
from app.domain.vocabulary import ChannelKind


def document(title: int, text: int) -> Document:
    return Document.model_validate(
        {"title": "题" * title, "blocks": [{"kind": "paragraph", "text": "文" * text}]}
    )


@pytest.mark.parametrize(
    ("title", "text", "limits"),
    [
        (32, 100, ()),
        (33, 100, ("wechat.title",)),
        (32, 19_992, ()),
        (32, 19_993, ("wechat.characters",)),
        (33, 30_000, ("wechat.title", "wechat.characters")),
    ],
)
def test_wechat(title: int, text: int, limits: tuple[str, ...]) -> None:
    kinds = [ChannelKind.WEBSITE, ChannelKind.WECHAT]
    assert exceeded(document(title, text), kinds) == limits
    assert exceeded(document(title, text), [ChannelKind.WEBSITE]) == ()
