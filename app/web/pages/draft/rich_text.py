"""A text as the rich-text editor holds it: its blocks as JSON, out of the page and back into it."""

import json

from app.domain.document.model import Document
from app.drafts.intake.service import Intake, edited
from app.infra.errors import Invalid, Reason
from app.web.shell.viewer import Form

#: The field that the editor adds to the form; without scripts there is none, and texts come one by one.
BLOCKS = "blocks"


def packed(document: Document) -> str:
    """Return the blocks of a document as the editor reads them."""
    return json.dumps(document.model_dump(mode="json")["blocks"], ensure_ascii=False, separators=(",", ":"))


def taken(before: Document, form: Form) -> Intake | None:
    """Return the document with the blocks that the editor sent; `None` where it sent none.

    Raises `TooLarge`, `Invalid` with every fault, each at the text.
    """
    if not (sent := form.text(BLOCKS)):
        return None
    try:
        content = json.loads(sent)
    except (ValueError, RecursionError):
        content = sent
    try:
        return edited(before, content)
    except Invalid as refused:
        reasons: list[Reason] = []
        for told in refused.reasons:
            reason = Reason(told.code, told.data, field="content")
            if reason not in reasons:
                reasons.append(reason)
        raise Invalid(refused.code, reasons=reasons, data=refused.data) from refused


def without_texts(form: Form) -> Form:
    """Return a form without the texts that come one by one: the editor, or a file, has all of them."""
    kept = [(name, value) for name, value in form.fields if name != "added" and not name.startswith("text:")]
    return Form(tuple(kept), form.file)
