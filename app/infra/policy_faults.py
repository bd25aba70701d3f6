"""Faults of policy files as the reasons of a refusal: the same for every kind of file and whoever refuses."""

from collections.abc import Mapping
from typing import Any

from app.domain.files.faults import Fault
from app.infra.errors import Reason
from app.infra.http.problems import reasons, worded
from app.words import policy_faults

CODE = "policy_file_fault"
reasons({CODE: "{place}：{said}"})


def reason_of(fault: Fault, file: str = "") -> Reason:
    """Return a fault of a file as a reason."""
    path = file or fault.file
    data = {"file": path, "line": fault.line, "key": fault.key, "fault": fault.code, "of": dict(fault.data)}
    return Reason(CODE, data, field=path)


def fault_of(reason: Reason) -> Fault:
    """Return the fault that a reason tells."""
    data = reason.data
    return Fault(data["line"], data["key"], data["fault"], data["of"], data["file"])


def _in_words(data: Mapping[str, Any]) -> Mapping[str, Any]:
    fault = fault_of(Reason(CODE, dict(data)))
    line = f"第 {fault.line} 行" if fault.line else ""
    place = " ".join(filter(None, (fault.file, line, fault.key or ("" if fault.line == 0 else "整个文件"))))
    return {**data, "place": place, "said": policy_faults.sentence(fault)}


worded(CODE, _in_words)
