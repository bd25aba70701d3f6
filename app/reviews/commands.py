"""The one way in for what somebody does to a case: the form of a page and the body of a request alike."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.domain.workflow import Command, commands
from app.identity.queries import Actor
from app.infra.runtime import Runtime
from app.reviews import classing, scheduling, service
from app.reviews.apply import Step
from app.reviews.cases import Loaded, load
from app.reviews.collaboration import service as collaboration

_HANDLERS: Mapping[type[Command], Callable[[Step, Any], None]] = {
    commands.Approve: service.decide,
    commands.Oppose: service.decide,
    commands.Abstain: service.decide,
    commands.SendBack: service.decide,
    commands.Decline: service.decide,
    commands.Hold: service.at_stage,
    commands.Claim: service.at_stage,
    commands.Unclaim: service.at_stage,
    commands.AnswerHold: service.answer,
    commands.Recall: service.in_own_place,
    commands.Recuse: service.in_own_place,
    commands.Remind: service.in_own_place,
    commands.TakeBack: collaboration.take_back,
    commands.Override: collaboration.override,
    commands.HandOver: collaboration.hand_over,
    commands.AskOpinion: collaboration.ask_opinion,
    commands.GiveOpinion: collaboration.give_opinion,
    commands.AddReviewer: collaboration.add_reviewer,
    commands.Copy: collaboration.copy,
    commands.Unschedule: scheduling.unschedule,
    commands.Embargo: scheduling.embargo,
    commands.Reclass: classing.reclass,
}


def perform(
    session: Session,
    case_id: UUID,
    command: Command,
    *,
    actor: Actor,
    runtime: Runtime,
    at: datetime,
    on_behalf_of: UUID | None = None,
) -> Loaded:
    """Do what a command says to a case that the actor may see; return the case as it stands then.

    `on_behalf_of` is for whom they act, `None` to act in their own place where they have one. Raises
    `NotFound`, and `Forbidden`, `Conflict` or `Invalid` with every reason.
    """
    loaded = load(session, case_id, actor)
    _HANDLERS[type(command)](Step(session, loaded, actor, runtime, at, on_behalf_of), command)
    return loaded
