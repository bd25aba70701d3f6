"""How a channel is connected, as channels.yaml says: what the service does there with what is released."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

#: Where in a channel's settings its connection is kept.
KEY = "connection"


class _Connection(BaseModel):
    """What every connection says: which publishing tool it acts as, and whether it waits for a hand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tool: Annotated[str, Field(min_length=1, max_length=100)]
    by_itself: bool = False


class WechatConnection(_Connection):
    """A WeChat official account. `secret` names one of `SANSHEN_CONNECTION_SECRETS`: the AppSecret.

    `publishes`: what is put into the draft box is published too. `cover` is the `media_id` of a picture in
    the account that stands for texts without one.
    """

    kind: Literal["wechat"]
    app_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    secret: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    publishes: bool = False
    cover: Annotated[str, Field(max_length=200)] = ""


class SiteConnection(_Connection):
    """A folder of a web server under `SANSHEN_SITES_DIR`, and the address at which it is to be seen."""

    kind: Literal["site"]
    folder: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    address: Annotated[str, Field(pattern=r"^https?://[^\s?#]{1,500}$")]


class FileConnection(_Connection):
    """A folder under `SANSHEN_SITES_DIR` from which people carry a file to a board or a screen."""

    kind: Literal["file"]
    folder: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


Connection = Annotated[WechatConnection | SiteConnection | FileConnection, Field(discriminator="kind")]
_READ: TypeAdapter[WechatConnection | SiteConnection | FileConnection] = TypeAdapter(Connection)


def connection_of(config: dict[str, Any]) -> WechatConnection | SiteConnection | FileConnection | None:
    """Return the connection in a channel's settings; `None` for a channel that is not connected."""
    kept = config.get(KEY)
    return None if kept is None else _READ.validate_python(kept)
