"""What is wrong with policy files: every fault of a file with its line, whatever kind of file it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the line (from 1; 0 for the whole file), the key as a path (`stages.3.who`), a code, data.

    `file` names the file where several are read together. The words of the codes stand in
    `words.policy_faults`.
    """

    line: int
    key: str
    code: str
    data: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""


class Faults(ValueError):
    """Policy files that may not be used. `faults` says every reason."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = in_order(faults)
        super().__init__(
            "; ".join(
                f"{fault.file} line {fault.line}: {fault.key}: {fault.code} {dict(fault.data)}".lstrip()
                for fault in self.faults
            )
        )


def said(file: str, line: int, key: str, message: str) -> Fault:
    """Return a fault in the words of who found it: rules and checkers each know what they ask for."""
    return Fault(line, key, "said", {"message": message}, file)


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return the faults by file and line, each once."""
    once = {(fault.file, fault.line, fault.key, fault.code, str(fault.data)): fault for fault in faults}
    return tuple(once[place] for place in sorted(once))
