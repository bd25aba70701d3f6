"""Doing what the forms between people say: ask, hand over, add, copy, remind, withdraw, take back."""

from collections.abc import Callable
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import Verb
from app.infra.errors import Invalid, Reason
from app.infra.runtime import Runtime, runtime_of
from app.reviews import service
from app.reviews.collaboration import service as people
from app.reviews.collaboration.service import Asking
from app.web.forms import limits
from app.web.pages.draft.verbs.deciding import comment_of
from app.web.pages.draft.verbs.forms import on_case
from app.web.shell.viewer import Form, Sent, SentForm

router = APIRouter()

_NAMING: dict[Verb | None, Callable[..., object]] = {
    Verb.CONSULT: people.consult,
    Verb.HAND_OVER: people.hand_over,
    Verb.COPY: people.copy,
    Verb.ADD_REVIEWER: people.add_reviewer,
}
_QUOTING = frozenset({Verb.ADVISE, Verb.OVERRIDE})
_AT_STAGE = frozenset({Verb.CLAIM, Verb.UNCLAIM, Verb.REMIND, Verb.TAKE_BACK})


@router.post("/drafts/{draft_id}/together")
def act(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Do one of these things, as the form says."""
    runtime = runtime_of(request)

    def verb(session: Session, case_id: UUID) -> None:
        _do(session, case_id, sent, runtime)

    return on_case(request, sent, draft_id, verb, sent.form.word("verb"))


def _do(session: Session, case_id: UUID, sent: Sent, runtime: Runtime) -> None:
    verb = next((one for one in Verb if one == sent.form.word("verb")), None)
    if verb is None:
        raise _wrong("verb", "没有这种操作。")
    if verb in _NAMING:
        _name_somebody(session, verb, case_id, sent, runtime)
    elif verb in _QUOTING:
        _on_what_was_read(session, verb, case_id, sent, runtime)
    elif verb in _AT_STAGE:
        _at_stage(session, verb, case_id, sent, runtime)
    elif verb is Verb.RECUSE:
        comment = comment_of(sent.form, limits.AT_STAGE)
        people.recuse(session, case_id=case_id, comment=comment, actor=sent.actor, at=runtime.clock())
    else:
        raise _wrong("verb", "没有这种操作。")


def _name_somebody(session: Session, verb: Verb, case_id: UUID, sent: Sent, runtime: Runtime) -> None:
    asking, actor, at = _asking(sent.form), sent.actor, runtime.clock()
    if verb is Verb.ADD_REVIEWER:
        people.add_reviewer(session, case_id=case_id, asking=asking, actor=actor, runtime=runtime, at=at)
    else:
        _NAMING[verb](session, case_id=case_id, asking=asking, actor=actor, at=at)


def _on_what_was_read(session: Session, verb: Verb, case_id: UUID, sent: Sent, runtime: Runtime) -> None:
    form, actor, at = sent.form, sent.actor, runtime.clock()
    read = service.Form(
        form.word("stage"), form.word("line"), form.word("digest"), comment_of(form, limits.AT_STAGE)
    )
    if verb is Verb.ADVISE:
        people.advise(session, case_id=case_id, form=read, actor=actor, at=at)
    else:
        people.override(session, case_id=case_id, form=read, actor=actor, runtime=runtime, at=at)


def _at_stage(session: Session, verb: Verb, case_id: UUID, sent: Sent, runtime: Runtime) -> None:
    actor, at, comment = sent.actor, runtime.clock(), comment_of(sent.form, limits.AT_STAGE)
    stage, line = sent.form.word("stage"), sent.form.word("line")
    if verb is Verb.CLAIM:
        service.claim(session, case_id=case_id, stage=stage, line=line, actor=actor, at=at)
    elif verb is Verb.UNCLAIM:
        service.unclaim(session, case_id=case_id, stage=stage, line=line, actor=actor, at=at)
    elif verb is Verb.REMIND:
        people.remind(session, case_id=case_id, stage=stage, line=line, comment=comment, actor=actor, at=at)
    else:
        people.take_back(
            session,
            case_id=case_id,
            stage=stage,
            line=line,
            comment=comment,
            actor=actor,
            runtime=runtime,
            at=at,
        )


def _asking(form: Form) -> Asking:
    try:
        to = UUID(form.word("to"))
    except ValueError:
        raise _wrong("to", "请从名单中选择一人。") from None
    places: dict[str, Literal["before", "after", "beside"]] = {
        "before": "before",
        "after": "after",
        "beside": "beside",
    }
    return Asking(
        to,
        form.word("stage"),
        form.word("line"),
        comment_of(form, limits.AT_STAGE),
        places.get(form.word("place"), "after"),
        form.word("waits") == "yes",
    )


def _wrong(field: str, message: str) -> Invalid:
    return Invalid("malformed", reasons=[Reason("field", {"message": message}, field=field)])
