"""Children do their work, tell how far they are, end when they shall, and whatever becomes of them is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_manager.base import children
from model_manager.base.children import Child, command
from model_manager.base.errors import ModelManagerError, UsageError

ROOT = str(Path(children.__file__).resolve().parents[2])
IMPORTS = f"import sys, time, os; sys.path.insert(0, {ROOT!r}); from model_manager.base import children\n"
BUSY = "number = 0\nwhile True: number += 1\n"


def python(code: str) -> Callable[..., list[str]]:
    """How a child with this code is started, instead of the program."""
    return lambda *words: [sys.executable, "-P", "-c", code]


def serving(work: str) -> Callable[..., list[str]]:
    """A child of ours whose work is the body of `work(request, tell)`."""
    body = "".join(f"    {line}\n" for line in work.splitlines())
    return python(f"{IMPORTS}def work(request, tell):\n{body}sys.exit(children.serve(work))")


def ignore(told: object) -> None:
    pass


def is_running(pid: int) -> bool:
    """Whether there is such a process, and not only what is left of it until somebody asks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def ends(pid: int, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not is_running(pid)


def failure(start: Callable[..., list[str]]) -> str:
    """What is said when this child is asked something."""
    with Child("work", start) as child, pytest.raises(ModelManagerError) as caught:
        child.ask({}, ignore)
    assert not is_running(child.pid)
    return str(caught.value)


def test_it_answers_one_request_after_the_other_and_tells_on_the_way() -> None:
    told: list[Any] = []
    with Child(
        "work", serving("tell(request['n'])\ntell({'far': 2})\nreturn [request['n'] * 2, request['path']]")
    ) as child:
        assert child.ask({"n": 4, "path": os.fsdecode(b"a\xff\n")}, told.append) == [8, os.fsdecode(b"a\xff\n")]
        assert child.ask({"n": 5, "path": "é"}, told.append) == [10, "é"]
    assert [one for one in told if one is not None] == [4, {"far": 2}, 5, {"far": 2}]
    assert not is_running(child.pid)


def test_who_waits_is_asked_whether_it_is_still_wanted() -> None:
    told: list[object] = []
    with Child("work", serving("time.sleep(0.6)\nreturn 1")) as child:
        assert child.ask({}, told.append) == 1
    assert len(told) >= 3 and set(told) == {None}


def test_an_error_arrives_as_it_was_raised() -> None:
    raising = "from model_manager.base.errors import UsageError\nraise UsageError('read', '/x', 'it is odd', 'look')"
    with Child("work", serving(raising)) as child:
        for _time in range(2):  # it goes on serving
            with pytest.raises(UsageError) as caught:
                child.ask({}, ignore)
            assert (caught.value.verb, caught.value.path) == ("read", "/x")
            assert (caught.value.reason, caught.value.hint) == ("it is odd", "look")


def test_what_it_prints_is_no_answer_and_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "model_manager.base.children")
    with Child("work", serving("print('among us', flush=True)\nos.write(1, b'raw\\n')\nreturn 7")) as child:
        assert child.ask({}, ignore) == 7
    lines = [record.getMessage() for record in caplog.records]
    assert [line.partition(": ")[2] for line in lines] == ["among us", "raw"]


def test_a_mistake_in_it_is_said_and_its_traceback_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "model_manager.base.children")
    assert failure(serving("return 1 // 0")) == (
        "could not finish this: the process that does it ended with status 1 and no result (try again; the log says more)"
    )
    assert any("ZeroDivisionError" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGTERM"])
def test_a_death_by_a_signal_is_told_by_its_name(name: str) -> None:
    said = failure(serving(f"import signal\nos.kill(os.getpid(), signal.{name})\ntime.sleep(9)"))
    assert f"was ended by signal {name}" in said


def test_a_death_in_the_middle_of_a_line() -> None:
    said = failure(python("import os\nos.write(1, b'{\"resu')\nos.kill(os.getpid(), 9)"))
    assert "was ended by signal SIGKILL" in said


@pytest.mark.logs
@pytest.mark.parametrize(
    "line", ["b'hello'", "b'\\xff\\xfe'", "b''", "b'[]'", "b'NaN'", "b'[' * 200_000", """b'{"x": 1}'""", """b'{"error": 7}'""",
             """b'{"error": ["a", 1, 2, 3, 4]}'"""],
)  # fmt: skip
def test_what_makes_no_sense_is_said_to_make_none(line: str) -> None:
    said = failure(python(f"import os, time\nos.write(1, {line} + b'\\n')\ntime.sleep(60)"))
    assert "what came from the process that does it makes no sense" in said


def test_a_line_without_an_end_is_not_read_to_its_end() -> None:
    began = time.monotonic()
    said = failure(python("import sys\nwhile True: sys.stdout.write('x' * 65536)"))
    assert "a line of more than 1,048,576 bytes" in said and time.monotonic() - began < 20


def test_a_long_answer_that_fits_is_one() -> None:
    with Child("work", serving("return 'x' * 1_000_000")) as child:
        assert len(child.ask({}, ignore)) == 1_000_000


class Enough(Exception):
    """No answer is wanted any more."""


def stopped_after(child: Child, steps: int = 1) -> float:
    """Seconds until a child has ended of which no answer is wanted after so many steps."""
    count = 0

    def step(told: object) -> None:
        nonlocal count
        count += 1
        if count >= steps:
            raise Enough

    with pytest.raises(Enough):
        child.ask({}, step)
    assert not is_running(child.pid)
    return count


def timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def test_work_that_tells_stops_at_once() -> None:
    child = Child("work", serving("while True:\n    tell(1)\n    time.sleep(0.01)"))
    assert timed(lambda: stopped_after(child, 5)) < 8


def test_work_that_tells_is_left_in_order() -> None:
    """What it has to put right it can, before anybody makes it end."""
    work = (
        "try:\n    while True:\n        tell(1)\n        time.sleep(0.01)\nfinally:\n    print('put right', flush=True)"
    )
    child = Child("work", serving(work))
    stopped_after(child, 3)
    assert child._process.returncode == 0


@pytest.mark.parametrize("work", [BUSY, "time.sleep(600)"])
def test_work_that_tells_nothing_stops_soon(work: str) -> None:
    child = Child("work", serving(work))
    assert timed(lambda: stopped_after(child)) < 12
    assert child._process.returncode == 0, "its own look at stdin ended it"


def test_one_that_hangs_and_listens_to_nobody_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_ASKED_S", 0.3)
    monkeypatch.setattr(children, "_TERMINATED_S", 0.3)
    child = Child(
        "work",
        python(f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('x' * 9, flush=True)\n{BUSY}"),
    )
    while child._lines.empty():
        time.sleep(0.01)
    child._lines.get()
    assert timed(lambda: stopped_after(child)) < 8
    assert child._process.returncode == -signal.SIGKILL


def test_a_flood_of_steps_neither_fills_memory_nor_hides_the_wish_to_stop() -> None:
    flood = "import sys\nwhile True: sys.stdout.write('{\"step\": 1}\\n')"
    child = Child("work", python(flood))
    time.sleep(1)
    assert child._lines.qsize() <= 64, "it waits in its own write"
    assert timed(lambda: stopped_after(child, 500)) < 10


def test_a_flood_on_stderr_is_read_and_cut(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "model_manager.base.children")
    work = "for number in range(20_000): print('line', number, 'y' * 100, file=sys.stderr)\nreturn 3"
    with Child("work", serving(work)) as child:
        assert child.ask({}, ignore) == 3
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 101 and "line 99 " in lines[99] and lines[100].endswith("19900 more lines")


def test_one_that_does_not_read_its_request_can_be_asked_all_the_same() -> None:
    assert "status 3" in failure(python("import os\nos.close(0)\nos._exit(3)"))


def test_one_that_has_ended_is_not_waited_for() -> None:
    with Child("work", serving("return 1")) as child:
        child.ask({}, ignore)
    with pytest.raises(ModelManagerError, match="ended with status 0"):
        child.ask({}, ignore)


def test_ctrl_c_is_the_parents_to_answer() -> None:
    """It reaches every process of the terminal: ours must not fail with a traceback before its parent has said something."""
    with Child("work", serving("time.sleep(0.5)\nreturn 1")) as child:
        sent: list[object] = []

        def step(told: object) -> None:
            if not sent:
                time.sleep(0.3)
                os.kill(child.pid, signal.SIGINT)
            sent.append(told)

        child.ask({}, lambda told: None)  # it serves by now
        assert child.ask({}, step) == 1 and sent


@pytest.mark.parametrize("executable", ["", "/nowhere/python", "/etc/passwd"])
def test_without_an_interpreter_it_is_said(executable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(ModelManagerError) as caught:
        Child("deep-check")
    reason = {"": "does not say where it is", "/nowhere/python": "No such file", "/etc/passwd": "Permission denied"}
    assert reason[executable] in str(caught.value)


def test_nothing_in_the_working_folder_is_taken_for_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """People start programs in folders of what they downloaded."""
    for name in ("json", "hashlib", "model_manager", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some.file").write_bytes(b"some bytes")
    request = {"path": str(tmp_path / "some.file"), "format": "", "sha256": "", "source": ""}
    with Child("deep-check") as child:
        assert child.ask(request, ignore)["verdict"] == "good"
    assert not (tmp_path / "ran").exists()


def test_a_name_that_nobody_knows_serves_nothing() -> None:
    assert "ended with status 2" in failure(lambda *words: command("--child", "knit"))


@pytest.mark.parametrize("guard", ["both", "kernel", "stdin"])
@pytest.mark.parametrize("work", [BUSY, "time.sleep(600)"])
def test_no_child_outlives_a_parent_that_is_killed(guard: str, work: str, tmp_path: Path) -> None:
    """Each guard alone is enough; outside Linux there is the second one only."""
    off = {"both": "", "kernel": "children._listen = lambda requests, left: requests.put(sys.stdin.buffer.readline())\n",
           "stdin": "children._die_with_parent = lambda: None\n"}  # fmt: skip
    body = "".join(
        f"    {line}\n" for line in f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n{work}".splitlines()
    )
    child = f"{IMPORTS}{off[guard]}def work(request, tell):\n{body}children.serve(work)"
    parent = f"{IMPORTS}children.Child('work', lambda *words: [sys.executable, '-c', {child!r}]).ask({{}}, lambda told: None)"
    process = subprocess.Popen([sys.executable, "-c", parent])
    end = time.monotonic() + 30
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < end
        time.sleep(0.02)
    pid = int((tmp_path / "pid").read_text())
    assert is_running(pid)
    process.kill()
    process.wait()
    assert ends(pid), "it lives on without a parent"
