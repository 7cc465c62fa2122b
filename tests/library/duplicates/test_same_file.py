"""A folder and its mount hold one copy; what a third place holds is another. The most complete model stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import gguf_bytes, safetensors_bytes, tree
from mounts import WAYS, bind_mount, second_way
from removing import all_say_the_same, known, plan, scan

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.library.duplicates.search import Duplicates, prove
from model_manager.library.duplicates.sharing import plan_sharing
from model_manager.library.scan import watch

GGUF = gguf_bytes(seed=41)


def found(app: App, *folders: Path) -> Duplicates:
    for folder in folders:
        watch.add_root(app.database, str(folder))
    scan(app)
    all_say_the_same(app)
    return prove(app.database, app.volumes)


def sharing(app: App, copies: Duplicates, by: str, **choices: object):  # type: ignore[no-untyped-def]
    return plan_sharing(app.database, app.volumes, app.env(), copies.groups, by, **choices)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", WAYS)
def test_a_folder_and_its_mount_are_no_pair(kind: str, app: App, home: Path) -> None:
    tree(home / "disk", {"a.gguf": GGUF})
    with second_way(kind, home / "disk", home / "pool") as pool:
        copies = found(app, home / "disk", pool)
        assert copies.groups == () and copies.reclaimable == 0


@pytest.mark.parametrize("by", ["trash", "symlink", "hardlink"])
@pytest.mark.parametrize("kind", WAYS)
def test_a_real_copy_goes_and_the_one_file_stays(kind: str, by: str, app: App, home: Path) -> None:
    """Three paths, two files: whichever way is taken, the bytes stay under every name."""
    tree(home / "disk", {"a.gguf": GGUF})
    tree(home / "else", {"a.gguf": GGUF})
    with second_way(kind, home / "disk", home / "pool") as pool:
        copies = found(app, home / "disk", pool, home / "else")
        (group,) = copies.groups
        assert len(group.copies) == 2
        plan = sharing(app, copies, by, keep=[str(home / "disk/a.gguf")])
        assert [step.path for step in plan.steps] == [str(home / "else/a.gguf")]
        assert app.operations.apply(plan).state == "applied"
        assert (home / "disk/a.gguf").read_bytes() == (pool / "a.gguf").read_bytes() == GGUF
        assert not (home / "disk/a.gguf").is_symlink()
        app.operations.undo(plan.id)
    assert (home / "else/a.gguf").read_bytes() == GGUF


def model(top: Path) -> None:
    tree(top, {
        "model.safetensors": safetensors_bytes({"model.embed_tokens.weight": ("F16", [700, 1000])}, seed=5),
        "config.json": '{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}',
        "tokenizer.json": '{"version": "1.0"}', "README.md": "how this was trained", "modeling_custom.py": "# my code",
    })  # fmt: skip


def test_the_complete_model_stays_and_the_bare_weights_go(app: App, home: Path) -> None:
    model(home / "z/my-llama")
    tree(home / "a", {"model.safetensors": (home / "z/my-llama/model.safetensors").read_bytes()})
    plan = sharing(app, found(app, home / "a", home / "z"), "trash")
    assert [step.path for step in plan.steps] == [str(home / "a/model.safetensors")]
    (told,) = plan.warnings
    assert "my-llama/model.safetensors stays" in told


def test_what_exists_nowhere_else_is_named_before_it_goes(app: App, home: Path) -> None:
    """The person chose the bare one to stay."""
    model(home / "z/my-llama")
    bare = home / "a/model.safetensors"
    tree(home / "a", {"model.safetensors": (home / "z/my-llama/model.safetensors").read_bytes()})
    plan = sharing(app, found(app, home / "a", home / "z"), "trash", keep=[str(bare)])
    for name in ("config.json", "tokenizer.json", "README.md", "modeling_custom.py"):
        assert any(name in warning and "nothing like it" in warning for warning in plan.warnings), name


def test_of_two_complete_ones_the_one_with_more_of_its_own_stays(app: App, home: Path) -> None:
    model(home / "a/one")
    model(home / "z/two")
    (home / "z/two/notes.md").write_text("only here")
    (home / "a/one/README.md").write_bytes((home / "z/two/README.md").read_bytes())
    plan = sharing(app, found(app, home / "a", home / "z"), "trash")
    assert all(step.path.startswith(str(home / "a/one")) for step in plan.steps)
    assert app.operations.apply(plan).state == "applied"
    assert (home / "z/two/model.safetensors").exists() and not os.path.lexists(home / "a/one")


def test_one_place_of_a_folder_that_is_mounted_twice_does_not_go_alone(app: App, home: Path) -> None:
    """The two names are one: what goes here goes there."""
    tree(home / "disk", {"a.gguf": GGUF})
    with bind_mount(home / "disk", home / "pool") as pool:
        found(app, home / "disk", pool)
        with pytest.raises(ModelManagerError, match="named by another place that stays"):
            plan(app, str(pool / "a.gguf"), way="delete")
        assert [step.path for step in plan(app, *known(app)).steps] in (
            [str(home / "disk/a.gguf")],
            [str(pool / "a.gguf")],
        )
    assert (home / "disk/a.gguf").read_bytes() == GGUF


@pytest.mark.parametrize("kind", WAYS)
def test_what_is_seen_by_another_way_too_is_told_before_it_goes(kind: str, app: App, home: Path) -> None:
    tree(home / "disk", {"a.gguf": GGUF})
    tree(home / "else", {"a.gguf": GGUF})
    with second_way(kind, home / "disk", home / "pool") as pool:
        found(app, home / "disk", pool, home / "else")
        wanted = plan(app, str(pool / "a.gguf"), way="delete")
        assert [
            warning for warning in wanted.warnings if str(home / "disk/a.gguf") in warning and "goes too" in warning
        ]
        assert not [warning for warning in wanted.warnings if str(home / "else/a.gguf") in warning]
