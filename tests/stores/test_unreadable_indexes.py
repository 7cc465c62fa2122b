"""Every file and folder of every tool in turn missing, unreadable, damaged or a link to nowhere: nothing more is unused.

What a tool's index could name is unknown then, and no blob that was in use becomes an orphan.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conformance import TREES, Told, within

Damage = Callable[[Path], None]


def _gone(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _to_nowhere(path: Path) -> None:
    _gone(path)
    path.symlink_to("/mnt/not-connected/here")


def _garbage(path: Path) -> None:
    _gone(path)
    path.write_bytes(b"\0\xffgarbage" * 9)


def _cut(path: Path) -> None:
    """A file loses its second half; a folder all that is in it, as an empty mount point has."""
    if path.is_dir():
        _gone(path)
        path.mkdir()
    else:
        data = path.read_bytes()
        _gone(path)
        path.write_bytes(data[: len(data) // 2])


def _pipe(path: Path) -> None:
    _gone(path)
    os.mkfifo(path)


DAMAGES: dict[str, Damage] = {"gone": _gone, "to nowhere": _to_nowhere, "garbage": _garbage, "cut": _cut, "pipe": _pipe}


def tells_by_being_there(name: str, damage: str) -> bool:
    """Whether a model is known by this very entry, so that without it the tool itself knows of none.

    `ollama rm` takes a manifest with its empty folders, `ramalama rm` the record of a tag, a Hugging Face revision without a
    ref is known by its folder.
    """
    parts = name.split("/")
    if "ramalama" in parts and "refs" in parts:
        return damage == "gone" and name.endswith(".json")
    if "manifests" in parts and "sha256" not in parts:
        below = len(parts) - parts.index("manifests") - 1
        return (damage == "gone" and below > 0) or (damage == "cut" and below == 3)
    if "snapshots" in parts:
        below = len(parts) - parts.index("snapshots") - 1
        return damage == "gone" and (below > 1 or parts[-1] == "b" * 40)
    return damage == "gone" and parts[-1].startswith("models--")


def unused(tool: str, home: Path) -> set[str]:
    with within(30):
        return {
            f"{rest.kind} {os.path.relpath(rest.path, home)}"
            for rest in Told(tool, home).rests
            if rest.kind != "partial"
        }


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("tool", sorted(TREES))
def test_nothing_more_is_unused(tool: str, damage: str, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    TREES[tool](whole)
    before = unused(tool, whole)
    places = [str(path.relative_to(whole)) for path in sorted(whole.rglob("*"))]
    for number, name in enumerate(places):
        if tells_by_being_there(name, damage):
            continue
        home = tmp_path / str(number) / "home"
        TREES[tool](home)
        DAMAGES[damage](home / name)
        assert unused(tool, home) <= before, name
        shutil.rmtree(home)


@pytest.mark.parametrize("tool", sorted(TREES))
def test_nothing_more_is_unused_where_another_users_folder_cannot_be_read(
    tool: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file and folder in turn answers as one of another user."""
    TREES[tool](home)
    before = unused(tool, home)
    denied = ""

    def denying(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *arguments: Any, **named: Any) -> Any:
            if isinstance(path, str) and denied and (path == denied or path.startswith(denied + os.sep)):
                raise PermissionError(13, "Permission denied", path)
            return real(path, *arguments, **named)

        return call

    for name in ("scandir", "listdir", "open"):
        monkeypatch.setattr(os, name, denying(getattr(os, name)))
    for path in sorted(home.rglob("*")):
        denied = str(path)
        after = unused(tool, home)
        denied = ""
        assert after <= before, path


@pytest.mark.parametrize("tool", ["ollama", "huggingface", "docker-model-runner", "invokeai", "insightface", "vosk"])
def test_what_is_really_unused_is_told(tool: str, home: Path) -> None:
    """Else the suite could not fail."""
    TREES[tool](home)
    assert unused(tool, home)


INDEXES = {
    "ollama": [".ollama/models/manifests", ".ollama/models/manifests/registry.ollama.ai/library/m/latest"],
    "huggingface": [".cache/huggingface/hub/models--org--m/snapshots", ".cache/huggingface/hub/models--org--m/refs"],
    "docker-model-runner": [".docker/models/models.json", f".docker/models/manifests/sha256/{'1' * 64}"],
    "invokeai": ["invokeai/databases/invokeai.db"],
}


@pytest.mark.parametrize(("tool", "name"), [(tool, name) for tool, names in INDEXES.items() for name in names])
@pytest.mark.parametrize("damage", ["to nowhere", "garbage", "cut"])
def test_it_is_said_with_the_place_and_what_to_do(tool: str, name: str, damage: str, home: Path) -> None:
    TREES[tool](home)
    DAMAGES[damage](home / name)
    told = Told(tool, home)
    if not told.roots:
        return  # without its index the folder is not known to be the tool's
    assert not any(rest.kind == "orphan" for rest in told.rests)
    words = [problem.why for problem in told.problems if problem.path.startswith(str(home / name))]
    assert any("scan again" in why for why in words), told.problems
