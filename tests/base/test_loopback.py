"""Services of this computer alone are asked, within their time, and no more is taken of them than is bearable."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from model_manager.base import loopback
from model_manager.base.loopback import NotHere, ask, is_loopback

Serve = Callable[[bytes], str]


@pytest.fixture
def serve() -> Iterator[tuple[Callable[..., str], list[bytes]]]:
    """A service that says these bytes to whoever asks, with a pause between them; and what it was asked."""
    asked: list[bytes] = []
    listeners: list[socket.socket] = []
    done = threading.Event()

    def start(*parts: bytes, pause: float = 0.0) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def work() -> None:
            line, _where = listener.accept()
            with line:
                asked.append(line.recv(1 << 16))
                if asked[-1].startswith(b"POST"):  # its body comes in a packet of its own
                    asked[-1] += line.recv(1 << 16)
                try:
                    for part in parts:
                        line.sendall(part)
                        done.wait(pause)
                except OSError:
                    return

        threading.Thread(target=work, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start, asked
    done.set()
    for listener in listeners:
        listener.close()


def answer(body: bytes, head: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("", False), ("0.0.0.0", False),
        ("192.168.0.1", False), ("example.org", False), ("localhost.example.org", False), ("127.0.0.1.nip.io", False),
        ("::ffff:192.168.0.1", False), ("LOCALHOST", False), ("::", False),
    ],
)  # fmt: skip
def test_which_names_mean_this_computer(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_status_and_body_come_back(serve) -> None:  # type: ignore[no-untyped-def]
    start, asked = serve
    assert ask("GET", start(answer(b"[1]")) + "/api/x?y=1&z") == (200, b"[1]")
    assert asked[0].startswith(b"GET /api/x?y=1&z HTTP/1.1\r\n") and b"Content-Type" not in asked[0]
    assert ask("DELETE", start(answer(b"no", "404 Not Found"))) == (404, b"no")
    assert asked[1].startswith(b"DELETE / HTTP/1.1\r\n")


def test_a_body_is_sent_as_json(serve) -> None:  # type: ignore[no-untyped-def]
    start, asked = serve
    assert ask("POST", start(answer(b"")) + "/a", '{"ä": 1}') == (200, b"")
    assert b"Content-Type: application/json\r\n" in asked[0] and '{"ä": 1}'.encode() in asked[0]


def test_a_redirect_is_an_answer_and_nobody_is_asked_elsewhere(serve) -> None:  # type: ignore[no-untyped-def]
    start, asked = serve
    elsewhere = start(answer(b"secret"))
    said = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere}/\r\nContent-Length: 0\r\n\r\n".encode()
    assert ask("GET", start(said)) == (302, b"") and len(asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "http://192.0.2.1/", "http://example.org/", "http://",
        "127.0.0.1:80", "", "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://127.0.0.1@192.0.2.1/", "http://0.0.0.0/",
    ],
)  # fmt: skip
def test_other_addresses_are_refused_before_anything_is_sent(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_a, **_k: pytest.fail("asked"))
    with pytest.raises(NotHere):
        ask("GET", url)


def test_a_name_that_leads_elsewhere_is_told_by_who_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """`localhost` is what a file says it is."""
    sent: list[bytes] = []

    class Line:
        def getpeername(self) -> tuple[str, int]:
            return "192.0.2.1", 80

        def setsockopt(self, *_: object) -> None: ...
        def close(self) -> None: ...
        def sendall(self, data: bytes) -> None:
            sent.append(data)

    monkeypatch.setattr(socket, "create_connection", lambda *_a, **_k: Line())
    with pytest.raises(NotHere, match="localhost"):
        ask("GET", "http://localhost/")
    assert sent == []


def test_nobody_there_is_an_error_of_the_system() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        ask("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "parts", [[b"", b"", b""], [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"1", b"2", b"3"], [b"H", b"T"]]
)
def test_the_time_is_for_all_of_an_answer_however_slowly_it_comes(serve, parts: list[bytes]) -> None:  # type: ignore[no-untyped-def]
    start, _asked = serve
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        ask("GET", start(*parts, pause=0.06), seconds=0.1)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("said", [b"220 mail.example ESMTP\r\n", b"\0\1\2\n\n", b"HTTP/9\r\n\r\n"])
def test_what_is_no_http_is_said_to_be_none(serve, said: bytes) -> None:  # type: ignore[no-untyped-def]
    start, _asked = serve
    with pytest.raises(OSError, match="the tool answers no HTTP") as caught:
        ask("GET", start(said))
    assert caught.value.errno == errno.EIO


def test_an_answer_that_is_too_large_is_refused(serve, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    start, _asked = serve
    monkeypatch.setattr(loopback, "_ANSWER", 100)
    assert ask("GET", start(answer(b"1" * 100))) == (200, b"1" * 100)
    with pytest.raises(OSError, match="too large") as caught:
        ask("GET", start(answer(b"1" * 101)))
    assert caught.value.errno == errno.EFBIG
