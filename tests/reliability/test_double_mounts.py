"""Random scenes: folders, a second way to them, links, copies, writers, tools at work; compared byte by byte.

Whatever is planned, applied, undone or emptied: no content that lay in the folders is ever gone for good, but for what
was in the trash when that was emptied and lies elsewhere too.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from factory import gguf_bytes, ollama_model, tree
from mounts import WAYS, second_way

from model_manager.app import App, build
from model_manager.base.errors import ModelManagerError
from model_manager.catalog import models
from model_manager.jobs import Progress
from model_manager.library.clean.candidate import library_of
from model_manager.library.clean.memory import this_machine
from model_manager.library.clean.offers import offered, wanted_of
from model_manager.library.clean.rules import candidates
from model_manager.library.duplicates.search import prove
from model_manager.library.duplicates.sharing import plan_sharing
from model_manager.library.removal.planning import plan_removal
from model_manager.library.removal.selection import Selection
from model_manager.library.scan import watch
from model_manager.operations import Plan

Contents = set[str]


def contents(top: Path) -> Contents:
    """The hash of every regular file below a folder, and of what its links lead to."""
    found = set()
    for folder, _folders, names in os.walk(top):
        for name in names:
            path = Path(folder) / name
            if path.is_file() and path.suffix != ".trashinfo":
                found.add(hashlib.sha256(path.read_bytes()).hexdigest())
    return found


def laid(top: Path, chance: random.Random) -> list[bytes]:
    """Copies, hard links, symbolic links and an Ollama store, with some contents more than once."""
    bodies = [gguf_bytes(seed=chance.randrange(10**6)) for _ in range(3)]
    for number in range(chance.randint(3, 7)):
        path = top / chance.choice(("a", "b", "c/d")) / f"m{number}.gguf"
        others = [one for one in top.rglob("*.gguf") if one.is_file()]
        how = chance.random()
        path.parent.mkdir(parents=True, exist_ok=True)
        if others and how < 0.2:
            os.link(chance.choice(others).resolve(), path)
        elif others and how < 0.35:
            path.symlink_to(chance.choice(others))
        else:
            path.write_bytes(chance.choice(bodies))
            os.utime(path, (10**9, 10**9))
    if chance.random() < 0.4:
        tree(top / "model", {"weights.gguf": chance.choice(bodies), "config.json": f'{{"n": {chance.random()}}}'})
    return bodies


def planned(app: App, chance: random.Random) -> Plan:
    """One of the ways in which things are shared or go."""
    env, kind = app.env(), chance.randrange(6)
    if kind < 4:
        by = ("trash", "symlink", "hardlink", "reflink")[kind]
        return plan_sharing(app.database, app.volumes, env, prove(app.database, app.volumes).groups, by)  # type: ignore[arg-type]
    if kind == 4:
        with app.database.read() as tx:
            places = [place.id for place in models.places(tx)]
        return plan_removal(app.database, app.volumes, env, Selection((), (chance.choice(places),)))
    library = library_of(app.database, this_machine())
    found = offered(app.database, app.volumes, env, library, candidates(library))
    return plan_removal(app.database, app.volumes, env, wanted_of(library, found))


def meddle(disk: Path, chance: random.Random) -> None:
    """What a tool does between the plan and its turn; adds contents, takes none."""
    files = [
        path for path in disk.rglob("*.gguf") if path.is_file() and not path.is_symlink() and ".Trash" not in str(path)
    ]
    path = chance.choice(files)
    kind = chance.randrange(4)
    if kind == 0:
        path.chmod(0o600)
    elif kind == 1:
        os.link(path, path.with_name(f"n{chance.randrange(10**6)}.gguf"))
    elif kind == 2:
        path.with_name(f"l{chance.randrange(10**6)}.gguf").symlink_to(path)
    else:
        shutil.copy2(path, path.with_name(f"c{chance.randrange(10**6)}.gguf"))


@pytest.mark.parametrize(
    ("first", "scenes"), [(0, 8), *(pytest.param(one, 100, marks=pytest.mark.slow) for one in range(100, 1100, 100))]
)
def test_no_content_is_lost(
    first: int, scenes: int, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied = 0
    for seed in range(first, first + scenes):
        chance = random.Random(seed)
        top = tmp_path / str(seed)
        disk = top / "disk"
        disk.mkdir(parents=True)
        monkeypatch.setenv("HOME", str(disk / "home"))
        (disk / "home").mkdir()
        bodies = laid(disk, chance)
        if chance.random() < 0.5:
            ollama_model(
                disk / "home/.ollama/models", "registry.ollama.ai/library/m/a", {"model": chance.choice(bodies)}
            )
        with second_way(chance.choice(sorted(WAYS)), disk, top / "pool") as pool:
            app = build(str(top / "data"))
            try:
                for folder in chance.sample([disk, pool, disk / "a", pool / "a", disk / "b"], chance.randint(2, 4)):
                    if folder.is_dir():
                        watch.add_root(app.database, str(folder))
                applied += _lived(app, disk, chance, f"scene {seed}")
            finally:
                app.close()
        shutil.rmtree(top)
    assert applied > scenes // 2, "the scenes hardly change anything"


def _lived(app: App, disk: Path, chance: random.Random, what: str) -> int:
    applied, ids = 0, []
    for _turn in range(3):
        app.scanner().run(Progress())
        try:
            plan = planned(app, chance)
        except ModelManagerError:
            continue
        if chance.random() < 0.5:
            meddle(disk, chance)
        before = contents(disk)
        done = app.operations.apply(plan)
        if done.state in ("applied", "partly"):
            applied += 1
            ids.append(done.id)
        assert before <= contents(disk), f"{what}: {plan.title}, {[step.path for step in plan.steps]}"
        if ids and chance.random() < 0.3:
            _tried(lambda: app.operations.undo(ids.pop()))
            assert before <= contents(disk), f"{what}: undone"
    for id_ in reversed(ids):
        before = contents(disk)
        _tried(lambda id_=id_: app.operations.undo(id_))  # type: ignore[misc]
        assert before <= contents(disk), f"{what}: undone at the end"
    return applied


def _tried(act: Callable[[], object]) -> None:
    try:
        act()
    except ModelManagerError:
        return
