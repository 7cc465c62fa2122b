"""One window for each data folder: handing over, what a killed one leaves, and everything that must not keep a start."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_manager.base import instance
from model_manager.base.instance import Instance

KINDS = pytest.mark.parametrize("port", [False, True], ids=["socket", "port"])


@pytest.fixture
def opened() -> Iterator[list[Instance]]:
    found: list[Instance] = []
    yield found
    for one in found:
        one.close()


def first(folder: Path, opened: list[Instance], port: bool = False) -> queue.SimpleQueue[str]:
    taken: queue.SimpleQueue[str] = queue.SimpleQueue()
    one = Instance(str(folder), port)
    opened.append(one)
    assert not one.hand_over("/somewhere")
    one.listen(taken.put)
    return taken


@KINDS
def test_a_second_start_hands_over_its_file(tmp_path: Path, opened: list[Instance], port: bool) -> None:
    taken = first(tmp_path, opened, port)
    name = "/home/jörg/a \udcff\n模型.gguf"
    assert Instance(str(tmp_path), port).hand_over(name)
    assert taken.get(timeout=5) == name
    assert Instance(str(tmp_path), port).hand_over()
    assert taken.get(timeout=5) == ""


@KINDS
def test_after_the_first_has_closed_the_next_is_first(tmp_path: Path, opened: list[Instance], port: bool) -> None:
    first(tmp_path, opened, port)
    assert Instance(str(tmp_path), port).hand_over("a")  # it listens by now
    opened.pop().close()
    assert [name for name in os.listdir(tmp_path) if "window" in name] == ["window.lock"]
    taken = first(tmp_path, opened, port)
    assert Instance(str(tmp_path), port).hand_over("b")
    assert taken.get(timeout=5) == "b"


@KINDS
def test_what_a_killed_one_left_keeps_nobody(tmp_path: Path, opened: list[Instance], port: bool) -> None:
    code = ("import sys, time\nfrom model_manager.base.instance import Instance\none = Instance(sys.argv[1], bool(int(sys.argv[2])))\n"
            "assert not one.hand_over()\none.listen(print)\ntime.sleep(60)")  # fmt: skip
    killed = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(int(port))])
    address = tmp_path / ("window.port" if port else "window.sock")
    end = time.monotonic() + 20
    while not address.exists() and time.monotonic() < end:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    assert address.exists(), "this is what a kill leaves"
    taken = first(tmp_path, opened, port)
    assert Instance(str(tmp_path), port).hand_over("after")
    assert taken.get(timeout=5) == "after"


def test_a_first_that_hangs_keeps_nobody_long(
    tmp_path: Path, opened: list[Instance], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the lock and a socket, and never answers."""
    monkeypatch.setattr(instance, "WAIT", 0.2)
    one = Instance(str(tmp_path))
    opened.append(one)
    assert not one.hand_over()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "window.sock"))
        silent.listen()
        began = time.monotonic()
        assert not Instance(str(tmp_path)).hand_over("x")
        assert time.monotonic() - began < 2


def test_a_first_that_does_not_listen_yet_is_waited_for(tmp_path: Path, opened: list[Instance]) -> None:
    code = "import sys\nfrom model_manager.base.instance import Instance\nsys.exit(not Instance(sys.argv[1]).hand_over('late'))"
    one = Instance(str(tmp_path))
    opened.append(one)
    assert not one.hand_over()
    second = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    time.sleep(0.3)
    taken: queue.SimpleQueue[str] = queue.SimpleQueue()
    one.listen(taken.put)
    assert taken.get(timeout=5) == "late"
    assert second.wait(5) == 0


def test_another_screen_gets_a_window_of_its_own(
    tmp_path: Path, opened: list[Instance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    taken = first(tmp_path, opened)
    monkeypatch.setenv("DISPLAY", ":0.0")
    assert Instance(str(tmp_path)).hand_over("same")
    assert taken.get(timeout=5) == "same"
    monkeypatch.setattr(instance, "_display", lambda: "elsewhere:10")
    assert _asked(tmp_path / "window.sock", {"open": "x", "display": ":1", "secret": ""}) == b"elsewhere\n"
    assert taken.empty()


@pytest.mark.parametrize("asked", [b"\n", b"[]\n", b"{}\n", b'{"open": 7}\n', b"\xff\n", b"x" * 100_000, b""])
def test_nonsense_stops_nothing(tmp_path: Path, opened: list[Instance], asked: bytes) -> None:
    taken = first(tmp_path, opened)
    assert Instance(str(tmp_path)).hand_over("a")
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(tmp_path / "window.sock"))
        try:
            caller.sendall(asked)
        except BrokenPipeError:
            pass
    assert Instance(str(tmp_path)).hand_over("b")
    assert [taken.get(timeout=5), taken.get(timeout=5)] == ["a", "b"]


def test_a_port_answers_only_those_who_know_the_secret(tmp_path: Path, opened: list[Instance]) -> None:
    taken = first(tmp_path, opened, port=True)
    assert Instance(str(tmp_path), True).hand_over("a")
    told = json.loads((tmp_path / "window.port").read_text())
    assert (tmp_path / "window.port").stat().st_mode & 0o077 == 0
    with socket.create_connection(("127.0.0.1", told["port"])) as caller:
        caller.sendall(json.dumps({"open": "b", "display": "", "secret": "guessed"}).encode() + b"\n")
        assert caller.recv(100) == b"refused\n"
    assert taken.get(timeout=5) == "a"
    assert taken.empty()


def test_the_socket_is_its_owners_alone(tmp_path: Path, opened: list[Instance]) -> None:
    first(tmp_path, opened)
    assert Instance(str(tmp_path)).hand_over()
    assert (tmp_path / "window.sock").stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a second window opens")
def test_a_folder_too_deep_for_a_sockets_address(tmp_path: Path, opened: list[Instance]) -> None:
    deep = tmp_path / ("模型" * 20) / ("x" * 100)
    deep.mkdir(parents=True)
    taken = first(deep, opened)
    assert Instance(str(deep)).hand_over("a")
    assert taken.get(timeout=5) == "a"


def test_without_a_folder_or_locks_a_window_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Instance(str(tmp_path / "missing"))
    assert not one.hand_over("a")
    one.listen(lambda path: None)
    one.close()

    def no_locks(number: int) -> bool:
        raise OSError("no locks here")

    monkeypatch.setattr(instance, "taken", no_locks)
    for _ in range(2):
        assert not Instance(str(tmp_path)).hand_over("a")


def _asked(address: Path, words: dict[str, str]) -> bytes:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(address))
        caller.sendall(json.dumps(words).encode() + b"\n")
        return caller.recv(100)
