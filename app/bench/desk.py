"""A bureau in a database of its own, and a hand that walks drafts through it by the services."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from sqlmodel import col, func, select

from app.bench.databases import Place
from app.demo import load as demo
from app.domain.vocabulary import Verdict
from app.drafts import queries as drafts
from app.drafts import service
from app.drafts.intake import Format, take_in
from app.identity import queries as identity
from app.identity.models import User
from app.infra import logs
from app.infra.db import statements
from app.infra.runtime import Runtime, start
from app.jobs.runner import Runner
from app.negative_list import PolicyStore
from app.publication import service as publication
from app.reviews import service as reviews
from app.reviews.models import Decision
from app.reviews.store import Loaded, load

REVIEWERS = {"initial_review": "chushen", "second_review": "fushen", "final_review": "zhongshen"}
PROOFREADERS = {"first_proof": "yijiao", "second_proof": "erjiao", "third_proof": "sanjiao"}
#: The one channel that drafts are bound for.
LINE = "wechat"
TARGETS = ((LINE, "news"),)


@dataclass(frozen=True, slots=True)
class Handed:
    """A draft that was handed in: its case, and the digest of its text."""

    case_id: UUID
    digest: str


class Desk:
    """Plays every part of the demo bureau, one transaction a verb as in life, and counts what was asked."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        demo.load(runtime, drafts=False, progress=lambda _: None)
        with runtime.database.read() as session:
            ids = session.exec(select(User.login, User.id)).all()
            found = {login: identity.user_actor(session, user_id) for login, user_id in ids}
        self.people = {login: actor for login, actor in found.items() if actor is not None}
        self._runner = Runner(runtime)
        self._titles = count(1)

    def hand_in(self) -> Handed:
        """Write a draft and hand it in: stored, checked against the negative list, its first review open."""
        actor, at = self.people["bianji"], self.runtime.clock()
        taken = take_in(
            Format.MARKDOWN,
            _text(),
            {"title": f"社区网格员冬季走访（第{next(self._titles)}期）", "byline": "清河市民政局宣传科"},
        )
        with self.runtime.database.write() as session:
            new = service.NewDraft(document=taken.document, targets=TARGETS)
            draft = service.create(session, new=new, actor=actor, at=at)
            draft_id, digest = draft.id, drafts.head(session, draft).digest
        with self.runtime.database.write() as session:
            loaded = reviews.submit(
                session, draft_id=draft_id, digest=digest, actor=actor, runtime=self.runtime, at=at
            )
            return Handed(loaded.row.id, digest)

    def approve(self, handed: Handed, stage: str) -> list[str]:
        """Let whoever is at turn approve at `stage`; return the SQL statements that this took."""
        at = self.runtime.clock()
        login = REVIEWERS.get(stage) or PROOFREADERS.get(stage) or "yijiao"
        line = "" if stage in REVIEWERS else LINE
        digest = handed.digest if stage in REVIEWERS else self.proof_of(handed)
        form = reviews.Form(stage, line, digest, "同意。" if stage in REVIEWERS else "")
        with counted() as asked, self.runtime.database.write() as session:
            reviews.decide(
                session,
                case_id=handed.case_id,
                verdict="approve",
                form=form,
                actor=self.people[login],
                runtime=self.runtime,
                at=at,
            )
        return asked

    def sign(self, handed: Handed) -> list[str]:
        """Sign the draft off; return the SQL statements that this took."""
        digest, at = self.proof_of(handed), self.runtime.clock()
        with counted() as asked, self.runtime.database.write() as session:
            publication.sign(
                session,
                case_id=handed.case_id,
                line=LINE,
                digest=digest,
                comment="同意发布。",
                actor=self.people["qianfa"],
                runtime=self.runtime,
                at=at,
            )
        return asked

    def work(self) -> None:
        """Do every job that is due: lay out proofs, fan out messages."""
        self._runner.run_until_idle()

    def proof_of(self, handed: Handed) -> str:
        """Return the digest of the proof that the draft now has."""
        digest = self.loaded(handed).case.proof_of(LINE)
        assert digest is not None, "the proof is not laid out"
        return digest

    def loaded(self, handed: Handed) -> Loaded:
        """Return the case as it now is."""
        with self.runtime.database.read() as session:
            return load(session, handed.case_id, self.people["bianji"], lock=False)

    def decisions(self) -> int:
        """Return how many approvals the database holds."""
        with self.runtime.database.read() as session:
            query = select(func.count(col(Decision.id))).where(Decision.verdict == Verdict.APPROVED)
            return session.exec(query).one()


@contextmanager
def desk(place: Place, kind: str, negative_list: PolicyStore | None = None) -> Iterator[Desk]:
    """Yield a desk on a fresh database of this kind; a negative list that is loaded already may be lent."""
    logs.configure(level="ERROR", json=True)
    lent: dict[str, Any] = {} if negative_list is None else {"negative_list": negative_list}
    runtime = start(place.settings(kind), **lent)
    try:
        yield Desk(runtime)
    finally:
        runtime.database.close()


@contextmanager
def counted() -> Iterator[list[str]]:
    """Yield the list that the SQL statements of the block go to; the borders of transactions are left out."""
    seen: list[str] = []
    token = statements.set(seen)
    try:
        yield seen
    finally:
        statements.reset(token)
        seen[:] = [one for one in seen if not one.startswith("BEGIN")]


def _text() -> str:
    text: str = demo.texts("drafts.yaml")[0]["text"]
    return text
