"""What people do with each other at a case, as forms on the draft's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.vocabulary import Verb
from app.identity import queries as identity
from app.identity.absences import service as absences
from app.identity.models import User
from app.reviews.queries import CaseView
from app.web.shell.viewer import Viewer

_AT_STAGE = (
    Verb.ADVISE,
    Verb.CLAIM,
    Verb.UNCLAIM,
    Verb.CONSULT,
    Verb.ADD_REVIEWER,
    Verb.HAND_OVER,
    Verb.REMIND,
    Verb.TAKE_BACK,
    Verb.OVERRIDE,
)
_NAMING = frozenset({Verb.CONSULT, Verb.ADD_REVIEWER, Verb.HAND_OVER, Verb.COPY})


@dataclass(frozen=True, slots=True)
class Place:
    """A stage on one line, and what the viewer may do there with others."""

    key: str
    stage: str
    line: str
    title: str
    digest: str
    may: frozenset[str]


@dataclass(frozen=True, slots=True)
class AskedFor:
    """An opinion that was asked for."""

    stage: str
    asked: str
    by: str
    waits: bool
    answered: bool


@dataclass(frozen=True, slots=True)
class OfClass:
    """The class of the draft by its name, the classes to choose from, and the lighter one that is asked for.

    `may`: whether the viewer may say something to it; empty `classes`: nobody can.
    """

    now: str
    classes: tuple[tuple[str, str], ...]
    wish: str
    wish_by: str
    may: bool


@dataclass(frozen=True, slots=True)
class Together:
    """All of it for one viewer; `people` are `(id, name)` of those who may be named."""

    places: tuple[Place, ...]
    copy: bool
    recuse: bool
    people: tuple[tuple[str, str], ...]
    asked: tuple[AskedFor, ...]
    recused: tuple[str, ...]
    copied: tuple[str, ...]
    of_class: OfClass

    @property
    def is_asked(self) -> bool:
        """Whether an opinion is asked of the viewer, or of somebody who has not given it."""
        return any("advise" in place.may for place in self.places) or any(
            one.waits and not one.answered for one in self.asked
        )


def together(
    session: Session,
    view: CaseView,
    viewer: Viewer,
    channels: Mapping[str, str],
    classes: Mapping[str, str],
    at: datetime,
) -> Together | None:
    """Return what the viewer may do with others at a case; `None` when there is nothing to show.

    `classes` are those that a draft may have, by letter with their names.
    """
    places = []
    for one in view.stages:
        may = frozenset(str(verb) for verb in _AT_STAGE if one.may(verb))
        if may:
            title = f"{channels.get(one.line, one.line)}{one.stage.title}"
            key = f"{one.stage.key}-{one.line}" if one.line else one.stage.key
            digest = (one.run.digest if one.run else None) or ""
            places.append(Place(key, one.stage.key, one.line, title, digest, may))
    may_at_case = {option.verb for option in view.options if option.allowed}
    titles = {stage.stage.key: stage.stage.title for stage in view.stages}
    asked = tuple(
        AskedFor(
            titles.get(consult.stage, consult.stage),
            view.names.get(UUID(consult.asked), ""),
            view.names.get(UUID(consult.by), ""),
            consult.waits,
            consult.answered,
        )
        for consult in view.case.consults
    )
    names = any(verb in place.may for place in places for verb in _NAMING) or Verb.COPY in may_at_case
    found = Together(
        tuple(places),
        Verb.COPY in may_at_case,
        Verb.RECUSE in may_at_case,
        _people(session, view, viewer, at) if names else (),
        asked,
        tuple(sorted(view.names.get(UUID(one), "") for one in view.case.recused)),
        tuple(sorted(view.names.get(UUID(one), "") for one in view.case.copied)),
        _of_class(view, classes, may=Verb.RECLASS in may_at_case),
    )
    told = (found.recused, found.copied, found.of_class.may, found.of_class.wish)
    shown = found.places or found.copy or found.recuse or asked or any(told)
    return found if shown else None


def _of_class(view: CaseView, classes: Mapping[str, str], *, may: bool) -> OfClass:
    grade, wish = view.case.grade, view.case.class_wish
    return OfClass(
        "未定" if grade is None else classes.get(grade, grade),
        tuple(classes.items()),
        "" if wish is None else classes.get(wish.grade or "", wish.grade or ""),
        "" if wish is None else view.names.get(UUID(wish.by), ""),
        may,
    )


def _people(session: Session, view: CaseView, viewer: Viewer, at: datetime) -> tuple[tuple[str, str], ...]:
    """Return the colleagues who may be named; of those who are away, that they are, and their deputy."""
    found = identity.colleagues(session, view.draft.unit_path)
    ids = [one.id for one in found]
    deputies, away = identity.deputies(session, ids, at), absences.away(session, ids, at)

    def named(one: User) -> str:
        if one.id in deputies:
            return f"{one.name}（不在岗，{deputies[one.id]}代）"
        return f"{one.name}（外出）" if one.id in away else one.name

    return tuple((str(one.id), named(one)) for one in found if one.id != viewer.actor.id)
