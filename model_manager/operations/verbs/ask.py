"""Asks a tool itself to make a change, by its own service on this computer. Final: nothing can be put back.

`path` is the address; `how` holds `method`, `body`, and `probe`, an address that tells what the tool has. `gone` is what
of that answer has to be gone afterwards: a text in it, or JSON with the keys

    list    the key of the answer that holds records; "" where the answer is the record
    is      keys and values by which the record is known (a name)
    same    keys and values that it must have, or another program answers there (a digest, a path, a hash)
    file    a file of the tool's store that must have the digest `sha256` at that moment, or nothing
    absent  paths that must be gone from the disk afterwards

so that a server that only has a model of the same name is told nothing, and one that says yes is not believed unseen.
"""

from __future__ import annotations

import errno
import hashlib
import json
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

from model_manager.base.loopback import NotHere
from model_manager.base.loopback import ask as request
from model_manager.base.messages import said
from model_manager.base.reading import read_small
from model_manager.base.units import Figure
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Note, Side, Site

_PROBE = 10.0
_CHANGE = 60.0
_SETTLES = 5.0
"""Seconds: some tools answer before the last file is gone."""


def check(site: Site, step: Step) -> Facts:
    """The service answers, it is the one of this store, and what is to go is still there."""
    _must_have_it(site, step)
    return {}


def do(site: Site, step: Step, facts: Facts, note: Note) -> None:
    """Killed: asked or not; the tool sees to its own files."""
    _must_have_it(site, step)  # the server may have been replaced since
    status, answer = _request(step.how.get("method", "DELETE"), step.path, step.how.get("body", ""), _CHANGE)
    if not 200 <= status < 300:
        words = answer[:200].decode("utf-8", "replace").strip()
        raise Refused(said("the tool refused ({0}): {1}", status, words))
    if left := _left(site, _record_of(step), _SETTLES):
        raise Refused(
            said("the tool says that it removed it, but {0} is still there: it may have removed another model", left)
        )


def undo(site: Site, step: Step, facts: Facts) -> None:
    """Never."""
    raise Refused(said("the tool removed it for good; it can only be fetched again"))


def recover(site: Site, step: Step, facts: Facts) -> Side:
    """Done when its files are gone, or where it has none the tool does not list it. OSError when it does not answer."""
    wanted = _record_of(step)
    if wanted.get("absent"):
        return "undone" if _left(site, wanted, 0) else "done"
    return "undone" if _still_there(step) else "done"


def _must_have_it(site: Site, step: Step) -> None:
    file = str(_record_of(step).get("file") or "")
    if file and _digest(file) != _record_of(step).get("sha256"):
        raise Refused(said("{0} has changed since the plan was made", file))
    if not _still_there(step):
        raise Refused(said("the tool does not have it any more"))


def _still_there(step: Step) -> bool:
    """Whether the tool lists it. Refused when it lists something else of that name, or is no such tool."""
    status, answer = _request("GET", step.how["probe"], "", _PROBE)
    if status == 404:
        return False
    if status != 200:
        raise OSError(errno.EIO, said("the tool answers {0} when asked what it has", status))
    wanted = _record_of(step)
    if not wanted:
        return step.how["gone"].encode() in answer
    try:
        record = json.loads(answer)
    except (ValueError, RecursionError):
        raise Refused(
            said("what answers at {0} is another program: it does not say what it has", _place(step))
        ) from None
    found = _found(record, wanted)
    if found is None:
        return False
    for key, value in wanted.get("same", {}).items():
        if _plain(found.get(key)) != _plain(value):
            raise Refused(
                said(
                    "what answers at {0} has another model of this name (its {1} differs): it does not serve "
                    "this folder",
                    _place(step),
                    key,
                )
            )
    return True


def _found(record: object, wanted: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The record that is meant, in the tool's answer."""
    key = wanted.get("list")
    records = record.get(key) if key and isinstance(record, dict) else [record]
    for one in records if isinstance(records, list) else ():
        if isinstance(one, dict) and all(one.get(name) == value for name, value in wanted.get("is", {}).items()):
            return one
    return None


def _plain(value: object) -> object:
    """Digests are written with and without what they are of."""
    return value.lower().removeprefix("sha256:") if isinstance(value, str) else value


def _record_of(step: Step) -> dict[str, Any]:
    """What `gone` says; empty where it is a text."""
    try:
        wanted = json.loads(step.how.get("gone", ""))
    except (ValueError, RecursionError):
        return {}
    return wanted if isinstance(wanted, dict) else {}


def _left(site: Site, wanted: Mapping[str, Any], seconds: float) -> str:
    """A path that should be gone and is still there after some seconds; empty when there is none."""
    until = time.monotonic() + seconds
    while True:
        left = next((path for path in map(str, wanted.get("absent", ())) if site.look(path) is not None), "")
        if not left or time.monotonic() >= until:
            return left
        time.sleep(0.1)


def _digest(file: str) -> str:
    """OSError when it cannot be read."""
    return hashlib.sha256(read_small(file)).hexdigest()


def _place(step: Step) -> str:
    return urllib.parse.urlsplit(step.path).netloc


def _request(method: str, url: str, body: str, seconds: float) -> tuple[int, bytes]:
    try:
        return request(method, url, body, seconds)
    except NotHere:
        raise Refused(said("{0} is not a service of this computer", url)) from None
    except TimeoutError as error:
        raise OSError(
            errno.ETIMEDOUT, said("the tool did not answer within {0} s", Figure(f"{seconds:.0f}"))
        ) from error
