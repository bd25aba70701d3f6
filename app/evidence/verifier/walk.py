"""What went out: whether each release was in order, and the walk through all events."""

from __future__ import annotations

from app.evidence.verifier.aftermath import Aftermath
from app.evidence.verifier.case import NAMES, PROOFS, REVIEWS, RULES
from app.evidence.verifier.chain import leaf_of
from app.evidence.verifier.known import STEPS
from app.evidence.verifier.report import Events, Json
from app.evidence.verifier.signatures import is_signed
from app.evidence.verifier.values import data_of, instant, loaded, pairs


class Walk(Aftermath):
    """Goes through the events and asks, at every release, whether it was in order."""

    def run(self, events: Events) -> None:
        """Go through the events in their order."""
        self.report.story.append(
            f"稿件 {self.manifest.get('number', '')}《{self.manifest.get('title', '')}》"
        )
        # What went out by the urgent lane says right behind the signature which levels were owed then.
        self.owed = {str(data_of(body).get("release")): _levels(body) for body in _urgent(events)}
        for line, body in events:
            self.lines[str(body.get("seq"))] = line
            step = getattr(self, f"_on_{STEPS.get(str(body.get('action')))}", None)
            if step is None or body.get("outcome") != "done":
                continue
            try:
                step(line, body, data_of(body))
            except (TypeError, AttributeError, KeyError, ValueError):
                self.report.fault(f"events.jsonl 第 {line} 行", "这条记录的结构不对，已被改动")

    def _on_signed(self, line: int, body: Json, data: Json) -> None:
        place, channel = f"events.jsonl 第 {line} 行", data["channel"]
        done = {
            key: known for (key, on), known in self.passed.items() if on in {"", channel} and known["final"]
        }
        levels = {level: key for key in done for level in self.stage(key).get("levels", ())}
        asked = {level for stage in self.stages.values() for level in stage.get("levels", ())}
        past = {key: by for (key, on), by in self.overridden.items() if on in {"", channel}}
        asked -= {level for key in past for level in self.stage(key).get("levels", ())}
        owed = self.owed.get(str(data.get("release")), set())
        short = self.purpose != "publication"
        if short:
            self.check_short_lane(place, done)
        self.check_not_away(place, channel, str(data["digest"]))
        for level in (*(() if short else REVIEWS), *(one for one in PROOFS if one in asked)):
            if level not in levels and level not in owed:
                self.report.fault(place, f"签发时没有通过{NAMES[level]}")
        for group in (*self.distinct, [levels[level] for level in REVIEWS if level in levels]):
            self._check_persons(place, [key for key in dict.fromkeys(group) if key in done], done)
        if data["digest"] != self.proofs.get(channel):
            self.report.fault(place, "签发的内容不是这个阵地最后一次的校样")
        for key, known in done.items():
            if known["digest"] != (data["digest"] if self.is_on_proof(key) else self.revision):
                self.report.fault(place, f"环节“{self.title(key)}”通过的不是签发的版本")
        if (data["revision"], data["policy"]) not in self.checked:
            self.report.fault(place, "签发的版本没有用当时的负面清单检查过")
        self._check_time(place, body, data)
        self._check_ticket(place, data)
        self._tell(body, data, done)
        self.report.story += [f"　　{self.title(key)}：越过，{by}" for key, by in past.items()]

    def _on_scheduled(self, line: int, body: Json, data: Json) -> None:
        """Note that a line was set for an instant, by who had signed it on that very content."""
        place, channel = f"events.jsonl 第 {line} 行", data["line"]
        signer = self.person(body, "actor")
        known = [
            known
            for (key, on), known in self.passed.items()
            if on == channel and self.signs(key) and signer in known["persons"] and known["final"]
        ]
        if not known:
            self.report.fault(place, "定时的人没有签发这个阵地，或签发已作废")
        elif any(one["digest"] != data["digest"] for one in known):
            self.report.fault(place, "定时的内容不是签发的内容")
        if channel in self.timed:
            self.report.fault(place, "这个阵地已经定时，没有先取消")
        if instant(data["release_at"]) <= instant(body.get("ts")):
            self.report.fault(place, "定时的时间不在将来")
        self.timed[channel] = {"at": data["release_at"], "digest": data["digest"], "by": signer}
        self.report.story.append(
            f"阵地 {channel}：{self.who(body)} 于 {body.get('ts')} 签发，定于 {data['release_at']} 放行"
        )

    def _on_unscheduled(self, _line: int, body: Json, data: Json) -> None:
        self.timed.pop(data["line"], None)
        self.report.story.append(f"阵地 {data['line']}：{self.who(body)} 于 {body.get('ts')} 取消定时")

    def _on_withheld(self, _line: int, body: Json, data: Json) -> None:
        self.timed.pop(data["line"], None)
        why = "、".join(str(one) for one in data["reasons"])
        self.report.story.append(f"阵地 {data['line']}：{body.get('ts')} 到时未放行（{why}）")

    def _on_embargoed(self, _line: int, body: Json, data: Json) -> None:
        self.embargo = data["until"]
        said = f"不早于 {self.embargo} 发布" if self.embargo else "解除不早于的限制"
        self.report.story.append(f"{self.who(body)} 于 {body.get('ts')} {said}")

    def _check_time(self, place: str, body: Json, data: Json) -> None:
        """Ask whether a release came at its time: what was set for it, by whom, and not under an embargo."""
        at = instant(body.get("ts"))
        if self.embargo is not None and at < instant(self.embargo):
            self.report.fault(place, f"早于不早于的时间 {self.embargo} 就签发了")
        due, known = data.get("scheduled_for"), self.timed.pop(data["channel"], None)
        if due is None:
            if known is not None:
                self.report.fault(place, f"这个阵地定于 {known['at']}，没有取消就另行签发了")
            elif self.person(body, "actor") is None:
                self.report.fault(place, "系统签发，却没有人定时")
            return
        if known is None:
            self.report.fault(place, "按定时签发，却没有这个定时，或已取消")
            return
        if instant(due) != instant(known["at"]):
            self.report.fault(place, f"所记的定时 {due} 与当时定的 {known['at']} 不符")
        if at < instant(known["at"]):
            self.report.fault(place, f"早于所定的时间 {known['at']} 就签发了")
        if data["digest"] != known["digest"]:
            self.report.fault(place, "签发的内容不是定时的内容")
        if self.person(body, "on_behalf_of") != known["by"]:
            self.report.fault(place, "按定时签发，所代的不是签发的人")

    def _on_erased(self, _line: int, body: Json, data: Json) -> None:
        self.report.story.append(f"第 {data['seq']} 号记录里的个人信息，{body.get('ts')} 依法删除")

    def _on_exported(self, line: int, body: Json, data: Json) -> None:
        """Hold what an earlier package is said to end with against the events; tell who took it."""
        written = self.members.get("events.jsonl", b"").split(b"\n")
        at = self.lines.get(str(data["seq"]))
        if at is None or leaf_of(written[at - 1]) != data["leaf"]:
            self.report.fault(f"events.jsonl 第 {line} 行", "所记的证据包不是由前面的记录导出的")
        self.report.story.append(
            f"证据包：{self.who(body)} 于 {body.get('ts')} 导出过（至第 {data['seq']} 号），"
            f"文件摘要 {data['file']}"
        )

    def _on_urgent(self, _line: int, body: Json, data: Json) -> None:
        titles = "、".join(self.title(debt["stage"]) for debt in data["debts"])
        until = f"欠下：{titles}，限 {data['due_at']}"
        self.report.story.append(f"{self.who(body)}紧急签发{data['channel']}，{body.get('ts')}；{until}")

    def _on_settled(self, _line: int, body: Json, data: Json) -> None:
        titles = "、".join(self.title(debt["stage"]) for debt in data["debts"])
        if data.get("remedy"):
            self.report.story.append(f"补审未作，已由更正或撤稿了结：{titles}，{body.get('ts')}")
            return
        late = "，已逾期" if str(body.get("ts")) > str(data["due_at"]) else ""
        self.report.story.append(f"补审完成：{titles}，{body.get('ts')}{late}")

    def _check_persons(self, place: str, keys: list[str], done: dict[str, Json]) -> None:
        for one, other in pairs(keys):
            # An account that is not its person's first counts as that.
            here, there = (
                {self.same_as.get(who, who) for who in done[key]["persons"]} for key in (one, other)
            )
            if here & there:
                self.report.fault(place, f"{self.title(one)}、{self.title(other)}是同一人")

    def _check_ticket(self, place: str, data: Json) -> None:
        name = f"tickets/{data.get('ticket')}.json"
        ticket = loaded(self.members.get(name, b""))
        if not isinstance(ticket, dict) or not is_signed(ticket, self.keys):
            self.report.fault(name, "发布凭证不在包里，或签名不对")
            return
        for field in ("release", "channel", "digest", "revision", "policy"):
            if ticket["statement"].get(field) != data.get(field):
                self.report.fault(place, f"发布凭证的 {field} 与记录不符")

    def _tell(self, body: Json, data: Json, done: dict[str, Json]) -> None:
        story, in_order = self.report.story, sorted(done.items(), key=lambda item: item[1]["line"])
        renewed = "换发凭证" if data.get("renewed") else "按定时签发" if data.get("scheduled_for") else "签发"
        story.append(
            f"阵地 {data['channel']}：{self.who(body)} 于 {body.get('ts')} {renewed}，"
            f"内容摘要 {data['digest']}"
        )
        for key, known in in_order:
            for name, ts, seen in known["names"]:
                story.append(f"　　{self.title(key)}：{name}，{ts}，所见版本 {str(seen)[:16]}…")
            for stay in known["stayed"]:
                was, now, rule = str(stay["was"])[:16], str(stay["now"])[:16], str(stay["rule"])
                story.append(
                    f"　　　　此后{RULES.get(rule, rule)}，按规则保留，没有重审：{was}… 改为 {now}…"
                    f"（events.jsonl 第 {stay['line']} 行）"
                )
        self.report.facts.setdefault("releases", []).append(
            {
                "channel": data["channel"],
                "digest": data["digest"],
                "at": body.get("ts"),
                "signed_by": self.who(body),
                "approved": [
                    {
                        "stage": key,
                        "by": [name for name, _, _ in known["names"]],
                        "seen": [seen for _, _, seen in known["names"]],
                        "kept": list(known["stayed"]),
                        "digest": known["digest"],
                    }
                    for key, known in in_order
                ],
            }
        )

    def _on_published(self, line: int, body: Json, data: Json) -> None:
        self.check_not_away(f"events.jsonl 第 {line} 行", str(data["channel"]), str(data["digest"]))
        self.published[str(data["publication"])] = (data["channel"], data["digest"])
        where = data.get("url") or data.get("external_id") or ""
        self.report.story.append(f"阵地 {data['channel']}：{body.get('ts')} 发布，{where}")


def _urgent(events: Events) -> list[Json]:
    return [
        body
        for _, body in events
        if STEPS.get(str(body.get("action"))) == "urgent" and body.get("outcome") == "done"
    ]


def _levels(body: Json) -> set[str]:
    """Return the levels that an urgent release says were owed; none where its form is not right."""
    debts = data_of(body).get("debts")
    found: set[str] = set()
    for debt in debts if isinstance(debts, list) else []:
        levels = debt.get("levels") if isinstance(debt, dict) else None
        found |= {one for one in levels if isinstance(one, str)} if isinstance(levels, list) else set()
    return found
