"""One scan at a time, in one process and across processes: who waits, who goes first, what is done for others, what is said."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, write

from model_manager.actions import listing, roots, scanning
from model_manager.actions.scanning import ScansElsewhere
from model_manager.app import App, build
from model_manager.base.events import ScanFinished
from model_manager.jobs import Cancelled, Progress
from model_manager.library.scan.turns import Turn


@pytest.fixture
def folder(app: App, home: Path) -> int:
    """A watched folder with one model that no scan has seen."""
    write(home / "mine/one.gguf", gguf_bytes(seed=1))
    (root,) = roots.add(app, str(home / "mine")).look or ()
    return root


@pytest.fixture
def elsewhere(app: App) -> Iterator[Turn]:
    """Another process that scans, until it drops its turn."""
    other = Turn(str(app.paths.data))
    assert other.taken()
    yield other
    if other._number is not None:
        other.drop()


def names(app: App) -> list[str]:
    return sorted(row.name for row in listing.rows(app))


def test_a_scan_waits_for_one_of_another_process_and_says_so(app: App, folder: int, elsewhere: Turn) -> None:
    phases: list[str] = []
    progress = Progress(lambda progress: phases.append(progress.phase))
    thread = threading.Thread(target=lambda: scanning.scan(app, progress))
    thread.start()
    while "Waiting for another scan to end" not in phases:
        time.sleep(0.01)
    assert scanning.waits(app) and names(app) == [], "nothing is written while the other one scans"
    elsewhere.drop()
    thread.join(60)
    assert names(app) == ["one"]


def test_a_scan_that_waits_can_be_stopped(app: App, folder: int, elsewhere: Turn) -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        scanning.scan(app, progress)


def test_a_killed_process_is_not_waited_for(app: App, folder: int) -> None:
    code = ("import sys, time; from model_manager.library.scan.turns import Turn; turn = Turn(sys.argv[1]);"
            "print(turn.taken(), flush=True); time.sleep(600)")  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", code, str(app.paths.data)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout and other.stdout.readline() == "True\n"
        with pytest.raises(ScansElsewhere):
            scanning.look(app, [folder], Progress(), patience=0.1)
        other.kill()
        other.wait()
        assert scanning.scan(app, Progress()).models == 1


def test_who_cannot_wait_leaves_word_and_the_next_scan_looks(
    app: App, folder: int, home: Path, elsewhere: Turn
) -> None:
    with pytest.raises(ScansElsewhere) as refused:
        scanning.look(app, [folder], Progress(), patience=0.1)
    assert "another Model Manager is scanning" in str(refused.value) and names(app) == []
    assert set(app.scans.left.every().values()) == {frozenset({folder})}
    elsewhere.drop()
    other = build(str(app.paths.data))
    try:
        scanning.look(other, [folder + 1], Progress())
        assert app.scans.left.every(), "a look at other folders is no answer to that"
        scanning.scan(other, Progress())
    finally:
        other.close()
    assert app.scans.left.every() == {} and names(app) == ["one"]


def test_a_scan_looks_at_its_end_for_who_could_not_wait(app: App, folder: int, home: Path) -> None:
    """What comes after the folder was read, while the scan is still at work, is seen before it lets go of the turn."""
    scanner, met = app.scanner, []

    def slow(notify: Any = lambda event: None) -> Any:
        made = scanner(notify)
        run = made.run

        def then(*rest: Any, **more: Any) -> Any:
            report = run(*rest, **more)
            met.append(1)
            if len(met) == 1:
                write(home / "mine/two.gguf", gguf_bytes(seed=2))
                app.scans.left.leave([folder])
            return report

        made.run = then
        return made

    app.scanner = slow  # type: ignore[method-assign]
    scanning.scan(app, Progress())
    assert names(app) == ["one", "two"] and app.scans.left.every() == {}


class Halted:
    """A whole scan that stands still at its first step of a folder, until it is let go."""

    def __init__(self, app: App) -> None:
        self.at_work, self.go_on = threading.Event(), threading.Event()
        self.told: list[object] = []
        self.report: list[Any] = []
        outer = self

        class Slow(Progress):
            def step(self, done: int | None = None, total: int | None = None, phase: str | None = None) -> None:
                super().step(done, total, phase)
                if (phase or "").startswith("Reading"):
                    outer.at_work.set()
                    outer.go_on.wait(60)

        work = lambda: self.report.append(scanning.scan(app, Slow(), self.told.append))  # noqa: E731
        self.thread = threading.Thread(target=work)
        self.thread.start()
        assert self.at_work.wait(60)


def test_a_look_goes_before_a_scan_which_goes_on_afterwards(app: App, folder: int, home: Path) -> None:
    halted = Halted(app)
    order: list[str] = []
    look = threading.Thread(
        target=lambda: (scanning.look(app, [folder], Progress()), order.append(str(len(halted.report))))
    )
    look.start()
    while not app.scans.is_asked():
        time.sleep(0.01)
    halted.go_on.set()
    look.join(60)
    halted.thread.join(60)
    assert order == ["0"], "the look had not to wait for the scan's end"
    (report,) = halted.report
    assert report.models == 1 and not report.cancelled
    ends = [event for event in halted.told if isinstance(event, ScanFinished)]
    assert [end.cancelled for end in ends] == [False], "its end is told once"


def test_looks_that_wait_become_one(app: App, folder: int, home: Path) -> None:
    halted = Halted(app)
    ran: list[object] = []
    scanner = app.scanner

    def counted(notify: Any = lambda event: None) -> Any:
        ran.append(notify)
        return scanner(notify)

    app.scanner = counted  # type: ignore[method-assign]
    looks = [threading.Thread(target=scanning.look, args=(app, [folder], Progress())) for _one in range(3)]
    for look in looks:
        look.start()
    while len(app.scans._asked) < 3:
        time.sleep(0.01)
    halted.go_on.set()
    for thread in (*looks, halted.thread):
        thread.join(60)
    assert len(ran) == 2, "one look, and the scan that goes on"
    assert names(app) == ["one"] and not app.scans.is_asked()


@pytest.mark.parametrize("met_by", ["scan", "look"])
def test_a_model_that_moved_stays_itself_although_a_look_came_between(app: App, home: Path, met_by: str) -> None:
    """One of them meets it at its new place, the other one finds that it is not at its old one."""
    for name in ("a", "b"):
        (home / name).mkdir()
    (first,) = roots.add(app, str(home / "a")).look or ()
    roots.add(app, str(home / "b"))
    write(home / "b/moves.gguf", gguf_bytes(seed=5))
    scanning.scan(app, Progress())
    (before,) = listing.rows(app)
    shutil.copy2(home / "b/moves.gguf", home / "a/moves.gguf")
    (home / "b/moves.gguf").unlink()

    class Once(Progress):
        """Lets a look in once the first folder has been read."""

        reads = 0

        def step(self, done: int | None = None, total: int | None = None, phase: str | None = None) -> None:
            super().step(done, total, phase)
            if (phase or "").startswith("Reading"):
                self.reads += 1
                if self.reads == (2 if met_by == "scan" else 1):
                    look.start()
                    while not app.scans.is_asked():
                        time.sleep(0.01)

    look = threading.Thread(target=scanning.look, args=(app, [first + (met_by == "scan")], Progress()))
    scanning.scan(app, Once())
    look.join(60)
    assert [row.id for row in listing.rows(app)] == [before.id]


def test_a_folder_of_our_own_that_cannot_be_written_hinders_no_scan(tmp_path: Path) -> None:
    turn = Turn(str(tmp_path / "there is none"))
    assert turn.taken() and not turn.taken(), "this process still asks itself"
    turn.drop()
    assert turn.taken()
