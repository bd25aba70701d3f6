"""Changing a rule, a rule file or a word list: saved as a version of its own, if it has no fault."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import PolicySource
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Conflict, Invalid, NotFound, Reason
from app.infra.runtime import runtime_of
from app.policies import proposals
from app.policies import queries as policy_queries
from app.policies import service as policies
from app.policies.models import PolicyVersion
from app.policies.negative_list import rule_text
from app.policies.negative_list.rule_text import LEXICONS, Row, RuleText
from app.web.components.fault_rows import fault_rows
from app.web.forms import limits
from app.web.pages.rules import file_editing
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, Sent, SentForm, Viewer

router = APIRouter()

#: Row and column of a cell in the form of a word list: a list has at most some tens of thousands of lines.
_CELL = re.compile(r"([0-9]{1,6}):([0-9]{1,2})")

#: Rows of a word list that are shown at a time; a search finds the others.
ROWS = 50
#: Empty rows for new words.
_NEW = 4


@dataclass(frozen=True, slots=True)
class Edited:
    """What is edited in a form: where it goes to and came from, and its first line in its file."""

    title: str
    action: str
    back: str
    digest: str
    file: str
    first: int
    may_remove: bool


@router.get("/rules/{rule_id}/edit")
def edit_rule(
    request: Request, viewer: Reader, session: ReadSession, rule_id: str, policy: str = ""
) -> Response:
    """Show one rule's own lines in a form. Raises `Forbidden`, `NotFound`."""
    policies.admit(viewer.actor, *policies.KEEPERS)
    digest = policy or runtime_of(request).negative_list.current.digest
    _, place = _place(request, session, digest, rule_id)
    return _rule_page(request, viewer, digest, rule_id, place, place.text)


@router.post("/rules/{rule_id}/edit")
def save_rule(request: Request, sent: SentForm, rule_id: str) -> Response:
    """Save a changed rule as a version, or show what is wrong with it."""
    policies.admit(sent.actor, *policies.KEEPERS)
    digest, text = sent.form.word("policy"), sent.form.text("content")
    with database_of(request).read() as session:
        files, place = _place(request, session, digest, rule_id)
    try:
        made = _save(request, sent, digest, rule_text.with_rule(files, place, text))
    except AppError as error:
        return _rule_page(request, sent.viewer, digest, rule_id, place, text, error, sent.form)
    return see_other(f"/policies/{made}", "policy_stored")


@router.post("/rules/{rule_id}/shadow")
def only_try(request: Request, sent: SentForm, rule_id: str) -> Response:
    """Save a version in which a rule is only tried. Raises `Forbidden`, `NotFound`, `Conflict`."""
    policies.admit(sent.actor, *policies.KEEPERS)
    digest = sent.form.word("policy")
    with database_of(request).read() as session:
        files, _ = _place(request, session, digest, rule_id)
    made = _save(request, sent, digest, rule_text.with_shadow(files, [rule_id]))
    return see_other(f"/policies/{made}", "policy_stored")


def _place(
    request: Request, session: Session, digest: str, rule_id: str
) -> tuple[Mapping[str, str], RuleText]:
    policy = policies.loaded(runtime_of(request), digest)
    rule = policy.rule(rule_id)
    if rule is None:
        raise NotFound("rule_unknown")
    files = policy_queries.files(session, digest)
    return files, rule_text.rule_text(files, policy, rule)


def _rule_page(
    request: Request,
    viewer: Viewer,
    digest: str,
    rule_id: str,
    place: RuleText,
    text: str,
    error: AppError | None = None,
    form: Form | None = None,
) -> Response:
    address, back = f"/rules/{rule_id}/edit", f"/rules/{rule_id}?policy={digest}"
    about = Edited(rule_id, address, back, digest, place.file, place.first, may_remove=True)
    return _edit_page(request, viewer, about, text, error, form)


@router.get("/policies/{digest}/files/{name:path}")
def edit_file(
    request: Request, viewer: Reader, session: ReadSession, digest: str, name: str, q: str = ""
) -> Response:
    """Show a policy file, or the rows of a word list, in a form. Raises `Forbidden`, `NotFound`."""
    policies.admit(viewer.actor, *policies.KEEPERS)
    if file_editing.is_used_as_it_is(session, digest):
        return file_editing.edit_page(request, viewer, session, digest, name)
    text = _file(session, digest, name)
    if name.startswith(LEXICONS):
        return _lexicon_page(request, viewer, digest, name, text, q)
    return _file_page(request, viewer, digest, name, text)


@router.post("/policies/{digest}/files/{name:path}")
def save_file(request: Request, sent: SentForm, digest: str, name: str) -> Response:
    """Save a changed file as a version, or show what is wrong with it."""
    policies.admit(sent.actor, *policies.KEEPERS)
    with database_of(request).read() as session:
        as_it_is = file_editing.is_used_as_it_is(session, digest)
        files = policy_queries.files(session, digest)
        text = _file(session, digest, name)
    if as_it_is:
        return file_editing.save(request, sent, digest, name)
    words = name.startswith(LEXICONS)
    try:
        new = _changed_rows(text, sent.form) if words else sent.form.text("content")
        made = _save(request, sent, digest, {**files, name: new})
    except AppError as error:
        if words:
            return _lexicon_page(
                request, sent.viewer, digest, name, text, sent.form.word("q"), error, sent.form
            )
        return _file_page(request, sent.viewer, digest, name, sent.form.text("content"), error, sent.form)
    return see_other(f"/policies/{made}", "policy_stored")


def _file(session: Session, digest: str, name: str) -> str:
    files = policy_queries.files(session, digest)
    if name not in files:
        raise NotFound("lexicon_unknown" if name.startswith(LEXICONS) else "policy_unknown")
    return files[name]


def _file_page(
    request: Request,
    viewer: Viewer,
    digest: str,
    name: str,
    text: str,
    error: AppError | None = None,
    form: Form | None = None,
) -> Response:
    address, back = f"/policies/{digest}/files/{name}", f"/policies/{digest}"
    about = Edited(name, address, back, digest, name, 1, may_remove=False)
    return _edit_page(request, viewer, about, text, error, form)


def _edit_page(
    request: Request, viewer: Viewer, about: Edited, text: str, error: AppError | None, form: Form | None
) -> Response:
    return page(
        request,
        "rules_edit.html",
        viewer=viewer,
        section="/rules",
        error=error,
        action=about.action,
        title=about.title,
        back=about.back,
        file=about.file,
        first=about.first,
        digest_=about.digest,
        text=text,
        note=form.word("note") if form else "",
        faults=fault_rows(error, about.file, about.first, text),
        may_remove=about.may_remove,
    )


def _lexicon_page(
    request: Request,
    viewer: Viewer,
    digest: str,
    name: str,
    text: str,
    sought: str,
    error: AppError | None = None,
    form: Form | None = None,
) -> Response:
    rows = rule_text.rows(text)
    found = [row for row in rows if sought.casefold() in "\t".join(row.cells).casefold()]
    columns = max([2, *(len(row.cells) for row in rows)])
    shown = [_filled(row, columns, form) for row in found[:ROWS]]
    return page(
        request,
        "rules_lexicon.html",
        viewer=viewer,
        section="/rules",
        error=error,
        digest_=digest,
        name=name,
        about=[line.lstrip("# ") for line in text.split("\n") if line.startswith("#")],
        rows=shown,
        columns=range(columns),
        new=[
            [form.text(f"new:{number}:{column}") if form else "" for column in range(columns)]
            for number in range(_NEW)
        ],
        found=len(found),
        total=len(rows),
        sought=sought,
        note=form.word("note") if form else "",
        faults=fault_rows(error, name, 1, text),
    )


def _filled(row: Row, columns: int, form: Form | None) -> Row:
    cells = [*row.cells, *([""] * (columns - len(row.cells)))]
    if form is not None and any(key == f"cell:{row.number}:0" for key, _ in form.fields):
        cells = [form.text(f"cell:{row.number}:{column}") for column in range(columns)]
    return Row(row.number, tuple(cells))


def _changed_rows(text: str, form: Form) -> str:
    """Return the word list as the form says.

    Raises `Invalid` for a cell that would break its line, and for a place that no page of ours shows.
    """
    cells: dict[str, dict[int, dict[int, str]]] = {"cell": {}, "new": {}}
    for key, value in form.fields:
        kind, _, rest = key.partition(":")
        if kind not in cells:
            continue
        place = _CELL.fullmatch(rest)
        if place is None:
            message = "表格里没有这一格，请重新打开页面再改。"
            raise Invalid("malformed", reasons=[Reason("field", {"message": message})])
        cells[kind].setdefault(int(place[1]), {})[int(place[2])] = value
    if any(
        sign in value
        for rows in cells.values()
        for row in rows.values()
        for value in row.values()
        for sign in "\t\n"
    ):
        raise Invalid("malformed", reasons=[Reason("field", {"message": "每一格里不能有制表符或者换行。"})])
    changed = {
        row.number: now
        for row in rule_text.rows(text)
        if row.number in cells["cell"]
        and _trimmed(now := _in_order(cells["cell"][row.number])) != _trimmed(row.cells)
    }
    return rule_text.with_rows(text, changed, map(_in_order, cells["new"].values()))


def _in_order(cells: Mapping[int, str]) -> list[str]:
    return [cells.get(column, "") for column in range(max(cells, default=-1) + 1)]


def _trimmed(cells: Sequence[str]) -> list[str]:
    return "\t".join(cell.strip() for cell in cells).rstrip("\t").split("\t")


def _save(request: Request, sent: Sent, base: str, files: Mapping[str, str]) -> str:
    """Store files as a version and return its digest. Raises `Invalid` with every fault, `Conflict`."""
    runtime = runtime_of(request)
    seen = proposals.screened(files, cache_dir=runtime.settings.cache)

    def verb(session: Session) -> str:
        if session.get(PolicyVersion, seen.policy.digest) is not None:
            raise Conflict("policy_unchanged", data={"policy": seen.policy.digest})
        note = sent.form.within("note", limits.VERSION)
        policies.keep(
            session,
            seen,
            source=PolicySource.EDITOR,
            base=base,
            note=note,
            actor=sent.actor,
            at=runtime.clock(),
        )
        return seen.policy.digest

    made = attempt(request, verb)
    if isinstance(made, AppError):
        raise made
    return made
