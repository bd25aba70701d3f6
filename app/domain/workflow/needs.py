"""Whom a stage is for, and how many of them decide."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from app.domain.vocabulary import Role
from app.domain.workflow.conditions import When

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
#: A mark that a draft bears (`important`): given with it, or raised on its way.
Flag = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Qualification = Literal["none", "assistant", "intermediate", "senior"]
QUALIFICATIONS: tuple[Qualification, ...] = ("none", "assistant", "intermediate", "senior")


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Who(_Value):
    """People who may act, named in exactly one way.

    `role` with its scope; `person` by sign-in name; `post` (职务, such as 主要领导); `author`: whoever
    wrote the draft; `head_of_author`: the head of the author's department; `outside`: somebody without an
    account, by link. `group` names the bench a person sits on where one of each is needed; `when` limits the
    line to some drafts; `raises` are flags that the draft bears once somebody approved in this capacity only,
    for stages that are owed then (a final review by somebody named is confirmed by who named them).
    """

    role: Role | None = None
    person: str | None = Field(default=None, min_length=1)
    post: str | None = Field(default=None, min_length=1)
    author: bool = False
    head_of_author: bool = False
    outside: bool = False
    scope: Literal["unit", "channel", "section"] = "unit"
    qualification: Qualification = "none"
    group: Key | None = None
    when: When | None = None
    raises: tuple[Flag, ...] = ()

    @model_validator(mode="after")
    def _names_them_in_one_way(self) -> "Who":
        ways = (self.role, self.person, self.post, self.author, self.head_of_author, self.outside)
        if sum(bool(way) for way in ways) != 1:
            raise ValueError("name exactly one of role, person, post, author, head_of_author, outside")
        return self


class AtLeast(_Value):
    """A quorum of `at_least` people."""

    at_least: int = Field(ge=1, le=50)


class Committee(_Value):
    """A committee that votes: yes, no, or abstaining (同意、不同意、弃权).

    `in_favour`: how many pass, of all `members` or, with `of: votes`, of those who said yes or no. `members`:
    how many there are; without it, those who may vote. `present`: so many have to vote, in whatever way.
    `closes`: as soon as the result is certain, when all have voted, or at the stage's time. `veto`: whose no
    ends it. `chair`: whose vote decides a tie. `fails`: what becomes of the draft when it does not pass.
    """

    in_favour: Literal["majority", "two_thirds", "all"] | Annotated[int, Field(ge=1, le=500)]
    of: Literal["members", "votes"] = "members"
    members: int | None = Field(default=None, ge=2, le=500)
    present: int = Field(default=0, ge=0, le=500)
    closes: Literal["at_majority", "all_voted", "at_time"] = "at_majority"
    veto: Literal["nobody", "anybody", "chair"] = "nobody"
    chair: Who | None = None
    fails: Literal["send_back", "decline"] = "send_back"


_WORD = "literal[any, all, one_of_each]"


def _form_of(need: Any) -> str:  # noqa: ANN401 – raw YAML, or what was read
    if isinstance(need, Committee) or (
        isinstance(need, dict) and "at_least" not in need and "in_favour" in need
    ):
        return "Committee"
    return "AtLeast" if isinstance(need, AtLeast | dict) else _WORD


Need = Annotated[
    Annotated[Literal["any", "all", "one_of_each"], Tag(_WORD)]
    | Annotated[AtLeast, Tag("AtLeast")]
    | Annotated[Committee, Tag("Committee")],
    Discriminator(_form_of),
]
