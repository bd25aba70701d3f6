"""Evidence: one file with everything that proves how a draft came to be published, and its verifier."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app.audit import proofs, seals
from app.audit import queries as audit
from app.audit.models import AuditEvent
from app.audit.vouched_tables import VOUCHED
from app.domain.document.model import sha256
from app.domain.record import checkpoints
from app.domain.record.canonical import canonical
from app.domain.record.chain import Head, timestamp
from app.domain.vocabulary import DraftState, Event, Role
from app.drafts import queries as drafts
from app.drafts.models import Asset, Draft, Revision
from app.events.emit import emit
from app.events.payloads.drafts import EvidenceExported
from app.evidence.verifier import build
from app.evidence.verifier.container import zipped
from app.evidence.verifier.decisions import COLUMNS
from app.evidence.verifier.known import FOLDERS, TABLES
from app.identity.queries import Actor
from app.infra.db import Database
from app.infra.errors import Forbidden
from app.infra.signing import Signer
from app.proofs.models import Proof
from app.publication.models import Release, ReleaseTicket
from app.reviews.models import Decision, ReviewCase, WorkflowVersion
from app.screening.models import CheckReport

VERSION = 1

#: What an audit administrator may take the text of: it is public already.
_PUBLIC = frozenset({DraftState.PUBLISHED, DraftState.PUBLISHED_WITH_DEBT, DraftState.RETRACTED})
#: How the files of proofs end; others end in `.bin`.
_ENDINGS = {"text/html": "html", "application/pdf": "pdf", "text/plain": "txt", "application/json": "json"}

README = """三审证据包

这里是一篇稿件从提交到发布的全部留痕：稿件各版本、各阵地校样、检查报告、审校意见、审校流程、
签发凭证、数据库各表中这篇稿件的内容（tables.json）和逐条记录，以及核验程序。
核验不需要联网，也不需要本系统：

    python3 verify_evidence.py 证据包.zip --key 单位公布的公钥指纹

怀疑证据包被人换过时，请不要用包里的核验程序，用您从别处得到的同名程序（装有本系统的机器上，
sanshen evidence verifier 写出它，sanshen evidence verify 直接核验）。公钥指纹请以单位公布的为准：
包里的公钥只能说明包内前后一致，换了公钥重新签名的包，不给出 --key 是看不出来的。

核验程序说明谁在何时批准了什么、当时看到的是哪个版本；任何一处被改动，都会指出在哪里。
重新压缩过的包也能核验，会注明是重新打包的。events.jsonl 每行是一条记录；private.json 是记录里
个人信息的明文，依法删除的为空并另有记录，不影响核验。
"""

Member = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Package:
    """An evidence file: its name, its bytes, and the end of the record that it holds.

    That it was handed out is the event after that end.
    """

    filename: str
    content: bytes
    head: Head


def export(database: Database, signer: Signer, draft_id: UUID, *, actor: Actor, at: datetime) -> Package:
    """Return the evidence of a draft, signed; that it was handed out goes on the draft's record.

    For everybody who may see the draft, and for audit administrators of its unit once it is published. Raises
    `NotFound` and, for an audit administrator before that, `Forbidden`.
    """
    with database.read() as session:
        draft = _permitted(session, draft_id, actor)
        in_audit = not drafts.may_see(session, draft, actor, by_copy=False)
        stream = f"draft:{draft.id}"
        head = audit.head_of(session, stream)
        # A text that came back has one name: its digest.
        members = list(dict(_members(session, draft, head, stream)).items())
        members += _log(session, signer, stream)
    members.append(("keys.json", canonical({signer.key_id: signer.public_key})))
    members.append((build.FILENAME, build.built()))
    members.append(("README.txt", README.encode()))
    statement = {
        "v": VERSION,
        "kind": "evidence",
        "draft": str(draft.id),
        "number": draft.number,
        "title": draft.title,
        "stream": stream,
        "head": {"seq": head.seq, "leaf": head.leaf},
        "made_at": timestamp(at),
        "members": {name: sha256(data) for name, data in members},
    }
    signed = signer.sign(statement).model_dump(mode="json")
    content = zipped([*sorted(members), ("manifest.json", canonical(signed))])
    with database.write() as session:
        payload = EvidenceExported(
            draft=draft_id,
            file=sha256(content),
            verifier=sha256(build.built()),
            seq=head.seq,
            leaf=head.leaf,
        )
        who = actor.as_audit(Role.AUDIT_ADMIN if in_audit else None)
        emit(session, Event.EVIDENCE_EXPORTED, payload, about=draft_id, actor=who, at=at)
    return Package(f"evidence-{draft.number}.zip", content, head)


def _permitted(session: Session, draft_id: UUID, actor: Actor) -> Draft:
    draft = drafts.known(session, draft_id, actor)
    if not drafts.may_see(session, draft, actor) and draft.state not in _PUBLIC:
        raise Forbidden("evidence_before_publication")
    if not (
        drafts.may_see(session, draft, actor, by_copy=False)
        or actor.has(Role.AUDIT_ADMIN, unit_path=draft.unit_path)
    ):
        raise Forbidden("evidence_of_copies")
    return draft


def _members(session: Session, draft: Draft, head: Head, stream: str) -> Iterator[Member]:
    yield from _record(session, head, stream)
    revisions = drafts.revisions(session, draft.id)
    for revision in revisions:
        yield _at("revision", revision.digest), revision.document.encode()
    yield from _assets(session, revisions)
    for proof in session.exec(select(Proof).where(Proof.draft_id == draft.id)).all():
        yield _proof_name(proof), bytes(proof.content)
    reports = session.exec(select(CheckReport.report).where(CheckReport.draft_id == draft.id)).all()
    yield from _by_content("check_report", reports)
    texts = select(ReleaseTicket.text).join(Release, col(Release.id) == col(ReleaseTicket.release_id))
    yield from _by_content("release_ticket", session.exec(texts.where(Release.draft_id == draft.id)).all())
    yield from _decisions(session, draft)
    yield "tables.json", canonical(_tables(session, draft))


def _tables(session: Session, draft: Draft) -> dict[str, dict[str, dict[str, object]]]:
    """Return every row of the draft's tables as it was sealed; what is a member of the package is named."""
    tables: dict[str, dict[str, dict[str, object]]] = {}
    models = {str(mapper.class_.__tablename__): mapper.class_ for mapper in SQLModel._sa_registry.mappers}  # noqa: SLF001
    for name in TABLES:
        rows = session.scalars(sa.select(models[name]).where(_of_draft(name, draft.id))).all()
        tables[name] = {
            seals.key_of(name, row.__getattribute__): seals.shown(name, row, _named(row)) for row in rows
        }
    return tables


def _of_draft(name: str, draft_id: UUID) -> sa.ColumnElement[bool]:
    """Return which rows of a packed table belong to the draft: by its id, or through another such table."""
    column = SQLModel.metadata.tables[name].columns[VOUCHED[name].packed]
    held = next((key.column.table.name for key in column.foreign_keys), Draft.__tablename__)
    if held == Draft.__tablename__:
        return column == draft_id
    through = SQLModel.metadata.tables[held]
    return column.in_(sa.select(through.columns["id"]).where(_of_draft(held, draft_id)))


def _named(row: SQLModel) -> dict[str, object]:
    """Return the columns of a row that are members of the package, each with its name."""
    if isinstance(row, Revision):
        return {"document": {"member": _at("revision", row.digest)}}
    if isinstance(row, Proof):
        return {"content": {"member": _proof_name(row)}}
    if isinstance(row, CheckReport):
        return {"report": {"member": _at("check_report", sha256(row.report.encode()))}}
    if isinstance(row, ReleaseTicket):
        return {"text": {"member": _at("release_ticket", sha256(row.text.encode()))}}
    return {}


def _proof_name(proof: Proof) -> str:
    return _at("proof", proof.digest, _ENDINGS.get(proof.media_type.partition(";")[0], "bin"))


def _record(session: Session, head: Head, stream: str) -> Iterator[Member]:
    lines, private = [], {}
    for event in audit.stored(session, stream):
        if event.columns["seq"] > head.seq:
            break
        lines.append(event.body + b"\n")
        private[str(event.columns["seq"])] = {
            name: {"salt": opening.salt, "value": opening.value} for name, opening in event.private.items()
        }
    yield "events.jsonl", b"".join(lines)
    yield "private.json", canonical(private)


def _log(session: Session, signer: Signer, stream: str) -> Iterator[Member]:
    """Yield the newest checkpoint, and the proof of each event that was logged before it."""
    checkpoint = proofs.newest(session)
    # One that another key signed is for `audit verify`: the package knows the key that signs it alone.
    if checkpoint is None or checkpoint.origin != checkpoints.origin_of(signer.key_id):
        return
    yield "checkpoint.txt", checkpoint.note.encode()
    places = proofs.of_stream(session, stream, checkpoint)
    events = {
        str(seq): {"position": place.position, "path": [step.hex() for step in place.path]}
        for seq, place in places.items()
    }
    yield "inclusion.json", canonical({"size": checkpoint.size, "events": events})


def _assets(session: Session, revisions: Iterable[Revision]) -> Iterator[Member]:
    wanted = sorted({name for revision in revisions for name in drafts.document_of(revision).assets()})
    for asset in session.exec(select(Asset).where(col(Asset.sha256).in_(wanted))).all() if wanted else ():
        yield _at("asset", asset.sha256, "bin"), bytes(asset.content)


def _decisions(session: Session, draft: Draft) -> Iterator[Member]:
    rows = session.exec(
        select(Decision).where(Decision.draft_id == draft.id).order_by(col(Decision.id))
    ).all()
    table = [
        {"id": str(row.id)} | {name: _plain(getattr(row, column)) for name, column in COLUMNS.items()}
        for row in rows
    ]
    yield "decisions.json", canonical(table)
    flows = select(WorkflowVersion).where(col(WorkflowVersion.digest).in_(_workflows(session, draft)))
    for flow in session.exec(flows).all():
        yield _at("workflow_version", flow.digest), flow.definition.encode()


def _plain(value: object) -> object:
    """Return a value as JSON has it."""
    if isinstance(value, datetime):
        return timestamp(value)
    return str(value) if isinstance(value, (UUID, StrEnum)) else value


def _workflows(session: Session, draft: Draft) -> list[str]:
    """Return the digests of the workflows that the draft's cases ran on, before a migration too."""
    now = select(ReviewCase.workflow_digest).where(ReviewCase.draft_id == draft.id)
    recorded = select(AuditEvent.body).where(
        AuditEvent.stream == f"draft:{draft.id}",
        col(AuditEvent.action).in_([Event.CASE_OPENED, Event.CASE_MIGRATED]),
    )
    digests = dict.fromkeys(session.exec(now).all())
    for body in session.exec(recorded).all():
        data = json.loads(body)["data"]
        digests |= dict.fromkeys(data[key] for key in ("workflow", "from", "to") if key in data)
    return list(digests)


def _by_content(table: str, texts: Iterable[str]) -> Iterator[Member]:
    for text in dict.fromkeys(texts):
        yield _at(table, sha256(text.encode())), text.encode()


def _at(table: str, digest: str, ending: str = "json") -> str:
    """Return the name of the member that holds content of a table."""
    return f"{FOLDERS[table]}/{digest}.{ending}"
