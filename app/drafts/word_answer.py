"""A Word or PDF file as an answer: its name, and that no browser guesses or keeps it."""

from urllib.parse import quote

from fastapi.responses import Response

from app.domain.document.model import sha256
from app.drafts import assets
from app.drafts.intake import kinds


def word_file(title: str, content: bytes) -> Response:
    """Return a Word file under the title of its draft."""
    return _file(f"{title}.docx", content, kinds.Kind.DOCX)


def pdf_file(title: str, content: bytes) -> Response:
    """Return a PDF under the title of its draft."""
    return _file(f"{title}.pdf", content, kinds.Kind.PDF)


def _file(name: str, content: bytes, kind: kinds.Kind) -> Response:
    name = quote(assets.filename_of(name))
    return Response(
        content,
        media_type=kind,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            "ETag": f'"{sha256(content)}"',
        },
    )
