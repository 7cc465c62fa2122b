"""LM Studio: the home it would use, and exactly two folders deep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conformance import GGUF, OTHER, TENSORS, Told, env_of
from factory import sha256, tree, write

from model_manager.stores.host.env import Env, Process
from model_manager.stores.tools import lm_studio


def found(home: Path) -> list[tuple[str, str]]:
    return [(root.path, root.found_by) for root in lm_studio.find(env_of(home))]


def test_the_order_of_its_homes(home: Path) -> None:
    for place in ("pointed/models", ".cache/lm-studio/models", ".lmstudio/models", "chosen"):
        (home / place).mkdir(parents=True)
    write(home / ".lmstudio-home-pointer", f"{home}/pointed\n")
    write(home / "pointed/settings.json", "\ufeff" + json.dumps({"downloadsFolder": "~/chosen"}))
    assert found(home) == [
        (f"{home}/chosen", "config"), (f"{home}/pointed/models", "config"), (f"{home}/.cache/lm-studio/models", "default"),
        (f"{home}/.lmstudio/models", "default")]  # fmt: skip


@pytest.mark.parametrize(
    "pointer", [b"", b"\0", b"relative/home", b"\xff\xfe", b"/nowhere\nsecond line", b"x" * 70_000]
)
def test_a_pointer_that_says_nothing(pointer: bytes, home: Path) -> None:
    (home / ".lmstudio/models").mkdir(parents=True)
    write(home / ".lmstudio-home-pointer", pointer)
    assert found(home) == [(f"{home}/.lmstudio/models", "default")]


def test_names_publishers_and_what_it_does_not_see(home: Path) -> None:
    tree(home / ".lmstudio/models", {
        "pub/repo/m-Q4_K_M.gguf": GGUF, "pub/repo/mmproj-F16.gguf": OTHER, "top.gguf": GGUF, "pub/one.gguf": GGUF,
        "pub/repo/deep/three.gguf": GGUF, "mlx-community/x-4bit/config.json": "{}",
        "mlx-community/x-4bit/model-00001-of-00002.safetensors": TENSORS})  # fmt: skip
    models = {model.name: model for model in Told("lm-studio", home).models}
    unseen = {
        name for name, model in models.items() if any(claim.value == "not seen by LM Studio" for claim in model.claims)
    }
    assert set(models) - unseen == {"pub/repo/m-Q4_K_M", "mlx-community/x-4bit"}
    assert unseen == {"top", "pub/one", "pub/repo/deep/three"}
    seen = models["pub/repo/m-Q4_K_M"]
    assert seen.source and seen.source.repo == "pub/repo"
    assert ("publisher", "pub") in {(claim.field, claim.value) for claim in seen.claims}
    assert {file.role for file in seen.files} == {"weights", "projector"}
    health = models["mlx-community/x-4bit"].health
    assert health and health.verdict == "incomplete"


def test_hashes_of_a_download_by_hf(home: Path) -> None:
    place = tree(home / ".lmstudio/models/pub/repo", {"m.gguf": GGUF})
    record = f"{'c' * 40}\n{sha256(GGUF)}\n{(place / 'm.gguf').stat().st_mtime}\n"
    write(place / ".cache/huggingface/download/m.gguf.metadata", record)
    (model,) = Told("lm-studio", home).models
    assert {file.sha256 for file in model.files} == {sha256(GGUF)}


def test_who_is_running(home: Path) -> None:
    env = Env(str(home), {}, processes=(Process(5, ("/opt/lm-studio/lm-studio",), {}, "/"),))
    assert lm_studio.STORE.in_use(env) == "LM Studio is running (process 5)"


def test_the_model_that_comes_with_it(home: Path) -> None:
    tree(home / ".lmstudio/.internal/bundled-models/nomic-ai/nomic-embed-GGUF", {"nomic-embed.Q4_K_M.gguf": GGUF})
    assert Told("lm-studio", home).names == {"nomic-ai/nomic-embed-GGUF/nomic-embed.Q4_K_M"}
