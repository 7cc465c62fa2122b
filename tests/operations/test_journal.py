"""The journal when its disk fails, when power was lost, when somebody wrote into it: one bad file hinders no other."""

from __future__ import annotations

import errno
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from faults import FailingJournal
from scenes import left_by_a_kill, one, plan_of, put

from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.base.paths import OwnPaths
from model_manager.operations import Operations, Plan, new_id
from model_manager.operations import journal as journal_module
from model_manager.operations.journal import Journal, JournalFailed


@pytest.fixture
def own(tmp_path: Path) -> OwnPaths:
    return OwnPaths(tmp_path / "own")


def moving(tmp_path: Path, name: str = "a") -> Plan:
    path = put(tmp_path / "m" / name, name.encode())
    return plan_of(one("move", path, tmp_path / "m" / f"{name}.moved"))


def test_an_id_that_is_none_never_becomes_a_file(tmp_path: Path, own: OwnPaths) -> None:
    with pytest.raises(UsageError, match="no id of a plan"):
        Operations(own).store(replace(moving(tmp_path), id="../../outside"))
    assert not own.journal.exists() and not list(tmp_path.glob("outside*"))
    with pytest.raises(UsageError, match="none of this id"):
        Operations(own).get("../../outside")
    with pytest.raises(UsageError, match="see `history`"):
        Operations(own).get(new_id())


def test_before_the_first_change_there_is_no_history(own: OwnPaths) -> None:
    assert Operations(own).history() == ([], []) and Operations(own).recover() == []


def test_one_that_cannot_be_read_is_told_and_hinders_no_other(tmp_path: Path, own: OwnPaths) -> None:
    operations = Operations(own)
    done = operations.apply(moving(tmp_path))
    broken = own.journal / f"{new_id()}.jsonl"
    broken.write_bytes(b"not a journal\n")
    folder = own.journal / f"{new_id()}.jsonl"
    folder.mkdir()
    (own.journal / "notes.jsonl").write_bytes(b"somebody's")
    found, problems = operations.history()
    assert [one.id for one in found] == [done.id]
    assert {problem.path for problem in problems} == {broken.stem, folder.stem}
    assert "does not begin with a plan" in {problem.reason for problem in problems}
    assert operations.apply(moving(tmp_path, "b")).state == "applied"
    assert operations.undo(done.id).state == "undone" and broken.read_bytes() == b"not a journal\n"


def test_a_line_that_somebody_changed_is_believed_no_further(tmp_path: Path, own: OwnPaths) -> None:
    operations = Operations(own)
    done = operations.apply(moving(tmp_path))
    path = own.journal / f"{done.id}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = b"?" * 20 + b"\n"
    path.write_bytes(b"".join(lines))
    damaged = operations.get(done.id)
    assert damaged.state == "stuck" and not damaged.undoable and damaged.damaged.startswith("line 3 ")
    with pytest.raises(ModelManagerError, match="line 3 of its journal cannot be read"):
        operations.undo(done.id)
    assert path.read_bytes() == b"".join(lines) and (tmp_path / "m" / "a.moved").exists()
    assert operations.apply(moving(tmp_path, "b")).state == "applied"


@pytest.mark.parametrize(
    "last", [b'{"record": "en', b"\0" * 300, b"\0" * 300 + b"\n", b'"text"\n', b"[" * 9999 + b"\n"]
)
def test_whatever_a_power_loss_left_in_the_last_line_never_was(last: bytes, tmp_path: Path, own: OwnPaths) -> None:
    """Nor does it become a bad line in the middle when more is written."""
    plan = moving(tmp_path)
    assert Operations(own).apply(plan).state == "applied"
    path = own.journal / f"{plan.id}.jsonl"
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:-1]) + last)
    assert Operations(own).get(plan.id).damaged == ""
    Operations(own).recover()
    assert Operations(own).get(plan.id).state == "applied"
    assert path.read_bytes().splitlines()[:-1] == [line.rstrip() for line in whole[:-1]]
    undone = Operations(own).undo(plan.id)
    assert undone.state == "undone" and (tmp_path / "m" / "a").read_bytes() == b"a"


def test_a_journal_of_nothing_but_a_torn_line(own: OwnPaths) -> None:
    own.journal.mkdir(parents=True)
    (own.journal / f"{new_id()}.jsonl").write_bytes(b"")
    found, problems = Operations(own).history()
    assert found == [] and [problem.reason for problem in problems] == ["does not begin with a plan"]


@pytest.mark.parametrize("at", [1, 2])
def test_a_full_disk_and_then_again(at: int, tmp_path: Path, own: OwnPaths) -> None:
    """What was left of the first try is not in the way of the second."""
    plan = moving(tmp_path)
    with pytest.raises(JournalFailed, match="No space left"):
        Operations(own, journal=FailingJournal(str(own.journal), at, errno.ENOSPC)).apply(plan)
    assert (tmp_path / "m" / "a").exists()
    assert Operations(own).apply(plan).state == "applied"
    assert os.listdir(own.journal) == [f"{plan.id}.jsonl"]


def test_a_folder_that_cannot_be_made(tmp_path: Path, own: OwnPaths) -> None:
    plan = moving(tmp_path)
    own.create()
    own.journal.write_bytes(b"a file in the way")
    with pytest.raises(ModelManagerError, match=r"could not read the journal .*: Not a directory"):
        Operations(own).apply(plan)
    assert (tmp_path / "m" / "a").exists() and own.journal.read_bytes() == b"a file in the way"


def test_plans_that_were_never_written_whole_go_after_an_hour(tmp_path: Path, own: OwnPaths) -> None:
    Operations(own).store(moving(tmp_path))
    old, young = own.journal / f"{new_id()}.jsonl.new", own.journal / f"{new_id()}.jsonl.new"
    for path in (old, young):
        path.write_bytes(b'{"record": "pl')
    os.utime(old, (time.time() - 3700, time.time() - 3700))
    assert Operations(own).apply(moving(tmp_path, "b")).state == "applied"
    assert young.exists() and not old.exists()


def test_a_journal_that_cannot_be_opened_for_more(
    tmp_path: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = Operations(own).apply(moving(tmp_path))

    def ftruncate(number: int, size: int) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "ftruncate", ftruncate)
    with pytest.raises(JournalFailed, match="Read-only"):
        Operations(own).undo(done.id)
    assert (tmp_path / "m" / "a.moved").exists() and not (tmp_path / "m" / "a").exists()


def test_a_record_that_can_neither_be_written_nor_taken_back(
    tmp_path: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The torn line is what a kill would have left: the next start settles it."""
    plan = moving(tmp_path)
    path = left_by_a_kill(own, plan)

    class Torn(Journal):
        def write(self, number: int, data: bytes) -> None:
            super().write(number, data[:9])
            monkeypatch.setattr(os, "ftruncate", lambda number, size: (_ for _ in ()).throw(OSError(errno.EIO, "EIO")))
            raise OSError(errno.EIO, "Input/output error")

    log = Torn(str(own.journal)).open(plan.id)
    with pytest.raises(JournalFailed, match="Input/output"):
        log.add("end")
    log.close()
    monkeypatch.undo()
    assert path.read_bytes().endswith(b'{"record"')
    assert [one.state for one in Operations(own).recover()] == ["refused"]
    assert (tmp_path / "m" / "a").exists() and path.read_bytes().endswith(b"}\n")


def test_a_plan_that_was_only_stored_is_not_unsettled(tmp_path: Path, own: OwnPaths) -> None:
    plan = moving(tmp_path)
    Operations(own).store(plan)
    assert Journal(str(own.journal)).unsettled() == []
    (own.journal / f"{plan.id}.jsonl").unlink()
    left_by_a_kill(own, plan)
    assert Journal(str(own.journal)).unsettled() == [plan.id] and Journal(str(own.journal)).unsettled(plan.id) == []


def test_one_that_is_damaged_is_nobodys_to_settle(tmp_path: Path, own: OwnPaths) -> None:
    path = left_by_a_kill(own, moving(tmp_path), {"record": "nonsense"}, {"record": "doing", "n": 1})
    assert Journal(str(own.journal)).unsettled() == [] and path.exists()


def test_no_folder_stays_open_after_it_was_synced(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    for _ in range(3):
        Journal(str(tmp_path)).sync_folder(str(tmp_path))
    assert len(os.listdir("/proc/self/fd")) == len(before)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "1" * 26, "1" * 5000])
def test_a_number_that_nothing_has_is_believed_no_further(number: str, tmp_path: Path, own: OwnPaths) -> None:
    """As the last line it never was; before another one the rest of the journal is not believed."""
    plan = moving(tmp_path)
    path = left_by_a_kill(own, plan)
    with path.open("ab") as file:
        file.write(f'{{"record": "undo", "at": {number}}}\n'.encode())
    found = Operations(own).get(plan.id)
    assert found.damaged == "" and not found.undoing
    with path.open("ab") as file:
        file.write(b'{"record": "end", "at": 2.0}\n')
    found = Operations(own).get(plan.id)
    assert found.damaged.startswith("line 3 of its journal cannot be read") and found.state == "stuck"


def test_a_line_of_the_very_limit_is_read_and_a_longer_one_is_not(
    tmp_path: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = moving(tmp_path)
    path = left_by_a_kill(own, plan)
    line = b'{"record": "undo", "at": 1.5}\n'
    monkeypatch.setattr(journal_module, "_LARGEST_RECORD", len(line))
    with path.open("ab") as file:
        file.write(line)
    assert Operations(own).get(plan.id).undoing
    with path.open("ab") as file:
        file.write(line[:-1] + b"  \n")
    with pytest.raises(ModelManagerError, match=f"a line of it has more than {len(line)} bytes"):
        Operations(own).get(plan.id)


def test_a_torn_last_line_as_long_as_a_line_may_be_never_was(
    tmp_path: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = moving(tmp_path)
    path = left_by_a_kill(own, plan)
    monkeypatch.setattr(journal_module, "_LARGEST_RECORD", 30)
    with path.open("ab") as file:
        file.write(b"x" * 30)
    assert Operations(own).get(plan.id).damaged == ""


def test_no_more_records_than_a_plan_can_have_brought_forth(
    tmp_path: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = moving(tmp_path)
    path = left_by_a_kill(own, plan)
    monkeypatch.setattr(journal_module, "_RECORDS", (2, 1))
    with path.open("ab") as file:
        file.write(b'{"record": "undo", "at": 1.5}\n' * 2)
    assert Operations(own).get(plan.id).undoing
    with path.open("ab") as file:
        file.write(b'{"record": "undo", "at": 1.5}\n')
    with pytest.raises(ModelManagerError, match="it has more than 3 records"):
        Operations(own).get(plan.id)


def test_a_journal_that_is_a_link_is_none(tmp_path: Path, own: OwnPaths) -> None:
    """Nor one whose place is taken by another file when it is opened for more."""
    plan = moving(tmp_path)
    path = left_by_a_kill(own, plan)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelManagerError, match="it is a link"):
        Operations(own).get(plan.id)
    assert Operations(own).recover() == []


def test_newest_first_in_history_and_what_cannot_be_read_beside_it(tmp_path: Path, own: OwnPaths) -> None:
    operations = Operations(own)
    plans = [
        operations.store(replace(moving(tmp_path, name), created_at=when))
        for name, when in (("a", 5.0), ("b", 7.0), ("c", 6.0))
    ]
    (own.journal / f"{new_id()}.jsonl").write_bytes(b"")
    found, problems = operations.history()
    assert [one.id for one in found] == [plans[1].id, plans[2].id, plans[0].id] and len(problems) == 1


def test_what_is_settled_is_read_once_while_its_file_stays(
    tmp_path: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of operations are asked before each change."""
    operations = Operations(own)
    done, stored = operations.apply(moving(tmp_path)), operations.store(moving(tmp_path, "b"))
    journal, read = Journal(str(own.journal)), list[str]()
    real = journal_module._opened
    monkeypatch.setattr(journal_module, "_opened", lambda path: read.append(os.path.basename(path)) or real(path))
    assert journal.unsettled() == [] and {*read} == {f"{done.id}.jsonl", f"{stored.id}.jsonl"}
    read.clear()
    assert journal.unsettled() == [] and read == []
    with (own.journal / f"{stored.id}.jsonl").open("ab") as file:
        file.write(b'{"record": "apply", "at": 1.5}\n')
    assert journal.unsettled() == [stored.id] and {*read} == {f"{stored.id}.jsonl"}


def test_a_journal_that_goes_while_it_is_asked_is_nobodys_to_settle(own: OwnPaths) -> None:
    class Going(Journal):
        def ids(self) -> list[str]:
            return [new_id()]

    own.journal.mkdir(parents=True, mode=0o700)
    assert Going(str(own.journal)).unsettled() == []


def test_the_names_in_its_folder_are_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.readlink(f"/proc/self/fd/{number}")))
    Journal(str(tmp_path)).sync_folder(str(tmp_path))
    assert synced == [str(tmp_path)]


def test_a_pipe_in_the_place_of_a_journal_is_not_waited_for(own: OwnPaths) -> None:
    own.journal.mkdir(parents=True, mode=0o700)
    id_ = new_id()
    os.mkfifo(own.journal / f"{id_}.jsonl", 0o600)
    waiting = signal.setitimer(signal.ITIMER_REAL, 5)
    try:
        with pytest.raises(ModelManagerError, match="this is no file"):
            Operations(own).get(id_)
    finally:
        signal.setitimer(signal.ITIMER_REAL, *waiting)


def test_a_folder_that_another_program_makes_just_then_is_as_good(
    tmp_path: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = moving(tmp_path)
    own.journal.mkdir(parents=True, mode=0o700)
    real, not_yet = os.path.isdir, [str(own.journal)]
    monkeypatch.setattr(os.path, "isdir", lambda path: False if path in not_yet and not_yet.pop() else real(path))
    assert Operations(own).store(plan).state == "planned"
