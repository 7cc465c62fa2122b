"""Asking a tool by its own service: on this computer only, final, and known after a kill."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from scenes import left_by_a_kill, plan_of

from model_manager.base.paths import OwnPaths
from model_manager.operations import Operations, Step


class _Tool(ThreadingHTTPServer):
    models: list[str]
    refuse = False
    status = 200
    """Answered when asked what it has."""


class _Handler(BaseHTTPRequestHandler):
    server: _Tool

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(self.server.status, json.dumps(self.server.models).encode())

    def do_DELETE(self) -> None:
        name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"]
        if self.server.refuse or name not in self.server.models:
            self._answer(500, b"it is loaded")
            return
        self.server.models.remove(name)
        self._answer(200, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def tool() -> Iterator[_Tool]:
    server = _Tool(("127.0.0.1", 0), _Handler)
    server.models = ["a:1", "b:1"]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def asking(host: str, name: str) -> Step:
    how = {"method": "DELETE", "body": json.dumps({"model": name}), "probe": f"{host}/api/tags", "gone": f'"{name}"'}
    return Step(1, 1, "ask", f"{host}/api/delete", None, 5, 5, "test", False, None, how)


def test_asked_done_and_final(tool: _Tool, tmp_path: Path) -> None:
    operations = Operations(OwnPaths(tmp_path))
    done = operations.apply(plan_of(asking(f"http://127.0.0.1:{tool.server_port}", "a:1")))
    assert done.state == "applied" and tool.models == ["b:1"] and not done.undoable


def test_a_refusal_in_the_tools_own_words(tool: _Tool, tmp_path: Path) -> None:
    tool.refuse = True
    done = Operations(OwnPaths(tmp_path)).apply(plan_of(asking(f"http://127.0.0.1:{tool.server_port}", "a:1")))
    assert done.state == "refused" and "it is loaded" in done.steps[0].problem and tool.models == ["a:1", "b:1"]


def test_what_it_does_not_have_is_not_asked_for(tool: _Tool, tmp_path: Path) -> None:
    done = Operations(OwnPaths(tmp_path)).apply(plan_of(asking(f"http://127.0.0.1:{tool.server_port}", "c:1")))
    assert done.state == "refused" and "does not have it" in done.steps[0].problem


@pytest.mark.parametrize("host", ["http://example.org", "https://127.0.0.1", "http://10.0.0.1", "file:///etc"])
def test_only_this_computer(host: str, tmp_path: Path) -> None:
    done = Operations(OwnPaths(tmp_path)).apply(plan_of(asking(host, "a:1")))
    assert done.state == "refused" and "not a service of this computer" in done.steps[0].problem


def test_a_tool_that_does_not_answer(tool: _Tool, tmp_path: Path) -> None:
    step = asking(f"http://127.0.0.1:{tool.server_port}", "a:1")
    tool.shutdown()
    tool.server_close()
    done = Operations(OwnPaths(tmp_path)).apply(plan_of(step))
    assert done.state == "refused" and "refused" in done.steps[0].problem.lower()


@pytest.mark.parametrize("asked", [False, True])
def test_after_a_kill_the_tool_is_asked_what_it_has(tool: _Tool, tmp_path: Path, asked: bool) -> None:
    operations = Operations(OwnPaths(tmp_path))
    plan = plan_of(asking(f"http://127.0.0.1:{tool.server_port}", "a:1"))
    operations.store(plan)
    (path,) = Path(OwnPaths(tmp_path).journal).glob("*.jsonl")
    with open(path, "ab") as file:
        file.write(b'{"record": "apply", "at": 1.5}\n{"record": "doing", "n": 1, "facts": {}}\n')
    if asked:
        tool.models.remove("a:1")
    operations.recover()
    (state,) = operations.get(plan.id).steps
    assert state.state == ("done" if asked else "refused")
    assert os.path.exists(path)


def test_a_tool_that_has_no_such_place_does_not_have_the_model(tool: _Tool, tmp_path: Path) -> None:
    tool.status = 404
    done = Operations(OwnPaths(tmp_path)).apply(plan_of(asking(f"http://127.0.0.1:{tool.server_port}", "a:1")))
    assert done.state == "refused" and "does not have it" in done.steps[0].problem and tool.models == ["a:1", "b:1"]


def test_a_tool_that_fails_is_asked_again_at_the_next_start(tool: _Tool, tmp_path: Path) -> None:
    """After a kill nobody knows whether it was done until it answers."""
    tool.status = 503
    step = asking(f"http://127.0.0.1:{tool.server_port}", "a:1")
    operations = Operations(OwnPaths(tmp_path))
    done = operations.apply(plan_of(step))
    assert done.state == "refused" and "answers 503 when asked what it has" in done.steps[0].problem
    plan = plan_of(step)
    left_by_a_kill(OwnPaths(tmp_path), plan, {"record": "doing", "n": 1})
    assert operations.recover()[0].state == "stuck" and tool.models == ["a:1", "b:1"]
    tool.status = 200
    assert operations.recover()[0].state == "refused" and tool.models == ["a:1", "b:1"]


def test_something_else_listens_there(tmp_path: Path) -> None:
    """Another program took the port; what it says is no HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _address = server.accept()
            with client:
                client.recv(65536)
                client.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        step = asking(f"http://127.0.0.1:{server.getsockname()[1]}", "a:1")
        done = Operations(OwnPaths(tmp_path)).apply(plan_of(step))
        thread.join(5)
    assert done.state == "refused" and "answers no HTTP" in done.steps[0].problem


def test_it_cannot_be_taken_back(tool: _Tool, tmp_path: Path) -> None:
    """Killed after it was asked, in a unit that is not whole: what is gone is said to be gone."""
    step = asking(f"http://127.0.0.1:{tool.server_port}", "a:1")
    other = replace(asking(f"http://127.0.0.1:{tool.server_port}", "b:1"), n=2)
    plan = plan_of(step, other)
    left_by_a_kill(OwnPaths(tmp_path), plan, {"record": "doing", "n": 1})
    tool.models.remove("a:1")
    (settled,) = Operations(OwnPaths(tmp_path)).recover()
    assert settled.state == "partly" and "can only be fetched again" in settled.steps[0].problem
    assert settled.steps[1].state == "refused" and tool.models == ["b:1"]
