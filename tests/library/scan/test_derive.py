"""What an earlier version understood is understood anew from the catalogue: no model's file is opened."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, safetensors_bytes, tree

from model_manager.app import App, build
from model_manager.catalog import models
from model_manager.jobs import Cancelled, Progress
from model_manager.library.labels import user_labels
from model_manager.library.listing.model_json import Json, models_json
from model_manager.library.scan import derive, watch
from model_manager.library.scan.derive import derive_again

_opened: list[str] | None = None


def _note(event: str, arguments: tuple[object, ...]) -> None:
    path = arguments[0] if event == "open" else None
    if _opened is not None and isinstance(path, str | bytes | os.PathLike):  # a number was opened by its path
        _opened.append(os.fsdecode(path))


sys.addaudithook(_note)


@contextmanager
def opened() -> Iterator[list[str]]:
    """Every path that this process opens meanwhile."""
    global _opened
    _opened = seen = []
    try:
        yield seen
    finally:
        _opened = None


@pytest.fixture
def own(app: App, home: Path) -> Path:
    """A scanned home of somebody who uses several tools; answers their own folder, where a model is tagged and pinned."""
    header = {"general.architecture": "llama", "llama.context_length": 8192, "general.license": "mit"}
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/qwen3/4b", {"model": gguf_bytes(header, seed=5)})
    hub_repo(home / ".cache/huggingface/hub", "org/small", {
        "config.json": b'{"model_type": "bert", "architectures": ["BertModel"]}',
        "model.safetensors": safetensors_bytes({"embeddings.word_embeddings.weight": ("F16", (64, 8))}),
        "README.md": b"---\nlicense: apache-2.0\n---\n",
    })  # fmt: skip
    files = {"a-Q4_K_M.gguf": gguf_bytes(header, seed=6), "broken.gguf": gguf_bytes(header, seed=7)[:-40]}
    folder = tree(home / "AI", files)
    watch.add_root(app.database, str(folder))
    app.scanner().run(Progress())
    (one,) = [int(model["id"][1:]) for model in every(app) if model["name"].startswith("a-")]
    user_labels.tag(app.database, one, ["mine"], [])
    user_labels.set_category(app.database, one, "multimodal")
    return folder


def every(app: App) -> list[Json]:
    with app.database.read() as tx:
        ids = models.largest_first(tx)
    return list(models_json(app.database, ids))


def as_an_older_version_left_it(app: App, column: str = "context_length") -> App:
    """The catalogue before a field was added: it has no column for it, and nothing of it was derived."""
    path = app.paths.catalogue
    app.close()
    connection = sqlite3.connect(path)
    connection.execute(f"ALTER TABLE model DROP COLUMN {column}")
    connection.execute("UPDATE model SET derived = derived - 1, name = 'as before'")
    connection.commit()
    connection.close()
    return build()


def test_a_new_field_is_filled_from_what_the_catalogue_holds(app: App, own: Path) -> None:
    before = every(app)
    assert {model["context_length"] for model in before} == {8192, None} and len(before) == 4
    later = as_an_older_version_left_it(app)
    assert {model["context_length"] for model in every(later)} == {None}
    with opened() as paths:
        later.scanner().run(Progress())
    assert every(later) == before
    weights = {
        os.path.realpath(file["path"]) for model in before for file in model["files"] if file["role"] == "weights"
    }
    assert len(weights) == 4 and weights.isdisjoint(map(os.path.realpath, paths))
    later.close()


def test_it_needs_no_disk_at_all(app: App, own: Path, home: Path) -> None:
    before = every(app)
    later = as_an_older_version_left_it(app)
    for place in (".ollama", ".cache", "AI"):
        shutil.rmtree(home / place)
    with opened() as paths:
        done = [id_ for some in derive_again(later.database, Progress()) for id_ in some]
    assert every(later) == before
    assert sorted(f"m{id_}" for id_ in done) == sorted(model["id"] for model in before)
    assert [path for path in paths if "data/" not in path] == [], "the catalogue alone"
    later.close()


def test_it_happens_once(app: App, own: Path) -> None:
    assert list(derive_again(app.database, Progress())) == []
    later = as_an_older_version_left_it(app)
    assert len(list(derive_again(later.database, Progress()))) == 1
    assert list(derive_again(later.database, Progress())) == []
    later.close()


def test_what_was_not_reached_is_done_next_time(app: App, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = every(app)
    later = as_an_older_version_left_it(app)
    monkeypatch.setattr(derive, "_AT_ONCE", 1)
    progress = Progress()
    some = derive_again(later.database, progress)
    next(some)
    progress.cancel()
    with pytest.raises(Cancelled):
        next(some)
    assert [model["name"] for model in every(later)].count("as before") == 3
    later.scanner().run(Progress())
    assert every(later) == before
    later.close()


def test_a_newer_program_is_not_undone_by_an_older_one(app: App, own: Path) -> None:
    """What it derived stays as it is: this program does not know what went into it."""
    with app.database.write() as tx:
        tx.execute("UPDATE model SET derived = derived + 1, name = 'by a newer one'")
    app.scanner().run(Progress())
    assert {model["name"] for model in every(app)} == {"by a newer one"}
