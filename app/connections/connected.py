"""Which adapter serves a channel, as its settings say now; and the publishing tool that it acts as."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, select

from app.channels.connections import (
    Connection,
    SiteConnection,
    WechatConnection,
    connection_of,
)
from app.channels.models import Channel
from app.connections.adapters.base import Adapter, Refused
from app.connections.adapters.folders import Carried, Site
from app.connections.adapters.wechat import Platform, Wechat
from app.infra.settings import Settings
from app.publication.publishers import Publisher
from app.webhooks.models import PublishingTool

Build = Callable[[Connection, Settings], Adapter]


@dataclass(frozen=True, slots=True)
class Connected:
    """A channel's connection, and who acts there."""

    connection: Connection
    publisher: Publisher


def connected(session: Session, channel: Channel) -> Connected | None:
    """Return how a channel is connected; `None` where it is not, or its tool is not there or switched off."""
    connection = connection_of(channel.config)
    if connection is None or not channel.active:
        return None
    query = select(PublishingTool).where(
        PublishingTool.unit_id == channel.unit_id, PublishingTool.name == connection.tool
    )
    tool = session.exec(query).one_or_none()
    if tool is None or not tool.active or channel.code not in json.loads(tool.channels):
        return None
    served = frozenset(json.loads(tool.channels))
    return Connected(connection, Publisher(tool.id, tool.name, tool.unit_id, tool.unit_path, served))


def adapter(connection: Connection, settings: Settings) -> Adapter:
    """Return what publishes there. Raises `Refused` for a connection whose secret was not configured."""
    if isinstance(connection, WechatConnection):
        secret = settings.connection_secrets.get(connection.secret)
        if secret is None:
            raise Refused(f"没有配置密钥“{connection.secret}”（SANSHEN_CONNECTION_SECRETS）。")
        platform = Platform(
            settings.wechat_url,
            connection.app_id,
            secret.get_secret_value(),
            loopback=settings.webhook_loopback,
        )
        return Wechat(platform, publishes=connection.publishes, cover=connection.cover)
    folder = settings.sites / connection.folder
    if isinstance(connection, SiteConnection):
        return Site(folder, connection.address)
    return Carried(folder)
