"""What is stored of a case beside its runs: the book, typed. Its stored form is JSON in one column."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from app.domain.vocabulary import ChannelKind
from app.domain.workflow import Added, BoundProof, Case, Consult, Run, Target, Vote
from app.domain.workflow.case import ClassWish, Person, Spot

#: What every book has, and what only a book has in which it is not empty: in the order in which it is stored.
_ALWAYS = ("targets", "authors", "proofs", "carriers", "grade", "flags", "found")
_IF_ANY = (
    "added", "recused", "copied", "consults", "reminded", "instead", "kept",
    "ever_found", "routes", "rounds_before", "units", "author_posts", "class_wish",
)  # fmt: skip


def _vote(vote: Vote) -> dict[str, Any]:
    # As it always was where everybody approves.
    stored = {name: value for name, value in asdict(vote).items() if (name, value) != ("says", "yes")}
    also = sorted(stored.pop("also"))
    return stored | {"also": also} if also else stored


def _read_wish(stored: Mapping[str, Any] | None) -> ClassWish | None:
    return None if stored is None else ClassWish(**{**stored, "persons": frozenset(stored["persons"])})


def _read_vote(stored: Mapping[str, Any]) -> Vote:
    return Vote(**{**stored, "also": frozenset(stored.get("also", ()))})


@dataclass(frozen=True, slots=True)
class KeptVotes:
    """The votes of one run that were given in an earlier round, and kept."""

    stage: str
    line: str
    round: int
    votes: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class CaseBook:
    """What the domain needs of a case beside its runs, and how many marks of each line are open.

    `ever_found` are the rules that found something once and do not now. `open_marks` is `None` for a case of
    which no step was stored yet.
    """

    targets: tuple[Target, ...] = ()
    authors: frozenset[Person] = frozenset()
    proofs: tuple[BoundProof, ...] = ()
    carriers: frozenset[Person] = frozenset()
    grade: Literal["A", "B", "C"] | None = None
    flags: frozenset[str] = frozenset()
    found: frozenset[str] = frozenset()
    added: tuple[Added, ...] = ()
    recused: frozenset[Person] = frozenset()
    copied: frozenset[Person] = frozenset()
    consults: tuple[Consult, ...] = ()
    reminded: tuple[tuple[Spot, datetime], ...] = ()
    instead: frozenset[tuple[str, Person]] = frozenset()
    kept: tuple[KeptVotes, ...] = ()
    ever_found: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()
    rounds_before: tuple[tuple[Spot, int], ...] = ()
    units: frozenset[str] = frozenset()
    author_posts: frozenset[str] = frozenset()
    class_wish: ClassWish | None = None
    open_marks: Mapping[str, int] | None = field(default=None)

    @classmethod
    def of(cls, case: Case, *, open_marks: Mapping[str, int] | None = None) -> "CaseBook":
        """Return the book of a case as the domain left it."""
        return cls(
            targets=case.targets,
            authors=case.authors,
            proofs=tuple(sorted(case.proofs, key=lambda proof: proof.line)),
            carriers=case.carriers,
            grade=case.grade,
            flags=case.flags,
            found=case.found,
            added=case.added,
            recused=case.recused,
            copied=case.copied,
            consults=case.consults,
            reminded=case.reminded,
            instead=case.instead,
            kept=tuple(
                KeptVotes(run.stage, run.line, run.round, votes)
                for run in case.runs
                if (votes := tuple(vote for vote in run.votes if vote.round is not None))
            ),
            ever_found=case.ever_found - case.found,
            routes=case.routes,
            rounds_before=case.rounds_before,
            units=case.units,
            author_posts=case.author_posts,
            class_wish=case.class_wish,
            open_marks=open_marks,
        )

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "CaseBook":
        """Return a stored book; what an older one does not have is empty."""
        read = stored.get
        marks = read("open_marks")
        return cls(
            targets=tuple(
                Target(target["channel"], ChannelKind(target["kind"]), target["section"])
                for target in read("targets", ())
            ),
            authors=frozenset(read("authors", ())),
            proofs=tuple(BoundProof(**proof) for proof in read("proofs", ())),
            carriers=frozenset(read("carriers", ())),
            grade=read("grade"),
            flags=frozenset(read("flags", ())),
            found=frozenset(read("found", ())),
            added=tuple(Added(**added) for added in read("added", ())),
            recused=frozenset(read("recused", ())),
            copied=frozenset(read("copied", ())),
            consults=tuple(Consult(**consult) for consult in read("consults", ())),
            reminded=tuple(
                ((stage, line), datetime.fromisoformat(at)) for stage, line, at in read("reminded", ())
            ),
            instead=frozenset((login, person) for login, person in read("instead", ())),
            kept=tuple(
                KeptVotes(kept["stage"], kept["line"], kept["round"], tuple(map(_read_vote, kept["votes"])))
                for kept in read("kept", ())
            ),
            ever_found=frozenset(read("ever_found", ())),
            routes=frozenset(read("routes", ())),
            rounds_before=tuple(((stage, line), used) for stage, line, used in read("rounds_before", ())),
            units=frozenset(read("units", ())),
            author_posts=frozenset(read("author_posts", ())),
            class_wish=_read_wish(read("class_wish")),
            open_marks=None if marks is None else {line: int(count) for line, count in marks.items()},
        )

    def stored(self) -> dict[str, Any]:
        """Return the book as JSON values, in the order in which it has always been stored."""
        values: dict[str, Any] = {
            "targets": [
                {"channel": target.channel, "kind": str(target.kind), "section": target.section}
                for target in self.targets
            ],
            "authors": sorted(self.authors),
            "proofs": [
                {"line": proof.line, "digest": proof.digest, "revision": proof.revision}
                for proof in self.proofs
            ],
            "carriers": sorted(self.carriers),
            "grade": self.grade,
            "flags": sorted(self.flags),
            "found": sorted(self.found),
            "added": [asdict(added) for added in self.added],
            "recused": sorted(self.recused),
            "copied": sorted(self.copied),
            "consults": [asdict(consult) for consult in self.consults],
            "reminded": [[*spot, at.isoformat()] for spot, at in self.reminded],
            "instead": sorted([login, person] for login, person in self.instead),
            "kept": [
                {
                    "stage": kept.stage,
                    "line": kept.line,
                    "round": kept.round,
                    "votes": [_vote(vote) for vote in kept.votes],
                }
                for kept in self.kept
            ],
            "ever_found": sorted(self.ever_found),
            "routes": sorted(self.routes),
            "rounds_before": [[*spot, used] for spot, used in self.rounds_before],
            "units": sorted(self.units),
            "author_posts": sorted(self.author_posts),
            "class_wish": self.class_wish
            and {**asdict(self.class_wish), "persons": sorted(self.class_wish.persons)},
        }
        book = {name: values[name] for name in _ALWAYS} | {
            name: values[name] for name in _IF_ANY if values[name]
        }
        return book if self.open_marks is None else {**book, "open_marks": dict(self.open_marks)}

    def marked(self, line: str, change: int) -> "CaseBook":
        """Return the book with so many more, or fewer, open marks of a line."""
        marks = dict(self.open_marks or {})
        return replace(self, open_marks={**marks, line: marks.get(line, 0) + change})

    def with_kept(self, runs: tuple[Run, ...]) -> tuple[Run, ...]:
        """Return runs with the votes in them that were given in an earlier round, and kept."""
        if not self.kept:
            return runs
        votes = {(kept.stage, kept.line, kept.round): kept.votes for kept in self.kept}
        return tuple(replace(run, votes=(*votes.get((*run.spot, run.round), ()), *run.votes)) for run in runs)
