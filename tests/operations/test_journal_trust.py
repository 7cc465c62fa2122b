"""Whose journals and stored plans are believed, and what hostile ones can do: nothing."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from scenes import one, plan_of, put

from model_manager.base.errors import ModelManagerError
from model_manager.base.ownership import belongs_to_another, folder_not_ours
from model_manager.base.paths import OwnPaths
from model_manager.operations import Operations
from model_manager.operations.plan import new_id

STRANGER = 12345


@pytest.fixture
def own(tmp_path: Path) -> OwnPaths:
    found = OwnPaths(tmp_path / "own")
    found.create()
    return found


@pytest.fixture
def unsettled(tmp_path: Path, own: OwnPaths) -> Path:
    """A move that was begun and whose end nobody recorded: recovery would put the file back. Answers the journal."""
    path = put(tmp_path / "m" / "a", b"a")
    operations = Operations(own)
    done = operations.apply(plan_of(one("move", path, tmp_path / "m" / "moved")))
    journal = own.journal / f"{done.id}.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(line for line in lines if b'"done"' not in line and b'"end"' not in line))
    return journal


def world_writable_folder(own: OwnPaths, journal: Path) -> None:
    own.data.chmod(0o777)


def group_writable_folder(own: OwnPaths, journal: Path) -> None:
    own.data.chmod(0o770)


def journals_of_all(own: OwnPaths, journal: Path) -> None:
    own.journal.chmod(0o722)


def a_journal_of_all(own: OwnPaths, journal: Path) -> None:
    journal.chmod(0o666)


def a_strangers_folder(own: OwnPaths, journal: Path) -> None:
    os.chown(own.data, STRANGER, -1)


def a_strangers_journals(own: OwnPaths, journal: Path) -> None:
    os.chown(own.journal, STRANGER, -1)


def a_strangers_journal(own: OwnPaths, journal: Path) -> None:
    os.chown(journal, STRANGER, -1)


def a_link_for_the_folder(own: OwnPaths, journal: Path) -> None:
    os.rename(own.journal, own.data.with_name("elsewhere"))
    own.journal.symlink_to(own.data.with_name("elsewhere"))


def a_link_for_the_journal(own: OwnPaths, journal: Path) -> None:
    os.rename(journal, own.data.with_name("elsewhere.jsonl"))
    journal.symlink_to(own.data.with_name("elsewhere.jsonl"))


DOORS = (world_writable_folder, group_writable_folder, journals_of_all, a_journal_of_all, a_strangers_folder,
         a_strangers_journals, a_strangers_journal, a_link_for_the_folder, a_link_for_the_journal)  # fmt: skip
WHOLE_FOLDER = (world_writable_folder, group_writable_folder, journals_of_all, a_strangers_folder, a_strangers_journals,
                a_link_for_the_folder)  # fmt: skip


def test_what_is_ours_is_settled(tmp_path: Path, own: OwnPaths, unsettled: Path) -> None:
    assert [done.id for done in Operations(own).recover()] == [unsettled.stem]
    assert (tmp_path / "m" / "a").exists()


@pytest.mark.parametrize("door", DOORS)
def test_what_others_could_have_written_is_never_done(
    door: Callable[[OwnPaths, Path], None], tmp_path: Path, own: OwnPaths, unsettled: Path
) -> None:
    if os.geteuid() != 0 and "stranger" in door.__name__:
        pytest.skip("only root gives files away")
    door(own, unsettled)
    operations = Operations(own)
    assert operations.recover() == []
    for act in (lambda: operations.undo(unsettled.stem), lambda: operations.apply(operations.get(unsettled.stem).plan)):
        with pytest.raises(ModelManagerError) as told:
            act()
        assert str(own.data) in str(told.value) or unsettled.stem in str(told.value)
    assert (tmp_path / "m" / "moved").read_bytes() == b"a" and not (tmp_path / "m" / "a").exists()
    found, problems = operations.history()
    assert len(found) + len(problems) == 1, "looked at, whether believed or not"


@pytest.mark.parametrize("door", WHOLE_FOLDER)
def test_nothing_new_is_planned_into_such_a_folder(
    door: Callable[[OwnPaths, Path], None], tmp_path: Path, own: OwnPaths, unsettled: Path
) -> None:
    if os.geteuid() != 0 and "stranger" in door.__name__:
        pytest.skip("only root gives files away")
    door(own, unsettled)
    plan = plan_of(one("move", put(tmp_path / "m" / "b", b"b"), tmp_path / "m" / "c"))
    before = sorted(os.listdir(own.journal))
    for act in (Operations(own).store, Operations(own).apply):
        with pytest.raises(ModelManagerError):
            act(plan)
    assert (tmp_path / "m" / "b").exists() and sorted(os.listdir(own.journal)) == before


def test_the_repair_is_in_the_words(own: OwnPaths) -> None:
    own.data.chmod(0o775)
    why = folder_not_ours(str(own.data))
    assert f"chmod go-w {own.data}" in why
    subprocess.run(why.split("`")[1], shell=True, check=True)
    assert folder_not_ours(str(own.data)) == "" and not belongs_to_another(str(own.data))


# What can lie in a journal's place. A plan with what `text` says in the place of its steps, and records after it.
PLAN = '{"record": "plan", "plan": {"id": "ID", "title": "t", "steps": STEPS, "frees": 0, "frees_now": 0, "warnings": [], "created_at": 1.0}}\n'
STEP = (
    '{"n": 1, "unit": 1, "verb": "delete", "path": "/x", "target": null, "bytes": 1, "frees": 1, "why": "", "undo": false,'
    ' "identity": {"volume": "v", "inode": 1, "size": 1, "mtime_ns": 1}, "how": {}, "of": ""}'
)
HOSTILE = {
    "deep": lambda: PLAN.replace("STEPS", "[" * 200_000 + "]" * 200_000),
    "wide": lambda: PLAN.replace("STEPS", "[" + "[]," * 5_000_000 + "[]]"),
    "wide records": lambda: PLAN.replace("STEPS", f"[{STEP}]") + '{"record": "note", "n": 1, "facts": {"a": [' + "{}," * 1_300_000 + "{}]}}\n",
    "many records": lambda: PLAN.replace("STEPS", f"[{STEP}]") + '{"record": "apply", "at": 1.0}\n'
    + "".join(f'{{"record": "note", "n": 1, "facts": {{"k{n}": 1}}}}\n' for n in range(600_000)),
    "one long line": lambda: "x" * 30_000_000 + "\n",
    "no newline": lambda: "{" * 60_000_000,
    "100 MB": lambda: "\n" * 100_000_000,
    "zeros": lambda: "\0" * 50_000_000 + "\n",
    "NaN": lambda: PLAN.replace("STEPS", "[]").replace("1.0", "NaN"),
    "endless": lambda: PLAN.replace("STEPS", "[]").replace("1.0", "1e9999"),
    "huge number": lambda: PLAN.replace("STEPS", f"[{STEP.replace('1,', '9' * 4000 + ',', 1)}]"),
    "huge bytes": lambda: PLAN.replace("STEPS", f"[{STEP}]").replace('"bytes": 1', '"bytes": ' + "9" * 4200),
    "minus": lambda: PLAN.replace("STEPS", f"[{STEP}]").replace('"n": 1', '"n": -1'),
    "types": lambda: PLAN.replace("STEPS", '{"n": 1}'),
    "text": lambda: PLAN.replace("STEPS", '"steps"'),
    "nothing": lambda: "null\n",
    "facts": lambda: PLAN.replace("STEPS", f"[{STEP}]") + '{"record": "apply", "at": 1.0}\n{"record": "doing", "n": 1, "facts": {"at": 7, "seen": []}}\n',
}  # fmt: skip


@pytest.mark.parametrize("name", [*HOSTILE, "pipe", "folder", "device", "socket link"])
def test_a_hostile_journal_neither_hangs_nor_takes_memory(name: str, own: OwnPaths, home: Path) -> None:
    """Every command goes on beside it, within the time and memory of a start; undoing and applying it is refused."""
    own.journal.mkdir(mode=0o700)
    id_ = new_id()
    path = own.journal / f"{id_}.jsonl"
    if name == "pipe":
        os.mkfifo(path, 0o600)
    elif name == "folder":
        path.mkdir(0o700)
    elif name == "device":
        try:
            os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
        except PermissionError:
            pytest.skip("this user makes no devices")
    elif name == "socket link":
        path.symlink_to("/dev/zero")
    else:
        path.write_text(HOSTILE[name]().replace("ID", id_))
        path.chmod(0o600)
    for words, good in (("history --json", {0}), (f"undo {id_}", {1, 2})):
        status, told, peak, seconds = _ran(own, words.split())
        assert status in good and "Traceback" not in told, (words, told[-600:])
        assert peak < 260 << 20 and seconds < 5, (words, peak >> 20, seconds)
        if words.startswith("history --json"):
            json.loads(told[: told.rindex("}") + 1])


_MEASURED = """
import re, sys
from model_manager.cli import main
status = main(sys.argv[1:])
sys.stdout.flush()
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1], file=sys.stderr)
sys.exit(status)
"""
"""A command, and then its own peak of memory in KiB: what the system counts of a child begins with its parent's."""


def _ran(own: OwnPaths, words: list[str]) -> tuple[int, str, int, float]:
    child = subprocess.Popen(
        [sys.executable, "-c", _MEASURED, "--data-dir", str(own.data), *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (20, 20)),
    )  # fmt: skip
    assert child.stdout is not None
    told = child.stdout.read()
    _pid, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    told, _, peak = told.rstrip().rpartition("\n")
    return child.returncode, told, int(peak) * 1024, usage.ru_utime + usage.ru_stime
