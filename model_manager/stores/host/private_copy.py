"""Reading another program's SQLite file from a copy of it.

Opening it in place, even `mode=ro`, leaves `-wal` and `-shm` files behind; so the file and what belongs to it are copied
into our own scratch folder first. The catalogue's module runs the questions: it alone speaks SQL. What they answered is
kept beside, and the database is copied again only when it changed.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence

from model_manager.base.errors import reason_of
from model_manager.base.messages import figure, said
from model_manager.base.reading import count_read, open_quietly
from model_manager.base.text import later
from model_manager.catalog.other_databases import BoundedQuery, Rows, Unanswered, answers

Say = Callable[[str, str], None]
"""Takes the path of a database that could not be asked, and why."""
LARGEST = 512 << 20
"""Of the file and its log, copied in some 0.5 s. InvokeAI's has 3 KB for each image that it made."""
_KEPT = 64 << 20
_TRIES = 3
_SPARE = 64 << 20
_PARTS = ("", "-wal", "-journal")
_Stamp = list[list[int] | None]


def rows_of(path: str, scratch: str, question: BoundedQuery, say: Say) -> Rows:
    """The rows of one question; empty when the file is missing, and with a word to `say` when it cannot be asked."""
    return answers_of(path, scratch, (question,), say)[0] or []


def answers_of(
    path: str, scratch: str, questions: Sequence[BoundedQuery], say: Say, anew: bool = False
) -> list[Rows | None]:
    """The rows of each question, None when the file is missing or cannot be asked. `anew`: whatever is kept."""
    if not scratch or not os.path.isfile(path):
        if scratch and os.path.lexists(path):
            say(path, later("it is no file, or a link that leads nowhere: repair it and scan again"))
        return [None] * len(questions)
    try:
        found = _answers(path, scratch, questions, anew)
    except (OSError, Unanswered) as error:
        found = [reason_of(error)] * len(questions)
    for why in dict.fromkeys(one for one in found if isinstance(one, str)):
        say(path, why)
    return [None if isinstance(one, str) else one for one in found]


def _answers(path: str, scratch: str, questions: Sequence[BoundedQuery], anew: bool) -> list[Rows | str]:
    stamp = _stamp(path)
    asked = [one.sql for one in questions]
    store = os.path.join(scratch, f"answers-{hashlib.sha256(os.fsencode(path)).hexdigest()[:32]}.json")
    if not anew and (kept := _kept(store, stamp, asked)) is not None:
        return kept
    for _ in range(_TRIES):
        found = _ask_copy(path, scratch, stamp, questions)
        if (now := _stamp(path)) == stamp:
            break
        stamp = now
    else:
        raise Unanswered(later("it changes while it is read: scan again"))
    if _is_settled(stamp):
        _keep(store, stamp, asked, found)
    return found


def _stamp(path: str) -> _Stamp:
    """What shows that a database is the same: of the file, its write-ahead log and its journal."""
    found: _Stamp = []
    for ending in _PARTS:
        try:
            stat = os.stat(path + ending)
        except FileNotFoundError:
            if os.path.lexists(path + ending):  # a link to nowhere: the newest entries are out of reach
                raise
            found.append(None)
            continue
        found.append([stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns])
    return found


def _is_settled(stamp: _Stamp) -> bool:
    """Whether a change from now on would show: one within the same tick of the file system's clock does not."""
    times = [part[2] for part in stamp if part]
    tick = 2.0 if all(at % 10**9 == 0 for at in times) else 0.05
    return time.time() - max(times) / 1e9 > tick


def _ask_copy(path: str, scratch: str, stamp: _Stamp, questions: Sequence[BoundedQuery]) -> list[Rows | str]:
    size = sum(part[1] for part in stamp if part)
    if size > LARGEST:
        raise Unanswered(said("it has {0} bytes, over the limit of {1}", figure(size), figure(LARGEST)))
    os.makedirs(scratch, mode=0o700, exist_ok=True)
    if shutil.disk_usage(scratch).free < size + _SPARE:
        raise Unanswered(said("there is no room for a copy of its {0} bytes", figure(size)))
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        copy = os.path.join(folder, "copy.sqlite3")
        for ending, part in zip(_PARTS, stamp, strict=True):
            if part:
                _copy(path + ending, copy + ending, part[1])
        return answers(copy, questions)


def _copy(source: str, target: str, size: int) -> None:
    with open_quietly(source) as file, open(target, "wb") as copy:
        while size > 0 and (piece := file.read(min(size, 1 << 20))):
            copy.write(piece)
            count_read(len(piece))
            size -= len(piece)


def _kept(store: str, stamp: _Stamp, asked: list[str]) -> list[Rows | str] | None:
    """What was answered of this very database, None when nothing is kept that can be used."""
    try:
        if os.path.getsize(store) > _KEPT:
            return None
        with open(store, encoding="utf-8") as file:
            record = json.load(file)
        if record["stamp"] != stamp or record["asked"] != asked:
            return None
        return [
            one if isinstance(one, str) else [tuple(_unpacked(value) for value in row) for row in one]
            for one in record["answers"]
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _keep(store: str, stamp: _Stamp, asked: list[str], found: list[Rows | str]) -> None:
    told = [one if isinstance(one, str) else [[_packed(value) for value in row] for row in one] for one in found]
    draft = store + ".new"
    with contextlib.suppress(OSError):  # no room: it is asked again the next time
        number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            json.dump({"stamp": stamp, "asked": asked, "answers": told}, file)
        os.replace(draft, store)


def _packed(value: object) -> object:
    return {"b": base64.b64encode(value).decode("ascii")} if isinstance(value, bytes) else value


def _unpacked(value: object) -> object:
    return base64.b64decode(value["b"]) if isinstance(value, dict) else value
