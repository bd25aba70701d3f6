"""Every kind of job, once: whoever promises one and whoever does it name it from here."""

from enum import StrEnum


class JobKind(StrEnum):
    """The kinds, as they are stored. The feature that the name begins with does the job."""

    CHECKPOINT = "audit.checkpoint"
    #: The newest checkpoint by mail, once a day.
    CHECKPOINT_MAIL = "notifications.checkpoint"
    BACK_TEST = "screening.back_test"
    #: An announcement: fanned out to the endpoints outside. The job is the message, and is kept.
    FAN_OUT = "webhooks.fan_out"
    DELIVER = "webhooks.deliver"
    #: Deletes deliveries that were kept long enough.
    FORGET = "webhooks.forget"
    #: Tells people inside of a step; who is concerned is worked out then.
    NOTIFY = "notifications.tell"
    #: Tells people what others did to their accounts, and where they have an address by mail.
    TELL_ACCOUNT = "notifications.account"
    #: Told by the sweep for late stages, when it meets a year whose holidays nobody has entered.
    ALARM = "notifications.alarm"
    MAIL = "notifications.mail"
    #: A letter to an address that an account no longer has.
    MAIL_AWAY = "notifications.mail_away"
    ROBOT = "notifications.robot"
    RECONSIDER = "reviews.reconsider"
    CALL_LATE = "reviews.late"
    FREE_CLAIMS = "reviews.free_claims"
    LAY_OUT = "proofs.lay_out"
    CALL_DEBTS = "publication.debts"
    #: A review that was owed said no: what is out is corrected or retracted.
    ANSWER_DEBTS = "publication.answer_debts"
    CALL_ORDERS = "publication.orders"
    GO_OUT = "publication.go_out"
    #: Looks for what connected channels are to publish and to take down.
    CONNECT = "connections.look"
    PUSH = "connections.push"
    #: Looks whether what is online is what was signed.
    LOOK_ONLINE = "connections.online"
