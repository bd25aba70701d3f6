"""A load of the demo that is killed again and again ends like one that never was."""

from collections import Counter
from collections.abc import Collection

import pytest
from sqlmodel import select

from app.audit import verification
from app.audit.models import AuditEvent
from app.demo import case_driver, load
from app.drafts.models import Draft
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.jobs.models import Job, JobState
from app.proofs.models import ProofMark
from app.publication.models import Publication, Release
from app.reviews.models import Decision, ReviewCase

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
#: Ways through the demo that between them take every step that there is.
ENDS = ("published", "marks", "held", "declined", "recalled", "second_review")


class Killed(BaseException):
    """The process is gone; what was committed is there."""


def figures(database: Database) -> dict[str, Counter[object]]:
    with database.read() as session:
        assert verification.verify(session).faults == ()
        return {
            "drafts": Counter(session.exec(select(Draft.title, Draft.state)).all()),
            "cases": Counter(session.exec(select(ReviewCase.state)).all()),
            "decisions": Counter(session.exec(select(Decision.stage, Decision.verdict)).all()),
            "marks": Counter(session.exec(select(ProofMark.state)).all()),
            "releases": Counter(session.exec(select(Release.channel)).all()),
            "publications": Counter(session.exec(select(Publication.channel)).all()),
            "events": Counter(session.exec(select(AuditEvent.action)).all()),
        }


@ON_SQLITE
def test_a_killed_load_is_taken_up_at_every_step(database: Database, runtime: Runtime) -> None:
    entries = [next(one for one in load.texts("drafts.yaml") if one["until"] == end) for end in ENDS]
    load.load(runtime, drafts=False, progress=lambda _: None)
    with database.write() as session:
        people = load._found(session)
    kills = left = 0

    def kill(_promised: Collection[str]) -> None:
        nonlocal kills, left
        left -= 1
        if left > 0:
            return
        with database.read() as session:
            # A job that is held comes back when its lease ends; here the clock stands still.
            if session.exec(select(Job.id).where(Job.state == JobState.RUNNING)).first() is None:
                kills += 1
                raise Killed

    database.after_commit.append(kill)
    for entry in entries:
        for attempt in range(1, 200):
            left = attempt  # each gets one commit further than the one before
            try:
                case_driver.to(runtime, people.actors, entry)
            except Killed:
                continue
            break
        else:
            pytest.fail(f"{entry['until']} never ends")
    database.after_commit.remove(kill)
    killed = figures(database)
    for entry in entries:  # once more changes nothing
        case_driver.to(runtime, people.actors, entry)

    assert figures(database) == killed
    assert kills > 40
    assert set(killed["drafts"].values()) == {1}
    assert killed["cases"] == Counter(["cleared", "running", "held", "declined", "recalled", "running"])
    assert killed["marks"] == Counter(["open"])
    lines = len(next(one for one in entries if one["until"] == "published")["targets"])
    assert (killed["releases"].total(), killed["publications"].total()) == (lines, lines)
    assert {count for (_, verdict), count in killed["decisions"].items() if verdict == "declined"} == {1}
    # Each stage of each draft was decided once: six drafts, those that got there.
    assert killed["decisions"]["initial_review", "approved"] == 6
