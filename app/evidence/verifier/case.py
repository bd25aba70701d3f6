"""A case as it stands while its events are read."""

from __future__ import annotations

from typing import Any

from app.evidence.verifier.report import Json, Members, Report, Vote
from app.evidence.verifier.values import loaded

REVIEWS = ("initial_review", "second_review", "final_review")
PROOFS = ("first_proof", "second_proof", "third_proof")
NAMES = {
    "initial_review": "初审",
    "second_review": "复审",
    "final_review": "终审",
    "first_proof": "一校",
    "second_proof": "二校",
    "third_proof": "三校",
}
#: Why a stage stays passed over a later text, by the kind of the change.
RULES = {
    "none": "版本未变",
    "marks_only": "核红小改",
    "layout": "只改了版式",
    "substantive": "有实质改动，但流程规定这个环节不看改动的部分",
}


class Case:
    """What the events read so far say: who passed which stage on what, and what is timed or owed."""

    def __init__(self, members: Members, keys: Json, openings: Json, manifest: Json, report: Report) -> None:
        self.members, self.keys, self.openings = members, keys, openings
        self.manifest, self.report = manifest, report
        self.passed: dict[tuple[str, str], Json] = {}
        self.proofs: dict[str, Any] = {}
        self.revision: Any = None
        self.stages: dict[str, Json] = {}
        self.distinct: list[list[str]] = []
        self.added: dict[str, Json] = {}
        self.added_sets: list[list[str]] = []
        self.checked: set[tuple[Any, Any]] = set()
        self.overridden: dict[tuple[str, str], str] = {}
        self.owed: dict[str, set[str]] = {}
        self.kept: dict[tuple[str, str], list[tuple[set[Any], Vote]]] = {}
        #: Account → the person whose it is, where that goes by the id of another account.
        self.same_as: dict[str, str] = {}
        self.timed: dict[str, Json] = {}
        self.embargo: str | None = None
        #: What the workflow is for, and what the draft does with another that is out; "" by itself.
        self.purpose, self.remedy = "publication", ""
        #: Publication → channel and digest; order → the same; channel and digest → why they are to be gone.
        self.published: dict[str, tuple[str, str]] = {}
        self.orders: dict[str, tuple[str, str]] = {}
        self.away: dict[tuple[str, str], str] = {}
        #: The line of each event that was read so far, by its number.
        self.lines: dict[str, int] = {}

    def name(self, body: Json, field: str) -> str:
        """Return the opened name of who acted (`actor_name`) or for whom (`principal_name`)."""
        fields = self.openings.get(str(body.get("seq")))
        opening = fields.get(field) if isinstance(fields, dict) else None
        value = opening.get("value") if isinstance(opening, dict) else None
        return value if isinstance(value, str) else "（姓名已依法删除）"

    def who(self, body: Json) -> str:
        """Return who did it, and for whom."""
        behalf = f"（代 {self.name(body, 'principal_name')}）" if body.get("on_behalf_of") else ""
        return self.name(body, "actor_name") + behalf

    def walk_by(self, digest: object) -> None:
        """Ask from here on what this version of a workflow asks; what was added to the case stays."""
        name = f"workflows/{digest}.json"
        flow = loaded(self.members.get(name, b""))
        if not isinstance(flow, dict):
            self.report.fault(name, "审校流程不在包里，或读不出来")
            return
        self.stages = {**self.added, **{stage["key"]: stage for stage in flow["stages"]}}
        self.purpose = str(flow.get("purpose", "publication"))
        self.distinct = [*(list(group["stages"]) for group in flow["distinct"]), *self.added_sets]

    def signs(self, key: str) -> bool:
        """Say whether a stage is one of those that sign off."""
        stage = self.stage(key)
        return stage.get("kind") == "sign_off" or "sign_off" in stage.get("also", ())

    @staticmethod
    def person(body: Json, role: str) -> object:
        """Return the id of the `actor`, or of whom they acted for (`on_behalf_of`)."""
        holder = body.get(role)
        return holder.get("id") if isinstance(holder, dict) else None

    def stage(self, key: str) -> Json:
        """Return the definition of a stage; empty for one that the workflow lacks."""
        return self.stages.get(key, {})

    def title(self, key: str) -> str:
        """Return what people call a stage."""
        return str(self.stage(key).get("title", key))

    def is_on_proof(self, key: str) -> bool:
        """Say whether a stage decides on a channel's proof, and not on the text."""
        stage = self.stage(key)
        if stage.get("subject"):
            return bool(stage["subject"] == "proof")
        return stage.get("per") == "channel" and stage.get("kind") in {"proof", "confirm_marks", "sign_off"}


def count(known: Json, persons: set[Any], name: Vote) -> None:
    """Add a vote to what passed a stage."""
    known["persons"] |= persons
    known["names"].append(name)
    known["votes"].append((persons, name))
