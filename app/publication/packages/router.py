from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from app.domain.document.model import sha256 as digest_of
from app.drafts import assets
from app.drafts.models import Draft
from app.identity.access import CurrentActor
from app.infra.db import ReadSession
from app.infra.http import cursors
from app.infra.http.links import BYTES, tagged_bytes
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.proofs.layout.markup import asset as address_of
from app.publication.models import Release
from app.publication.packages import archive, forms, queries
from app.publication.packages.queries import Package
from app.publication.packages.schemas import (
    PackageOut,
    ReleasedFileOut,
    ReleasedFormOut,
    ReleasedOut,
    ReleasedPage,
    ReleasedSectionOut,
)

router = ApiRouter(tags=["publication"])
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@router.get("/releases")
def list_releases(
    actor: CurrentActor,
    session: ReadSession,
    channel: Annotated[str | None, Query(max_length=40)] = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> ReleasedPage:
    """List what was released on the channels that one may read, the oldest first."""
    rows = queries.released(session, actor, channel=channel, after=after, limit=limit + 1)
    items, last = cursors.page(rows, limit)
    shown = [ReleasedOut(**_head(release, draft)) for release, draft in items]
    return ReleasedPage(items=shown, next=last[0].id if last else None)


@router.get("/releases/{release_id}/content")
def show_release_content(
    request: Request, actor: CurrentActor, session: ReadSession, release_id: UUID
) -> PackageOut:
    """Give what a release lets out, exactly: as a page and as a fragment, with its files and their words."""
    package = queries.package(session, release_id, actor)
    return _package(package, runtime_of(request).settings.public_url)


@router.get(
    "/releases/{release_id}/package",
    response_class=Response,
    responses={200: {"content": {"application/zip": {"schema": BYTES}}}},
)
def download_release_package(
    request: Request, actor: CurrentActor, session: ReadSession, release_id: UUID
) -> StreamingResponse:
    """Give the same as one zip, with the bytes of the files: `files/<sha256>`."""
    package = queries.package(session, release_id, actor)
    described = _package(package, runtime_of(request).settings.public_url)
    spooled = archive.written(package, described, lambda digest: queries.bytes_of(session, digest))
    name = f"{package.draft.number}-{package.release.channel}.zip"
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(archive.chunks(spooled), media_type="application/zip", headers=headers)


@router.get(
    "/releases/{release_id}/files/{sha256}",
    response_class=Response,
    responses={200: tagged_bytes(*assets.TYPES)},
)
def show_release_file(
    actor: CurrentActor, session: ReadSession, release_id: UUID, sha256: Digest
) -> Response:
    """Give the bytes of a file that a release shows or links to."""
    file = queries.file_of(session, release_id, sha256, actor)
    headers = {
        "Content-Disposition": f"attachment; filename={sha256}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
        "ETag": f'"{sha256}"',
    }
    return Response(file.content, media_type=file.media_type, headers=headers)


def _head(release: Release, draft: Draft) -> dict[str, object]:
    return {
        "id": release.id,
        "draft_id": draft.id,
        "number": draft.number,
        "title": draft.title,
        "channel": release.channel,
        "digest": release.digest,
        "state": release.state,
        "signed_at": release.signed_at,
        "expires_at": release.expires_at,
    }


def _package(package: Package, public_url: str) -> PackageOut:
    base = f"{public_url.rstrip('/')}/api/v1/releases/{package.release.id}/files"
    document = package.document
    return PackageOut(
        # The title that was released: the draft's own may have been changed since.
        **{**_head(package.release, package.draft), "title": document.title},
        channel_name=package.target.channel_name,
        channel_kind=package.target.kind,
        section=ReleasedSectionOut(code=package.target.section, name=package.target.section_name),
        revision=package.release.revision,
        subtitle=document.subtitle,
        summary=document.summary,
        author=document.byline,
        source=document.source,
        source_url=document.source_url,
        first_address=package.first_address,
        canonical_address=package.canonical_address,
        cover=package.cover,
        forms=[_form(package, form) for form in forms.Form],
        files=[
            ReleasedFileOut(
                sha256=file.sha256,
                kind=file.kind,
                address=address_of(file.sha256),
                url=f"{base}/{file.sha256}",
                filename=file.filename,
                media_type=file.media_type,
                size=file.size,
                alt=file.alt,
                caption=file.caption,
                credit=file.credit,
            )
            for file in package.files
        ],
    )


def _form(package: Package, form: forms.Form) -> ReleasedFormOut:
    content = forms.in_form(package.page, form)
    return ReleasedFormOut(
        form=form,
        media_type=package.media_type,
        text=content.decode(),
        size=len(content),
        digest=digest_of(content),
        normal_digest=forms.normal_digest(content),
    )
