"""The steps of reviews and proofs, as the record tells them."""

from __future__ import annotations

from app.evidence.verifier.case import Case, count
from app.evidence.verifier.report import Json


class Reviews(Case):
    """Follows who passed which stage on which text, and what became of that."""

    def _on_opened(self, _line: int, _body: Json, data: Json) -> None:
        self.passed, self.proofs, self.revision = {}, {}, data["revision"]
        self.overridden, self.kept = {}, {}
        self.timed, self.embargo = {}, None
        self.added, self.added_sets = {}, []
        self.walk_by(data["workflow"])

    def _on_migrated(self, _line: int, _body: Json, data: Json) -> None:
        """Ask from here on what the version asks that the case was moved to; what was added to it stays."""
        self.walk_by(data["to"])

    def _on_checked(self, _line: int, _body: Json, data: Json) -> None:
        self.checked.add((data["digest"], data["policy"]))

    def _on_approved(self, line: int, body: Json, data: Json) -> None:
        place = (data["stage"], data["line"])
        known = self.passed.get(place)
        if known is None or known["round"] != data["round"]:
            known = {"persons": set(), "names": [], "votes": [], "stayed": [], "round": data["round"]}
            for persons, name in self.kept.pop(place, ()):
                count(known, persons, name)
        both = (body.get("actor"), body.get("on_behalf_of"))
        persons = {one["id"] for one in both if isinstance(one, dict) and one.get("id")}
        persons |= {one for one in (data.get("through"),) if one}
        self.same_as |= data.get("same_as") or {}
        count(known, persons, (self.who(body), body.get("ts"), data["digest"]))
        known.update(digest=data["digest"], line=line, final=data.get("final") is not False)
        self.passed[place] = known

    def _on_voted_otherwise(self, _line: int, body: Json, data: Json) -> None:
        """Count who voted against or abstained among those behind the stage; they did not approve it."""
        place = (data["stage"], data["line"])
        known = self.passed.get(place)
        if known is None or known["round"] != data["round"]:
            known = {"persons": set(), "names": [], "votes": [], "stayed": [], "round": data["round"]}
            known.update(digest=data["digest"], line=_line, final=False)
            for persons, name in self.kept.pop(place, ()):
                count(known, persons, name)
            self.passed[place] = known
        both = (body.get("actor"), body.get("on_behalf_of"))
        self.same_as |= data.get("same_as") or {}
        known["persons"] |= {one["id"] for one in both if isinstance(one, dict) and one.get("id")}

    def _on_vote_closed(self, line: int, _body: Json, data: Json) -> None:
        """Let a stage stand passed, or not, as its committee's vote ended; the votes are counted again."""
        place = (data["stage"], data["line"])
        known = self.passed.get(place)
        if data["result"] != "passed":
            self.passed.pop(place, None)
        elif known is None or len(known["votes"]) != data["yes"]:
            self.report.fault(f"events.jsonl 第 {line} 行", "表决结果与记录的同意票数不符")
        else:
            known.update(final=True, line=line)

    def _on_added(self, _line: int, _body: Json, data: Json) -> None:
        """Take a reviewer who was added to this case into the flow, and into the sets of their place."""
        self.added[data["stage"]] = {"title": data["title"], "subject": data["subject"]}
        self.added_sets += [list(group) for group in data["distinct"]]
        self.stages |= self.added
        self.distinct += [list(group) for group in data["distinct"]]

    def _on_overridden(self, _line: int, body: Json, data: Json) -> None:
        # Only a stage that is none of the three reviews can be gone past; the walk says by whom.
        self.overridden[data["stage"], data["line"]] = f"{self.who(body)}，{body.get('ts')}"

    def _on_taken_back(self, line: int, _body: Json, data: Json) -> None:
        """Remember whose votes stay in a stage when one is taken back; its run falls right after."""
        place = (data["stage"], data["line"])
        votes = self.passed.get(place, {}).get("votes", self.kept.get(place, []))
        kept = [set(one["persons"]) for one in data.get("kept", ())]
        self.kept[place] = [(persons, name) for persons, name in votes if persons in kept]
        if len(self.kept[place]) != len(kept):
            self.report.fault(f"events.jsonl 第 {line} 行", "拿回以后保留的意见不是先前的意见")

    def _on_voided(self, _line: int, _body: Json, data: Json) -> None:
        if data.get("reason") != "taken_back":
            self.kept.pop((data["stage"], data["line"]), None)
        self.passed.pop((data["stage"], data["line"]), None)
        self.overridden.pop((data["stage"], data["line"]), None)

    def _on_kept(self, line: int, _body: Json, data: Json) -> None:
        """Note that a stage stays passed over a later text: by which rule, from which digest to which."""
        known = self.passed.get((data["stage"], data["line"]))
        if known is None:
            return
        if data["was"] != known["digest"]:
            self.report.fault(f"events.jsonl 第 {line} 行", "保留的不是这个环节先前通过的版本")
        known["digest"] = data["now"]
        change = str(data.get("change"))
        known["stayed"].append({"line": line, "rule": change, "was": data["was"], "now": data["now"]})

    def _on_new_text(self, _line: int, _body: Json, data: Json) -> None:
        if data["digest"] != self.revision:
            self.revision, self.proofs = data["digest"], {}

    def _on_laid_out(self, _line: int, _body: Json, data: Json) -> None:
        self.proofs[data["line"]] = data["digest"]
        for (_, line), known in self.passed.items():
            if line == data["line"] and known["digest"] is None:
                known["digest"] = data["digest"]
                if known["stayed"]:
                    known["stayed"][-1]["now"] = data["digest"]
