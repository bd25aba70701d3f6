"""What a benchmark finds: figures, the bars they are held to, and the machine they were taken on."""

import os
import platform
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, Protocol


class Broken(Exception):
    """What was measured did not do what it should; the message says it in Chinese. No figure stands then."""


class State(StrEnum):
    """How a figure stands to its bar; the last two never fail a run."""

    REACHED = "reached"
    MISSED = "missed"
    NOT_MEASURED = "not_measured"
    NO_BAR = "no_bar"


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure is held to: its value, or with `of_ratio` its ratio to the peer of the same run."""

    limit: float
    at_least: bool = False
    of_ratio: bool = False

    def holds(self, figure: "Figure") -> bool | None:
        """Tell whether the figure reaches the bar; `None` when what it takes was not measured."""
        measured = figure.ratio if self.of_ratio else figure.value
        if measured is None:
            return None
        return measured >= self.limit if self.at_least else measured <= self.limit


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what was measured, in which unit, beside which peer or floor of the same run.

    `key` is stable and for programs, `title` is for people. `value` is `None` when it was not measured;
    `note` then says why. `samples` are the single measurements that `value` was made of; `raw` is whatever
    else was seen.
    """

    key: str
    title: str
    value: float | None
    unit: str
    bar: Bar | None = None
    peer: str = ""
    peer_value: float | None = None
    samples: Sequence[float] = ()
    #: The kind of database, as people call it; empty where there is none.
    on: str = ""
    note: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of the peer's; `None` without both."""
        if self.value is None or not self.peer_value:
            return None
        return self.value / self.peer_value

    @property
    def state(self) -> State:
        """How the figure stands to its bar."""
        if self.bar is None:
            return State.NOT_MEASURED if self.value is None else State.NO_BAR
        held = self.bar.holds(self)
        if held is None:
            return State.NOT_MEASURED
        return State.REACHED if held else State.MISSED

    def as_json(self) -> dict[str, Any]:
        """Return everything about the figure as JSON values, unrounded."""
        return {
            "key": self.key,
            "title": self.title,
            "on": self.on or None,
            "value": self.value,
            "unit": self.unit,
            "peer": self.peer or None,
            "peer_value": self.peer_value,
            "ratio": self.ratio,
            "bar": None
            if self.bar is None
            else {
                "limit": self.bar.limit,
                "at_least": self.bar.at_least,
                "of": "ratio" if self.bar.of_ratio else "value",
            },
            "state": str(self.state),
            "samples": list(self.samples),
            "note": self.note or None,
            "raw": dict(self.raw),
        }


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked to do.

    `quick` makes all counts so small that the figures mean nothing and only the machinery is tried.
    `postgres` is the address of a running server, `wagtail` an interpreter that can import Wagtail, `corpus`
    a text file to use in place of our own prose, `beside` the folder of another checkout to compare with.
    """

    quick: bool = False
    postgres: str | None = None
    wagtail: Path | None = None
    corpus: Path | None = None
    beside: Path | None = None
    #: Told what is being done, for people who wait.
    say: Callable[[str], None] = lambda _: None


class Benchmark(Protocol):
    """A benchmark yields each figure as soon as it has it."""

    def __call__(self, options: Options) -> Iterator[Figure]:
        """Measure."""
        ...


def middle(samples: Sequence[float]) -> float | None:
    """Return the median of the samples; `None` of none."""
    return median(samples) if samples else None


def machine() -> dict[str, Any]:
    """Say where figures are taken: processors, system, Python, the libraries that the time goes to."""
    libraries = (
        "sqlalchemy",
        "psycopg",
        "fastapi",
        "uvicorn",
        "pydantic",
        "hyperscan",
        "ahocorasick_rs",
        "numpy",
    )
    versions = {}
    for name in libraries:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "cpus": os.cpu_count(),
        "cpus_usable": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "libraries": versions,
    }
