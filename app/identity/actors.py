"""Who acts: a person or a tool with all that they may act by, read anew for every request."""

from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from app.audit.service import AuditActor
from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.domain.workflow.needs import Qualification

Via = Literal["session", "token", "key", "link", "system"]
#: Accounts with whose they are and all others that these have, where a person has several: else nothing.
SamePersons = tuple[tuple[UUID, UUID, frozenset[UUID]], ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """A role over a unit and all below it; `None` stands for every channel, every section."""

    role: Role
    unit_path: str
    channel: str | None = None
    section: str | None = None

    def covers(self, unit_path: str | None, channel: str | None, section: str | None) -> bool:
        """Say whether this grant reaches there; what is not asked for is covered."""
        return (
            (unit_path is None or unit_path.startswith(self.unit_path))
            and (channel is None or self.channel in {None, channel})
            and (section is None or self.section in {None, section})
        )


@dataclass(frozen=True, slots=True)
class Post:
    """A post (职务) that somebody holds over a unit and all below it; `heads`: they head that unit."""

    name: str
    unit_path: str
    heads: bool = False


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody for whom the actor may act (代理): with which of their roles, and within which unit.

    `through` stands between the two where a delegation was passed on; `login` is empty where roles are named,
    for then nothing else of the principal's is delegated.
    """

    principal: UUID
    name: str
    login: str
    unit_id: UUID
    grants: tuple[Grant, ...]
    through: UUID | None = None
    unit_path: str = "/"
    posts: tuple[Post, ...] = ()
    qualification: Qualification = "none"
    same: "SamePersons" = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that comes with a key of its own: what the key opens, and on which channels and sections.

    `places` are pairs of a channel and a section of it, `None` for all of its sections.
    """

    id: UUID
    name: str
    unit_id: UUID
    unit_path: str
    key_id: UUID
    scopes: frozenset[str]
    places: tuple[tuple[str, str | None], ...]

    def as_audit(self) -> AuditActor:
        """Return the tool as the record names it."""
        return AuditActor(id=self.id, name=self.name, role="publishing_tool", unit=str(self.unit_id))

    def reaches(self, channel: str, section: str) -> bool:
        """Say whether the key is good for a section of a channel."""
        return any(channel == place and within in {None, section} for place, within in self.places)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and with which grants; read anew for every request.

    With a `tool` it is that which acts: for itself, or for the editor whose `id` this is.
    """

    id: UUID
    name: str
    login: str
    unit_id: UUID
    unit_path: str
    grants: tuple[Grant, ...] = ()
    via: Via = "session"
    standing_in: tuple[StandIn, ...] = ()
    posts: tuple[Post, ...] = ()
    qualification: Qualification = "none"
    kind: UserKind = UserKind.PERSON
    #: Somebody else set their password: nothing is open to them but choosing another.
    must_change_password: bool = False
    #: The number of their password: a token names the one that it was given for.
    credentials: int = 0
    tool: Tool | None = None
    #: The natural person, by the id of their first account; `None` where that is this account.
    person_id: UUID | None = None
    #: The other accounts that the same person has or had.
    others: frozenset[UUID] = frozenset()

    def has(
        self,
        role: Role,
        *,
        unit_path: str | None = None,
        channel: str | None = None,
        section: str | None = None,
    ) -> bool:
        """Say whether the actor holds `role` there; without a place, anywhere."""
        return any(grant.role is role and grant.covers(unit_path, channel, section) for grant in self.grants)

    @property
    def reach(self) -> tuple[Grant, ...]:
        """All grants by which the actor sees: their own, and those of the people they stand in for."""
        if not self.standing_in:
            return self.grants
        return (*self.grants, *(grant for stand_in in self.standing_in for grant in stand_in.grants))

    @property
    def person(self) -> UUID:
        """The natural person whose account this is."""
        return self.person_id or self.id

    @property
    def same(self) -> SamePersons:
        """The account with its person and their other accounts, where there are any."""
        return ((self.id, self.person, self.others),) if self.others else ()

    def is_one_of(self, *accounts: UUID | None) -> bool:
        """Say whether any of these is an account of the person who acts."""
        return any(one == self.id or one in self.others for one in accounts)

    def roles(self) -> frozenset[Role]:
        """Return the roles the actor holds anywhere."""
        return frozenset(grant.role for grant in self.grants)

    def as_audit(self, role: Role | None = None) -> AuditActor:
        """Return the actor as the record names them, acting in `role`."""
        if self.via == "system":
            return AuditActor(id=None, name=self.name)
        if self.via == "link":
            return AuditActor(id=self.id, name=self.name, role=str(UserKind.OUTSIDE))
        named = AuditActor(
            id=self.id, name=self.name, role=str(role) if role else None, unit=str(self.unit_id)
        )
        if self.tool is None:
            return named
        by = self.tool.as_audit()
        return by if self.id == self.tool.id else replace(by, behalf=named)


#: The service itself, for the command line and for jobs. No request can be it.
SYSTEM = Actor(id=UUID(int=0), name="系统", login="", unit_id=UUID(int=0), unit_path="/", via="system")
