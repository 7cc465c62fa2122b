"""The user's words out of the catalogue, for the file that outlives it, and back into one that was begun anew."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Container, Mapping
from typing import Any

from model_manager.base.sixty_four_bits import nearest
from model_manager.catalog import hashes, merged_models

Tx = sqlite3.Connection
Json = dict[str, Any]

_HAS_WORDS = "(user_category IS NOT NULL OR note != '' OR pinned OR id IN (SELECT model FROM user_tag))"
_MINE = "(found_by = 'user' OR ignored)"
_WAITING = "kept:"
"""How the weights of a model begin whose words wait for it to be met."""
_MOST_FILES = 200
_FILES_OF_PLACES = (
    " FROM place JOIN member ON member.place = place.id JOIN file ON file.id = member.file"
    " JOIN volume ON volume.id = file.volume"
    f" LEFT JOIN hash ON {hashes.OF_FILE}"
)
_SAID = "new.user_category IS NOT NULL OR new.note != '' OR new.pinned OR EXISTS (SELECT 1 FROM user_tag WHERE model = new.id)"
_WATCHED = (
    ("tag_added", "AFTER INSERT ON user_tag", "1", "new.model"),
    ("tag_removed", "AFTER DELETE ON user_tag", "1", "old.model"),
    ("tag_moved", "AFTER UPDATE ON user_tag", "1", "new.model"),
    ("category_added", "AFTER INSERT ON category", "1", "0"),
    ("category_removed", "AFTER DELETE ON category", "1", "0"),
    ("words_set", "AFTER UPDATE OF user_category, note, pinned ON model", "1", "new.id"),
    ("files_moved", "AFTER UPDATE OF weights, gone_at ON model", _SAID, "new.id"),
    ("model_gone", "BEFORE DELETE ON model", "old.user_category IS NOT NULL OR old.note != '' OR old.pinned", "0"),
    ("root_added", "AFTER INSERT ON root", "new.found_by = 'user' OR new.ignored", "0"),
    ("root_removed", "AFTER DELETE ON root", "old.found_by = 'user' OR old.ignored", "0"),
    ("root_changed", "AFTER UPDATE OF path, tool, found_by, ignored ON root",
     "old.found_by = 'user' OR old.ignored OR new.found_by = 'user' OR new.ignored", "0"),
)  # fmt: skip
"""(name, when, which rows, the model whose files are to be noted, 0 for none)"""


def watch(tx: Tx) -> None:
    """Calls the function `words_changed(model)` of this connection when a statement changes words, or what tells whose
    they are. For this connection alone: nothing of it is stored."""
    for name, when, which, model in _WATCHED:
        tx.execute(f"CREATE TEMP TRIGGER {name} {when} WHEN {which} BEGIN SELECT words_changed({model}); END")


def collect(tx: Tx, changed: Container[int] = range(1 << 62)) -> Json:
    """Everything that the user said, and by what each model would be found again.

    `changed`: the models whose files are looked up anew; of the others they were noted before.
    """
    roots = tx.execute(f"SELECT path, tool, found_by, ignored, details FROM root WHERE {_MINE} ORDER BY path")
    tags: dict[int, list[str]] = {}
    for model, tag in tx.execute("SELECT model, tag FROM user_tag ORDER BY model, tag"):
        tags.setdefault(model, []).append(tag)
    known = tx.execute(f"SELECT id, name, user_category, note, pinned, added FROM model WHERE {_HAS_WORDS} ORDER BY id")
    traces = dict(tx.execute("SELECT model, files FROM trace"))
    models = []
    for id_, name, category, note, pinned, added in known.fetchall():
        files = _files(tx, id_) if id_ in changed or id_ not in traces else []
        if files:
            tx.execute("INSERT OR REPLACE INTO trace VALUES (?, ?)", (id_, json.dumps(files)))
        else:
            files = json.loads(traces.get(id_, "[]"))
        models.append({"id": id_, "name": name, "category": category, "note": note, "pinned": int(pinned), "added": added,
                       "tags": tags.get(id_, []), "files": files})  # fmt: skip
    return {
        "roots": [
            {"path": os.fsdecode(path), "tool": tool, "found_by": found_by, "ignored": int(ignored), "details": details}
            for path, tool, found_by, ignored, details in roots
        ],
        "categories": [row[0] for row in tx.execute("SELECT slug FROM category ORDER BY slug")],
        "models": models,
    }


def _files(tx: Tx, model: int) -> list[Json]:
    """What a model's weights are known by: identity, path, size, time, and the hash where it was read."""
    rows = tx.execute(
        "SELECT DISTINCT member.path, file.size, file.mtime_ns, volume.name, file.key, COALESCE(file.sha256, hash.sha256),"
        f" member.role{_FILES_OF_PLACES} WHERE place.model = ? ORDER BY file.size DESC, member.path",
        (model,),
    ).fetchall()
    heavy = [row for row in rows if row[6] in ("weights", "adapter")]
    heavy = heavy or [row for row in rows if row[6] == "projector"] or rows
    return [
        {"path": os.fsdecode(path), "size": size, "mtime_ns": mtime_ns, "volume": volume, "key": key, "sha256": sha256}
        for path, size, mtime_ns, volume, key, sha256, _ in heavy[:_MOST_FILES]
    ]


def restore(tx: Tx, body: Mapping[str, Any]) -> int:
    """Takes words back: roots and categories at once, those of models wait until a scan meets them.

    Answers of how many models. What this program did not write is left out.
    """
    for root in _objects(body.get("roots")):
        path, tool, found_by = root.get("path"), root.get("tool"), root.get("found_by")
        if isinstance(path, str) and isinstance(tool, str) and isinstance(found_by, str):
            ignored, details = int(bool(root.get("ignored"))), root.get("details")
            tx.execute(
                "INSERT INTO root (tool, path, found_by, details, ignored, state) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (path) DO UPDATE SET tool = excluded.tool, found_by = excluded.found_by,"
                " ignored = excluded.ignored",
                (tool, os.fsencode(path), found_by, details if _is_record(details) else "{}", ignored,
                 "ignored" if ignored else "online"),
            )  # fmt: skip
    categories = body.get("categories")
    for slug in categories if isinstance(categories, list) else ():
        if isinstance(slug, str):
            tx.execute("INSERT OR IGNORE INTO category VALUES (?)", (slug,))
    return sum(_restore_model(tx, record) for record in _objects(body.get("models")))


def _restore_model(tx: Tx, record: Json) -> bool:
    id_, files = record.get("id"), _objects(record.get("files"))
    if not isinstance(id_, int) or not 0 < id_ < 1 << 53:
        return False
    name, added = str(record.get("name") or ""), record.get("added")
    if not _is_the_same(tx, id_, files):
        taken = tx.execute("SELECT 1 FROM model WHERE id = ?", (id_,)).fetchone() is not None
        since = nearest(added) if isinstance(added, int) else int(time.time())
        row = (None if taken else id_, name, since, int(time.time()))
        cursor = tx.execute("INSERT INTO model (id, weights, name, added, gone_at) VALUES (?, '', ?, ?, ?)", row)
        id_ = int(cursor.lastrowid or 0)
        tx.execute(
            "UPDATE model SET weights = :mark, likeness = :mark WHERE id = :id", {"mark": f"{_WAITING}{id_}", "id": id_}
        )
    category, note = record.get("category"), record.get("note")
    tx.execute(
        "UPDATE model SET user_category = ?, note = ?, pinned = ? WHERE id = ?",
        (category if isinstance(category, str) else None, note if isinstance(note, str) else "",
         int(bool(record.get("pinned"))), id_),
    )  # fmt: skip
    tags = record.get("tags")
    words = [(id_, tag) for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    tx.execute("DELETE FROM user_tag WHERE model = ?", (id_,))
    tx.executemany("INSERT OR IGNORE INTO user_tag VALUES (?, ?)", words)
    tx.execute("INSERT OR REPLACE INTO trace VALUES (?, ?)", (id_, json.dumps(files)))
    return True


def _is_the_same(tx: Tx, id_: int, files: list[Json]) -> bool:
    """Whether the model of this id is the one with these files: the catalogue had lost its last changes alone."""
    here = [(file["path"], file["size"]) for file in _files(tx, id_)]
    if not here:
        row = tx.execute("SELECT files FROM trace WHERE model = ?", (id_,)).fetchone()
        here = [(file.get("path"), file.get("size")) for file in _objects(json.loads(row[0]))] if row else []
    return bool(here) and here == [(file.get("path"), file.get("size")) for file in files]


def give_back(tx: Tx) -> set[int]:
    """Gives words that wait to the models they were said of, where a scan has met those; answers whose words changed.

    By identity, else by path and size, by hash, by name, size and time, by name and size where one alone fits. A model
    whose folder was not read yet is waited for rather than taken for a copy of it.
    """
    waiting = [
        (id_, [file for file in _objects(json.loads(text)) if _is_file(file)])
        for id_, text in tx.execute(
            f"SELECT model.id, files FROM model JOIN trace ON trace.model = model.id WHERE weights GLOB '{_WAITING}*'"
        )
    ]
    changed: set[int] = set()
    left = [(id_, files) for id_, files in waiting if files]
    if not left:
        return changed
    unread = [os.fsdecode(row[0]) for row in tx.execute(
        "SELECT path FROM root WHERE NOT ignored AND (state != 'online' OR scanned_at IS NULL)")]  # fmt: skip
    met = _met(tx, {file["size"] for _, files in left for file in files})
    for way in _WAYS:
        by_mark: dict[object, set[int]] = {}
        for model, file in met:
            by_mark.setdefault(way(file), set()).add(model)
        still = []
        for id_, files in left:
            sure = way is _identity
            found = None if not sure and _is_below(files, unread) else _one_of(tx, by_mark, way, files)
            if found is None:
                still.append((id_, files))
            else:
                _give(tx, id_, found)
                changed |= {id_, found}
                met = [(id_ if model == found else model, file) for model, file in met]
        left = still
    return changed


def _met(tx: Tx, sizes: set[int]) -> list[tuple[int, Json]]:
    """Every file of these sizes that a model has now."""
    rows = tx.execute(
        f"SELECT place.model, member.path, file.size, file.mtime_ns, volume.name, file.key, COALESCE(file.sha256, hash.sha256)"
        f"{_FILES_OF_PLACES} WHERE file.size IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(sizes)),),
    )
    names = ("size", "mtime_ns", "volume", "key", "sha256")
    return [(model, {"path": os.fsdecode(path)} | dict(zip(names, rest, strict=True))) for model, path, *rest in rows]


def _identity(file: Json) -> object:
    return file["volume"], file["key"], file["size"], file["mtime_ns"]


def _place(file: Json) -> object:
    return file["path"], file["size"]


def _content(file: Json) -> object:
    return (file["sha256"], file["size"]) if file.get("sha256") else None


def _name_and_time(file: Json) -> object:
    return os.path.basename(file["path"]), file["size"], file["mtime_ns"]


def _name(file: Json) -> object:
    return os.path.basename(file["path"]), file["size"]


_WAYS: tuple[Callable[[Json], object], ...] = (_identity, _place, _content, _name_and_time, _name)


def _one_of(tx: Tx, met: Mapping[object, set[int]], way: Callable[[Json], object], files: list[Json]) -> int | None:
    """The model that has all of these files; of several alike one that nobody has said anything of yet."""
    marks = [way(file) for file in files]
    if None in marks:
        return None
    found = set.intersection(*(met.get(mark, set()) for mark in marks))
    found = {id_ for id_ in found if tx.execute("SELECT 1 FROM model WHERE id = ?", (id_,)).fetchone()}
    query = f"SELECT 1 FROM model WHERE id = ? AND {_HAS_WORDS}"
    unsaid = {id_ for id_ in found if tx.execute(query, (id_,)).fetchone() is None}
    if way is _name:
        return min(unsaid) if len(found) == len(unsaid) == 1 else None
    return min(unsaid or found, default=None)


def _give(tx: Tx, waiting: int, found: int) -> None:
    """The old id lives on with the files that were found; what the user has said since stands above what was kept."""
    weights, likeness, choice = tx.execute(
        "SELECT weights, likeness, user_category FROM model WHERE id = ?", (found,)).fetchone()  # fmt: skip
    merged_models.unite(tx, found, waiting)
    tx.execute(
        "UPDATE model SET weights = ?, likeness = ?, gone_at = NULL, user_category = COALESCE(?, user_category) WHERE id = ?",
        (weights, likeness, choice, waiting),
    )


def _is_below(files: list[Json], folders: list[str]) -> bool:
    return any(file["path"].startswith(folder.rstrip(os.sep) + os.sep) for file in files for folder in folders)


def _objects(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _is_file(file: Json) -> bool:
    return (
        all(isinstance(file.get(name), str) for name in ("path", "volume", "key"))
        and isinstance(file.get("size"), int)
        and isinstance(file.get("mtime_ns"), int)
    )


def _is_record(text: object) -> bool:
    try:
        return isinstance(text, str) and isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
