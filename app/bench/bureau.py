"""A bureau in a database of its own, and a hand that walks drafts through it by the services."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID

from sqlmodel import col, func, select

from app.bench.databases import Place
from app.demo import load as demo
from app.domain.vocabulary import Verdict
from app.domain.workflow.commands import Approve
from app.drafts import queries as drafts
from app.drafts import service
from app.drafts.intake.service import Format, take_in
from app.identity import queries as identity
from app.identity.models import User
from app.infra import logs
from app.infra.db import statements
from app.infra.runtime import Runtime
from app.jobs.runner import Runner
from app.negative_list.in_use import NegativeList
from app.policies.start import start
from app.reviews import service as reviews
from app.reviews.cases import Loaded, load
from app.reviews.commands import perform
from app.reviews.models import Decision

REVIEWERS = {"initial_review": "chushen", "second_review": "fushen", "final_review": "zhongshen"}
PROOFREADERS = {"first_proof": "yijiao", "second_proof": "erjiao", "third_proof": "sanjiao"}
#: The one channel that drafts are bound for.
LINE = "wechat"
TARGETS = ((LINE, "news"),)


@dataclass(frozen=True, slots=True)
class Written:
    """A draft, and the digest of its text."""

    draft_id: UUID
    digest: str


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
            actors = {login: identity.user_actor(session, user_id) for login, user_id in ids}
        self.people = {login: actor for login, actor in actors.items() if actor is not None}
        self._runner = Runner(runtime)
        self._titles = count(1)

    def write(self) -> Written:
        """Write a draft: what an editor types in is stored as its first revision."""
        title = f"社区网格员冬季走访（第{next(self._titles)}期）"
        taken = take_in(Format.MARKDOWN, prose(), {"title": title, "byline": "清河市民政局宣传科"})
        new = service.NewDraft(document=taken.document, targets=TARGETS)
        with self.runtime.database.write() as session:
            draft = service.create(session, new=new, actor=self.people["bianji"], at=self.runtime.clock())
            return Written(draft.id, drafts.head(session, draft).digest)

    def submit(self, written: Written) -> Handed:
        """Hand a draft in: checked against the negative list, its first review open."""
        with self.runtime.database.write() as session:
            loaded = reviews.submit(
                session,
                draft_id=written.draft_id,
                digest=written.digest,
                actor=self.people["bianji"],
                runtime=self.runtime,
                at=self.runtime.clock(),
            )
            return Handed(loaded.row.id, written.digest)

    def hand_in(self) -> Handed:
        """Write a draft and hand it in."""
        return self.submit(self.write())

    def approve(self, handed: Handed, stage: str, digest: str) -> list[str]:
        """Let whoever is at turn approve what `digest` names; return the SQL statements that this took."""
        login = REVIEWERS.get(stage) or PROOFREADERS[stage]
        approval = Approve(stage, "" if stage in REVIEWERS else LINE, digest)
        with counted() as asked, self.runtime.database.write() as session:
            perform(
                session,
                handed.case_id,
                approval,
                actor=self.people[login],
                runtime=self.runtime,
                at=self.runtime.clock(),
            )
        return asked

    def work(self, *kinds: str) -> None:
        """Do every job of some kinds that is due: lay out proofs, fan out messages."""
        self._runner.run_until_idle(kinds=kinds)

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
def desk(place: Place, kind: str, negative_list: NegativeList | None = None) -> Iterator[Desk]:
    """Yield a desk on a fresh database of this kind; a negative list that is loaded already may be lent."""
    logs.configure(level="ERROR", json=True)
    lent: dict[str, Any] = {} if negative_list is None else {"negative_list": negative_list}
    runtime = start(place.settings(kind), **lent)
    try:
        yield Desk(runtime)
    finally:
        runtime.database.close()


def counted_approvals(place: Place, kind: str) -> tuple[list[str], list[str]]:
    """Return the SQL statements of a plain approval, and those of one that asks for proofs."""
    with desk(place, kind) as hand:
        # The first draft of a process also loads the workflow and the policy: it is not counted.
        for _ in range(2):
            handed = hand.hand_in()
            plain, _, asking = (hand.approve(handed, stage, handed.digest) for stage in REVIEWERS)
    return plain, asking


@contextmanager
def counted() -> Iterator[list[str]]:
    """Yield the list that the SQL statements of the block go to; the borders of transactions are left out.

    A block within a block counts for both.
    """
    seen: list[str] = []
    around, token = statements.get(), statements.set(seen)
    try:
        yield seen
    finally:
        statements.reset(token)
        seen[:] = [statement for statement in seen if not statement.startswith("BEGIN")]
        if around is not None:
            around.extend(seen)


@cache
def prose() -> str:
    """Return the text of an ordinary draft in which the negative list finds nothing, in Markdown."""
    text: str = demo.texts("drafts.yaml")[0]["text"]
    return text
