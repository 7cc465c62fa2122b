"""Names that are left out: gone from the library and nothing else, back with all that was said of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import gguf_bytes, safetensors_bytes, tree
from removing import known, plan, scan

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.base.volumes import Volumes
from model_manager.catalog import leftovers, models
from model_manager.catalog.rows import read_rows
from model_manager.jobs import Progress
from model_manager.library.duplicates import search as duplicates
from model_manager.library.labels import user_labels
from model_manager.library.scan import watch

GGUF, OTHER = gguf_bytes(seed=21), gguf_bytes(seed=22)
TENSORS = safetensors_bytes({"x.weight": ("F16", (8, 8))}, seed=33)


def leave_out(app: App, *patterns: str) -> None:
    app.settings.values.left_out = list(patterns)
    scan(app)


def paths(app: App, top: Path) -> set[str]:
    return {os.path.relpath(path, top) for files in known(app).values() for path in files}


@pytest.fixture
def top(app: App, home: Path) -> Path:
    tree(home / "AI", {"one.gguf": GGUF, "backup/two.gguf": OTHER, "llm/backup/three.gguf": OTHER})
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    return home / "AI"


def test_left_out_and_back_again(app: App, top: Path) -> None:
    before = known(app)
    assert paths(app, top) == {"one.gguf", "backup/two.gguf", "llm/backup/three.gguf"}
    leave_out(app, "backup*")
    assert paths(app, top) == {"one.gguf"}
    with app.database.read() as tx:
        assert leftovers.every(tx) == [], "a folder that is not looked into is not an empty one"
    leave_out(app)
    assert known(app) == before, "the same models, by the same ids"


def test_the_persons_words_come_back(app: App, top: Path) -> None:
    (id_,) = [int(id_[1:]) for id_, files in known(app).items() if files == [str(top / "backup/two.gguf")]]
    user_labels.tag(app.database, id_, ["mine"], [])
    user_labels.set_note(app.database, id_, "as I like it")
    user_labels.set_pinned(app.database, id_, True)
    user_labels.set_category(app.database, id_, "misc")
    leave_out(app, "backup")
    leave_out(app)
    with app.database.read() as tx:
        (row,) = read_rows(tx, {id_})
        (record,) = models.records(tx, [id_])
    assert (record["note"], row.pinned, row.category) == ("as I like it", True, "misc") and "mine" in row.tags


def test_a_folder_that_has_not_changed_is_looked_at_anew(app: App, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of folders holds for the same patterns only."""
    kind = Volumes().of(str(top), top.stat().st_dev).kind
    monkeypatch.setattr("model_manager.library.scan.root_reading.KINDS", frozenset({kind}))
    monkeypatch.setattr("model_manager.stores.walk.folder_memory.SETTLED_NS", 0)
    scan(app)
    for patterns, left in (((), 3), (("two*",), 2), (("two*", "backup"), 1), ((), 3), (("one.*",), 2), ((), 3)):
        leave_out(app, *patterns)
        assert len(known(app)) == left, patterns
        leave_out(app, *patterns)
        assert len(known(app)) == left, f"{patterns} once more"


def test_a_folder_with_something_left_out_never_goes_whole(app: App, top: Path) -> None:
    tree(
        top / "llm/llama",
        {"config.json": b'{"model_type": "llama"}', "model.safetensors": TENSORS, "NOTICE": b"words"},
    )
    scan(app)
    (whole,) = [id_ for id_, files in known(app).items() if str(top / "llm/llama/config.json") in files]
    assert [step.path for step in plan(app, whole).steps] == [str(top / "llm/llama")]
    app.settings.values.left_out = ["notice*"]  # not even before the next scan
    for _time in range(2):
        gone = {os.path.basename(step.path) for step in plan(app, whole).steps}
        assert gone == {"config.json", "model.safetensors"}
        scan(app)
    assert app.operations.apply(plan(app, whole)).state == "applied"
    assert os.listdir(top / "llm/llama") == ["NOTICE"]


def test_what_is_left_out_is_not_cleared_away_by_an_old_library(app: App, top: Path) -> None:
    (id_,) = [id_ for id_, files in known(app).items() if files == [str(top / "backup/two.gguf")]]
    app.settings.values.left_out = ["backup"]
    with pytest.raises(ModelManagerError, match="leave out"):
        plan(app, id_)


def test_what_a_model_that_is_left_out_may_need_stays(app: App, home: Path) -> None:
    tree(home / "AI/llava", {"llava-Q4_0.gguf": GGUF, "llava-Q8_0.gguf": OTHER, "mmproj-llava-f16.gguf": gguf_bytes({
        "general.architecture": "clip"}, seed=5)})  # fmt: skip
    watch.add_root(app.database, str(home / "AI"))
    leave_out(app, "*Q8_0*")
    (id_,) = [id_ for id_, files in known(app).items() if str(home / "AI/llava/llava-Q4_0.gguf") in files]
    assert [os.path.basename(step.path) for step in plan(app, id_).steps] == ["llava-Q4_0.gguf"]


def test_a_copy_that_is_left_out_is_none(app: App, top: Path) -> None:
    """It is neither offered nor counted on: what stays is the last copy as far as anybody looks."""
    found = duplicates.prove(app.database, app.volumes, Progress())
    assert [len(group.copies) for group in found.groups] == [2]
    leave_out(app, "three*")
    assert duplicates.prove(app.database, app.volumes, Progress()).groups == ()


def test_a_settings_file_with_nonsense(app: App, top: Path) -> None:
    app.settings.values.left_out = ["*", 7, "a/b"]  # type: ignore[list-item]
    scan(app)
    assert len(known(app)) == 3
