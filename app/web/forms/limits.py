"""How many characters each text of a form may have: what the body of the same request over the API takes.

Read off the schemas of the API, so that neither says another limit than the other. Whole texts (the content
of a draft, a file of rules) are as long as a request may be; what is typed into a search is not kept.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from app.annotations.schemas import SaidIn, ThreadIn
from app.connections.schemas import SeenOutIn
from app.drafts.schemas import ContentIn
from app.identity.absences.router import AbsenceIn
from app.identity.delegations.router import DelegationIn
from app.identity.persons.schemas import MergeIn, PersonIn
from app.identity.posts.router import PostIn
from app.identity.schemas import EmailIn, OwnPasswordIn, PasswordIn, TokenIn, UnitIn, UserIn
from app.integrations.schemas import NewKeyIn
from app.notifications.schemas import RobotIn
from app.policies.schemas import AcceptedRiskIn, AskIn, VersionIn, WishDecisionIn
from app.proofs.schemas import DisputeIn, MarkIn
from app.publication.end_times.router import EndIn
from app.publication.orders.schemas import ConfirmIn
from app.publication.remedies.schemas import CorrectionIn, DropIn
from app.publication.schemas import EmbargoIn, SignIn, UnscheduleIn
from app.publication.urgent.router import SettlementIn, UrgentIn
from app.reviews.guest_links.schemas import AnswerIn, InvitationIn
from app.reviews.migration.router import MigrationGrantIn, MigrationIn
from app.reviews.risks.router import RiskDecisionIn, RiskIn
from app.reviews.schemas import DecisionIn, HandOverAllIn, StageWordsIn, SubmissionIn, WordsIn
from app.screening.ignoring.schemas import IgnoreIn
from app.screening.waivers.schemas import WaiverDecisionIn, WaiverIn
from app.webhooks.schemas import NewEndpointIn, NewToolIn

Limits = Mapping[str, int]
#: The texts of bodies that these limits were read off: schema and field.
READ_OFF: list[tuple[type[BaseModel], str]] = []

#: Of a sign-in name, whose pattern says so.
_LOGIN = 64


def longest(schema: type[BaseModel], field: str) -> int:
    """Return how many characters a text of a body may have. Raises `LookupError` where nothing limits it."""
    described: dict[str, Any] = schema.model_json_schema()["properties"][field]
    kinds = [described, *described.get("anyOf", ())]
    return next(int(kind["maxLength"]) for kind in kinds if "maxLength" in kind)


def joined(schema: type[BaseModel], field: str) -> int:
    """Return how many characters a list of texts may have that is typed into one line."""
    described: dict[str, Any] = schema.model_json_schema()["properties"][field]
    return int(described["maxItems"]) * (int(described["items"]["maxLength"]) + 1) - 1


def _of(schema: type[BaseModel], *same: str, **called: str) -> Limits:
    """Return the limits of a form's fields; `called` says under which name the body has a field."""
    fields = {name: name for name in same} | called
    READ_OFF.extend((schema, field) for field in fields.values())
    return {name: longest(schema, field) for name, field in fields.items()}


DRAFT = _of(ContentIn, "title", "subtitle", "summary", "byline", "source", "source_url")
SUBMISSION = _of(SubmissionIn, "comment")
DECISION = _of(DecisionIn, "comment")
RECALL = _of(WordsIn, "comment")
AT_STAGE = _of(StageWordsIn, "comment")
RELEASE = _of(SignIn, "comment")
UNSCHEDULE = _of(UnscheduleIn, "comment")
EMBARGO = _of(EmbargoIn, "comment")
URGENT = _of(UrgentIn, "reason")
REMEDY = _of(CorrectionIn, "explanation", "note")
DROP = _of(DropIn, "comment")
CONFIRMATION = _of(ConfirmIn, "remark")
END = _of(EndIn, "comment")
SETTLEMENT = _of(SettlementIn, "comment")
COMMENT = _of(ThreadIn, "text", "quote", "new_text")
SAID = _of(SaidIn, "text")
DISPUTE = _of(DisputeIn, "answer")
MARK = _of(MarkIn, "quote", "new_text")
WAIVER = _of(WaiverIn, "evidence", comment="explanation")
IGNORE = _of(IgnoreIn, ignore_reason="reason")
WAIVER_DECISION = _of(WaiverDecisionIn, "comment")
VERSION = _of(VersionIn, "note")
ACTIVATION = _of(AskIn, "note")
ACCEPTED_RISK = _of(AcceptedRiskIn, "reason")
ACTIVATION_DECISION = _of(WishDecisionIn, "comment")
MIGRATION = _of(MigrationIn, "reason")
MIGRATION_DECISION = _of(MigrationGrantIn, "comment")
RISK = _of(RiskIn, "reason")
RISK_DECISION = _of(RiskDecisionIn, "comment")
ROBOT = _of(RobotIn, "name", "url")
TOOL = _of(NewToolIn, "name")
TOOL_KEY = {**_of(NewKeyIn, "name", "acts_for"), "networks": joined(NewKeyIn, "networks")}
ENDPOINT = _of(NewEndpointIn, "url")
SEEN_OUT = _of(SeenOutIn, "url")
ACCOUNT = {**_of(UserIn, "name", "password", "email"), "login": _LOGIN}
EMAIL = _of(EmailIn, "email")
PASSWORD = _of(PasswordIn, "password")
OWN_PASSWORD = _of(OwnPasswordIn, password="new", password_again="new", old_password="old")  # noqa: S106 – names
SIGN_IN = _of(TokenIn, "login", "password")
UNIT = _of(UnitIn, unit_name="name")
POST = _of(PostIn, "post")
PERSON = _of(PersonIn, "staff_number", "phone")
MERGE = _of(MergeIn, "reason")
DELEGATION = _of(DelegationIn, "reason")
ABSENCE = _of(AbsenceIn, why="reason")
HANDOVER = _of(HandOverAllIn, "reason")
INVITATION = _of(InvitationIn, "name", "post", "phone", "note")
ANSWER = _of(AnswerIn, "name", "comment", "code")

#: The name of a new policy file, as long as a workflow's key with its ending.
POLICY_FILE = {"name": 45}

#: By the name under which templates ask.
BY_FORM: Mapping[str, Limits] = {
    name.lower(): value for name, value in globals().items() if name.isupper() and isinstance(value, dict)
}
