"""Asking a tool's own service what it has. This computer only, two seconds at most."""

from __future__ import annotations

import urllib.parse

_HOSTS = ("127.0.0.1", "localhost", "::1")
_ANSWER = 8 << 20


def is_loopback(host: str) -> bool:
    return host in _HOSTS


def answer_of(url: str) -> bytes:
    """The body of a GET; empty when nobody answers, when it is no 200, or when it is not on this computer."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or not is_loopback(parts.hostname or ""):
        return b""
    import http.client  # with TLS and mail it takes 8 ms, and most computers run no such service

    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=2)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return answer.read(_ANSWER) if answer.status == 200 else b""
    except (OSError, ValueError, http.client.HTTPException):
        return b""
    finally:
        connection.close()
