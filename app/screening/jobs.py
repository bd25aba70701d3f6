"""What is done about the negative list behind the scenes."""

import json
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

import structlog

from app.domain.vocabulary import BackTestState
from app.identity.queries import Actor, user_actor
from app.infra.clock import beijing
from app.infra.errors import AppError, Conflict, NotFound
from app.infra.http.problems import PROBLEMS
from app.jobs.kinds import JobKind
from app.jobs.registry import JobContext, LeaseLost, handles
from app.negative_list.quality.backtest import Backtest, Progress, backtest
from app.policies import service as policies
from app.policies.models import BackTest
from app.screening.backtests import service as backtests
from app.screening.backtests import sums as back_test_sums

#: Drafts between two saves of what was gathered: a worker that dies loses no more than these.
PIECE = 5000
#: Seconds between two saves of how far it is.
_TELL_EVERY = 1.0
_TRIES = 4

log = structlog.get_logger()


@handles(JobKind.BACK_TEST, tries=_TRIES)
def back_test(context: JobContext) -> None:
    """Run a back-test from where it stands to its end; one that is over is left alone."""
    test_id, at = UUID(context.payload["back_test"]), context.runtime.clock()
    try:
        _run(context, test_id)
    except LeaseLost:
        raise
    except (NotFound, Conflict) as error:
        _give_up(context, test_id, PROBLEMS[error.code][0], at)
    except AppError:
        raise
    except Exception as error:
        if context.attempt < _TRIES:
            raise
        log.exception("back_test.failed", back_test=str(test_id))
        _give_up(context, test_id, f"内部错误：{type(error).__name__}", at)


def _run(context: JobContext, test_id: UUID) -> None:
    runtime = context.runtime
    with runtime.database.read() as session:
        test = session.get_one(BackTest, test_id)
        actor = user_actor(session, test.asked_by)
        if test.state in {BackTestState.DONE, BackTestState.FAILED}:
            return
        if actor is None:
            raise NotFound("not_found")
        total, a_month = backtests.size(session, test, actor)
        waived = backtests.waived(session)
    _save(context, test_id, state=BackTestState.RUNNING, total=total)
    base, candidate = (policies.loaded(runtime, version) for version in (test.base, test.candidate))
    sums: dict[str, Any] | None = json.loads(test.partial) if test.partial else None
    # What was told of a piece that was not finished does not count.
    test.done = sums["items"] if sums else 0
    while True:
        reader = _Reader(context, test, actor)
        piece: Backtest = backtest(
            base,
            candidate,
            backtests.items(runtime.database, test, actor, at_most=PIECE, seen=reader.saw),
            on=beijing(test.asked_at).date(),
            key=runtime.secret,
            waived=waived,
            samples=back_test_sums.SAMPLES,
            progress=reader.tell,
        )
        sums = back_test_sums.added(sums, json.loads(json.dumps(piece.as_json())))
        if piece.items < PIECE:
            break
        test = _save(
            context, test_id, done=test.done + piece.items, cursor=reader.last, partial=json.dumps(sums)
        )
    with runtime.database.write() as session:
        context.guard(session)
        row = session.get_one(BackTest, test_id)
        row.done = row.total = sums["items"]
        report = back_test_sums.finished(sums, items_a_month=a_month)
        backtests.finish(session, row, report, actor=actor, at=runtime.clock())


class _Reader:
    """Knows how far a piece is, and tells the page at most once a second."""

    def __init__(self, context: JobContext, test: BackTest, actor: Actor) -> None:
        self._context, self._test, self._actor = context, test, actor
        self._told = monotonic()
        self.last: UUID | None = test.cursor

    def saw(self, draft_id: UUID) -> None:
        """Remember the draft that is read now."""
        self.last = draft_id

    def tell(self, progress: Progress) -> None:
        """Save how many drafts are done. Raises `LeaseLost` when another worker has taken over."""
        if monotonic() - self._told >= _TELL_EVERY:
            self._told = monotonic()
            _save(self._context, self._test.id, done=self._test.done + progress.items)


def _save(context: JobContext, test_id: UUID, **values: Any) -> BackTest:  # noqa: ANN401 – columns of BackTest
    with context.runtime.database.write() as session:
        context.guard(session)
        test = session.get_one(BackTest, test_id)
        for name, value in values.items():
            setattr(test, name, value)
        session.add(test)
        session.flush()
        return test


def _give_up(context: JobContext, test_id: UUID, error: str, at: datetime) -> None:
    with context.runtime.database.write() as session:
        context.guard(session)
        backtests.fail(session, session.get_one(BackTest, test_id), error, at=at)
