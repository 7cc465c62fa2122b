"""Plans grow old: what asked for them is asked again when they are applied, over every tool's tree."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, sha256, tree
from removing import TREES, apply, known, laid, look, plan, scan

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.catalog import roots
from model_manager.library.scan import watch
from model_manager.operations import Operation, Plan, new_id
from model_manager.operations.plan import to_record
from model_manager.operations.trashed import plan_empty, trashed

GGUF, OTHER = gguf_bytes(seed=31), gguf_bytes(seed=32)


def plans(app: App) -> list[tuple[str, Plan]]:
    """One to delete each model for good; those that only their tool may remove are left aside."""
    found = []
    for id_ in known(app):
        try:
            found.append((id_, plan(app, id_, way="delete")))
        except ModelManagerError:
            continue
    return found


def refused(done: Operation, *words: str) -> None:
    assert done.state == "refused", [step.state for step in done.steps]
    assert all(word in done.steps[0].problem for word in words), done.steps[0].problem


def ignored(app: App, id_: str) -> None:
    with app.database.read() as tx:
        ids = [root.id for root in roots.every(tx)]
    for one in ids:
        watch.ignore_root(app.database, f"r{one}")


def pinned(app: App, id_: str) -> None:
    from model_manager.catalog import labels

    with app.database.write() as tx:
        labels.set_words(tx, int(id_.lstrip("m")), pinned=1)


CHANGES: dict[str, tuple[Callable[[App, str], None], str]] = {
    "ignored": (ignored, "outside the folders that are watched"),
    "pinned": (pinned, "pinned since this was planned"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("tool", sorted(TREES))
def test_a_choice_that_was_made_since(tool: str, change: str, app: App, home: Path) -> None:
    laid(tool, app, home)
    before, (act, words) = look(home), CHANGES[change]
    for id_, old in plans(app)[:3]:
        act(app, id_)
        refused(app.operations.apply(old), words)
    assert look(home) == before


@pytest.mark.parametrize("tool", sorted(TREES))
def test_a_file_of_somebody_else_that_came_since_stays(tool: str, app: App, home: Path) -> None:
    """In every folder that a plan touches; what else of it may go, goes."""
    laid(tool, app, home)
    for _id, old in plans(app):
        if not all(os.path.lexists(step.path) for step in old.steps):
            continue  # an earlier one took a part of it
        folders = {step.path if os.path.isdir(step.path) else os.path.dirname(step.path) for step in old.steps}
        mine = [Path(folder) / "my thesis.docx" for folder in folders]
        for path in mine:
            path.write_text("years of work")
        app.operations.apply(old)
        assert all(path.read_text() == "years of work" for path in mine)
        for path in mine:
            path.unlink()
        scan(app)


def test_a_blob_that_another_tag_names_since(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": GGUF})
    scan(app)
    ((_id, old),) = plans(app)
    ollama_model(store, "registry.ollama.ai/library/m/b", {"model": GGUF})
    before = look(home)
    refused(app.operations.apply(old), "needed by something else")
    assert look(home) == before


def test_a_blob_that_another_revision_leads_to_since(app: App, home: Path) -> None:
    cache = home / ".cache/huggingface/hub"
    repo = hub_repo(cache, "org/m", {"model.gguf": GGUF})
    scan(app)
    ((_id, old),) = plans(app)
    there = repo / "snapshots" / ("b" * 40)
    there.mkdir()
    (there / "model.gguf").symlink_to(f"../../blobs/{sha256(GGUF)}")
    (repo / "refs/v2").write_text("b" * 40)
    before = look(home)
    refused(app.operations.apply(old))
    assert look(home) == before


def test_each_folder_is_asked_by_its_own_rule(app: App, home: Path) -> None:
    """Two stores of one tool and a plain folder: what is planned in any of them is done there."""
    top = tree(home / "models", {"a.gguf": GGUF})
    watch.add_root(app.database, str(top))
    for number, store in enumerate((home / ".ollama/models", home / "B")):
        ollama_model(store, "registry.ollama.ai/library/m/a", {"model": gguf_bytes(seed=70 + number)})
    watch.add_root(app.database, str(home / "B"), "ollama")
    scan(app)
    every = plans(app)
    assert len(every) == 3
    for _id, one in every:
        apply(app, one)
    assert not (top / "a.gguf").exists() and not list((home / "B/blobs").iterdir())


def test_a_folder_that_is_watched_no_more(app: App, home: Path) -> None:
    tree(home / "models", {"a.gguf": GGUF})
    watch.add_root(app.database, str(home / "models"))
    scan(app)
    ((_id, old),) = plans(app)
    with app.database.read() as tx:
        (root,) = roots.every(tx)
    watch.remove_root(app.database, f"r{root.id}")
    refused(app.operations.apply(old), "outside the folders that are watched", "add its folder")
    assert (home / "models/a.gguf").exists()


def test_a_name_that_is_left_out_since(app: App, home: Path) -> None:
    tree(home / "models", {"a.gguf": GGUF})
    watch.add_root(app.database, str(home / "models"))
    scan(app)
    ((_id, old),) = plans(app)
    app.settings.values.left_out = ["a.*"]
    refused(app.operations.apply(old), "leave out")
    assert (home / "models/a.gguf").exists()


def edited(app: App, old: Plan, **changes: object) -> str:
    """A stored plan whose first step somebody wrote otherwise; its id."""
    app.operations.store(old)
    record = to_record(old)
    record["steps"][0] |= changes  # type: ignore[index]
    path = app.paths.journal / f"{old.id}.jsonl"
    path.write_text(json.dumps({"record": "plan", "plan": record}) + "\n")
    return old.id


def test_a_stored_plan_that_somebody_edited(app: App, home: Path) -> None:
    tree(home / "models", {"a.gguf": GGUF, "b.gguf": OTHER, "notes.txt": "mine"})
    tree(home / "docs", {"thesis.txt": "years of work"})
    watch.add_root(app.database, str(home / "models"))
    scan(app)
    before = look(home)
    for path, words in ((home / "docs/thesis.txt", "outside"), (home / "models/notes.txt", "needed by something else"),
                        (home / "models/b.gguf", "needed by something else")):  # fmt: skip
        old = next(one for _id, one in plans(app) if one.steps[0].path.endswith("a.gguf"))
        found = os.lstat(path)
        seen = dataclasses.asdict(old.steps[0].identity)  # type: ignore[call-overload]
        seen |= {"inode": found.st_ino, "size": found.st_size, "mtime_ns": found.st_mtime_ns}
        del seen["tree"]
        id_ = edited(app, old, path=str(path), identity=seen)
        refused(app.operations.apply(app.operations.get(id_).plan), words)
    assert look(home) == before


def test_a_plan_of_which_nobody_says_what_asked_for_it(app: App, home: Path) -> None:
    tree(home / "models", {"a.gguf": GGUF})
    watch.add_root(app.database, str(home / "models"))
    scan(app)
    ((_id, old),) = plans(app)
    for origins in ({}, {1: ""}, {1: "{"}, {1: '{"kind": "copies"}'}, {1: '{"kind": "places"}'}):
        fresh = dataclasses.replace(old, id=new_id(), origins=origins)
        assert app.operations.apply(fresh).state == "refused"
    assert (home / "models/a.gguf").exists()


def test_only_what_we_threw_away_is_deleted_from_a_trash(app: App, home: Path) -> None:
    tree(home / "models", {"a.gguf": GGUF})
    watch.add_root(app.database, str(home / "models"))
    scan(app)
    ((id_, _old),) = plans(app)
    done = apply(app, plan(app, id_))
    trash = Path(done.steps[0].facts["name"] and str(done.plan.steps[0].target))  # type: ignore[arg-type]
    (trash / "files/holiday.jpg").write_bytes(b"of somebody else")
    found = plan_empty(trashed([done], app.volumes), app.volumes)
    other = edited(app, found, path=str(trash / "files/holiday.jpg"))
    refused(app.operations.apply(app.operations.get(other).plan), "by this program")
    assert (trash / "files/holiday.jpg").exists() and (trash / "files/a.gguf").exists()
    apply(app, plan_empty(trashed([done], app.volumes), app.volumes))
    assert not (trash / "files/a.gguf").exists() and (trash / "files/holiday.jpg").exists()


def test_an_unsettled_journal_from_elsewhere_changes_nothing(app: App, home: Path) -> None:
    """What recovery would put back lies outside every folder that is watched."""
    import base64

    tree(home, {"bashrc": "export PATH"})
    found = os.lstat(home / "bashrc")
    volume = app.volumes.of(str(home / "bashrc"), found.st_dev).name
    seen = {"volume": volume, "inode": found.st_ino, "size": found.st_size, "mtime_ns": found.st_mtime_ns}
    step = {"n": 1, "unit": 1, "verb": "write", "path": str(home / "bashrc"), "target": None, "bytes": 1, "frees": 0,
            "why": "", "undo": True, "identity": seen, "how": {"text": ""}, "of": ""}  # fmt: skip
    id_ = "20261121T020100123Z-9f3a2c41"
    whole = {"id": id_, "title": "x", "steps": [step], "frees": 0, "frees_now": 0, "warnings": [], "created_at": 1.0}
    facts = {"at": str(home / "bashrc"), "volume": volume, "seen": seen, "made": seen,
             "old": base64.b64encode(b"curl evil").decode(),
             "looks": {"mode": 0o755, "uid": 0, "gid": 0, "atime_ns": 0, "mtime_ns": 0, "xattrs": {}}}  # fmt: skip
    app.paths.journal.mkdir(mode=0o700)
    records = [
        {"record": "plan", "plan": whole},
        {"record": "apply", "at": 1.0},
        {"record": "doing", "n": 1, "facts": facts},
    ]
    (app.paths.journal / f"{id_}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    size = (app.paths.journal / f"{id_}.jsonl").stat().st_size
    (stuck,) = app.operations.recover() or [app.operations.get(id_)]
    assert stuck.state == "stuck" and "outside the folders that are watched" in stuck.steps[0].problem
    assert (home / "bashrc").read_text() == "export PATH"
    for _again in range(3):
        app.operations.recover()
    assert (app.paths.journal / f"{id_}.jsonl").stat().st_size < size + 400, "told once"
