"""Doing what the forms between people say: ask, hand over, add, copy, remind, withdraw, take back."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.domain.vocabulary import Verb
from app.domain.workflow import Command, commands
from app.infra.errors import Invalid, Reason
from app.web.forms import limits
from app.web.pages.draft.verbs.deciding import comment_of
from app.web.pages.draft.verbs.forms import do_to_case
from app.web.shell.viewer import Form, SentForm

router = APIRouter()

_PLACES: dict[str, Literal["before", "after", "beside"]] = {
    "before": "before",
    "after": "after",
    "beside": "beside",
}


@router.post("/drafts/{draft_id}/together")
def act(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Do one of these things, as the form says."""
    return do_to_case(request, sent, draft_id, lambda: _command(sent.form), sent.form.word("verb"))


def _command(form: Form) -> Command:
    verb, stage, line = form.word("verb"), form.word("stage"), form.word("line")
    if verb in {Verb.CONSULT, Verb.HAND_OVER, Verb.COPY, Verb.ADD_REVIEWER}:
        return _naming(form, verb)
    if verb in {Verb.ADVISE, Verb.OVERRIDE, Verb.REMIND, Verb.TAKE_BACK, Verb.RECUSE}:
        return _with_words(form, verb)
    if verb == Verb.RECLASS:
        return _of_class(form)
    if verb == Verb.CLAIM:
        return commands.Claim(stage, line)
    if verb == Verb.UNCLAIM:
        return commands.Unclaim(stage, line)
    raise _wrong("verb", "没有这种操作。")


def _with_words(form: Form, verb: str) -> Command:
    """Return what is done with a word to it, on what was read or to what stands."""
    stage, line, digest = form.word("stage"), form.word("line"), form.word("digest")
    comment = comment_of(form, limits.AT_STAGE)
    if verb == Verb.ADVISE:
        return commands.GiveOpinion(stage, line, digest, comment)
    if verb == Verb.OVERRIDE:
        return commands.Override(stage, line, digest, comment)
    if verb == Verb.REMIND:
        return commands.Remind(stage, line, comment)
    if verb == Verb.TAKE_BACK:
        return commands.TakeBack(stage, line, comment)
    return commands.Recuse(comment, knowing=form.word("knowing") == "yes")


def _naming(form: Form, verb: str) -> Command:
    """Return what is done with somebody who is chosen from the list."""
    try:
        to = str(UUID(form.word("to")))
    except ValueError:
        raise _wrong("to", "请从名单中选择一人。") from None
    stage, line = form.word("stage"), form.word("line")
    comment = comment_of(form, limits.AT_STAGE)
    if verb == Verb.CONSULT:
        return commands.AskOpinion(stage, line, to, comment, form.word("waits") == "yes")
    knowing = form.word("knowing") == "yes"
    if verb == Verb.HAND_OVER:
        return commands.HandOver(stage, line, to, comment, knowing=knowing)
    if verb == Verb.COPY:
        return commands.Copy(to, comment)
    place = _PLACES.get(form.word("place"), "after")
    return commands.AddReviewer(stage, line, to, comment, place, knowing=knowing)


def _of_class(form: Form) -> Command:
    grades: dict[str, Literal["A", "B", "C"]] = {"A": "A", "B": "B", "C": "C"}
    if (grade := grades.get(form.word("class"))) is None:
        raise _wrong("class", "请从所列分类中选择。")
    return commands.Reclass(grade, comment_of(form, limits.AT_STAGE))


def _wrong(field: str, message: str) -> Invalid:
    return Invalid("malformed", reasons=[Reason("field", {"message": message}, field=field)])
