"""A text as it is handed in, in each format."""

from base64 import b64encode
from typing import Any

from app.drafts.intake.service import Format
from tests.api.word import p, word


def handed_in(text: str, form: Format) -> Any:
    """Return the content of a draft with one paragraph of this text."""
    if form is Format.BLOCKS:
        return [{"kind": "paragraph", "text": text}]
    return b64encode(word(p(text))).decode() if form is Format.DOCX else text
