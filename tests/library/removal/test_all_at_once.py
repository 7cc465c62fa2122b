"""Everything goes by one plan: what is gone already changes nothing of what was shown for the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conformance import aged
from factory import gguf_bytes, hub_repo, ollama_model, sha256, tree
from removing import TREES, apply, known, laid, look, plan, scan, undo

from model_manager.app import App
from model_manager.catalog import leftovers
from model_manager.library.removal.planning import plan_removal
from model_manager.library.removal.selection import Selection
from model_manager.library.scan import watch


def gguf(seed: int) -> bytes:
    return gguf_bytes(seed=seed)


LAYOUTS = {
    "one folder": ("models", "folder", ["loras/a.gguf", "loras/b.gguf", "loras/c.gguf"]),
    "several folders": ("models", "folder", ["x/y/a.gguf", "x/y/b.gguf", "x/z/c.gguf", "x/z/d.gguf", "v/e.gguf"]),
    "nested folders": ("models", "folder", ["x/y/a.gguf", "x/y/z/b.gguf", "x/y/z/c.gguf", "x/y/z/z/d.gguf"]),
    "LM Studio": (".lmstudio/models", "lm-studio", ["org/one/a.gguf", "org/one/b.gguf", "org/two/c.gguf"]),
    "Jan": (".local/share/Jan/data/llamacpp/models", "jan", ["one/a.gguf", "one/b.gguf", "two/c.gguf"]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("backwards", [False, True])
def test_all_models_of_a_folder(layout: str, backwards: bool, app: App, home: Path) -> None:
    """What was shown goes and nothing else; it all comes back."""
    place, tool, names = LAYOUTS[layout]
    tree(home / place, {name: gguf(seed) for seed, name in enumerate(names)})
    watch.add_root(app.database, str(home / place), tool)
    scan(app)
    before, ids = look(home), sorted(known(app), reverse=backwards)
    assert len(ids) == len(names)
    wanted = plan(app, *ids)
    shown = [step.path for step in wanted.steps]
    done = apply(app, wanted)
    after = look(home)
    assert not any(name.endswith(".gguf") for name in after)
    gone = {str(home / name) for name in before.keys() - after.keys()}
    assert all(path in shown or path.startswith(tuple(f"{one}{os.sep}" for one in shown)) for path in gone), gone
    undo(app, done)
    assert look(home) == before


def rests(app: App) -> tuple[str, ...]:
    with app.database.read() as tx:
        return tuple(row.path for row in leftovers.every(tx))


def everything(app: App) -> Selection:
    return Selection(tuple(int(id_.lstrip("m")) for id_ in known(app)), (), rests(app))


@pytest.mark.parametrize("tool", sorted(set(TREES) - {"invokeai", "koboldcpp"}))
def test_a_whole_store_with_what_is_left_over_in_it(tool: str, app: App, home: Path) -> None:
    """Nothing of it is refused because of what went before it."""
    laid(tool, app, home)
    before, files = look(home), [path for paths in known(app).values() for path in paths]
    unused = rests(app)
    done = apply(app, plan_removal(app.database, app.volumes, app.env(), everything(app)))
    assert not any(map(os.path.lexists, unused))
    scan(app)
    assert files and not known(app)
    undo(app, done)
    assert look(home) == before


def _hub(home: Path) -> None:
    """A repository with a model, a revision that nothing names, a blob of none and one of another model."""
    cache = home / ".cache/huggingface/hub"
    hub_repo(cache, "org/m", {"m.gguf": gguf(1)})
    hub_repo(cache, "org/m", {"old.gguf": gguf(2)}, commit="b" * 40, ref=None)
    hub_repo(cache, "org/n", {"n.gguf": gguf(3)})
    aged(tree(cache, {f"models--org--{name}/blobs/{'c' * 64}": b"orphan" for name in "mn"}))


@pytest.mark.parametrize("with_models", [False, True])
def test_leftovers_of_repositories(with_models: bool, app: App, home: Path) -> None:
    """A repository that goes whole takes along what is left over in it."""
    _hub(home)
    scan(app)
    before, unused = look(home), rests(app)
    assert len(unused) >= 2
    wanted = everything(app) if with_models else Selection((), (), unused)
    done = apply(app, plan_removal(app.database, app.volumes, app.env(), wanted))
    after = look(home)
    assert not any(map(os.path.lexists, unused))
    assert any(name.endswith("n.gguf") for name in after) != with_models
    undo(app, done)
    assert look(home) == before


def test_plans_of_one_folder_made_beside_each_other(app: App, home: Path) -> None:
    """The second names the file that it showed, though its folder would go whole by now."""
    tree(home / "models", {"x/y/a.gguf": gguf(1), "x/y/b.gguf": gguf(2)})
    watch.add_root(app.database, str(home / "models"))
    scan(app)
    before, made = look(home), [plan(app, id_) for id_ in known(app)]
    done = [apply(app, one) for one in made]
    assert [name for name in look(home) if name.startswith("models/")] == ["models/x", "models/x/y"]
    for one in reversed(done):
        undo(app, one)
    assert look(home) == before


def test_what_is_needed_since_stays_when_the_rest_goes(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": gguf(1)}, {"file_type": "F16"})
    ollama_model(store, "registry.ollama.ai/library/m/b", {"model": gguf(2)})
    scan(app)
    wanted = plan(app, *known(app))
    ollama_model(store, "registry.ollama.ai/library/m/c", {"model": gguf(2)})
    done = app.operations.apply(wanted)
    assert done.state == "partly"
    assert (store / "manifests/registry.ollama.ai/library/m/b").exists()
    assert (store / "blobs" / f"sha256-{sha256(gguf(2))}").exists()
    assert not (store / "manifests/registry.ollama.ai/library/m/a").exists()
