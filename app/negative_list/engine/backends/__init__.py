"""Three ways to find the same hits: hyperscan, Aho-Corasick with RE2, and plain Python."""

import os
from importlib import import_module

from app.negative_list.engine.backends.base import LIMIT, Hit, Hits, Scanner, Unit

#: Best first.
NAMES = ("hyperscan", "ahocorasick", "plain")
#: The environment variable that chooses one.
VARIABLE = "SANSHEN_RULE_BACKEND"


def available() -> tuple[str, ...]:
    """Return the names of the backends that this machine can run, best first; `plain` is always there."""
    return tuple(name for name in NAMES if _works(name))


def _works(name: str) -> bool:
    try:
        _module(name)
    except ImportError:
        return False
    return True


def _module(name: str) -> type[Scanner]:
    module = import_module(f"app.negative_list.engine.backends.{name}_backend")
    scanner: type[Scanner] = module.Backend
    return scanner


def choose(name: str | None = None) -> str:
    """Return the backend to use: the one named, else the environment's, else the best that works.

    Raises `ValueError` for an unknown name and `ImportError` for one that this machine cannot run.
    """
    wanted = name or os.environ.get(VARIABLE) or ""
    if not wanted:
        return available()[0]
    if wanted not in NAMES:
        raise ValueError(f"{VARIABLE}: {wanted!r} is none of {', '.join(NAMES)}")
    _module(wanted)
    return wanted


def make(name: str, unit: Unit, cached: bytes | None = None) -> Scanner:
    """Return a scanner for one view's words and patterns, from its cached form where there is one."""
    return _module(name)(unit, cached)


__all__ = ["LIMIT", "NAMES", "VARIABLE", "Hit", "Hits", "Scanner", "Unit", "available", "choose", "make"]
