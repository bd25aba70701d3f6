"""The negative list: rules that find what must not be published."""

from app.negative_list.content import parts_of, structure_of
from app.negative_list.engine import check
from app.negative_list.faults import Fault, PolicyFaults
from app.negative_list.load import load_policy
from app.negative_list.model import (
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
    VideoFact,
    View,
)
from app.negative_list.policy import Policy
from app.negative_list.rules import Rule

__all__ = [
    "Fault",
    "Finding",
    "ImageFact",
    "LinkFact",
    "NotChecked",
    "Part",
    "PartKind",
    "Policy",
    "PolicyFaults",
    "Report",
    "Rule",
    "Scope",
    "Severity",
    "Structure",
    "TableFact",
    "VideoFact",
    "View",
    "check",
    "load_policy",
    "parts_of",
    "structure_of",
]
