from dataclasses import dataclass

from app.domain.vocabulary import RemedyKind, RemedyReason


@dataclass(frozen=True, slots=True)
class OpenRemedy:
    """更正、撤稿: what somebody fills in who has something that is out put right or taken down.

    `explanation` is for the house, `note` is what the public will read; `channels` are codes, none stand for
    all on which it is out.
    """

    kind: RemedyKind
    reason: RemedyReason
    explanation: str
    note: str = ""
    channels: tuple[str, ...] = ()
