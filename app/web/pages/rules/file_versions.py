"""Versions of the policy files that are in force as they are: what changes, and their way into force."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response
from markupsafe import Markup
from sqlmodel import Session

from app.domain.files.policy_files import PolicyFiles
from app.domain.vocabulary import PolicyKind
from app.domain.workflow import lint
from app.infra.errors import AppError
from app.infra.runtime import runtime_of
from app.policies import kinds
from app.policies import queries as policy_queries
from app.policies import service as policies
from app.policies.files import difference
from app.policies.queries import Version
from app.policies.risks import RISK
from app.policies.versions import digest_in_use
from app.web.components.pictures import picture
from app.web.forms import limits
from app.web.pages.rules import activation_requests
from app.web.pages.rules.reading import keeps
from app.web.shell.render import page
from app.web.shell.viewer import Form, Viewer
from app.words.labels import label
from app.words.policy_faults import sentence


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning of a workflow in words, which who grants accepts with a reason; unless somebody has."""

    workflow: str
    said: str
    field: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """A workflow as a picture, before and after; no `before` for a new one."""

    title: str
    before: Markup | None
    after: Markup


def version_page(
    request: Request, viewer: Viewer, session: Session, version: Version, error: AppError | None = None
) -> Response:
    """Return the page of a version, perhaps with the refusal of what was tried on it."""
    kind = PolicyKind(version.row.kind)
    names = activation_requests.names(session, [version])
    in_use = digest_in_use(session, kind)
    files = policy_queries.files(session, version.row.digest)
    before = policy_queries.files(session, in_use) if in_use else {}
    asked = version.asked
    return page(
        request,
        "policy_files.html",
        viewer=viewer,
        section="/rules",
        error=error,
        kind=kind,
        kind_name=label(kind),
        one=activation_requests.shown(version, names),
        wishes=[activation_requests.wish(one, names) for one in version.activations],
        asked=activation_requests.wish(asked, names) if asked else None,
        stale=asked is not None and asked.base != in_use,
        may_grant=asked is not None
        and policies.may(viewer.actor, *policies.GRANTERS)
        and asked.asked_by != viewer.actor.id,
        own=asked is not None and asked.asked_by == viewer.actor.id,
        changes=difference.changes(before, files),
        warnings=_warnings(session, version, runtime_of(request).policies),
        files=sorted(files.items()),
        pictures=_pictures(kind, before, files, runtime_of(request).policies),
        may_add=kind in kinds.FOLDERS,
        follows=runtime_of(request).granted is None,
        keeps=keeps(viewer),
    )


def _warnings(session: Session, version: Version, in_force: PolicyFiles) -> tuple[Warned, ...]:
    return tuple(
        Warned(
            one.workflow.title,
            sentence(one.risk),
            f"{RISK}{one.fingerprint}",
            one.accepted is not None,
        )
        for one in policy_queries.warnings(session, version, in_force)
    )


def _pictures(
    kind: PolicyKind, before: Mapping[str, str], after: Mapping[str, str], around: PolicyFiles
) -> tuple[Drawn, ...]:
    """Return the pictures of the workflows that a version adds or changes, as they were and would be."""
    if kind is not PolicyKind.WORKFLOWS:
        return ()
    made = []
    for path, text in sorted(after.items()):
        if before.get(path) == text:
            continue
        was = lint(before[path]).workflow if path in before else None
        now = lint(text).workflow
        if now is not None:
            drawn = picture(was, around) if was is not None else None
            made.append(Drawn(now.title, drawn, picture(now, around)))
    return tuple(made)


def accepted(form: Form) -> dict[str, str]:
    """Return why each warning is accepted, by fingerprint, as a form says it. Raises `Invalid`."""
    names = [name for name, _ in form.fields if name.startswith(RISK)]
    form.all_within(dict.fromkeys(names, limits.ACCEPTED_RISK["reason"]))
    return {name.removeprefix(RISK): form.word(name) for name in names if form.word(name)}
