"""Talking to a service on this very computer: no proxy, no redirect, nothing elsewhere, bounded in bytes and time."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import threading
import urllib.parse

from model_manager.base.messages import said

_ANSWER = 8 << 20


class NotHere(ValueError):
    """An address that is not of this computer."""


def is_loopback(host: str) -> bool:
    """Whether a host's name or number means this computer."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def ask(method: str, url: str, body: str = "", seconds: float = 10.0) -> tuple[int, bytes]:
    """Status and body of an answer, at most 8 MiB of it; `seconds` are for all of it, however slowly it comes.

    A redirect is an answer like any other: nobody is asked elsewhere. Raises NotHere, and OSError when nobody answers,
    when it is no HTTP, when it takes too long or is too large.
    """
    host, port, path = _parts(url)
    import http.client  # with TLS and mail it takes 8 ms, and most computers run no such service

    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    timer: threading.Timer | None = None
    late = threading.Event()
    try:
        connection.connect()
        _must_be_here(connection.sock, url)
        timer = threading.Timer(seconds, _hang_up, (connection.sock, late))
        timer.daemon = True
        timer.start()
        headers = {"Content-Type": "application/json"} if body else {}
        connection.request(method, path, body.encode() if body else None, headers)
        response = connection.getresponse()
        answer = response.read(_ANSWER + 1)
        if late.is_set():
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        if len(answer) > _ANSWER:
            raise OSError(errno.EFBIG, said("the answer is too large"))
        return response.status, answer
    except http.client.HTTPException as error:
        if late.is_set():
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from error
        raise OSError(errno.EIO, said("the tool answers no HTTP: {0}", error)) from error
    finally:
        if timer is not None:
            timer.cancel()
        connection.close()


def _hang_up(line: socket.socket, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _must_be_here(line: socket.socket, url: str) -> None:
    """`localhost` is what a file says it is."""
    if not is_loopback(str(line.getpeername()[0])):
        raise NotHere(url)


def _parts(url: str) -> tuple[str, int, str]:
    parts = urllib.parse.urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        raise NotHere(url) from None
    if parts.scheme != "http" or not is_loopback(host):
        raise NotHere(url)
    return host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
