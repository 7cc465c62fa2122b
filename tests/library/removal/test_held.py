"""What an unsettled change may still need does not go: its own folder, what lies in it, in a store with shared payloads all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from model_manager.catalog.roots import RootRow
from model_manager.library.removal.held import must_not_be_held, not_held
from model_manager.stores.host.env import Env
from model_manager.stores.parts import Asking, CannotRemove, Going, Part

WHY = "an earlier change is not settled yet"


def env(*held: Path) -> Env:
    return Env("/home", {}, held=tuple((str(path), WHY) for path in held))


def root(tool: str, path: Path) -> RootRow:
    return RootRow(1, tool, (), str(path), "user", {}, "online", False, True, None, None)


def refuses(path: Path, where: RootRow, held: Env) -> bool:
    try:
        must_not_be_held(str(path), where, held)
    except CannotRemove as told:
        assert (told.verb, told.path, told.reason) == ("clear away", str(path), WHY)
        assert "undo OPERATION --give-up" in told.hint
        return True
    return False


def test_in_a_plain_folder_only_what_lies_beside_or_around(tmp_path: Path) -> None:
    plain, held = root("folder", tmp_path), env(tmp_path / "x/y/held.gguf")
    assert refuses(tmp_path / "x/y/beside.gguf", plain, held)
    assert refuses(tmp_path / "x/y", plain, held) and refuses(tmp_path / "x", plain, held)
    assert not refuses(tmp_path / "z/other.gguf", plain, held)
    assert not refuses(tmp_path / "x/y/below/other.gguf", plain, held)
    assert not refuses(tmp_path / "x/y/beside.gguf", plain, env())


@pytest.mark.parametrize("tool", ["ollama", "msty", "huggingface", "docker-model-runner"])
def test_in_a_store_with_shared_payloads_everything_is(tmp_path: Path, tool: str) -> None:
    (tmp_path / "store").mkdir()
    os.symlink(tmp_path / "store", tmp_path / "way")
    held = env(tmp_path / "store/manifests/m")
    for top in ("store", "way"):
        assert refuses(tmp_path / "store/blobs/b", root(tool, tmp_path / top), held), top
    assert not refuses(tmp_path / "elsewhere/blobs/b", root(tool, tmp_path / "store"), held)
    assert not refuses(tmp_path / "store/blobs/b", root(tool, tmp_path / "store"), env(tmp_path / "other/m"))


def test_a_repository_in_a_folder_of_another_tool_too(tmp_path: Path) -> None:
    inside = tmp_path / "models--org--m/snapshots" / ("a" * 40) / "m.gguf"
    held = env(tmp_path / "models--org--n/blobs/b")
    assert refuses(inside, root("folder", tmp_path), held)
    assert not refuses(tmp_path / "models--org--m.gguf", root("folder", tmp_path), held)


def test_through_a_link_it_is_the_same_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    os.symlink(tmp_path / "real", tmp_path / "way")
    assert refuses(tmp_path / "way/b", root("folder", tmp_path), env(tmp_path / "real/a"))


def test_parts_pass_until_one_is_held(tmp_path: Path) -> None:
    plain, held = root("folder", tmp_path), env(tmp_path / "x/held")
    free = Going(str(tmp_path / "y/a"), "")
    asked = Asking("http://localhost/", "DELETE", "", "", "", "", (str(tmp_path / "y/a"), str(tmp_path / "x/b")))
    passed: list[Part] = []
    with pytest.raises(CannotRemove):
        passed.extend(not_held(iter([asked]), plain, held))
    with pytest.raises(CannotRemove):
        for part in not_held(iter([free, Going(str(tmp_path / "x/b"), "")]), plain, held):
            passed.append(part)
    assert passed == [free]
    assert list(not_held(iter([asked, free]), plain, env())) == [asked, free]
