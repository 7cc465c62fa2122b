"""Asks a tool itself to make a change, by its own service on this computer. Final: nothing can be put back.

`path` is the address; `how` holds `method`, `body`, and to find out after a kill whether it was done
`probe`, an address whose answer has the text `gone` in it for as long as it was not.
"""

from __future__ import annotations

import errno
import http.client
import ipaddress
import urllib.parse

from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Note, Side, Site

_TIMEOUT = 30.0
_ANSWER = 16 << 20


def check(site: Site, step: Step) -> Facts:
    """The service answers, and what is to go is still there."""
    _address(step.path)
    if not _still_there(step):
        raise Refused("the tool does not have it any more")
    return {}


def do(site: Site, step: Step, facts: Facts, note: Note) -> None:
    """Killed: asked or not; the tool sees to its own files."""
    status, answer = _request(step.how.get("method", "DELETE"), step.path, step.how.get("body", ""))
    if not 200 <= status < 300:
        words = answer[:200].decode("utf-8", "replace").strip()
        raise Refused(f"the tool refused ({status}): {words}")


def undo(site: Site, step: Step, facts: Facts) -> None:
    """Never."""
    raise Refused("the tool removed it for good; it can only be fetched again")


def recover(site: Site, step: Step, facts: Facts) -> Side:
    """Done when the tool does not list it any more. OSError when it does not answer."""
    return "undone" if _still_there(step) else "done"


def _still_there(step: Step) -> bool:
    status, answer = _request("GET", step.how["probe"], "")
    if status == 404:
        return False
    if status != 200:
        raise OSError(errno.EIO, f"the tool answers {status} when asked what it has")
    return step.how["gone"].encode() in answer


def _request(method: str, url: str, body: str) -> tuple[int, bytes]:
    host, port, path = _address(url)
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    try:
        headers = {"Content-Type": "application/json"} if body else {}
        connection.request(method, path, body.encode() if body else None, headers)
        response = connection.getresponse()
        return response.status, response.read(_ANSWER)
    except http.client.HTTPException as error:
        raise OSError(errno.EIO, f"the tool answers no HTTP: {error}") from error
    finally:
        connection.close()


def _address(url: str) -> tuple[str, int, str]:
    """Host, port and path of an address on this very computer; anything else is refused."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
        port = parts.port or 80
    except ValueError:
        local, port = False, 0
    if parts.scheme != "http" or not local:
        raise Refused(f"{url} is not a service of this computer")
    return host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
