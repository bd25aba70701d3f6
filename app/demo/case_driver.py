"""Walking a demo draft to the state that it is to be shown in, through the services and the job runner."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.document.model import Document
from app.domain.vocabulary import CaseState, ErrorType, MarkKind, Role, StageState
from app.domain.workflow import Command
from app.domain.workflow.commands import Approve, Decline, Hold, Recall, SendBack
from app.drafts import queries as drafts
from app.drafts import service
from app.drafts.intake.service import Format, take_in
from app.drafts.models import Draft
from app.identity.models import Unit
from app.identity.queries import Actor
from app.infra.runtime import Runtime
from app.jobs.models import Job, JobState
from app.jobs.runner import Runner
from app.proofs import service as proofs
from app.proofs.models import ProofMark
from app.proofs.quality_in_force import quality_of
from app.publication import clearance, tickets
from app.publication import service as publication
from app.publication.commands import SignLine
from app.publication.models import Publication, Release
from app.publication.publishers import Publisher
from app.reviews import service as reviews
from app.reviews.cases import Loaded, load
from app.reviews.commands import perform
from app.reviews.queries import case_of_draft
from app.webhooks import service as webhooks

REVIEWERS = {"initial_review": "chushen", "second_review": "fushen", "final_review": "zhongshen"}
#: Who passes the stages that routing adds, by the role that they ask for.
CHECKERS = {
    Role.INITIAL_REVIEWER: "chushen",
    Role.SECOND_REVIEWER: "fushen",
    Role.FINAL_REVIEWER: "zhongshen",
}
PROOFREADERS = {
    "first_proof": "yijiao",
    "second_proof": "erjiao",
    "third_proof": "sanjiao",
    "confirm_marks": "yijiao",
}
WORDS = {
    "initial_review": "材料齐全，表述清楚。",
    "second_review": "事实和数据已与业务科室核对。",
    "final_review": "同意采用。",
}
#: Where each way through the demo leaves the path: after which stages, and by which act.
ENDS: Mapping[str, tuple[str, Literal["send_back", "decline", "hold", "recall"], str, str]] = {
    "returned": ("second_review", "send_back", "fushen", "第三步应写明办理时限，请补充后再报。"),
    "declined": ("second_review", "decline", "fushen", "题材与本期栏目不合，退稿。"),
    "held": ("final_review", "hold", "zhongshen", "价目公示涉及发展改革部门，请示后再定。"),
    "recalled": ("second_review", "recall", "bianji", "招募时间有变，先撤回。"),
}


def to(runtime: Runtime, people: Mapping[str, Actor], entry: Mapping[str, Any]) -> None:
    """Create the draft that `entry` describes and walk it until the state it names.

    A walk that was cut off is taken up where it ended: each step looks first whether it was done.
    """
    _Walk(runtime, people).walk(entry)


class _Walk:
    def __init__(self, runtime: Runtime, people: Mapping[str, Actor]) -> None:
        self.runtime, self.people = runtime, people
        self.case_id: UUID | None = None

    def walk(self, entry: Mapping[str, Any]) -> None:
        until = entry["until"]
        draft_id, digest = self._create(entry)
        if until == "editing":
            return
        self.case_id = self._submit(draft_id, digest)
        if until in ENDS and self._case().case.state is not CaseState.RUNNING:
            return
        stop = ENDS[until][0] if until in ENDS else until
        for stage, login in REVIEWERS.items():
            if stop == "blocked":
                break
            self._added()
            if stop == stage:
                break
            self._approve(stage, "", login)
        if until in ENDS:
            self._leave(*ENDS[until])
        if stop in {*REVIEWERS, "blocked"}:
            return
        self._work()
        self._proofread(until)

    def _create(self, entry: Mapping[str, Any]) -> tuple[UUID, str]:
        taken = take_in(
            Format.MARKDOWN, entry["text"], {"title": entry["title"], "byline": "清河市民政局宣传科"}
        )
        targets = tuple(tuple(target.split("/")) for target in entry["targets"])
        with self.runtime.database.write() as session:
            begun = session.exec(
                select(Draft).where(Draft.title == taken.document.title).order_by(col(Draft.id)).limit(1)
            ).first()
            if begun is not None:
                return begun.id, drafts.head(session, begun).digest
            new = service.NewDraft(document=taken.document, targets=targets)
            draft = service.create(session, new=new, actor=self.people["bianji"], at=self.runtime.clock())
            return draft.id, drafts.head(session, draft).digest

    def _submit(self, draft_id: UUID, digest: str) -> UUID:
        with self.runtime.database.write() as session:
            begun = case_of_draft(session, draft_id)
            if begun is not None:
                return begun.id
            return reviews.submit(
                session,
                draft_id=draft_id,
                digest=digest,
                comment="请审。",
                actor=self.people["bianji"],
                runtime=self.runtime,
                at=self.runtime.clock(),
            ).row.id

    def _proofread(self, until: str) -> None:
        lines = self._case().case.lines
        for line in lines:
            for stage, login in PROOFREADERS.items():
                if until == stage:
                    return
                if stage == "second_proof" and until == "marks":
                    self._mark(line)
                    return
                self._approve(stage, line, login)
        if until == "sign_off":
            return
        for line in lines:
            self._sign(line)
        self._work()
        if until == "published":
            self._publish(lines)
            self._work()

    def _added(self) -> None:
        """Pass the stages that routing added for what the text holds."""
        while True:
            with self.runtime.database.read() as session:
                loaded = self._loaded(session)
            waiting = [
                stage
                for run in loaded.case.current().values()
                if run.state is StageState.OPEN
                and (stage := loaded.workflow.by_key[run.stage]).added_by is not None
            ]
            if not waiting:
                return
            role = waiting[0].who[0].role
            self._approve(waiting[0].key, "", CHECKERS[role] if role else "fushen", waiting[0].checklist)

    def _approve(self, stage: str, line: str, login: str, checklist: Sequence[str] = ()) -> None:
        with self.runtime.database.write() as session:
            loaded = self._loaded(session)
            run = loaded.case.current()[stage, line]
            if run.state is StageState.PASSED:
                return
            assert run.state is StageState.OPEN, f"{stage} on {line or 'the draft'} is {run.state}"
            words, ticked = WORDS.get(stage, ""), frozenset(checklist)
            self._perform(session, Approve(stage, line, run.digest or "", words, ticked=ticked), login)

    def _leave(self, stage: str, act: str, login: str, words: str) -> None:
        with self.runtime.database.write() as session:
            read = stage, "", self._loaded(session).case.revision, words
            commands: dict[str, Command] = {
                "recall": Recall(words),
                "hold": Hold(*read),
                "send_back": SendBack(*read),
                "decline": Decline(*read),
            }
            if act in commands:
                self._perform(session, commands[act], login)

    def _perform(self, session: Session, command: Command, login: str) -> None:
        perform(
            session,
            self._loaded(session).row.id,
            command,
            actor=self.people[login],
            runtime=self.runtime,
            at=self.runtime.clock(),
        )

    def _mark(self, line: str) -> None:
        with self.runtime.database.write() as session:
            loaded = self._loaded(session)
            marked = select(ProofMark.id).where(ProofMark.case_id == loaded.row.id, ProofMark.line == line)
            if session.exec(marked.limit(1)).first() is not None:
                return
            place, start, quote, new_text = _improvement(drafts.document_of(loaded.revision))
            mark = proofs.NewMark(
                line=line,
                digest=loaded.case.proof_of(line) or "",
                kind=MarkKind.CORRECT,
                place=place,
                start=start,
                end=start + len(quote),
                quote=quote,
                new_text=new_text,
                error_type=ErrorType.WORD,
                remark="用语统一",
            )
            proofs.add_mark(
                session,
                case_id=loaded.row.id,
                new=mark,
                quality=quality_of(self.runtime.policies),
                actor=self.people["erjiao"],
                at=self.runtime.clock(),
            )

    def _sign(self, line: str) -> None:
        with self.runtime.database.write() as session:
            loaded = self._loaded(session)
            signed = select(Release.id).where(Release.case_id == loaded.row.id, Release.channel == line)
            if session.exec(signed.limit(1)).first() is not None:
                return
            publication.sign(
                session,
                loaded.row.id,
                SignLine(line, loaded.case.proof_of(line) or "", "同意发布。"),
                actor=self.people["qianfa"],
                runtime=self.runtime,
                at=self.runtime.clock(),
            )

    def _publish(self, lines: tuple[str, ...]) -> None:
        with self.runtime.database.write() as session:
            case_id, at = self._loaded(session).row.id, self.runtime.clock()
            published = select(Publication.id).join(Release).where(Release.case_id == case_id)
            if session.exec(published.limit(1)).first() is not None:
                return
            unit = session.exec(select(Unit).where(Unit.parent_id == None)).one()  # noqa: E711 – SQL's IS NULL
            made = webhooks.create_tool(
                session,
                unit_id=unit.id,
                name="演示发布工具",
                channel_codes=lines,
                actor=self.people["xitong"],
                master=self.runtime.secret,
                at=at,
            )
            session.flush()
            publisher = Publisher(made.tool.id, made.tool.name, unit.id, unit.path, frozenset(lines))
            for release in session.exec(select(Release).where(Release.case_id == case_id)).all():
                clearance.report_published(
                    session,
                    ticket=tickets.stored(release.ticket),
                    external_id=f"demo-{release.channel}",
                    url="",
                    digest=release.digest,
                    publisher=publisher,
                    runtime=self.runtime,
                    at=at,
                )

    def _work(self) -> None:
        """Do all that is due; what a walk that was cut off holds comes back within a lease."""
        runner = Runner(self.runtime)
        runner.take_over()
        runner.run_until_idle()
        while self._held():
            time.sleep(0.5)
            runner.run_until_idle()

    def _held(self) -> bool:
        with self.runtime.database.read() as session:
            return session.exec(select(Job.id).where(Job.state == JobState.RUNNING)).first() is not None

    def _loaded(self, session: Session) -> Loaded:
        assert self.case_id is not None
        return load(session, self.case_id, self.people["bianji"])

    def _case(self) -> Loaded:
        with self.runtime.database.write() as session:
            return self._loaded(session)


def _improvement(document: Document) -> tuple[str, int, str, str]:
    """Return a small correction that the demo's text can take: place, start, quote, new text."""
    for place, text in document.texts():
        if (start := text.find("建议错峰前往")) >= 0:
            return place, start, "建议错峰前往", "建议错峰办理"
    raise ValueError("the demo's text has changed")
