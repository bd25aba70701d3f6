"""A back-test: how far it is, and what would be found more, no more, or otherwise."""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import BackTestState
from app.identity import queries as identity
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Invalid, Reason
from app.infra.runtime import runtime_of
from app.negative_list import Severity
from app.policies.models import BackTest
from app.screening.backtests import service as backtests
from app.screening.backtests.service import Sampled, Which
from app.web.components.text_view import place_name
from app.web.pages.rules.versions import version_page
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Reader, SentForm
from app.words.labels import label

router = APIRouter()

WHICH: dict[str, tuple[Which, str]] = {
    "published": ("published", "已发布的稿件"),
    "cleared": ("cleared", "已签发和已发布的稿件"),
    "all": ("all", "全部稿件"),
}
CHANGES = {"added": "新增", "removed": "不再命中", "changed": "改变"}


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """What one rule does under both versions, in words and numbers."""

    rule: str
    title: str
    state: str
    before: str
    after: str
    row: dict[str, Any]
    differs: bool


@router.post("/policies/{digest}/back-tests")
def ask(request: Request, sent: SentForm, digest: str) -> Response:
    """Ask that a version be tried over the archive."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> BackTest:
        which = WHICH.get(sent.form.word("drafts"), WHICH["all"])[0]
        since = _day(sent.form.word("since"))
        return backtests.ask(session, candidate=digest, which=which, since=since, actor=sent.actor, at=at)

    made = attempt(request, verb)
    if isinstance(made, AppError):
        with database_of(request).read() as session:
            return version_page(request, sent.viewer, session, digest, made)
    return see_other(f"/back-tests/{made.id}", "back_test_asked")


def _day(word: str) -> date | None:
    if not word:
        return None
    try:
        return date.fromisoformat(word)
    except ValueError as error:
        reason = Reason("field", {"message": "应为日期，如 2026-01-31。"}, field="since")
        raise Invalid("malformed", reasons=[reason]) from error


@router.get("/back-tests/{test_id}")
def show(request: Request, viewer: Reader, session: ReadSession, test_id: UUID) -> Response:
    """Show a back-test; while it runs the page asks again by itself."""
    test = backtests.shown(session, test_id, viewer.actor)
    report = json.loads(test.report) if test.report else None
    found, hidden = backtests.samples(session, report, viewer.actor) if report else ((), 0)
    figures = [_figures(row) for row in report["rules"]] if report else []
    return page(
        request,
        "rules_back_test.html",
        viewer=viewer,
        section="/rules",
        test=test,
        state=label(BackTestState(test.state)),
        running=test.state in {BackTestState.QUEUED, BackTestState.RUNNING},
        which=WHICH[test.drafts][1],
        asker=identity.names(session, [test.asked_by]).get(test.asked_by, ""),
        report=report,
        differing=[figure for figure in figures if figure.differs],
        others=[figure for figure in figures if not figure.differs],
        samples=_grouped(found),
        titles={figure.rule: figure.title for figure in figures},
        hidden=hidden,
        changes=CHANGES,
        place_name=place_name,
    )


def _figures(row: dict[str, Any]) -> RuleFigures:
    return RuleFigures(
        row["rule"],
        row["title"],
        {"added": "新规则", "removed": "已删去", "changed": "有改动", "same": "没有改动"}[row["state"]],
        _weight(row["base_severity"], row["base_shadow"]),
        _weight(row["candidate_severity"], row["candidate_shadow"]),
        row,
        bool(row["state"] != "same" or row["added"] or row["removed"] or row["changed"]),
    )


def _weight(severity: str | None, shadow: bool) -> str:
    if severity is None:
        return "——"
    return label(Severity(severity)) + ("（试运行）" if shadow else "")


def _grouped(found: tuple[Sampled, ...]) -> dict[str, dict[str, list[Sampled]]]:
    groups: dict[str, dict[str, list[Sampled]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        groups[one.rule][one.change].append(one)
    return {rule: dict(changes) for rule, changes in groups.items()}
