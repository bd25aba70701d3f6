"""What people do on a draft's page: decide, recall, ask for waivers and grant them."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import WaiverReason
from app.domain.workflow.commands import (
    Abstain,
    AnswerHold,
    Approve,
    Decide,
    Decline,
    Hold,
    Oppose,
    Recall,
    SendBack,
)
from app.identity.access import bound
from app.infra.errors import AppError, Invalid, Reason
from app.infra.http.problems import too_long
from app.infra.runtime import runtime_of
from app.policies.in_use import policy_of
from app.screening.waivers import service as waivers
from app.web.forms import limits
from app.web.forms.addresses import inside
from app.web.forms.limits import Limits
from app.web.pages.draft.page import show_again
from app.web.pages.draft.verbs.forms import do_to_case
from app.web.shell.actions import attempt, see_other
from app.web.shell.viewer import Form, SentForm

router = APIRouter()

#: What can be done at a stage by a decision panel, and what the page says then.
SAID = {
    "approve": "approved",
    "oppose": "voted",
    "abstain": "voted",
    "send_back": "sent_back",
    "decline": "declined",
    "hold": "held",
}


def comment_of(form: Form, within: Limits) -> str:
    """Return the reasons that were ticked and what was written. Raises `Invalid` when it is too long."""
    words = "；".join(dict.fromkeys(form.all("preset")))
    basis = f"依据：{form.word('basis')}" if form.word("basis") else ""
    comment = "\n".join(part for part in (words, basis, form.word("comment")) if part)
    if len(comment) > within["comment"]:
        raise Invalid("malformed", reasons=[too_long("comment", comment, within["comment"])])
    return comment


def decision_of(form: Form) -> Decide | Hold:
    """Return what a decision panel sent. Raises `Invalid`, also for an unknown verb."""
    comment, verb = comment_of(form, limits.DECISION), form.word("verb")
    read = form.word("stage"), form.word("line"), form.word("digest"), comment, form.word("outcome")
    ticked = frozenset(form.all("ticked"))
    if verb == "hold":
        return Hold(*read)
    if verb == "approve":
        return Approve(*read, ticked, knowing=form.word("knowing") == "yes")
    if verb == "oppose":
        return Oppose(*read, ticked)
    if verb == "abstain":
        return Abstain(*read, ticked)
    if verb == "decline":
        return Decline(*read, ticked)
    if verb == "send_back":
        then: Literal["continue_here", "walk_again"]
        then = "continue_here" if form.word("then") == "continue_here" else "walk_again"
        return SendBack(*read, ticked, form.word("send_back_to") or None, then)
    raise Invalid("malformed", reasons=[Reason("field", {"message": "没有这种操作。"}, field="verb")])


@router.post("/drafts/{draft_id}/decisions")
def decide(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Decide at a stage on the text that was read."""
    said = SAID.get(sent.form.word("verb"), "")
    return do_to_case(request, sent, draft_id, lambda: decision_of(sent.form), said, going_on=True)


@router.post("/drafts/{draft_id}/recall")
def recall(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Take a draft back into its author's hands."""
    return do_to_case(
        request, sent, draft_id, lambda: Recall(comment_of(sent.form, limits.RECALL)), "recalled"
    )


@router.post("/drafts/{draft_id}/answers")
def answer(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Attach the answer that came from outside, and go on."""
    return do_to_case(
        request, sent, draft_id, lambda: AnswerHold(comment_of(sent.form, limits.RECALL)), "answered"
    )


@router.post("/drafts/{draft_id}/waivers")
def ask_waiver(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Ask that one finding be let through."""
    runtime, form = runtime_of(request), sent.form
    known = {member.value: member for member in WaiverReason}

    def verb(session: Session) -> None:
        reason = known.get(form.word("reason"))
        if reason is None:
            raise Invalid("malformed", reasons=[Reason("field", {"message": "请选择理由。"}, field="reason")])
        form.all_within(limits.WAIVER)
        waivers.ask(
            session,
            policy=policy_of(session, runtime),
            key=runtime.secret,
            draft_id=draft_id,
            fingerprint=form.word("fingerprint"),
            reason=reason,
            explanation=form.word("comment"),
            evidence=form.word("evidence"),
            actor=sent.actor,
            at=runtime.clock(),
        )

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return show_again(request, sent.viewer, draft_id, error)
    return see_other(f"/drafts/{draft_id}#findings", "waiver_asked")


@router.post("/drafts/{draft_id}/waivers/{waiver_id}")
def decide_waiver(request: Request, sent: SentForm, draft_id: UUID, waiver_id: UUID) -> Response:
    """Grant or refuse a waiver."""
    grant = sent.form.word("verdict") == "grant"

    def verb(session: Session) -> None:
        waivers.decide(
            session,
            waiver_id=waiver_id,
            grant=grant,
            comment=sent.form.within("comment", limits.WAIVER_DECISION),
            actor=sent.actor,
            at=runtime_of(request).clock(),
        )

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return show_again(request, sent.viewer, draft_id, error)
    return see_other(f"/drafts/{draft_id}#findings", "waiver_granted" if grant else "waiver_refused")


@router.post("/preferences/keys")
def keys(request: Request, sent: SentForm) -> Response:
    """Turn the shortcut keys on or off, in this browser."""
    on = sent.form.word("keys") == "on"
    answer = see_other(inside(sent.form.text("next")), "keys_on" if on else "keys_off")
    settings = runtime_of(request).settings
    answer.set_cookie(
        bound("keys", settings),
        "on" if on else "off",
        path="/",
        httponly=True,
        secure=settings.secure_cookies,
        samesite="lax",
        max_age=31_536_000,
    )
    return answer
