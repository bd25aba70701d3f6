from fastapi import FastAPI

from app.channels import queries
from app.channels.schemas import ChannelOut, SectionOut
from app.domain.vocabulary import ChannelKind
from app.identity.access import CurrentActor
from app.infra.db import ReadSession
from app.infra.http.routing import ApiRouter

router = ApiRouter(tags=["channels"])


@router.get("/channels")
def list_channels(actor: CurrentActor, session: ReadSession) -> list[ChannelOut]:
    """List the channels and sections that the caller's unit may hand drafts in for."""
    channels = queries.open_to(session, actor.unit_path).values()
    sections = queries.sections_of(session, [channel.id for channel in channels])
    return [
        ChannelOut(
            id=channel.id,
            unit_id=channel.unit_id,
            code=channel.code,
            kind=ChannelKind(channel.kind),
            name=channel.name,
            sections=[
                SectionOut(code=section.code, name=section.name) for section in sections.get(channel.id, ())
            ],
        )
        for channel in channels
    ]


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
