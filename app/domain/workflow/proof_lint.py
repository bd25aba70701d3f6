"""Stages and the laid-out proof: what is asked of one that none is shown at."""

from collections.abc import Iterator
from typing import Any

from app.domain.vocabulary import StageKind, Subject
from app.domain.workflow.definition import Stage


def faults_of(stage: Stage) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield key, code and data of what is wrong with a stage and the proof that it does or does not read."""
    if stage.acts_on is Subject.PROOF:
        if stage.per != "channel":
            yield "per", "proof_without_channel", {}
        return
    if StageKind.CONFIRM_MARKS in stage.kinds:
        yield "subject", "no_proof_to_confirm", {}
    if stage.shows_findings:
        yield "shows_findings", "no_proof_to_show_on", {}
