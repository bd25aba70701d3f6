"""What became of what was published: corrected, retracted, its time over, and what channels reported."""

from __future__ import annotations

from app.evidence.verifier.report import Json
from app.evidence.verifier.reviews import Reviews

#: What a workflow must be for that is shorter than three reviews, by what the draft does with another.
SHORT = {"correction": "small_correction", "retraction": "retraction"}
KINDS = {"correction": "更正", "retraction": "撤稿"}
ORDERS = {
    "publication.corrected": "更正",
    "publication.retracted": "撤稿",
    "publication.unpublished": "下架",
}
DONE = {"correct": "已更正", "retract": "已撤下", "unpublish": "已下架"}


class Aftermath(Reviews):
    """Follows what was ordered about each publication, and holds later releases against it."""

    def _on_remedy_begun(self, _line: int, body: Json, data: Json) -> None:
        self.remedy = str(data["kind"])
        kind = KINDS.get(self.remedy, self.remedy)
        of = f"{data['of_number']}（摘要 {data['published']}）"
        self.report.story.append(f"本稿是对已发布的 {of} 的{kind}，{body.get('ts')} 立案")

    def _on_remedy_opened(self, _line: int, body: Json, data: Json) -> None:
        kind = KINDS.get(str(data["kind"]), str(data["kind"]))
        self.report.story.append(f"{body.get('ts')} 申请{kind}（稿件 {data['number']}）")

    def _on_ordered(self, line: int, body: Json, data: Json) -> None:
        place, action = f"events.jsonl 第 {line} 行", str(body.get("action"))
        known = self.published.get(str(data["publication"]))
        if known != (data["channel"], data["digest"]):
            self.report.fault(place, "要更正或撤下的，不是记录里发布过的内容")
        self.orders[str(data["order"])] = (str(data["channel"]), str(data["digest"]))
        if action != "publication.unpublished":
            self.away[str(data["channel"]), str(data["digest"])] = ORDERS[action]
        by = f"（稿件 {data['remedy_number']}）" if "remedy_number" in data else ""
        self.report.story.append(
            f"阵地 {data['channel']}：{body.get('ts')} {ORDERS[action]}{by}，限 {data['due_at']} 前回报"
        )

    def _on_confirmed(self, line: int, body: Json, data: Json) -> None:
        if self.orders.get(str(data["order"])) != (data["channel"], data["digest"]):
            self.report.fault(f"events.jsonl 第 {line} 行", "阵地回报的，不是记录里下达过的指令")
        done = DONE.get(str(data["kind"]), str(data["kind"]))
        after = f"，后继内容摘要 {data['successor_digest']}" if data.get("successor_digest") else ""
        self.report.story.append(
            f"阵地 {data['channel']}：{body.get('ts')} {self.who(body)} 回报{done}{after}"
        )

    def check_not_away(self, place: str, channel: str, digest: str) -> None:
        """Tell of what went out on a channel from which it had been corrected or retracted away."""
        if (by := self.away.get((channel, digest))) is not None:
            self.report.fault(place, f"这一内容此前已经{by}，又签发或者发布了")

    def check_short_lane(self, place: str, done: dict[str, Json]) -> None:
        """Ask of a release by fewer than three reviews what it is for, and that one review there was."""
        if SHORT.get(self.remedy) != self.purpose:
            self.report.fault(place, "走的是不足三审的流程，本稿却不是相应的更正或撤稿")
        reading = [
            key
            for key, stage in self.stages.items()
            if "review" in (stage.get("kind"), *stage.get("also", ()))
            and not stage.get("applies_if")
            and not stage.get("author_may_act")
        ]
        if not any(key in done for key in reading):
            self.report.fault(place, "签发时没有通过任何一次审稿")
        signing = [key for key in self.stages if self.signs(key)]
        for key in signing:
            if not any(key in group and set(reading) & set(group) for group in self.distinct):
                self.report.fault(place, "不足三审的流程没有要求审稿和签发由两人承担")
