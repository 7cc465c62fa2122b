"""AUTOMATIC1111 and Forge: told apart, their words, a running program."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import tree, write
from looking import WEIGHTS, env_of, process, read, untouched

from model_manager.stores.adapters import BY_TOOL

MARKERS = {"webui.py": "", "launch.py": "", "modules/x.py": ""}
FORGE = {**MARKERS, "modules_forge/x.py": "", "backend/x.py": ""}


def test_the_family_is_told_apart(home: Path) -> None:
    model = {"models/Lora/l.safetensors": WEIGHTS}
    tree(home / "a", {**MARKERS, **model})
    tree(home / "f", {**FORGE, **model})
    tree(home / "s", {**MARKERS, **model, "installer.py": ""})
    tree(home / "o", {**MARKERS, **model, "fooocus_version.py": ""})
    with untouched(home):
        assert read("a1111", env_of(home)).found_by(home) == [("a/models", "default")]
        assert read("forge", env_of(home)).found_by(home) == [("f/models", "default")]


def test_folders_and_sidecars(home: Path) -> None:
    tree(home / "a", {**MARKERS, "models/Stable-diffusion/m.safetensors": WEIGHTS, "models/Stable-diffusion/m.png": b"x",
         "embeddings/e.pt": WEIGHTS, "models/ESRGAN/u.pth": WEIGHTS, "models/hypernetworks/h.pt": WEIGHTS,
         "models/GFPGAN/f.pth": WEIGHTS, "extensions/sd-webui-controlnet/models/c.pth": WEIGHTS})  # fmt: skip
    seen = read("a1111", env_of(home))
    assert {name: seen.category(name) for name in seen.names} == {
        "Stable-diffusion/m": "diffusion/checkpoints", "e": "diffusion/embeddings", "ESRGAN/u": "diffusion/upscale_models",
        "hypernetworks/h": "diffusion/other", "GFPGAN/f": "vision", "c": "diffusion/controlnet",
    }  # fmt: skip
    assert [file.name for file in seen.one("Stable-diffusion/m").files] == ["m.png", "m.safetensors"]


SCRIPTS = [
    ("linux", "webui-user.sh", '#!/bin/bash\n#export COMMANDLINE_ARGS="--ckpt-dir /no"\n'
                               'export COMMANDLINE_ARGS="--medvram --ckpt-dir {home}/pool --lora-dir=\'{home}/my loras\'"\n'),
    ("windows", "webui-user.bat", "@echo off\r\nset PYTHON=\r\nset COMMANDLINE_ARGS=--ckpt-dir {home}/pool "
                                  '--lora-dir "{home}/my loras"\r\ncall webui.bat\r\n'),
]  # fmt: skip


@pytest.mark.parametrize(("system", "name", "text"), SCRIPTS)
def test_the_words_of_the_start_script(system: str, name: str, text: str, home: Path) -> None:
    base = tree(home / "a", {**MARKERS, "models/VAE/v.safetensors": WEIGHTS})
    tree(home, {"pool/m.safetensors": WEIGHTS, "my loras/l.safetensors": WEIGHTS})
    write(base / name, text.format(home=home))
    env = env_of(home, COMMANDLINE_ARGS="--models-dir /nowhere")
    object.__setattr__(env, "system", system)
    seen = read("a1111", env)
    assert seen.found_by(home) == [("a/models", "default"), ("pool", "config"), ("my loras", "config")]
    assert seen.category("m") == "diffusion/checkpoints" and seen.category("l") == "diffusion/lora"


def test_the_environment_counts_where_the_script_says_nothing(home: Path) -> None:
    tree(home / "a", {**MARKERS, "models/VAE/v.safetensors": WEIGHTS, "webui-user.sh": "#export COMMANDLINE_ARGS=\n"})
    tree(home / "data", {"models/VAE/w.safetensors": WEIGHTS, "embeddings/e.pt": WEIGHTS})
    seen = read("a1111", env_of(home, COMMANDLINE_ARGS="--data-dir /no --data-dir $HOME/data"))
    assert seen.found_by(home) == [("data/models", "environment"), ("data/embeddings", "environment")]


def test_a_running_program(home: Path) -> None:
    base = tree(home / "w/x/y/z/a", {**MARKERS, "models/VAE/v.safetensors": WEIGHTS, "near/l.safetensors": WEIGHTS})
    running = process(
        base, "/venv/bin/python3", "-u", "launch.py", "--lora-dir", "near", COMMANDLINE_ARGS="--vae-dir near"
    )
    env = env_of(home, running)
    assert read("a1111", env).found_by(home) == [("w/x/y/z/a/models", "process"), ("w/x/y/z/a/near", "process")]
    assert BY_TOOL["a1111"].in_use(env) == "AUTOMATIC1111 is running (process 4711)"
    assert BY_TOOL["forge"].in_use(env) is None and BY_TOOL["sdnext"].in_use(env) is None
    assert BY_TOOL["fooocus"].in_use(env) is None


def test_forge_borrows_from_others(home: Path) -> None:
    tree(home / "a", {**MARKERS, "models/Lora/l.safetensors": WEIGHTS})
    tree(home / "te", {"t5.safetensors": WEIGHTS})
    words = f"--forge-ref-a1111-home {home}/a --text-encoder-dirs {home}/te --text-encoder-dirs {home}/none"
    tree(
        home / "f",
        {**FORGE, "models/VAE/v.safetensors": WEIGHTS, "webui-user.sh": f"export COMMANDLINE_ARGS='{words}'\n"},
    )
    seen = read("forge", env_of(home))
    assert seen.found_by(home) == [("f/models", "default"), ("te", "config"), ("a/models", "config")]
    assert [root.details.get("extra") for root in seen.roots] == [None, "yes", "yes"]
    assert seen.category("t5") == "diffusion/text_encoders" and seen.category("Lora/l") == "diffusion/lora"


@pytest.mark.parametrize("words", ["--ckpt-dir /", "--models-dir ..", "--data-dir '", '--lora-dir "', "--ckpt-dir", "\0" * 9,
                                   "--ckpt-dir=" + "a/" * 90_000])  # fmt: skip
def test_hostile_words(words: str, home: Path) -> None:
    tree(
        home / "a",
        {**MARKERS, "models/VAE/v.safetensors": WEIGHTS, "webui-user.sh": f"export COMMANDLINE_ARGS={words}\n"},
    )
    assert all(root.path.startswith(str(home) + "/") for root in read("a1111", env_of(home)).roots)
