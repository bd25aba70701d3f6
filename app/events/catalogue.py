"""Every event, once: what it carries, where it is recorded, who is told inside, what is said outside.

From here come the record's streams, notices, outbox, the API's `webhooks`, the page of events in the docs and
what verifiers look for. How to add one: docs/architecture.md.
"""

from collections.abc import Mapping

from pydantic import BaseModel

from app.domain.vocabulary import Event, NoticeKind, Verdict
from app.events import forms
from app.events import sentences as say
from app.events.entry import Account, Entry, Named, Recipients, Stream, Told
from app.events.payloads import accounts, annotations, cases, drafts, machines, orders, policies, publication
from app.events.sentences import Sentence

E, K, R = Event, NoticeKind, Recipients
_DRAFT, _USER = (Stream.DRAFT,), (Stream.USER,)
_WORKFLOW, _WEBHOOK = (Stream.WORKFLOW,), (Stream.WEBHOOK,)
_AUTHORS = R.AUTHORS
_ALONE = Account("granted_alone", {"role": "role_named"})
_DAYS = {"starts_on": "starts_on", "ends_on": "ends_on"}


def _step(
    event: Event,
    payload: type[cases.Step],
    *told: Told,
    verifier: str = "",
    within: bool = False,
    decides: Verdict | None = None,
    sentence: Sentence | None = None,
) -> Entry:
    """Return the entry of a step of a case; one `within` another is told outside by the message of that."""
    announced = None if within else forms.CaseData
    return Entry(
        event,
        payload,
        _DRAFT,
        told=told,
        announced=announced,
        verifier=verifier,
        decides=decides,
        sentence=sentence,
    )


_ACCOUNTS = (
    Entry(E.UNIT_CREATED, accounts.UnitCreated, (Stream.UNIT,)),
    Entry(E.USER_SIGNED_IN, accounts.AtAddress, _USER),
    Entry(E.USER_SIGN_IN_REFUSED, accounts.AtAddress, _USER, refused=True),
    Entry(E.USER_SIGNED_OUT, accounts.OfSession, _USER),
    Entry(E.USER_SESSION_ENDED, accounts.OfSession, _USER),
    Entry(E.USER_CREATED, accounts.UserCreated, _USER),
    Entry(E.USER_PASSWORD_CHANGED, accounts.OfUser, _USER),
    Entry(E.USER_PASSWORD_RESET, accounts.PasswordReset, _USER, account=Account("password_reset")),
    Entry(E.USER_DEACTIVATED, accounts.OfUser, _USER),
    Entry(E.USER_EMAIL_CHANGED, accounts.EmailChanged, _USER, account=Account("email_changed")),
    Entry(E.USER_MOVED, accounts.UserMoved, _USER, account=Account("moved")),
    Entry(E.USER_RENAMED, accounts.UserRenamed, _USER, account=Account("renamed")),
    Entry(E.USER_REACTIVATED, accounts.UserReactivated, _USER),
    Entry(E.PERSON_IDENTIFIED, accounts.PersonIdentified, _USER),
    Entry(E.PERSON_MERGED, accounts.PersonMerged, _USER, account=Account("merged")),
    Entry(E.PERSONS_TOLD_APART, accounts.PersonsToldApart, _USER),
    Entry(E.USER_WORK_HANDED_OVER, accounts.WorkHandedOver, _USER),
    Entry(E.USER_POSTS_SET, accounts.PostsSet, _USER),
    Entry(E.ROLE_GRANTED, accounts.OfGrant, _USER, account=_ALONE),
    Entry(E.ROLE_REVOKED, accounts.OfGrant, _USER),
    # Of one that was given before such grants were told of.
    Entry(E.ROLE_FOUND_ALONE, accounts.OfGrant, _USER, account=_ALONE),
    Entry(E.DELEGATION_ASKED, accounts.OfDelegation, _USER, account=Account("delegation_asked", _DAYS)),
    Entry(E.DELEGATION_GRANTED, accounts.OfDelegation, _USER, account=Account("delegation_set", _DAYS)),
    Entry(E.DELEGATION_REVOKED, accounts.OfDelegation, _USER, account=Account("delegation_ended", _DAYS)),
    Entry(E.USER_ABSENT, accounts.OfAbsence, _USER),
    Entry(E.USER_BACK, accounts.OfAbsence, _USER),
    Entry(E.TOKEN_ISSUED, accounts.AtAddress, _USER),
)

_WAIVER_DECIDED = (Told(K.WAIVER_DECIDED, Named("asked_by"), _AUTHORS),)

_DRAFTS = (
    Entry(E.DRAFT_CREATED, drafts.DraftCreated, _DRAFT, announced=forms.DraftData, sentence="{who} 建立稿件"),
    Entry(E.DRAFT_REVISED, drafts.DraftRevised, _DRAFT, announced=forms.DraftData, sentence=say.revised),
    Entry(E.ASSET_ADDED, drafts.AssetAdded, _DRAFT, sentence=say.asset_added),
    Entry(E.CHECK_RUN, drafts.CheckRun, _DRAFT, verifier="checked", sentence="完成规则检查"),
    Entry(
        E.FINDING_WAIVER_ASKED, drafts.WaiverAsked, _DRAFT, told=(Told(K.WAIVER_ASKED, R.MAY_GRANT_WAIVER),)
    ),
    Entry(E.FINDING_WAIVED, drafts.WaiverDecided, _DRAFT, told=_WAIVER_DECIDED, announced=forms.DraftData),
    Entry(E.FINDING_WAIVER_REFUSED, drafts.WaiverDecided, _DRAFT, told=_WAIVER_DECIDED),
    Entry(E.FINDING_IGNORED, drafts.FindingIgnored, _DRAFT, sentence="{who} 对一处命中说明不改"),
    Entry(E.FINDING_TAKEN_UP, drafts.FindingIgnored, _DRAFT, sentence="{who} 撤回一处“不改”"),
    Entry(E.MARK_ADDED, drafts.OfMark, _DRAFT, announced=forms.DraftData),
    Entry(E.MARK_WITHDRAWN, drafts.OfMark, _DRAFT, announced=forms.DraftData),
    Entry(E.MARK_OVERTAKEN, drafts.OfMark, _DRAFT, announced=forms.DraftData),
    Entry(
        E.MARK_DISPUTED,
        drafts.OfMark,
        _DRAFT,
        told=(Told(K.SUGGESTION_ANSWERED, Named("marked_by")),),
        announced=forms.DraftData,
    ),
    Entry(
        E.MARK_UPHELD, drafts.OfMark, _DRAFT, told=(Told(K.COMMENTED, _AUTHORS),), announced=forms.DraftData
    ),
    # Whoever may see the draft sees it on the timeline; an archive outside can ask to be told.
    Entry(
        E.EVIDENCE_EXPORTED,
        drafts.EvidenceExported,
        _DRAFT,
        announced=forms.EvidenceData,
        verifier="exported",
        sentence=say.exported,
    ),
)

_COMMENTED = (Told(K.COMMENTED, Named("told")), Told(K.MENTIONED, Named("called")))
_ANSWERED = (Told(K.SUGGESTION_ANSWERED, Named("told")), Told(K.MENTIONED, Named("called")))


def _thread(event: Event, told: tuple[Told, ...] = _COMMENTED) -> Entry:
    return Entry(
        event,
        annotations.OfThread,
        _DRAFT,
        told=told,
        announced=forms.DraftData,
        sentence=say.of_thread(event),
    )


_ANNOTATIONS = (
    _thread(E.COMMENT_MADE),
    _thread(E.COMMENT_REPLIED),
    _thread(E.COMMENT_RESOLVED),
    _thread(E.COMMENT_REOPENED),
    _thread(E.SUGGESTION_MADE),
    _thread(E.SUGGESTION_DISPUTED, _ANSWERED),
    Entry(
        E.SUGGESTIONS_ACCEPTED,
        annotations.SuggestionsAccepted,
        _DRAFT,
        told=(Told(K.SUGGESTION_ANSWERED, Named("makers")),),
        announced=forms.DraftData,
        sentence=say.suggestions_accepted,
    ),
)

_CASES = (
    _step(E.DRAFT_SUBMITTED, cases.Submitted, verifier="new_text", sentence="{who} 提交审校"),
    _step(E.DRAFT_RECALLED, cases.Step),
    _step(E.CASE_OPENED, cases.CaseOpened, verifier="opened", sentence="{event}"),
    Entry(E.CASE_ROUTED, cases.CaseRouted, _DRAFT, sentence=say.routed),
    _step(E.CASE_MIGRATED, cases.CaseMigrated, verifier="migrated", sentence=say.migrated),
    _step(
        E.CASE_BLOCKED,
        cases.CaseBlocked,
        Told(K.BLOCKED, _AUTHORS),
        sentence="规则检查发现阻断项，稿件退回作者处理",
    ),
    _step(
        E.CASE_STAGE_OPENED,
        cases.StageOpened,
        Told(K.STAGE_OPENED, R.AT_STAGE),
        within=True,
        sentence="{place}开始",
    ),
    _step(E.CASE_STAGE_VOIDED, cases.StageVoided, verifier="voided", within=True, sentence=say.voided),
    _step(
        E.CASE_STAGE_KEPT,
        cases.StageKept,
        verifier="kept",
        within=True,
        sentence="{place}的结论保留（仅校对改动）",
    ),
    _step(E.CASE_STAGE_SKIPPED, cases.StageSkipped, within=True, sentence="{place}不适用，跳过"),
    Entry(
        E.CASE_STAGE_DUE,
        cases.StageCalled,
        _DRAFT,
        told=(Told(K.STAGE_DUE, R.AT_WORK_AT_STAGE),),
        announced=forms.StageData,
        sentence="{place}今日到期，已提醒",
    ),
    Entry(
        E.CASE_STAGE_LATE,
        cases.StageCalled,
        _DRAFT,
        told=(Told(K.STAGE_LATE, R.AT_WORK_AT_STAGE, Named("told")),),
        announced=forms.StageData,
        sentence="{place}已逾期，已通知经办人",
    ),
    Entry(
        E.CASE_STAGE_ESCALATED,
        cases.StageCalled,
        _DRAFT,
        told=(Told(K.STAGE_ESCALATED, Named("told")),),
        announced=forms.StageData,
        sentence=say.escalated,
    ),
    Entry(
        E.CASE_STAGE_STRANDED,
        cases.StageStranded,
        _DRAFT,
        told=(Told(K.STAGE_STRANDED, _AUTHORS, Named("told")),),
        sentence="{place}现在没有人可以办理，已告知作者和责任链",
    ),
    _step(
        E.CASE_STAGE_OVERRIDDEN,
        cases.StageOverridden,
        verifier="overridden",
        sentence="{who} 特批越过{place}",
    ),
    _step(E.CASE_TAKEN_BACK, cases.TakenBack, verifier="taken_back", sentence="{who} 拿回{place}的意见"),
    _step(E.CASE_CLAIMED, cases.AtStage),
    _step(E.CASE_UNCLAIMED, cases.AtStage, Told(K.STAGE_OPENED, R.AT_STAGE)),
    _step(
        E.CASE_HANDED_OVER,
        cases.HandedOver,
        Told(K.HANDED_OVER, Named("to")),
        sentence="{who} 把{place}转办给{to}",
    ),
    _step(E.CASE_REVIEWER_ADDED, cases.ReviewerAdded, verifier="added", sentence=say.reviewer_added),
    _step(E.CASE_RECUSED, cases.Freed, Told(K.STAGE_OPENED, R.AT_FREED_STAGES), sentence="{who} 回避本稿"),
    _step(
        E.CASE_FREED,
        cases.Freed,
        Told(K.STAGE_OPENED, R.AT_FREED_STAGES),
        sentence="{person}不再办理本稿，所认领的环节已放开",
    ),
    _step(
        E.CASE_REMINDED,
        cases.Reminded,
        Told(K.STAGE_REMINDED, R.AT_WORK_AT_STAGE),
        sentence="{who} 催办{place}",
    ),
    _step(E.CASE_COPIED, cases.CopiedTo, Told(K.COPIED, Named("to")), sentence="{who} 抄送给{to}"),
    _step(E.CASE_CONSULTED, cases.Consulted, Told(K.CONSULTED, Named("to")), sentence=say.consulted),
    _step(
        E.CASE_ADVISED, cases.Advised, Told(K.ADVISED, R.ASKERS), sentence="{who} 对{place}反馈意见（不计票）"
    ),
    _step(E.CASE_HELD, cases.Held, Told(K.HELD, _AUTHORS)),
    _step(E.CASE_ANSWERED, cases.Answered, Told(K.ANSWERED, _AUTHORS, R.AT_OPEN_STAGES)),
    _step(E.CASE_RECONSIDERED, cases.Reconsidered, sentence="阻断项已获豁免，继续审校"),
    _step(E.CASE_EMBARGOED, cases.Embargoed, verifier="embargoed", sentence=say.embargoed),
    _step(
        E.CASE_CLASS_ASKED,
        cases.OfClass,
        Told(K.CLASS_ASKED, R.AT_OPEN_STAGES),
        sentence=say.of_class(E.CASE_CLASS_ASKED),
    ),
    _step(
        E.CASE_CLASS_CHANGED,
        cases.OfClass,
        Told(K.CLASS_CHANGED, _AUTHORS),
        sentence=say.of_class(E.CASE_CLASS_CHANGED),
    ),
    _step(E.CASE_CLASS_KEPT, cases.OfClass, sentence=say.of_class(E.CASE_CLASS_KEPT)),
    _step(E.CASE_CLEARED, cases.Step, Told(K.CLEARED, _AUTHORS), sentence="全部环节完成"),
    _step(
        E.DECISION_APPROVED,
        cases.Approved,
        verifier="approved",
        decides=Verdict.APPROVED,
        sentence=say.approved,
    ),
    _step(
        E.DECISION_OPPOSED,
        cases.Approved,
        verifier="voted_otherwise",
        decides=Verdict.OPPOSED,
        sentence="{who} {place}不同意",
    ),
    _step(
        E.DECISION_ABSTAINED,
        cases.Approved,
        verifier="voted_otherwise",
        decides=Verdict.ABSTAINED,
        sentence="{who} {place}弃权",
    ),
    _step(
        E.CASE_VOTE_CLOSED,
        cases.VoteClosed,
        Told(K.RETURNED, R.AUTHORS_IF_THEIRS),
        verifier="vote_closed",
        sentence=say.vote_closed,
    ),
    # 退回: the author, where it comes to them, and the previous signer; nobody else.
    _step(
        E.DECISION_SENT_BACK,
        cases.SentBack,
        Told(K.RETURNED, R.AUTHORS_IF_THEIRS),
        Told(K.SIGNED_BUT_RETURNED, R.PREVIOUS_SIGNERS),
        decides=Verdict.SENT_BACK,
        sentence=say.sent_back,
    ),
    _step(E.DECISION_DECLINED, cases.Decided, Told(K.DECLINED, _AUTHORS), decides=Verdict.DECLINED),
    Entry(E.DECISION_REFUSED, cases.DecisionRefused, _DRAFT, refused=True, sentence=say.refused),
    _step(E.PROOF_LAID_OUT, cases.ProofLaidOut, verifier="laid_out", sentence="{place}校样排出"),
    _step(E.PROOF_FAILED, cases.ProofFailed, Told(K.RETURNED, _AUTHORS), sentence=say.proof_failed),
    _step(E.MARKS_CARRIED_OUT, cases.CarriedOut, verifier="new_text"),
    _step(
        E.MARKS_CONFIRMED,
        cases.Approved,
        verifier="approved",
        decides=Verdict.APPROVED,
        sentence="{who} {place}通过",
    ),
    _step(
        E.RELEASE_SCHEDULED,
        cases.Scheduled,
        Told(K.SCHEDULED, _AUTHORS),
        verifier="scheduled",
        sentence=say.scheduled,
    ),
    _step(
        E.RELEASE_UNSCHEDULED,
        cases.Unscheduled,
        Told(K.UNSCHEDULED, Named("signed_by"), _AUTHORS),
        verifier="unscheduled",
        sentence=say.unscheduled,
    ),
    _step(
        E.RELEASE_WITHHELD,
        cases.Withheld,
        Told(K.WITHHELD, Named("signed_by"), _AUTHORS),
        verifier="withheld",
        sentence=say.withheld,
    ),
    Entry(E.LINK_MADE, cases.LinkMade, _DRAFT),
    Entry(E.LINK_SENT, cases.LinkSent, _DRAFT),
    Entry(E.LINK_USED, cases.LinkUsed, _DRAFT),
    Entry(E.LINK_REFUSED, cases.LinkRefused, _DRAFT, refused=True),
    Entry(E.LINK_REVOKED, cases.OfLink, _DRAFT),
)

_DEBT_OWED = (Told(K.DEBT_OWED, R.AT_OPEN_STAGES),)

_PUBLICATION = (
    Entry(
        E.RELEASE_SIGNED,
        publication.ReleaseSigned,
        _DRAFT,
        announced=forms.SignedData,
        verifier="signed",
        sentence="{who} 签发{channel}",
    ),
    Entry(
        E.RELEASE_REFUSED,
        publication.ReleaseRefused,
        _DRAFT,
        refused=True,
        sentence="{who} 对{channel}的签发未被接受",
    ),
    Entry(
        E.RELEASE_URGENT,
        publication.ReleaseUrgent,
        _DRAFT,
        told=_DEBT_OWED,
        announced=forms.UrgentData,
        verifier="urgent",
    ),
    Entry(E.RELEASE_PUSHED, publication.Pushed, _DRAFT, sentence="{who} 开始推送到{channel}"),
    Entry(E.RELEASE_PUSH_FAILED, publication.PushEnded, _DRAFT, sentence="推送到{channel}未成功"),
    Entry(E.RELEASE_LAID_IN, publication.PushEnded, _DRAFT, sentence="内容已在{channel}备好，待人工发布"),
    Entry(E.RELEASE_SEEN_OUT, publication.PushEnded, _DRAFT, sentence="{who} 回报{channel}已发布"),
    Entry(E.DEBT_SETTLED, publication.OfDebts, _DRAFT, verifier="settled"),
    Entry(E.DEBT_OVERDUE, publication.OfDebts, _DRAFT, told=_DEBT_OWED),
    Entry(E.CLEARANCE_GIVEN, publication.Clearance, _DRAFT, sentence="{who} 获准发布到{place}"),
    Entry(
        E.CLEARANCE_REFUSED,
        publication.Clearance,
        (Stream.DRAFT, Stream.TOOL),
        refused=True,
        sentence="{who} 请求发布到{place}，未获准许",
    ),
    Entry(
        E.PUBLICATION_PUBLISHED,
        publication.Published,
        _DRAFT,
        told=(Told(K.PUBLISHED, _AUTHORS),),
        announced=forms.PublicationData,
        verifier="published",
        sentence="{who} 报告已在{place}发布",
    ),
    Entry(
        E.PUBLICATION_REFUSED,
        publication.PublicationRefused,
        (Stream.DRAFT, Stream.TOOL),
        refused=True,
        sentence="{who} 报告的发布未被接受",
    ),
    Entry(
        E.REMEDY_OPENED,
        orders.RemedyOpened,
        _DRAFT,
        told=(Told(K.REMEDY_OPENED, _AUTHORS, R.PUBLISHERS),),
        announced=forms.RemedyData,
        verifier="remedy_opened",
        sentence=say.remedy_opened,
    ),
    Entry(E.REMEDY_BEGUN, orders.RemedyBegun, _DRAFT, verifier="remedy_begun", sentence=say.remedy_begun),
    Entry(E.REMEDY_DROPPED, orders.RemedyDropped, _DRAFT, sentence=say.remedy_dropped),
    Entry(
        E.PUBLICATION_CORRECTED,
        orders.PublicationCorrected,
        _DRAFT,
        told=(Told(K.CORRECTED, _AUTHORS, R.PUBLISHERS),),
        announced=forms.CorrectedData,
        verifier="ordered",
        sentence="{who} 签发{channel}的更正，已通知阵地替换",
    ),
    Entry(
        E.PUBLICATION_RETRACTED,
        orders.PublicationRetracted,
        _DRAFT,
        told=(Told(K.RETRACTED, _AUTHORS, R.PUBLISHERS),),
        announced=forms.RetractedData,
        first=True,
        verifier="ordered",
        sentence="{who} 签发{channel}的撤稿，已通知阵地撤下",
    ),
    Entry(
        E.PUBLICATION_UNPUBLISHED,
        orders.PublicationUnpublished,
        _DRAFT,
        told=(Told(K.UNPUBLISHED, _AUTHORS, R.PUBLISHERS),),
        announced=forms.OrderData,
        verifier="ordered",
        sentence="{channel}的发布期限已到，已通知阵地下架",
    ),
    Entry(
        E.PUBLICATION_CONFIRMED,
        orders.OrderConfirmed,
        _DRAFT,
        announced=forms.ConfirmedData,
        verifier="confirmed",
        sentence=say.confirmed,
    ),
    Entry(
        E.PUBLICATION_OVERDUE,
        orders.OrderOverdue,
        _DRAFT,
        told=(Told(K.ORDER_OVERDUE, _AUTHORS, R.PUBLISHERS, Named("told")),),
        announced=forms.OverdueData,
        sentence=say.overdue,
    ),
    Entry(E.PUBLICATION_END_SET, orders.EndSet, _DRAFT, sentence=say.end_set),
    Entry(E.PUBLICATION_FOUND, publication.FoundOnline, _DRAFT, sentence=say.found_online),
    Entry(E.PUBLICATION_CONFIRMATION_REFUSED, orders.ConfirmationRefused, (Stream.TOOL,), refused=True),
)

_POLICIES = (
    Entry(E.POLICY_PROPOSED, policies.PolicyProposed, (Stream.POLICY,)),
    Entry(E.POLICY_ACTIVATION_ASKED, policies.ActivationAsked, (Stream.POLICY,)),
    Entry(E.POLICY_ACTIVATION_REFUSED, policies.ActivationRefused, (Stream.POLICY,)),
    Entry(
        E.POLICY_ACTIVATED,
        policies.PolicyActivated,
        (Stream.POLICY,),
        announced=forms.PolicyData,
        subject="policy",
    ),
    Entry(E.POLICY_BACK_TESTED, policies.BackTested, (Stream.POLICY,)),
    Entry(E.WORKFLOW_ACTIVATED, policies.WorkflowActivated, _WORKFLOW),
    Entry(E.WORKFLOW_RISK_ASKED, policies.OfRisk, _WORKFLOW),
    Entry(E.WORKFLOW_RISK_ACCEPTED, policies.OfRisk, _WORKFLOW),
    Entry(E.WORKFLOW_RISK_DECLINED, policies.OfRisk, _WORKFLOW),
    Entry(E.WORKFLOW_MIGRATION_ASKED, policies.OfMigration, _WORKFLOW),
    Entry(E.WORKFLOW_MIGRATION_GRANTED, policies.OfMigration, _WORKFLOW),
    Entry(E.WORKFLOW_MIGRATION_DECLINED, policies.OfMigration, _WORKFLOW),
)

_MACHINES = (
    Entry(E.WEBHOOK_ENDPOINT_CREATED, machines.EndpointCreated, _WEBHOOK),
    Entry(E.WEBHOOK_ENDPOINT_DISABLED, machines.EndpointDisabled, _WEBHOOK),
    Entry(E.WEBHOOK_ENDPOINT_CHANGED, machines.EndpointChanged, _WEBHOOK),
    Entry(E.WEBHOOK_REPLAYED, machines.Replayed, _WEBHOOK),
    Entry(E.WEBHOOK_DELIVERED, machines.Delivery, _WEBHOOK),
    Entry(E.WEBHOOK_FAILED, machines.Delivery, _WEBHOOK),
    Entry(E.ROBOT_CREATED, machines.RobotCreated, (Stream.ROBOT,)),
    Entry(E.ROBOT_DISABLED, machines.RobotDisabled, (Stream.ROBOT,)),
    Entry(E.TOOL_CREATED, machines.ToolCreated, (Stream.TOOL,)),
    Entry(E.TOOL_CHANGED, machines.ToolChanged, (Stream.TOOL,)),
    Entry(E.TOOL_SECRET_ADDED, machines.SecretAdded, (Stream.TOOL,)),
    Entry(
        E.TOOL_KEY_MADE, machines.KeyMade, (Stream.TOOL,), account=Account("key_acts_for", {"tool": "name"})
    ),
    Entry(E.TOOL_KEY_ENDED, machines.KeyEnded, (Stream.TOOL,)),
    Entry(E.JOB_RETRIED, machines.JobRetried, (Stream.JOBS,)),
)

#: The record's own: written by the record itself, below everything that emits.
_RECORD = (
    Entry(E.RECORD_BEGUN, machines.RecordBegun, (Stream.RECORD,)),
    Entry(E.RECORD_SEALED, machines.RecordSealed, (Stream.RECORD,)),
    Entry(E.RECORD_ERASED, machines.RecordErased, tuple(Stream), verifier="erased"),
    Entry(E.RECORD_CHECKPOINTED, None, ()),
)

_ALL = (*_ACCOUNTS, *_DRAFTS, *_ANNOTATIONS, *_CASES, *_PUBLICATION, *_POLICIES, *_MACHINES, *_RECORD)
CATALOGUE: Mapping[Event, Entry] = {entry.event: entry for entry in _ALL}
assert len(CATALOGUE) == len(_ALL), "an event stands in the catalogue twice"

#: Every event that is told outside, with the form of its message.
ANNOUNCED: Mapping[Event, type[BaseModel]] = {
    entry.event: entry.announced for entry in _ALL if entry.announced is not None
}

#: Action → fields of its data that name content by its SHA-256 → the tables where it may lie.
NAMED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    str(entry.event): entry.content for entry in _ALL if entry.content
}
