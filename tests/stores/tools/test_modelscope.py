"""ModelScope: three generations of its layout, dots that are `___`, links that it makes beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance import GGUF, OTHER, TENSORS, Told, env_of
from factory import tree

from model_manager.base import reading
from model_manager.stores.tools import modelscope

CACHE = ".cache/modelscope"


@pytest.mark.parametrize(("place", "name"), [
    ("hub/models/Qwen/Qwen3-0___6B", "Qwen/Qwen3-0.6B"), ("hub/Qwen/Qwen3-0___6B", "Qwen/Qwen3-0.6B"),
    ("models/Qwen--Qwen3-0.6B/snapshots/master", "Qwen/Qwen3-0.6B"), ("Qwen/Qwen3-0___6B", "Qwen/Qwen3-0.6B")])  # fmt: skip
def test_names(place: str, name: str, home: Path) -> None:
    tree(home / CACHE / place, {"config.json": "{}", "model.safetensors": TENSORS})
    (model,) = Told("modelscope", home).models
    assert (model.name, model.title) == (name, name)
    assert model.source and (model.source.hub, model.source.repo) == ("modelscope", name)
    assert model.source.revision == ("master" if "snapshots" in place else "")


def test_the_link_with_a_dot_is_the_same_model(home: Path) -> None:
    place = tree(home / CACHE / "hub/models/Qwen/Qwen3-0___6B", {"m.gguf": GGUF})
    (place.parent / "Qwen3-0.6B").symlink_to(place)
    assert [model.name for model in Told("modelscope", home).models] == ["Qwen/Qwen3-0.6B/m"]


def test_downloads_data_sets_and_pickles(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(home / CACHE / "hub", {"models/._____temp/org/x/m.gguf": b"half", "datasets/org/d/data.bin": b"x",
                                "models/org/m/m.gguf": OTHER, "models/org/m/.msc": b"\x80\x04."})  # fmt: skip
    opened: list[str] = []
    plain = reading.open_quietly
    monkeypatch.setattr(reading, "open_quietly", lambda path: (opened.append(path), plain(path))[1])
    told = Told("modelscope", home)
    assert told.names == {"org/m/m"} and [rest.of for rest in told.rests] == ["org/x/m.gguf"]
    assert not any(path.endswith(".msc") for path in opened)


def test_the_variable_comes_first(home: Path) -> None:
    for place in ("variable", CACHE):
        (home / place).mkdir(parents=True)
    found = list(modelscope.find(env_of(home, MODELSCOPE_CACHE=f"{home}/variable")))
    assert [root.found_by for root in found] == ["environment", "default"]
