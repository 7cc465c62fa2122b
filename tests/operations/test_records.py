"""What a verb cannot understand in a journal is an error in words; what a step became is recorded, or said to be lost."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faults import FailingJournal
from scenes import VOLUMES, one, plan_of, put

from model_manager.base.paths import OwnPaths
from model_manager.operations import Disk
from model_manager.operations.journal import Journal, JournalFailed, Log
from model_manager.operations.plan import Step
from model_manager.operations.records import tell, understood
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Site


def begun(own: OwnPaths, tmp_path: Path, journal: Journal | None = None) -> tuple[Log, Step]:
    """The open journal of a plan of one step, which noted where it went."""
    step = one("move", put(tmp_path / "m/a", b"x"), tmp_path / "m/b")
    plan = plan_of(step)
    journal = journal or Journal(str(own.journal))
    journal.create(plan)
    return journal.open(plan.id), step


def test_a_verb_gets_what_it_noted(tmp_path: Path, own: OwnPaths) -> None:
    log, step = begun(own, tmp_path)
    log.add("note", 1, {"to": "/n/a"})
    site = Site(Disk(), VOLUMES, "op")
    assert understood(lambda at, which, facts: (at is site, which.n, facts["to"]), site, step, log) == (True, 1, "/n/a")
    log.close()


def raising(error: Exception) -> Callable[..., Any]:
    def act(*_: object) -> None:
        raise error

    return act


@pytest.mark.logs
@pytest.mark.parametrize("error", [KeyError("to"), TypeError("x"), ValueError("x"), AttributeError("x")])
def test_what_it_cannot_understand_is_said_and_kept_in_the_log(
    error: Exception, tmp_path: Path, own: OwnPaths, caplog: pytest.LogCaptureFixture
) -> None:
    log, step = begun(own, tmp_path)
    with pytest.raises(OSError, match="its journal cannot be understood") as told:
        understood(raising(error), Site(Disk(), VOLUMES, "op"), step, log)
    assert told.value.errno == errno.EINVAL
    assert f"move of {log.story.plan.id}" in caplog.text and type(error).__name__ in caplog.text
    log.close()


@pytest.mark.parametrize("error", [Refused("it stays"), OSError(errno.EIO, "broken")])
def test_refusals_and_the_disks_errors_are_told_as_they_are(error: Exception, tmp_path: Path, own: OwnPaths) -> None:
    log, step = begun(own, tmp_path)
    with pytest.raises(type(error)) as told:
        understood(raising(error), Site(Disk(), VOLUMES, "op"), step, log)
    assert told.value is error
    log.close()


def test_what_became_of_a_step_is_read_again(tmp_path: Path, own: OwnPaths) -> None:
    log, step = begun(own, tmp_path)
    tell(log, "refused", step, "it is in use")
    log.close()
    (state,) = Journal(str(own.journal)).read(log.story.plan.id).operation().steps
    assert (state.state, state.problem) == ("refused", "it is in use")


@pytest.mark.parametrize("must", [False, True])
def test_a_journal_that_fails_stops_the_work_or_is_followed_in_memory(
    must: bool, tmp_path: Path, own: OwnPaths
) -> None:
    """What goes back goes back all the same; only then is nothing more written."""
    log, step = begun(own, tmp_path, FailingJournal(str(own.journal), 2, errno.ENOSPC))
    if must:
        tell(log, "refused", step, "half of it", must)
        assert log.story.operation().steps[0].problem == "half of it"
    else:
        with pytest.raises(JournalFailed):
            tell(log, "refused", step, "half of it")
        assert log.story.operation().steps[0].problem == ""
    log.close()
    (state,) = Journal(str(own.journal)).read(log.story.plan.id).operation().steps
    assert state.problem == "", "nothing of it was written"
