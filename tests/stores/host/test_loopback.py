"""A tool's own service is asked on this computer alone; whoever does not answer has nothing to say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from model_manager.stores.host import loopback
from model_manager.stores.host.loopback import answer_of


class Service(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        Service.asked.append(self.path)
        self.send_response(200 if self.path == "/models" else 404)
        self.end_headers()
        self.wfile.write(b"mine")

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    Service.asked.clear()
    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_answer_of_a_service_and_none_of_an_error(port: int) -> None:
    assert answer_of(f"http://127.0.0.1:{port}/models") == b"mine"
    assert answer_of(f"http://127.0.0.1:{port}/other") == b""
    assert Service.asked == ["/models", "/other"]


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1/models", "https://example.org/", "file:///etc/passwd", "http://127.0.0.1.example.org/"]
)
def test_nobody_elsewhere_is_asked(url: str) -> None:
    assert answer_of(url) == b""  # the tests' own guard fails where a name is looked up or a host reached


def test_where_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    assert answer_of(f"http://127.0.0.1:{number}/") == b""


def test_a_service_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loopback._SECONDS <= 2
    monkeypatch.setattr(loopback, "_SECONDS", 0.05)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        assert answer_of(f"http://127.0.0.1:{mute.getsockname()[1]}/") == b""
