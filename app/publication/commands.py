from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignLine:
    """签发: what somebody fills in who signs a line of a case: what they read, and a word if there is one.

    `outcome` and `ticked` as of any approval; which stage it is, the case's workflow says.
    """

    line: str
    digest: str
    comment: str = ""
    outcome: str = ""
    ticked: frozenset[str] = frozenset()
