"""The decisions, as a table for reading, against the events that made them."""

from __future__ import annotations

from app.evidence.verifier.known import VERDICTS
from app.evidence.verifier.report import Events, Json, Members, Report
from app.evidence.verifier.values import data_of, loaded


def check_decisions(members: Members, events: Events, report: Report) -> None:
    """Hold each decision against the event that made it, and look for those that are not there."""
    table = loaded(members.get("decisions.json", b""))
    if not isinstance(table, list):
        report.fault("decisions.json", "缺少这个文件，或不是有效的 JSON")
        return
    recorded: list[tuple[int, Json]] = []
    before = ""
    for line, body in events:
        if str(body.get("action")) in VERDICTS and body.get("outcome") == "done":
            recorded.append((line, _decided(body, before)))
        before = str(body.get("ts"))
    for number, given in enumerate(table, start=1):
        place = f"decisions.json 第 {number} 条"
        row = given if isinstance(given, dict) else {}
        same = [known for known in recorded if all(row.get(name) == known[1][name] for name in PLACE)]
        if same:
            recorded.remove(same[0])
            _check_decision(row, same[0], place, report)
        else:
            report.fault(place, "记录里没有这条意见，是后来加入或改动的")
    for _, missing in recorded:
        report.fault("decisions.json", f"缺少环节 {missing['stage']} {missing['line']} 的一条意见")


#: The fields by which a decision is known, and its other ones.
PLACE = ("stage", "line", "round", "digest", "actor")
FIELDS = ("id", "case", "verdict", "outcome", "final", "principal", "role", "workflow", "decided_at")


def _check_decision(row: Json, recorded: tuple[int, Json], place: str, report: Report) -> None:
    line, known = recorded
    for name in FIELDS:
        if row.get(name) not in known.get(name, (row.get(name),)):
            report.fault(place, f"{name} 与 events.jsonl 第 {line} 行的记录不符，已被改动")
    for name in sorted(set(row) - {*PLACE, *FIELDS}):
        report.fault(place, f"多出一项 {name}")
    for name in (*PLACE, *FIELDS):
        if name not in row:
            report.fault(place, f"缺少 {name} 一项")


def _decided(body: Json, before: str) -> Json:
    """Return what an event says of a decision: its place, and for each other field the values that are right.

    A field that the record does not hold is left out: the seal of its row holds it. The record's time stands
    still where the clock went back (`before` is the time of the event before).
    """
    data, actor, behalf = data_of(body), body.get("actor"), body.get("on_behalf_of")
    actor = actor if isinstance(actor, dict) else {}
    behalf = behalf if isinstance(behalf, dict) else {}
    known: Json = {name: data.get(name) for name in ("stage", "line", "round", "digest")}
    known["actor"] = actor.get("id")
    known["case"] = (data.get("case"),)
    known["verdict"] = (VERDICTS.get(str(body.get("action"))),)
    known["outcome"] = (data.get("outcome"),)
    known["final"] = (data.get("final", True),)
    known["principal"] = (behalf.get("id"),)
    known["workflow"] = (data.get("workflow"),)
    if actor.get("role") is not None:
        known["role"] = (actor.get("role"),)
    if str(body.get("ts")) != before:
        known["decided_at"] = (body.get("ts"),)
    return known


#: Of a decision: field of decisions.json → column.
COLUMNS = {
    "case": "case_id",
    "stage": "stage",
    "line": "line",
    "round": "round",
    "verdict": "verdict",
    "outcome": "outcome",
    "final": "final",
    "digest": "digest",
    "actor": "actor_id",
    "principal": "principal_id",
    "role": "role",
    "workflow": "workflow_digest",
    "decided_at": "decided_at",
}


def check_same(members: Members, tables: Json, report: Report) -> None:
    """Hold decisions.json, which is for reading, against the rows that are sealed."""
    table, rows = loaded(members.get("decisions.json", b"")), tables.get("decision")
    if not isinstance(table, list) or not isinstance(rows, dict):
        return
    for number, entry in enumerate(table, start=1):
        row = rows.get(str(entry.get("id"))) if isinstance(entry, dict) else None
        place = f"decisions.json 第 {number} 条"
        if not isinstance(row, dict):
            report.fault(place, "id 在各表内容里没有，已被改动")
            continue
        for name, column in COLUMNS.items():
            value = entry.get(name)
            written = None if value is None else str(int(value)) if isinstance(value, bool) else str(value)
            if written != row.get(column):
                report.fault(place, f"{name} 与 tables.json 不符，已被改动")
