"""Where the Hugging Face cache is looked for: what the variables say first, the default place always."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conformance import GGUF, env_of
from factory import hub_repo

from model_manager.stores.hub.store import STORE, find


def found(home: Path, **environ: str) -> list[tuple[str, str]]:
    return [
        (os.path.relpath(root.path, home), root.found_by)
        for root in find(env_of(home, **environ))
        if root.path.startswith(str(home))
    ]


def test_every_variable_in_the_librarys_order(home: Path) -> None:
    for name in ("a", "b", "c/hub", "x/huggingface/hub", ".cache/huggingface/hub"):
        (home / name).mkdir(parents=True)
    environ = {"HF_HUB_CACHE": "a", "HUGGINGFACE_HUB_CACHE": "b", "HF_HOME": "c", "XDG_CACHE_HOME": "x"}
    assert found(home, **{name: str(home / below) for name, below in environ.items()}) == [
        ("a", "environment"), ("b", "environment"), ("c/hub", "environment"), ("x/huggingface/hub", "environment"),
        (".cache/huggingface/hub", "default"),
    ]  # fmt: skip


def test_the_default_place_and_those_of_flatpaks(home: Path) -> None:
    assert found(home) == []
    for name in (".cache/huggingface/hub", ".var/app/io.x/cache/huggingface/hub"):
        (home / name).mkdir(parents=True)
    assert found(home) == [(".cache/huggingface/hub", "default"), (".var/app/io.x/cache/huggingface/hub", "default")]


@pytest.mark.parametrize("value", ["relative", "{home}/gone", "{home}/file"])
def test_what_is_no_folder_is_no_root(value: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    (home / "relative").mkdir()
    (home / "file").write_bytes(b"")
    assert found(home, HF_HUB_CACHE=value.format(home=home)) == []


def test_its_models_are_listed(home: Path) -> None:
    hub_repo(home / ".cache/huggingface/hub", "org/m", {"m-Q4_K_M.gguf": GGUF})
    from conformance import Told

    assert STORE.tool == "huggingface" and Told("huggingface", home).names == {"org/m/m-Q4_K_M"}
