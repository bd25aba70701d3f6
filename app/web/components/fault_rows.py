"""What is wrong with a file that somebody edits, by the line that they typed."""

from dataclasses import dataclass

from app.infra.errors import AppError
from app.infra.http.problems import sentence as reason_sentence
from app.infra.policy_faults import CODE, fault_of
from app.words.policy_faults import sentence


@dataclass(frozen=True, slots=True)
class FaultRow:
    """What is wrong, with the line of the edited text that it is about; 0 when it is elsewhere."""

    line: int
    place: str
    message: str
    source: str


def fault_rows(error: AppError | None, file: str, first: int, text: str) -> list[FaultRow]:
    """Return what is wrong by the lines of the edited text, which begins at line `first` of `file`.

    Empty where the refusal is not one of faults.
    """
    if error is None or error.code != "policy_faulty":
        return []
    lines = text.split("\n")
    rows = []
    for reason in error.reasons:
        if reason.code != CODE:
            rows.append(FaultRow(0, "", reason_sentence(reason), ""))
            continue
        fault = fault_of(reason)
        line = fault.line - first + 1 if fault.file == file and fault.line else 0
        inside = 1 <= line <= len(lines)
        place = f"{fault.file}:{fault.line}" if fault.line else fault.file
        rows.append(
            FaultRow(
                line if inside else 0,
                "" if inside else place,
                f"{fault.key}：{sentence(fault)}" if fault.key else sentence(fault),
                lines[line - 1].strip() if inside else "",
            )
        )
    return rows
