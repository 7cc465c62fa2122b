"""KoboldCpp: models that its saved configurations name."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from factory import gguf_bytes, tree, write
from looking import WEIGHTS, env_of, process, read, untouched

from model_manager.stores.tools import koboldcpp

GGUF = gguf_bytes()


def test_models_that_a_configuration_names(home: Path) -> None:
    tree(home, {"llm/k.gguf": GGUF, "img/v.safetensors": WEIGHTS, "stt/w.gguf": GGUF, "lora/a.gguf": GGUF})
    write(home / "kobold/my.kcpps", json.dumps({
        "model_param": f"{home}/llm/k.gguf", "model": [], "sdvae": f"{home}/img/v.safetensors",
        "whispermodel": f"{home}/stt/w.gguf",
        "lora": [f"{home}/lora/a.gguf"], "mmproj": "https://example.org/x.gguf", "ttsmodel": "relative.gguf", "sdmodel": None,
    }))  # fmt: skip
    with untouched(home):
        seen = read("koboldcpp", env_of(home))
    assert {name: seen.category(name) for name in seen.names} == {
        "my.kcpps: k.gguf": "", "my.kcpps: v.safetensors": "diffusion/vae", "my.kcpps: w.gguf": "stt",
        "my.kcpps: a.gguf": "llm/adapters",
    }  # fmt: skip
    assert seen.one("my.kcpps: k.gguf").path == str(home / "llm/k.gguf")


@pytest.mark.parametrize("text", [
    '{"model_param": "/"}', '{"model_param": ["..", {}, 3]}', '{"model_param": "/etc", "lora": "/\\u0000"}', "[" * 90_000, "[]",
    '{"model_param": "/\\ud800"}', "x" * 2_000_000,
])  # fmt: skip
def test_hostile_configurations(text: str, home: Path) -> None:
    write(home / "kobold/my.kcpps", text)
    seen = read("koboldcpp", env_of(home))
    assert seen.models == [] and len(seen.problems) == (text[0] in "x[" and text != "[]")


def test_a_pipe_is_no_configuration(home: Path) -> None:
    (home / "kobold").mkdir()
    os.mkfifo(home / "kobold/a.kcpps")
    assert read("koboldcpp", env_of(home)).models == []


def test_in_use(home: Path) -> None:
    for words in (("./koboldcpp-linux-x64", "m.gguf"), ("python3", "koboldcpp.py")):
        assert koboldcpp.STORE.in_use(env_of(home, process(home, *words)))
    assert koboldcpp.STORE.in_use(env_of(home, process(home, "vim", "notes"))) is None
