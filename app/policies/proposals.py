"""From files to a version: every fault at once, or a policy that can be stored."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from app.infra.errors import AppError, Invalid, Reason, TooLarge
from app.negative_list import Fault, PolicyFaults, load_policy
from app.negative_list.quality.lint import lint
from app.policies import errors as _words  # noqa: F401 – the words of the codes below
from app.policies.negative_list.folder import Seen, unfolded, unstorable

#: All files of a version together.
MAX_BYTES = 20_000_000
MAX_FILES = 500


def screened(files: Mapping[str, str], *, cache_dir: Path | None = None) -> Seen:
    """Lint the files of a policy and load it.

    Patterns are compiled in a child process and examples run on every backend, which takes seconds: no
    transaction may be open. Raises `Invalid` with every fault, `TooLarge`.
    """
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in files.values())
    if size > MAX_BYTES or len(files) > MAX_FILES:
        raise TooLarge("too_large", reasons=[Reason("policy_too_large", {"limit": MAX_BYTES})])
    if faults := unstorable(files):
        raise faulty(faults)
    with unfolded(files) as folder:
        result = lint(folder)
        if result.faults:
            raise faulty(result.faults)
        try:
            return Seen(load_policy(folder, cache_dir=cache_dir), dict(files))
        except PolicyFaults as error:
            raise faulty(error.faults) from error


def faulty(faults: Iterable[Fault]) -> AppError:
    """Return the refusal that tells every fault of a policy."""
    return Invalid(
        "policy_faulty",
        reasons=[
            Reason(
                "policy_fault",
                {
                    "place": f"{one.file}:{one.line}" if one.line else one.file,
                    "file": one.file,
                    "line": one.line,
                    "key": one.key,
                    "message": f"{one.key}：{one.message}" if one.key else one.message,
                },
                field=one.file,
            )
            for one in faults
        ],
    )
