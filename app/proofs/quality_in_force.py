"""How errors are counted under the policies in force."""

from functools import lru_cache

from app.domain.files.policy_files import PolicyFiles, Unreadable
from app.domain.quality import Quality, lint_quality
from app.infra.errors import Unavailable
from app.infra.paths import shipped
from app.infra.policy_faults import reason_of
from app.proofs import errors as _words  # noqa: F401 – the words of the code below

FILE = "quality.yaml"


def quality_of(policies: PolicyFiles) -> Quality:
    """Return how errors are counted now: as the file says, or as shipped where a bureau has none.

    Raises `Unavailable` with every fault of a bad one.
    """
    try:
        text = policies.text(FILE)
    except FileNotFoundError:
        text = _shipped()
    except Unreadable as error:
        raise Unavailable("quality_unread") from error
    return _read(text)


@lru_cache(maxsize=1)
def _shipped() -> str:
    return (shipped("policies") / FILE).read_text(encoding="utf-8")


@lru_cache(maxsize=8)
def _read(text: str) -> Quality:
    quality, faults = lint_quality(text)
    if quality is None or faults:
        raise Unavailable("quality_unread", reasons=[reason_of(fault, FILE) for fault in faults])
    return quality
