"""What somebody sent with a form: which fields are theirs, and which the page wrote itself. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: What a form says of the state it was read at, and of itself; it differs between two readings of one page.
READ_AT = frozenset(
    {"csrf", "form_page", "form_by", "digest", "version", "revision", "onto", "merged", "policy"}
)
#: Fields that no form shows, and choices whose values are codes: nothing that anybody typed.
UNTYPED = READ_AT | {
    "carried",
    "channel",
    "class",
    "case",
    "delegate",
    "drafts",
    "error_type",
    "fingerprint",
    "format",
    "grant_unit",
    "kind",
    "kinds",
    "line",
    "mark",
    "next",
    "outcome",
    "parent_id",
    "people",
    "place",
    "post_unit",
    "principal",
    "qualification",
    "role",
    "send_back_to",
    "stage",
    "then",
    "tracked_changes",
    "to",
    "unit",
    "unit_id",
    "unit_kind",
    "user",
    "verb",
    "verdict",
    "waits",
}
#: Parts of the names of fields whose content is shown to nobody, nor carried anywhere.
_SECRET = ("password", "secret", "one_time", "otp", "token")

#: What fields are called where their form is gone; others are told without a name.
TITLES = {
    "added": "在末尾增加",
    "blocks": "正文",
    "byline": "署名",
    "comment": "意见",
    "content": "正文",
    "ends_at": "下架时间",
    "evidence": "依据编号",
    "explanation": "缘由",
    "name": "姓名",
    "new_text": "改为",
    "note": "说明",
    "preset": "理由",
    "quote": "原文",
    "reason": "理由",
    "release_at": "定时发布",
    "remark": "办理情况",
    "source": "来源",
    "source_url": "来源链接",
    "subtitle": "副标题",
    "summary": "摘要",
    "ticked": "已逐项确认",
    "title": "标题",
    "why": "事由",
}


def secret(name: str) -> bool:
    """Say whether a field holds what is known to its owner alone, such as a password or a one-time code."""
    return name == "code" or any(part in name for part in _SECRET)


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it was sent to `action` from the page at `page`: its fields, without what is secret.

    `by` names whoever opened the page, in a way that says nothing to others; "" when that is not known.
    """

    action: str
    page: str
    by: str
    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field, empty ones too, in order."""
        return tuple(value for key, value in self.fields if key == name)

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The fields that somebody wrote or ticked, without empty ones."""
        return tuple((key, value) for key, value in self.fields if value.strip() and key not in UNTYPED)


def typed(action: str, page: str, fields: Iterable[tuple[str, str]]) -> Typed:
    """Return what was sent, without passwords and one-time codes."""
    kept = tuple((key, value) for key, value in fields if not secret(key))
    by = next((value for key, value in kept if key == "form_by"), "")
    return Typed(action, page, by, kept)


def title_of(name: str) -> str:
    """Return what a field is called where its form is gone; "" for one without a name."""
    return TITLES.get(name, TITLES["content"] if name.startswith(("text:", "cell:", "new:")) else "")


def legible(name: str, value: str) -> str:
    """Return what was typed as people read it: of the editor's blocks their words, a line each."""
    if name != "blocks":
        return value
    try:
        content = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return "\n".join(line for line in _lines(content) if line.strip())


def _lines(value: object) -> list[str]:
    if isinstance(value, Mapping):
        named = [value.get(name) for name in ("caption", "text", "alt", "credit")]
        rows = value.get("rows")
        cells = ["\t".join(map(str, row)) for row in rows if row] if isinstance(rows, list) else []
        return [*(word for word in named if isinstance(word, str)), *cells]
    return [line for one in value for line in _lines(one)] if isinstance(value, list) else []
