"""The negative list: rules that find what must not be published."""

from app.domain.files.faults import Fault, Faults
from app.negative_list.engine.check import check
from app.negative_list.source.load import load_policy
from app.negative_list.source.policy import Policy
from app.negative_list.source.rules import Rule
from app.negative_list.text.content import parts_of, structure_of
from app.negative_list.text.model import (
    Finding,
    ImageFact,
    LinkFact,
    NotChecked,
    Part,
    PartKind,
    Report,
    Scope,
    Severity,
    Structure,
    TableFact,
    TraceFact,
    VideoFact,
    View,
)

__all__ = [
    "Fault",
    "Faults",
    "Finding",
    "ImageFact",
    "LinkFact",
    "NotChecked",
    "Part",
    "PartKind",
    "Policy",
    "Report",
    "Rule",
    "Scope",
    "Severity",
    "Structure",
    "TableFact",
    "TraceFact",
    "VideoFact",
    "View",
    "check",
    "load_policy",
    "parts_of",
    "structure_of",
]
