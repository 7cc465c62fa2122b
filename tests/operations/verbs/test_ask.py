"""Asking a tool by its own service: on this computer only, final, and known after a kill."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from scenes import left_by_a_kill, plan_of

from model_manager.base.paths import OwnPaths
from model_manager.operations import Operations, Step
from model_manager.operations.verbs import ask


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


class _Ollama(ThreadingHTTPServer):
    """Answers as Ollama does, of a store on the disk or of one elsewhere."""

    answer: bytes = b""
    digest = ""
    manifest: Path
    removes = True
    asked: list[str]
    drips = 0.0
    status = 200

    def listing(self) -> bytes:
        models = [{"name": "a:1", "digest": self.digest}] if self.digest else []
        return self.answer or json.dumps({"models": models}).encode()


class _OllamaHandler(BaseHTTPRequestHandler):
    server: _Ollama

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append("GET")
        body = self.server.listing()
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for byte in body if self.server.drips else b"":
            try:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            except OSError:
                return
            time.sleep(self.server.drips)
        if not self.server.drips:
            with contextlib.suppress(OSError):
                self.wfile.write(body)

    def do_DELETE(self) -> None:
        self.server.asked.append("DELETE")
        if self.server.removes:
            self.server.manifest.unlink()
            self.server.digest = ""
        self.send_response(200)
        self.end_headers()


@pytest.fixture(params=["127.0.0.1", "::1"])
def ollama(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[_Ollama, Step]]:
    """A server, and the step that asks it for the model of a manifest that lies here."""

    class Server(_Ollama):
        address_family = socket.AF_INET6 if ":" in request.param else socket.AF_INET

    try:
        server = Server((request.param, 0), _OllamaHandler)
    except OSError:
        pytest.skip("this computer has no IPv6")
    server.asked = []
    server.manifest = tmp_path / "manifest"
    server.manifest.write_bytes(b'{"layers": []}')
    server.digest = hashlib.sha256(server.manifest.read_bytes()).hexdigest()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"http://[::1]:{server.server_port}" if ":" in request.param else f"http://127.0.0.1:{server.server_port}"
    gone = {"list": "models", "is": {"name": "a:1"}, "same": {"digest": server.digest}, "file": str(server.manifest),
            "sha256": server.digest, "absent": [str(server.manifest)]}  # fmt: skip
    how = {"method": "DELETE", "body": "{}", "probe": f"{host}/api/tags", "gone": json.dumps(gone)}
    yield server, Step(1, 1, "ask", f"{host}/api/delete", None, 5, 5, "test", False, None, how)
    server.shutdown()
    server.server_close()


def applied(step: Step, tmp_path: Path) -> tuple[str, str]:
    done = Operations(OwnPaths(tmp_path / "own")).apply(plan_of(step))
    return done.state, done.steps[0].problem or ""


def test_the_server_of_this_very_store_is_told(
    ollama: tuple[_Ollama, Step], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No proxy is asked, whatever the environment says."""
    server, step = ollama
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert applied(step, tmp_path) == ("applied", "") and not server.manifest.exists()


@pytest.mark.parametrize(("what", "words"), [
    ("another digest", "another model of this name"), ("no digest", "another model of this name"), ("html", "is another program"),
    ("a list", "does not have it"), ("huge", "too large"), ("redirect", "answers 302"), ("slow", "did not answer within"),
    ("manifest changed", "has changed since"), ("error", "answers 500")])  # fmt: skip
def test_another_server_is_told_nothing(
    what: str, words: str, ollama: tuple[_Ollama, Step], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, step = ollama
    monkeypatch.setattr(ask, "_PROBE", 1.0)
    if what == "another digest":
        server.digest = "f" * 64
    elif what == "no digest":
        server.answer = b'{"models": [{"name": "a:1"}]}'
    elif what == "html":
        server.answer = b"<!doctype html><p>a:1</p>"
    elif what == "a list":
        server.answer = b'["a:1"]'
    elif what == "huge":
        server.answer = b" " * (20 << 20)
    elif what == "slow":
        server.drips = 0.3
    elif what == "manifest changed":
        server.manifest.write_bytes(b'{"layers": [1]}')
    else:
        server.status = 302 if what == "redirect" else 500
    begun = time.monotonic()
    state, problem = applied(step, tmp_path)
    assert state == "refused" and words in problem and time.monotonic() - begun < 5
    assert "DELETE" not in server.asked and server.manifest.exists()


def test_a_yes_is_not_believed_unseen(
    ollama: tuple[_Ollama, Step], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, step = ollama
    monkeypatch.setattr(ask, "_SETTLES", 0.3)
    server.removes = False
    state, problem = applied(step, tmp_path)
    assert state == "refused" and f"{server.manifest} is still there" in problem


def test_a_server_that_was_replaced_after_the_look_is_told_nothing(
    ollama: tuple[_Ollama, Step], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, step = ollama
    real = ask.check

    def replaced(*arguments: Any) -> Any:
        facts = real(*arguments)
        server.digest = "f" * 64
        return facts

    monkeypatch.setattr(ask, "check", replaced)
    state, problem = applied(step, tmp_path)
    assert state == "refused" and "another model of this name" in problem and "DELETE" not in server.asked


@pytest.mark.parametrize("asked", [False, True])
def test_after_a_kill_the_disk_tells(ollama: tuple[_Ollama, Step], tmp_path: Path, asked: bool) -> None:
    """Also when no server answers any more."""
    server, step = ollama
    paths = OwnPaths(tmp_path / "own")
    plan = plan_of(step)
    left_by_a_kill(paths, plan, {"record": "doing", "n": 1})
    if asked:
        server.manifest.unlink()
    server.status = 503
    operations = Operations(paths)
    operations.recover()
    assert operations.get(plan.id).steps[0].state == ("done" if asked else "refused")
