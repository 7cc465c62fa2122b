"""While a change could not be settled, nothing that it may put back, or that this needs, is called unused or goes."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, sha256, write
from removing import all_say_the_same, known, offers, plan, scan

from model_manager.app import App, build
from model_manager.base.errors import ModelManagerError
from model_manager.catalog import roots
from model_manager.cli import main
from model_manager.library.doctor import checks
from model_manager.library.listing.model_json import leftovers_json
from model_manager.library.scan import watch
from model_manager.operations import Disk, Operations
from model_manager.operations.plan_builder import Way
from model_manager.operations.trashed import plan_empty, trashed

GGUF, OTHER = gguf_bytes(seed=31), gguf_bytes(seed=32)


def aged(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.name != "models.json":
            os.utime(path, (1_600_000_000, 1_600_000_000))


def killed(app: App, id_: str, way: Way, renames: int) -> None:
    """This model's removal, ended just after so many things were moved."""

    class Dying(Disk):
        left = renames

        def rename(self, path: str, target: str) -> None:
            super().rename(path, target)
            self.left -= 1
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)

    wanted = plan(app, id_, way=way)
    child = os.fork()
    if not child:
        try:
            Operations(app.paths, disk=Dying(), volumes=app.volumes).apply(wanted)
        finally:
            os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])


def unused(app: App) -> list[str]:
    return [str(one["path"]) for one in leftovers_json(app.database, app.volumes, app.env())]


@pytest.fixture
def again(home: Path) -> Iterator[App]:
    """The same data folder at its next start."""
    made = build()
    yield made
    made.close()


def ollama(app: App, home: Path) -> str:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/gone/a", {"model": GGUF, "template": b"shared"})
    ollama_model(store, "registry.ollama.ai/library/stays/b", {"model": OTHER, "template": b"shared"})
    aged(store)
    scan(app)
    return next(id_ for id_, files in known(app).items() if any("/gone/" in file for file in files))


def lose_the_trash(home: Path) -> Path:
    """So that it is not shown any more where the manifest lies."""
    os.rename(home / ".local/share/Trash", home / "elsewhere")
    return home / "elsewhere"


@pytest.mark.parametrize("is_recorded", [False, True], ids=["before its record", "after its record"])
def test_what_is_stuck_keeps_its_layers(
    is_recorded: bool, app: App, again: App, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half way into a trash that cannot be told to be one afterwards."""
    store, other = home / ".ollama/models", home / "other"
    id_ = ollama(app, home)
    monkeypatch.setenv("XDG_DATA_HOME", str(other))
    killed(app, id_, "trash", 1)
    journal = next(app.paths.journal.glob("*.jsonl"))
    if is_recorded:
        journal.write_bytes(journal.read_bytes() + b'{"record": "done", "n": 1}\n')
    monkeypatch.delenv("XDG_DATA_HOME")
    for note in (other / "Trash/info").iterdir():
        note.rename(home / note.name)
    (stuck,) = again.operations.history()[0]
    assert stuck.state == "stuck" and not stuck.settled
    scan(again)
    assert unused(again) == [] and offers(again) == []
    all_say_the_same(again)
    told = [
        check.detail for check in checks(again.paths, again.database, again.settings) if "interrupted" in check.name
    ]
    assert len(told) == 1 and "nothing that it touches is called unused" in told[0]
    (stays,) = known(again)
    with pytest.raises(ModelManagerError, match="not settled yet"):
        plan(again, stays)
    for note in home.glob("*.trashinfo"):
        note.rename(other / "Trash/info" / note.name)
    last = build()
    try:
        (settled,) = last.operations.history()[0]
        assert settled.state == "refused" and (store / "manifests/registry.ollama.ai/library/gone/a").exists()
        assert any("interrupted" in sentence for sentence in last.news)
        scan(last)
        assert len(known(last)) == 2 and plan(last, *known(last)).steps
    finally:
        last.close()


def test_a_plan_of_before_takes_nothing_of_it(
    app: App, again: App, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made while all was well, applied while the other is stuck."""
    models = home / "m"
    for name in ("a", "b"):
        write(models / f"{name}.gguf", gguf_bytes(seed=ord(name)))
    watch.add_root(app.database, str(models))
    scan(app)
    ids = {Path(files[0]).stem: id_ for id_, files in known(app).items()}
    old = plan(app, ids["b"], way="delete")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "other"))
    killed(app, ids["a"], "trash", 1)
    monkeypatch.delenv("XDG_DATA_HOME")
    next((home / "other/Trash/info").iterdir()).unlink()
    done = again.operations.apply(old)
    assert done.state == "refused" and "not settled yet" in done.steps[0].problem
    assert (models / "b.gguf").exists()


def docker(home: Path) -> None:
    store = home / ".docker/models"
    lines = []
    for name, data in (("gone", GGUF), ("stays", OTHER)):
        layers = [{"mediaType": "application/vnd.docker.ai.gguf.v3", "digest": f"sha256:{sha256(data)}"}]
        config = {"mediaType": "application/vnd.docker.ai.model.config.v0.1+json", "digest": f"sha256:{sha256(b'{}')}"}
        manifest = json.dumps({"layers": layers, "config": config, "of": name}).encode()
        id_ = sha256(manifest)
        write(store / "manifests/sha256" / id_, manifest)
        write(store / "blobs/sha256" / sha256(data), data), write(store / "blobs/sha256" / sha256(b"{}"), b"{}")
        files = [f"sha256:{sha256(data)}", f"sha256:{sha256(b'{}')}"]
        lines.append({"id": f"sha256:{id_}", "tags": [f"docker.io/ai/{name}:latest"], "files": files})
    write(store / "models.json", json.dumps({"models": lines}))
    aged(store)


def by_ollama(home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/gone/a", {"model": GGUF, "template": b"shared"})
    ollama_model(store, "registry.ollama.ai/library/stays/b", {"model": OTHER, "template": b"shared"})
    aged(store)


def hub(home: Path) -> None:
    cache = home / ".cache/huggingface/hub"
    hub_repo(cache, "o/gone", {"gone.gguf": GGUF, "x.gguf": gguf_bytes(seed=9)}, shared=True)
    hub_repo(cache, "o/stays", {"stays.gguf": OTHER, "x.gguf": gguf_bytes(seed=9)}, shared=True)
    aged(cache)


def localai(home: Path) -> None:
    models = home / ".localai/models"
    write(models / "shared.gguf", GGUF), write(models / "own.gguf", OTHER)
    for name in ("gone", "stays"):
        write(models / f"{name}.yaml", f"name: {name}\nparameters:\n  model: shared.gguf\n")
    aged(models)


@pytest.mark.parametrize("renames", [1, 2, 3])
@pytest.mark.parametrize("lay", [by_ollama, docker, hub, localai], ids=lambda lay: lay.__name__)
def test_what_lies_aside_for_another_data_folder_keeps_the_store(
    lay, renames: int, app: App, home: Path, tmp_path: Path
) -> None:
    """Another person, or a second data folder: it takes nothing that the first still has to put back."""
    lay(home)
    scan(app)
    elsewhere = build(str(tmp_path / "data2"))
    try:
        scan(elsewhere)
        before = set(unused(elsewhere))
        models = {model: files for model, files in known(app).items() if any("gone" in file for file in files)}
        id_ = next(iter(models), None) or next(iter(known(app)))
        takes = [step.path for step in plan(app, id_, way="delete").steps if step.verb == "delete"]
        if len(takes) < renames:
            pytest.skip("it goes in fewer steps")
        killed(app, id_, "delete", renames)
        aged(home)
        scan(elsewhere)
        assert set(unused(elsewhere)) <= before
        assert [one for one in offers(elsewhere) if one.rule in ("orphan", "unnamed-revision")] == []
        for other in known(elsewhere):
            try:
                elsewhere.operations.apply(plan(elsewhere, other, way="delete"))
            except ModelManagerError:
                continue  # told, and nothing goes
        made = build()
        try:
            assert [one.state for one in made.operations.history()[0]] == ["refused"], made.operations.history()[0][
                0
            ].steps
            assert [path for path in takes if not os.path.exists(path)] == []
            needed = [path for path in models.get(id_, []) if not os.path.exists(path)]
            assert not needed, "what came back lacks what the other took"
        finally:
            made.close()
    finally:
        elsewhere.close()


def test_what_has_still_to_go_back_is_not_emptied(app: App, again: App, home: Path) -> None:
    """The store is not watched any more, so nothing in it is changed: its manifest waits in the trash."""
    killed(app, ollama(app, home), "trash", 1)
    with again.database.read() as tx:
        ids = [root.id for root in roots.every(tx)]
    for id_ in ids:
        watch.ignore_root(again.database, f"r{id_}")
    (stuck,) = again.operations.history()[0]
    assert stuck.state == "stuck" and trashed([stuck], again.volumes) == []
    with pytest.raises(ModelManagerError, match="nothing of this program's is in it"):
        plan_empty(trashed([stuck], again.volumes), again.volumes)
    assert list((home / ".local/share/Trash/files").iterdir())


def test_what_can_never_be_settled_is_given_up(
    app: App, home: Path, again: App, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its trash is gone: the way out is said, and then nothing is held any more and nothing was touched."""
    store, other = home / ".ollama/models", home / "other"
    wanted = ollama(app, home)
    monkeypatch.setenv("XDG_DATA_HOME", str(other))
    killed(app, wanted, "trash", 1)
    monkeypatch.delenv("XDG_DATA_HOME")
    shutil.rmtree(other)
    (stuck,) = again.operations.history()[0]
    assert not stuck.settled
    scan(again)
    with pytest.raises(ModelManagerError) as refused:
        plan(again, *known(again))
    assert "undo OPERATION --give-up" in refused.value.hint
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    assert main(["undo", stuck.id, "--give-up", "--dry-run", "--yes"]) == 0
    told = capsys.readouterr().out
    assert "Give up" in told and "/gone/a" in told and not again.operations.get(stuck.id).settled
    assert main(["undo", stuck.id, "--give-up", "--yes"]) == 0
    assert "Given up" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in store.rglob("*") if path.is_file()} == before
    assert again.operations.get(stuck.id).settled and plan(again, *known(again)).steps
    assert main(["undo", stuck.id, "--give-up", "--yes"]) == 1
    assert "nothing to give up" in capsys.readouterr().err
