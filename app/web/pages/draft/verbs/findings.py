"""What is done about findings of a rule: taken over, let through, or left as they are."""

from collections.abc import Collection
from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import WaiverReason
from app.drafts import queries as drafts
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Invalid, NotFound, Reason
from app.infra.runtime import runtime_of
from app.negative_list.text.model import Severity
from app.policies.in_use import policy_of
from app.screening.adoption import service
from app.screening.adoption.commands import Adopt, Pick
from app.screening.ignoring import service as ignoring
from app.screening.ignoring.commands import Ignore
from app.screening.waivers import service as waivers
from app.web.components.text_view import Hit
from app.web.forms import limits
from app.web.pages.draft.page import show_again
from app.web.pages.draft.panels import checks
from app.web.pages.draft.panels.finding_groups import proposals
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, SentForm, Viewer
from app.words.labels import choices

router = APIRouter()


@router.get("/drafts/{draft_id}/findings/{rule}")
def look(request: Request, viewer: Reader, session: ReadSession, draft_id: UUID, rule: str) -> Response:
    """Show the findings of one rule, each in its surroundings, to be taken over or let through together.

    Raises `NotFound` for a rule that found nothing here.
    """
    return _page(request, viewer, session, draft_id, rule)


def _page(
    request: Request,
    viewer: Viewer,
    session: Session,
    draft_id: UUID,
    rule: str,
    error: AppError | None = None,
    form: Form | None = None,
) -> Response:
    runtime = runtime_of(request)
    draft = drafts.visible(session, draft_id, viewer.actor)
    revision = drafts.head(session, draft)
    document = drafts.document_of(revision)
    found = checks.checked(session, runtime, draft, revision, document)
    hits = tuple(hit for hit in found.hits if hit.finding.rule == rule)
    if not hits:
        raise NotFound("not_found")
    known = {waiver.fingerprint for waiver in found.waivers}
    ignored = checks.ignored_views(session, draft)
    takes = checks.waivable(policy_of(session, runtime), hits)[rule]
    return page(
        request,
        "rule_findings.html",
        viewer=viewer,
        section="/drafts",
        error=error,
        draft=draft,
        digest=revision.digest,
        policy=found.policy,
        rule=rule,
        title=hits[0].finding.title,
        basis=hits[0].finding.basis,
        hits=hits,
        proposals=proposals(hits, document, rule) if checks.may_adopt(viewer, draft) else (),
        blocking=tuple(
            hit for hit in hits if hit.severity is Severity.BLOCK and hit.finding.fingerprint not in known
        )
        if takes and checks.may_ask_waiver(viewer, draft)
        else (),
        leavable=_leavable(hits, ignored) if checks.may_leave(session, viewer, draft) else (),
        ignored=ignored,
        waiver_reasons=choices(WaiverReason),
        form=form or Form(),
    )


def _leavable(hits: tuple[Hit, ...], ignored: Collection[str]) -> tuple[Hit, ...]:
    """Return what may be left as it is: what does not block, and nobody has left so yet."""
    return tuple(
        hit for hit in hits if hit.severity is not Severity.BLOCK and hit.finding.fingerprint not in ignored
    )


def _again(
    request: Request, viewer: Viewer, draft_id: UUID, rule: str, error: AppError, form: Form
) -> Response:
    """Show what was refused on the page of the rule, or on the draft's where its findings are gone."""
    with database_of(request).read() as session, suppress(NotFound):
        return _page(request, viewer, session, draft_id, rule, error, form)
    return show_again(request, viewer, draft_id, error, form)


@router.post("/drafts/{draft_id}/findings")
def adopt(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Take over the suggestions that were picked, in one revision."""
    runtime, form = runtime_of(request), sent.form

    def verb(session: Session) -> None:
        service.adopt(
            session,
            draft_id,
            Adopt(
                form.word("digest"), form.word("policy"), tuple(_pick(form, key) for key in form.all("pick"))
            ),
            policy=policy_of(session, runtime),
            key=runtime.secret,
            actor=sent.actor,
            at=runtime.clock(),
        )

    error = attempt(request, verb)
    if isinstance(error, AppError):
        if rule := form.word("rule"):
            return _again(request, sent.viewer, draft_id, rule, error, form)
        return show_again(request, sent.viewer, draft_id, error, form)
    return see_other(f"/drafts/{draft_id}#findings", "adopted")


def _pick(form: Form, key: str) -> Pick:
    """Return a finding that was picked, as `place:start:end:rule`, with its suggestion. Raises `Invalid`."""
    named, _, chosen = key.partition("=")
    parts = named.split(":", 3)
    try:
        ref, start, end, rule = parts
        return Pick(rule, ref, int(start), int(end), chosen or form.text(f"as:{named}"))
    except ValueError as error:
        wrong = Reason("field", {"message": "所选的命中有误。"}, field="pick")
        raise Invalid("malformed", reasons=[wrong]) from error


@router.post("/drafts/{draft_id}/findings/{rule}/waivers")
def ask_waivers(request: Request, sent: SentForm, draft_id: UUID, rule: str) -> Response:
    """Ask that several findings of one rule be let through, for one reason: all of them or none."""
    runtime, form = runtime_of(request), sent.form
    known = {member.value: member for member in WaiverReason}

    def verb(session: Session) -> None:
        reason = known.get(form.word("reason"))
        if reason is None:
            raise Invalid("malformed", reasons=[Reason("field", {"message": "请选择理由。"}, field="reason")])
        form.all_within(limits.WAIVER)
        if not (wanted := tuple(dict.fromkeys(form.all("fingerprint")))):
            raise Invalid("nothing_adopted")
        for fingerprint in wanted:
            waivers.ask(
                session,
                policy=policy_of(session, runtime),
                key=runtime.secret,
                draft_id=draft_id,
                fingerprint=fingerprint,
                reason=reason,
                explanation=form.word("comment"),
                evidence=form.word("evidence"),
                actor=sent.actor,
                at=runtime.clock(),
            )

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _again(request, sent.viewer, draft_id, rule, error, form)
    return see_other(f"/drafts/{draft_id}#findings", "waiver_asked")


@router.post("/drafts/{draft_id}/findings/{rule}/ignored")
def leave(request: Request, sent: SentForm, draft_id: UUID, rule: str) -> Response:
    """Leave findings of a rule as they are, with a reason that those who come after read."""
    runtime, form = runtime_of(request), sent.form

    def verb(session: Session) -> None:
        reason = form.within("ignore_reason", limits.IGNORE)
        if not (wanted := tuple(dict.fromkeys(form.all("ignore")))):
            raise Invalid("nothing_adopted")
        ignoring.ignore(
            session,
            draft_id,
            Ignore(wanted, reason),
            policy=policy_of(session, runtime),
            key=runtime.secret,
            actor=sent.actor,
            at=runtime.clock(),
        )

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _again(request, sent.viewer, draft_id, rule, error, form)
    return see_other(f"/drafts/{draft_id}#findings", "finding_left")


@router.post("/drafts/{draft_id}/ignored/{ignored_id}")
def take_up(request: Request, sent: SentForm, draft_id: UUID, ignored_id: UUID) -> Response:
    """Take back that a finding is left as it is."""

    def verb(session: Session) -> None:
        ignoring.withdraw(session, draft_id, ignored_id, actor=sent.actor, at=runtime_of(request).clock())

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return show_again(request, sent.viewer, draft_id, error, sent.form)
    return see_other(f"/drafts/{draft_id}#findings", "finding_taken_up")
