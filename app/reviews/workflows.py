"""Which workflow a draft walks through, and the versions that cases began with."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.audit import seals
from app.domain.files.faults import Faults
from app.domain.files.policy_files import PolicyFiles, Unreadable
from app.domain.record.canonical import canonical
from app.domain.vocabulary import Event
from app.domain.workflow import Workflow, read_workflow
from app.events.emit import SYSTEM, emit
from app.events.payloads.policies import WorkflowActivated
from app.infra.errors import Reason, Unavailable
from app.infra.policy_faults import reason_of
from app.reviews import errors as _words  # noqa: F401 – the words of the codes below
from app.reviews.models import WorkflowVersion

#: The workflow of a draft for which nothing else is said.
STANDARD = "standard"

#: Versions never change under their digest, so what was read once stays read.
_versions: dict[str, Workflow] = {}
# Every submission asks this: it is put together once.
_KEPT = select(WorkflowVersion.digest).where(WorkflowVersion.digest == bindparam("digest"))


def in_force(policies: PolicyFiles, key: str = STANDARD) -> Workflow:
    """Return the workflow `key` as its file says now.

    Raises `Unavailable` without such a file, or with every fault of a bad one: cases that have begun go on,
    but nothing new begins on rules that nobody can read.
    """
    file = f"workflows/{key}.yaml"
    try:
        return _read(policies.text(file))
    except FileNotFoundError as error:
        raise Unavailable("workflow_unusable", reasons=[Reason("workflow_missing", {"key": key})]) from error
    except Faults as error:
        told = [reason_of(fault, file) for fault in error.faults]
        raise Unavailable("workflow_unusable", reasons=told) from error
    except Unreadable as error:
        raise Unavailable(
            "workflow_unusable", reasons=[Reason("workflow_unreadable", {"key": key})]
        ) from error


@lru_cache(maxsize=64)
def _read(text: str) -> Workflow:
    return read_workflow(text)


def keep(session: Session, workflow: Workflow, *, at: datetime) -> None:
    """Store a version of a workflow under its digest, once, and record that it came into use."""
    digest = workflow.digest
    if session.exec(_KEPT, params={"digest": digest}).first() is not None:
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = {
        "digest": digest,
        "key": workflow.key,
        "title": workflow.title,
        "definition": canonical(workflow.model_dump(mode="json")).decode(),
        "created_at": at,
    }
    added: Any = dialect.insert(WorkflowVersion).values(**row)
    added = added.on_conflict_do_nothing(index_elements=["digest"]).returning(col(WorkflowVersion.digest))
    if session.exec(added).first() is not None:
        seals.wrote(session, WorkflowVersion, [row])
        payload = WorkflowActivated(workflow=digest, key=workflow.key)
        emit(session, Event.WORKFLOW_ACTIVATED, payload, about=workflow.key, actor=SYSTEM, at=at)


def version(session: Session, digest: str) -> Workflow:
    """Return the workflow with this digest, as it was stored. Raises `NoResultFound` for an unknown one."""
    if digest not in _versions:
        query = select(WorkflowVersion.definition).where(WorkflowVersion.digest == digest)
        _versions[digest] = Workflow.model_validate_json(session.exec(query).one())
    return _versions[digest]


def known(session: Session, digest: str) -> bool:
    """Tell whether a version with this digest was ever in use."""
    return digest in _versions or session.exec(_KEPT, params={"digest": digest}).first() is not None
