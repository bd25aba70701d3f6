"""A second verifier of evidence packages, written from docs/evidence.md and from nothing else.

It says only whether a package is whole, and names the first step that it fails. It uses libraries where the
one in the packages does its own arithmetic: the two share no line.
"""

import base64
import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FOLDERS = {"revisions", "proofs", "reports", "tickets", "workflows", "assets"}
#: docs/events.md: the fields in bold, and the folders where a package has them.
NAMES = {
    "draft.created": {"digest": "revisions"},
    "draft.revised": {"digest": "revisions"},
    "draft.submitted": {"digest": "revisions"},
    "check.run": {"digest": "revisions", "report_digest": "reports"},
    "case.opened": {"revision": "revisions", "workflow": "workflows"},
    "case.migrated": {"from": "workflows", "to": "workflows"},
    "decision.approved": {"digest": "revisions proofs"},
    "decision.sent_back": {"digest": "revisions proofs"},
    "decision.declined": {"digest": "revisions proofs"},
    "marks.confirmed": {"digest": "revisions proofs"},
    "marks.carried_out": {"digest": "revisions"},
    "proof.laid_out": {"digest": "proofs", "revision": "revisions"},
    "release.signed": {"digest": "proofs", "revision": "revisions", "ticket": "tickets"},
    "publication.published": {"digest": "proofs"},
    "remedy.opened": {"revision": "revisions"},
    "publication.corrected": {"digest": "proofs"},
    "publication.retracted": {"digest": "proofs"},
    "publication.unpublished": {"digest": "proofs"},
    "publication.confirmed": {"digest": "proofs"},
}
VERDICTS = {
    "decision.approved": "approved",
    "marks.confirmed": "approved",
    "decision.sent_back": "sent_back",
    "decision.declined": "declined",
}
REVIEWS = ["initial_review", "second_review", "final_review"]
PROOFREADS = ["first_proof", "second_proof", "third_proof"]


class Touched(Exception):
    """The package is not whole; says at which step."""


def whole(raw: bytes, key: str | None = None) -> str:
    """Return "" for a package that is whole, else the step that it fails; never raises."""
    try:
        Package(raw, key).check()
    except Touched as error:
        return str(error)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        return f"form: {error!r}"
    return ""


def need(right: object, step: str) -> None:
    if not right:
        raise Touched(step)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def counted(value: object) -> bool:
    """Say whether this is a whole number; true and false, which Python counts among them, are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def signed(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def formed(body: dict[str, Any]) -> None:
    texts = ("id", "ts", "action", "stream", "prev", "outcome", "alg")
    kinds: dict[str, type] = dict.fromkeys(texts, str)
    kinds |= {"v": int, "seq": int, "data": dict, "private": dict, "actor": dict}
    kinds |= {"rows": dict} if "rows" in body else {}
    need(body.keys() == {*kinds, "reason", "on_behalf_of"}, "chain: form")
    need(all(isinstance(body[name], kind) for name, kind in kinds.items()), "chain: form")
    need(body["reason"] is None or isinstance(body["reason"], str), "chain: form")
    for person in (body["actor"], *([] if body["on_behalf_of"] is None else [body["on_behalf_of"]])):
        need(person.keys() == {"id", "role", "unit"}, "chain: form")
        need(all(part is None or isinstance(part, str) for part in person.values()), "chain: form")


def unpacked(raw: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            entries = file.infolist()
            members = {entry.filename: file.read(entry) for entry in entries}
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError, RuntimeError, zlib.error):
        raise Touched("container") from None
    need(len(members) == len(entries), "container")
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w", zipfile.ZIP_STORED) as file:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            file.writestr(entry, data)
    if again.getvalue() == raw:
        return members
    # Not as it was exported: packed anew, or damaged.
    with zipfile.ZipFile(again) as file:
        for ours, theirs in zip(file.infolist(), entries, strict=True):
            length = 30 + len(ours.filename.encode())
            head = again.getvalue()[ours.header_offset : ours.header_offset + length]
            need(raw[theirs.header_offset : theirs.header_offset + length] != head, "container")
    shared = next((name[: -len("manifest.json")] for name in members if name.endswith("manifest.json")), "")
    need(all(name.startswith(shared) for name in members), "container")
    return {name[len(shared) :]: data for name, data in members.items() if not name.endswith("/")}


@dataclass
class Package:
    """One package, and what was read of it so far."""

    raw: bytes
    key: str | None
    members: dict[str, bytes] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def check(self) -> None:
        self.members = unpacked(self.raw)
        self.signature()
        self.statement_and_members()
        self.chain()
        self.openings()
        self.content()
        self.rows()
        self.decisions()
        self.log()
        Way(self).walk()

    def json(self, name: str) -> Any:
        need(name in self.members, f"members: {name}")
        return json.loads(self.members[name])

    def is_signed(self, statement: dict[str, Any]) -> bool:
        public = base64.b64decode(self.keys[statement["key_id"]], validate=True)
        signature = base64.b64decode(statement["signature"], validate=True)
        return (
            statement.keys() == {"statement", "algorithm", "key_id", "signature"}
            and statement["algorithm"] == "Ed25519"
            and base64.b64encode(signature).decode() == statement["signature"]
            and digest(public)[:16] == statement["key_id"]
            and signed(public, signature, rfc8785.dumps(statement["statement"]))
        )

    def signature(self) -> None:
        manifest, self.keys = self.json("manifest.json"), self.json("keys.json")
        need(rfc8785.dumps(manifest) == self.members["manifest.json"], "signature")
        need(self.is_signed(manifest), "signature")
        need(self.keys.keys() == {manifest["key_id"]}, "keys")
        need(self.key in {None, manifest["key_id"], self.keys[manifest["key_id"]]}, "key")
        self.key_id, self.statement = manifest["key_id"], manifest["statement"]

    def statement_and_members(self) -> None:
        named = {name: digest(data) for name, data in self.members.items() if name != "manifest.json"}
        need(named == self.statement["members"], "members")
        fields = {"v", "kind", "draft", "number", "title", "stream", "head", "made_at", "members"}
        need(self.statement.keys() == fields, "statement")
        need((self.statement["v"], self.statement["kind"]) == (1, "evidence"), "statement")
        need(self.statement["stream"] == f"draft:{self.statement['draft']}", "statement")
        texts = [json.loads(data) for name, data in self.members.items() if name.startswith("revisions/")]
        need(self.statement["title"] in [text["title"] for text in texts], "statement")

    def chain(self) -> None:
        *lines, rest = self.members["events.jsonl"].split(b"\n")
        need(rest == b"", "chain")
        prev, ts = "0" * 64, ""
        self.leaves = []
        for number, line in enumerate(lines, start=1):
            body = json.loads(line)
            need(rfc8785.dumps(body) == line, "chain")
            need((body["v"], body["alg"], body["seq"], body["prev"]) == (1, "sha256", number, prev), "chain")
            need(body["stream"] == self.statement["stream"] and body["ts"] >= ts, "chain")
            formed(body)
            prev, ts = digest(b"\0" + line), body["ts"]
            self.leaves.append(prev)
            self.events.append(body)
        need(self.statement["head"] == {"seq": len(lines), "leaf": prev}, "chain")
        if self.events:
            first = self.events[0]["data"]
            need(self.statement["number"] == first.get("number", self.statement["number"]), "statement")
            need(instant(self.statement["made_at"]) >= instant(ts) - timedelta(days=1), "statement")

    def done(self, *actions: str) -> list[dict[str, Any]]:
        return [body for body in self.events if body["outcome"] == "done" and body["action"] in actions]

    def openings(self) -> None:
        self.private = self.json("private.json")
        erased = {
            (str(body["data"]["seq"]), name)
            for body in self.done("record.erased")
            for name in body["data"]["fields"]
        }
        committed = {str(body["seq"]): body["private"] for body in self.events}
        need(self.private.keys() <= committed.keys(), "openings")
        for seq, fields in committed.items():
            given = self.private.get(seq, {})
            need(given.keys() <= fields.keys(), "openings")
            for name, commitment in fields.items():
                opening = given.get(name)
                if opening is None or opening == {"salt": "", "value": None}:
                    need((seq, name) in erased, "openings")
                    continue
                need(opening.keys() == {"salt", "value"}, "openings")
                hidden = bytes.fromhex(opening["salt"]) + name.encode() + b"\0" + opening["value"].encode()
                need(digest(b"\2" + hidden) == commitment, "openings")

    def content(self) -> None:
        there = set()
        for name, data in self.members.items():
            folder, _, rest = name.partition("/")
            if folder in FOLDERS:
                need(rest.partition(".")[0] == digest(data), "content")
                there.add((folder, digest(data)))
        for name, data in self.members.items():
            if name.startswith("revisions/"):
                text = json.loads(data)
                used = [block.get("sha256") for block in text.get("blocks", [])] + text.get("attachments", [])
                need(all(("assets", one) in there for one in used if one), "content")
        for body in self.events:
            for key, folders in NAMES.get(body["action"], {}).items():
                value = body["data"].get(key)
                if isinstance(value, str):
                    need(any((folder, value) in there for folder in folders.split()), "content")

    def rows(self) -> None:
        self.tables = self.json("tables.json")
        last: dict[tuple[str, str], tuple[str, str]] = {}
        for body in self.events:
            for table, seals in body.get("rows", {}).items():
                last |= {(table, key): (seal, str(body["seq"])) for key, seal in seals.items()}
        from_the_first = "rows" in self.events[0]
        for table, rows in self.tables.items():
            for key, row in rows.items():
                seal, seq = last.pop((table, key), (None, ""))
                if seal is None and not from_the_first:
                    continue
                need(seal, "rows: added")
                salt = self.private[seq]["rows"]["value"]
                need(salt is None or self.seal(salt, table, row)[:64] == str(seal)[:64], "rows: changed")
        packed = set(self.tables)
        need(not [1 for (name, _), (seal, _) in last.items() if seal and name in packed], "rows: removed")
        need(packed >= {table for table, _ in last} & {"decision", "draft", "revision", "release"}, "rows")

    def seal(self, salt: str, table: str, row: dict[str, Any]) -> str:
        parts, hints = [b"\3" + salt.encode() + table.encode()], []
        for column in sorted(row):
            value = row[column]
            if isinstance(value, dict):
                need(value.keys() == {"member"}, "rows")
                data = self.members[value["member"]]
            elif value is None:
                hints.append("0000")
                continue
            else:
                data = str(value).encode("utf-8", "surrogatepass")
            hidden = hashlib.sha256(b"\4" + salt.encode() + column.encode() + b"\0" + data).digest()
            parts.append(b"\0" + column.encode() + hidden)
            hints.append(hidden[:2].hex())
        return digest(b"".join(parts)) + "".join(hints)

    def decisions(self) -> None:
        left = self.json("decisions.json")
        for body in self.done(*VERDICTS):
            data = body["data"]
            said = {
                "stage": data["stage"],
                "line": data["line"],
                "round": data["round"],
                "digest": data["digest"],
                "outcome": data["outcome"],
                "workflow": data["workflow"],
                "case": data["case"],
                "final": data.get("final", True),
                "actor": body["actor"]["id"],
                "principal": (body["on_behalf_of"] or {}).get("id"),
                "verdict": VERDICTS[body["action"]],
                "decided_at": body["ts"],
            }
            row = next((row for row in left if {name: row.get(name) for name in said} == said), None)
            need(row, "decisions")
            need(body["actor"]["role"] in {None, row["role"]}, "decisions")  # type: ignore[index]
            left = [other for other in left if other is not row]
            held = self.tables["decision"][row["id"]]  # type: ignore[index]
            columns = {"case": "case_id", "actor": "actor_id", "principal": "principal_id"}
            columns |= {"workflow": "workflow_digest"}
            for name, value in row.items():  # type: ignore[union-attr]
                text = str(int(value)) if isinstance(value, bool) else None if value is None else str(value)
                need(held[columns.get(name, name)] == text, "decisions")
            need(row.keys() == {*said, "id", "role"}, "decisions")  # type: ignore[union-attr]
        need(left == [], "decisions")

    def log(self) -> None:
        if "checkpoint.txt" not in self.members:
            need("inclusion.json" not in self.members, "log")
            return
        note = self.members["checkpoint.txt"].decode()
        text, _, line = note.partition("\n\n")
        origin, size, root, time, streams = text.split("\n")
        dash, name, encoded = line.removesuffix("\n").split(" ")
        need((dash, name, origin) == ("—", origin, f"sanshen-record/{self.key_id}"), "log")
        need(line.endswith("\n") and time.startswith("time ") and streams.startswith("streams "), "log")
        need(streams.removeprefix("streams ").isdecimal() and str(int(size)) == size, "log")
        public, signature = base64.b64decode(self.keys[self.key_id]), base64.b64decode(encoded, validate=True)
        need(base64.b64encode(signature).decode() == encoded, "log")
        named = hashlib.sha256(origin.encode() + b"\n\1" + public).digest()[:4]
        need(signature[:4] == named and signed(public, signature[4:], text.encode() + b"\n"), "log")
        if "inclusion.json" not in self.members:
            return
        given = self.json("inclusion.json")
        need(given.keys() == {"size", "events"} and isinstance(given["events"], dict), "log")
        need(counted(given["size"]) and given["size"] == int(size), "log")
        # Without a gap from the first event on.
        proved = [str(number) for number in range(1, len(given["events"]) + 1)]
        need(sorted(given["events"], key=int) == proved and len(proved) <= len(self.events), "log")
        for number in proved:
            proof, body = given["events"][number], self.events[int(number) - 1]
            need(proof.keys() == {"position", "path"} and isinstance(proof["path"], list), "log")
            need(counted(proof["position"]), "log")
            leaf = bytes.fromhex(self.leaves[int(number) - 1])
            path = [bytes.fromhex(step) for step in proof["path"]]
            need(climbed(leaf, proof["position"], int(size), path) == base64.b64decode(root), "log")
            need(instant(body["ts"]) <= instant(time.removeprefix("time ")) + timedelta(days=1), "log")


def climbed(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Return the root that a path leads to, splitting the log from above as RFC 9162 defines its hash."""
    if not 0 <= index < size:
        return None
    if size == 1:
        return leaf if not path else None
    if not path:
        return None
    split = 1
    while split * 2 < size:
        split *= 2
    *below, sibling = path
    inner = climbed(leaf, index, split, below) if index < split else None
    inner = climbed(leaf, index - split, size - split, below) if index >= split else inner
    if inner is None:
        return None
    pair = inner + sibling if index < split else sibling + inner
    return hashlib.sha256(b"\1" + pair).digest()


class Way:
    """Step 9: what was released, and whether it was in order."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.passed: dict[tuple[str, str], dict[str, Any]] = {}
        self.checked: set[tuple[str, str]] = set()
        self.proof: dict[str, str] = {}
        self.text = ""
        self.stages: dict[str, Any] = {}
        self.sets: list[list[str]] = []
        self.purpose, self.remedy = "publication", ""
        self.out: dict[str, tuple[str, str]] = {}
        self.told: dict[str, tuple[str, str]] = {}
        self.gone: set[tuple[str, str]] = set()

    def walk(self) -> None:
        for body in self.package.events:
            handler = getattr(self, body["action"].replace(".", "_"), None)
            if handler is not None and body["outcome"] == "done":
                handler(body, body["data"])

    def check_run(self, _body: Any, data: Any) -> None:
        self.checked.add((data["digest"], data["policy"]))

    def case_opened(self, _body: Any, data: Any) -> None:
        self.passed, self.proof, self.text = {}, {}, data["revision"]
        flow = self.package.json(f"workflows/{data['workflow']}.json")
        self.stages = {stage["key"]: stage for stage in flow["stages"]}
        self.sets = [group["stages"] for group in flow["distinct"]]
        self.purpose = flow.get("purpose", "publication")

    def remedy_begun(self, _body: Any, data: Any) -> None:
        self.remedy = {"correction": "small_correction"}.get(data["kind"], data["kind"])

    def publication_published(self, _body: Any, data: Any) -> None:
        content = (data["channel"], data["digest"])
        need(content not in self.gone, "after: out again")
        self.out[data["publication"]] = content

    def publication_unpublished(self, _body: Any, data: Any) -> None:
        content = (data["channel"], data["digest"])
        need(self.out.get(data["publication"]) == content, "after: never out")
        self.told[data["order"]] = content

    def publication_retracted(self, body: Any, data: Any) -> None:
        self.publication_unpublished(body, data)
        self.gone.add((data["channel"], data["digest"]))

    publication_corrected = publication_retracted

    def publication_confirmed(self, _body: Any, data: Any) -> None:
        need(self.told.get(data["order"]) == (data["channel"], data["digest"]), "after: never told")

    def short(self, done: Any) -> None:
        """What is shorter than three reviews is for its kind of remedy: one reviews, another signs."""
        need(self.purpose == self.remedy, "releases: purpose")
        reading = {
            key
            for key, stage in self.stages.items()
            if "review" in [stage["kind"], *stage["also"]]
            and not (stage["applies_if"] or stage["author_may_act"])
        }
        need(reading & done.keys(), "releases: review")
        for key, stage in self.stages.items():
            if "sign_off" in [stage["kind"], *stage["also"]]:
                need(any(key in group and reading & {*group} for group in self.sets), "releases: apart")

    def decision_approved(self, body: Any, data: Any) -> None:
        vote = self.passed.setdefault((data["stage"], data["line"]), {"round": None, "persons": set()})
        if vote["round"] != data["round"]:
            vote |= {"persons": set(), "round": data["round"]}
        vote["persons"] |= {one["id"] for one in (body["actor"], body["on_behalf_of"]) if one and one["id"]}
        vote["persons"] |= {data["through"]} if data.get("through") else set()
        vote["persons"] |= {*data.get("same_as", {}).values()}
        vote |= {"digest": data["digest"], "final": data.get("final") is not False}

    marks_confirmed = decision_approved

    def case_stage_voided(self, _body: Any, data: Any) -> None:
        self.passed.pop((data["stage"], data["line"]), None)

    def case_stage_kept(self, _body: Any, data: Any) -> None:
        vote = self.passed.get((data["stage"], data["line"]))
        if vote is not None:
            need(vote["digest"] == data["was"], "releases: kept")
            vote["digest"] = data["now"]

    def draft_submitted(self, _body: Any, data: Any) -> None:
        if data["digest"] != self.text:
            self.text, self.proof = data["digest"], {}

    marks_carried_out = draft_submitted

    def proof_laid_out(self, _body: Any, data: Any) -> None:
        self.proof[data["line"]] = data["digest"]
        for (_, line), vote in self.passed.items():
            if line == data["line"] and vote["digest"] is None:
                vote["digest"] = data["digest"]

    def evidence_exported(self, body: Any, data: Any) -> None:
        need(0 < data["seq"] < body["seq"], "releases: exported")
        need(self.package.leaves[data["seq"] - 1] == data["leaf"], "releases: exported")

    def release_signed(self, _body: Any, data: Any) -> None:
        on = {"", data["channel"]}
        done = {key: vote for (key, line), vote in self.passed.items() if line in on and vote["final"]}
        levels = {level: key for key in done for level in self.stages[key].get("levels", [])}
        asked = {level for stage in self.stages.values() for level in stage.get("levels", [])}
        three = REVIEWS if self.purpose == "publication" else []
        if not three:
            self.short(done)
        need((data["channel"], data["digest"]) not in self.gone, "after: signed again")
        for level in [*three, *(one for one in PROOFREADS if one in asked)]:
            need(level in levels, "releases: levels")
        for group in [*self.sets, [levels[level] for level in three]]:
            persons = [done[key]["persons"] for key in dict.fromkeys(group) if key in done]
            need(sum(map(len, persons)) == len(set().union(*persons)), "releases: persons")
        need(data["digest"] == self.proof.get(data["channel"]), "releases: proof")
        for key, vote in done.items():
            stage = self.stages[key]
            by_kind = stage.get("kind") in {"proof", "confirm_marks", "sign_off"}
            on_proof = stage.get("per") == "channel" and by_kind
            on_proof = stage["subject"] == "proof" if stage.get("subject") else on_proof
            need(vote["digest"] == (data["digest"] if on_proof else self.text), "releases: version")
        need((data["revision"], data["policy"]) in self.checked, "releases: checked")
        ticket = self.package.json(f"tickets/{data['ticket']}.json")
        need(self.package.is_signed(ticket), "releases: ticket")
        for name in ("release", "channel", "digest", "revision", "policy"):
            need(ticket["statement"][name] == data[name], "releases: ticket")
