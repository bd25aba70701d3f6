"""Suggestions as edits of a text: carried to the newest revision, and checked together."""

from collections.abc import Callable, Sequence

from app.annotations.models import Thread
from app.domain.document.anchors import Anchor, Porter, port_edit
from app.domain.document.edits import Edit, apply_edits
from app.domain.document.model import Document
from app.domain.refusals import RefusalCode, Refused
from app.domain.vocabulary import MarkKind
from app.infra.errors import Reason

#: How much of a quote a sentence repeats.
_SAID = 30


def anchor_of(thread: Thread) -> Anchor:
    """Return the words that a thread is about."""
    return Anchor(
        thread.place, thread.position_start, thread.position_end, thread.quote, thread.before, thread.after
    )


def said(thread: Thread) -> str:
    """Return by which words a sentence names a thread."""
    words = thread.quote or thread.new_text or "全篇"
    return words if len(words) <= _SAID else words[:_SAID] + "……"


def as_edit(thread: Thread) -> Edit:
    """Return a suggestion as the domain carries it out on the revision that it was made on."""
    assert thread.kind is not None
    return Edit(
        str(thread.id),
        MarkKind(thread.kind),
        thread.place,
        thread.position_start,
        thread.position_end,
        thread.quote,
        thread.new_text,
        thread.move_to,
    )


def carried_out(
    threads: Sequence[Thread], head: Document, texts: Callable[[Thread], Document]
) -> Document | tuple[Reason, ...]:
    """Return the newest text with all these suggestions carried out, or every reason why it cannot be.

    `texts` gives the text that a suggestion was made on.
    """
    porters: dict[object, Porter] = {}
    edits, faults = [], []
    for thread in threads:
        old = texts(thread)
        porter = porters.setdefault(thread.revision_id, Porter(old, head))
        edit = port_edit(as_edit(thread), old, porter)
        if edit is None:
            faults.append(Reason("suggestion_moved_on", {"quote": said(thread)}))
        else:
            edits.append(edit)
    if faults:
        return tuple(faults)
    done = apply_edits(head, edits)
    return (
        tuple(_reasons(done, {str(thread.id): thread for thread in threads}))
        if isinstance(done, Refused)
        else done
    )


def _reasons(refused: Refused, threads: dict[str, Thread]) -> list[Reason]:
    reasons = []
    for refusal in refused.refusals:
        if refusal.code is RefusalCode.MARKS_OVERLAP:
            first, second = (said(threads[name]) for name in refusal.data["marks"])
            reasons.append(Reason("suggestions_overlap", {"quote": first, "other": second}))
        elif refusal.code is RefusalCode.RESULT_INVALID:
            words = "、".join(said(thread) for thread in threads.values())
            reasons.append(Reason("suggestion_breaks", {"quote": words}))
        else:
            quote = said(threads[refusal.data["mark"]])
            reasons.append(Reason("suggestion_moved_on", {"quote": quote}))
    return reasons
