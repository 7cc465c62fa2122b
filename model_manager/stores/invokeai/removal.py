"""How a model leaves InvokeAI: by itself, which keeps a database of its models. Orphans go once more looked at.

Source: invoke-ai/InvokeAI api/routers/model_manager.py, DELETE /api/v2/models/i/{key}: it removes the files of models in
its own folder and only forgets the others; model_install_default.py.
"""

from __future__ import annotations

import json
import os
import urllib.parse
from collections.abc import Collection, Iterator, Mapping, Sequence

from model_manager.base.errors import reason_of
from model_manager.base.messages import said
from model_manager.catalog.other_databases import BoundedQuery
from model_manager.stores.contract import Removal
from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.grouping.known_files import is_known
from model_manager.stores.host.env import Env
from model_manager.stores.host.loopback import answer_of
from model_manager.stores.host.private_copy import answers_of, rows_of
from model_manager.stores.invokeai.layout import has_files, place_of, record_of
from model_manager.stores.parts import Asking, CannotRemove, Going, Part, Placed
from model_manager.stores.walk.removal import saying

_LINES = BoundedQuery("SELECT id, config FROM models", ("models",))
_NAMED = BoundedQuery("SELECT config FROM models", ("models",))
_SERVICE = "http://127.0.0.1:9090"  # invokeai.yaml: host and port, as they are by default


def remove(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """Asked for when its service answers and knows the model; what it only refers to is not its to remove."""
    inside = root.path.rstrip(os.sep) + os.sep
    for place in places:
        if place.files and not any(file.path.startswith(inside) for file in place.files):
            raise CannotRemove(
                said("clear away"), place.path, said("InvokeAI only refers to it: the file lies outside InvokeAI's own folder"),
                said("remove it in InvokeAI, which then forgets it and leaves the file"),
            )  # fmt: skip
    if "invokeai" in env.not_asked:
        raise CannotRemove(
            said("clear away"), places[0].path, said("InvokeAI keeps a database of its models, which only it may change"),
            said("allow asking it under Settings, Privacy, or remove the model there"),
        )  # fmt: skip
    service = root.details.get("service") or _SERVICE
    lines = _lines(root, env)
    for place in places:
        url = f"{service}/api/v2/models/i/{urllib.parse.quote(place.name, safe='')}"
        own = lines.get(place.name, {})
        same = {key: own[key] for key in ("path", "hash") if isinstance(own.get(key), str) and own[key]}
        answer = _answer(url, place.name)
        if answer is not None and (not same or any(answer.get(key) != value for key, value in same.items())):
            raise CannotRemove(
                said("clear away"), place.path,
                said("the InvokeAI that answers is not the one of this folder: its model of this key has another path or hash"),
                said("remove the model in the InvokeAI that uses this folder"),
            )  # fmt: skip
        if answer is None:
            raise CannotRemove(
                said("clear away"), place.path, said("InvokeAI keeps a database of its models, which only it may change"),
                said("start InvokeAI and try again, or remove the model there"),
            )  # fmt: skip
        paths = tuple(file.path for file in place.files if file.path.startswith(inside))
        gone = {"list": "", "is": {"key": place.name}, "same": same, "absent": paths}
        yield Asking(
            url, "DELETE", "", url, json.dumps(gone),
            said("InvokeAI removes it itself") if paths else said("InvokeAI forgets it: its files are gone already"), paths,
        )  # fmt: skip


def _answer(url: str, key: str) -> dict[str, object] | None:
    """What InvokeAI itself says of a model; None when another program answers at this address, or none."""
    try:
        record = json.loads(answer_of(url))
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and record.get("key") == key else None


def _lines(root: FoundRoot, env: Env) -> dict[str, Mapping[str, object]]:
    """The lines of the database that was listed, by key."""
    found: dict[str, Mapping[str, object]] = {}
    for key, config in rows_of(root.details.get("database", ""), env.scratch, _LINES, env.say):
        record = record_of(config)
        if isinstance(key, str) and record is not None:
            found[key] = record
    return found


def remove_leftover(root: FoundRoot, leftover: Leftover, env: Env) -> Iterator[Part]:
    """A file or folder that no line of the database is about, as the database is now."""
    if leftover.kind != "orphan":
        yield Going(leftover.path, leftover.of or leftover.kind.replace("-", " "))
        return
    database = root.details.get("database", "")
    (rows,) = answers_of(database, env.scratch, (_NAMED,), env.say, anew=True)
    if not rows:
        raise CannotRemove(
            said("clear away"), leftover.path, said("InvokeAI's database cannot be read, and may name it")
        )
    own = os.path.join(os.path.realpath(leftover.path), "")
    for (config,) in rows:
        place = _place(root.path, config)
        if place is None:
            raise CannotRemove(
                said("clear away"), leftover.path, said("a line of InvokeAI's database is not understood")
            )
        if place and os.path.join(os.path.realpath(place), "").startswith(own):
            raise CannotRemove(
                said("clear away"), leftover.path, said("InvokeAI's database names it now"), said("scan again")
            )
    yield from _known_of(leftover)


def named_now(root: FoundRoot, gone: Collection[str], env: Env) -> Iterator[str]:
    """Those of these paths, which went a moment ago, that a line of the database is about now."""
    (rows,) = answers_of(root.details.get("database", ""), env.scratch, (_NAMED,), env.say, anew=True)
    places = [place for (config,) in rows or () if (place := _place(root.path, config))]
    real = [os.path.join(os.path.realpath(place), "") for place in places]
    for path in gone:
        if any(one.startswith(os.path.join(path, "")) for one in real) and not os.path.lexists(path):
            yield path


def _known_of(leftover: Leftover) -> Iterator[Going]:
    """An orphan as a whole; where files of no known form lie in its folder, all others: these stay."""
    files = list(_files(leftover.path))
    foreign = [path for path in files if not is_known(path)]
    if not foreign:
        yield Going(leftover.path, leftover.of)
        return
    names = ", ".join(os.path.basename(path) for path in foreign[:3]) + (" …" if len(foreign) > 3 else "")
    for path in files:
        if path not in foreign:
            yield saying(Going(path, leftover.of), names)


def _files(top: str) -> Iterator[str]:
    """Everything at or below a path that is no folder; links are not followed. CannotRemove when one cannot be read."""
    if os.path.islink(top) or not os.path.isdir(top):
        yield top
        return
    try:
        with os.scandir(top) as found:
            below = sorted(entry.path for entry in found)
    except OSError as error:
        raise CannotRemove(said("clear away"), top, reason_of(error)) from error
    for path in below:
        yield from _files(path)


def _place(models: str, config: object) -> str | None:
    """Where a line's files are; empty for a model without files, None when that cannot be told."""
    record = record_of(config)
    if record is None:
        return None
    return (place_of(models, record) or None) if has_files(record) else ""


RULE = Removal(remove, remove_leftover, named_now)
