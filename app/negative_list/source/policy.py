"""A loaded policy: rules, their digest, and the program that runs them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from hashlib import sha256
from typing import Any

from app.domain.files.faults import Fault
from app.negative_list.engine.program import Program
from app.negative_list.source.rules import Rule
from app.negative_list.text.fold import fold_digest

#: Raised when the same rules would give other findings than before; part of every digest.
ENGINE_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """A negative list that can be checked against. Immutable; swap one reference to change it.

    `digest` names its meaning: rules, lexicons, fold tables and engine schema, not comments or white space.
    `warnings` are faults that do not keep it from working.
    """

    id: str
    title: str
    digest: str
    rules: tuple[Rule, ...]
    program: Program
    channels: Mapping[str, str] = field(default_factory=dict)
    sections: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()

    @property
    def backend(self) -> str:
        """The name of the backend it runs on."""
        return self.program.backend

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule of this id; None when there is none."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


def digest_of(head: Mapping[str, Any], rules: Sequence[Any], lexicons: Mapping[str, str]) -> str:
    """Return the digest of a policy from its plain parts; `lexicons` holds the SHA-256 of each file."""
    content = {
        "schema": ENGINE_SCHEMA,
        "fold": fold_digest(),
        "head": head,
        "rules": sorted(rules, key=lambda rule: str(rule.get("id", ""))),
        "lexicons": dict(lexicons),
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value.value)
    raise TypeError(f"{value!r} is no policy value")
