"""The checkers that a rule can name."""

from app.negative_list.checkers.base import Checker, StructureCheck

CHECKERS: dict[str, type[Checker]] = {}
STRUCTURE_CHECKS: dict[str, type[StructureCheck]] = {}

__all__ = ["CHECKERS", "STRUCTURE_CHECKS"]
