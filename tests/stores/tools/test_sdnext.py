"""SD.Next: config.json, variables, its Hugging Face caches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from factory import hub_repo, tree, write
from looking import WEIGHTS, env_of, process, read, untouched

from model_manager.stores.tools import sdnext

MARKERS = {"webui.py": "", "launch.py": "", "installer.py": "", "modules/x.py": ""}
PIPELINE = {"model_index.json": "{}", "unet/config.json": "{}", "unet/diffusion_pytorch_model.safetensors": WEIGHTS}


def test_models_and_caches(home: Path) -> None:
    base = tree(
        home / "sdnext",
        {**MARKERS, "models/Stable-diffusion/m.safetensors": WEIGHTS, "models/control/c.safetensors": WEIGHTS},
    )
    hub_repo(base / "models/Diffusers", "org/pipe", {"unet.safetensors": WEIGHTS})
    hub_repo(base / "models/huggingface", "org/text", {"model.safetensors": WEIGHTS, "config.json": b"{}"})
    tree(base / "models/Diffusers/mine", PIPELINE)
    with untouched(home):
        seen = read("sdnext", env_of(home))
    assert [root.details.get("layout") for root in seen.roots] == [None, "hub", "hub"]
    assert seen.names == {"Stable-diffusion/m", "control/c", "org/pipe/unet", "org/text", "mine"}
    assert seen.category("control/c") == "diffusion/controlnet" and seen.category("mine") == "diffusion/checkpoints"
    assert seen.one("org/text").files[1].sha256_source == "blob-name"


def test_config_keys_are_taken_from_the_data_folder(home: Path) -> None:
    base = tree(home / "sdnext", {**MARKERS, "m/Lora/l.safetensors": WEIGHTS, "te/t.safetensors": WEIGHTS})
    hub_repo(home / "hf", "org/one", {"x.safetensors": WEIGHTS})
    write(
        base / "config.json",
        json.dumps({"models_dir": "m", "te_dir": "te", "hfcache_dir": str(home / "hf"), "vae_dir": 7}),
    )
    seen = read("sdnext", env_of(home))
    assert seen.found_by(home) == [("sdnext/m", "config"), ("hf", "config"), ("sdnext/te", "config")]
    assert seen.category("t") == "diffusion/text_encoders" and "org/one/x" in seen.names


def test_variables_win_over_the_file_and_flags_over_both(home: Path) -> None:
    base = tree(home / "sdnext", {**MARKERS, "config.json": '{"models_dir": "no"}', "no/VAE/n.safetensors": WEIGHTS})
    tree(home, {"env/VAE/e.safetensors": WEIGHTS, "flag/VAE/f.safetensors": WEIGHTS})
    env = env_of(home, SD_MODELSDIR=str(home / "env"))
    assert read("sdnext", env).found_by(home) == [("env", "environment")]
    running = process(base, "python", "launch.py", "--models-dir", str(home / "flag"), SD_MODELSDIR="/no")
    env = env_of(home, running)
    assert read("sdnext", env).found_by(home)[0] == ("flag", "process")
    assert sdnext.STORE.in_use(env) == "SD.Next is running (process 4711)"


@pytest.mark.parametrize("text", ["[]", "{", '{"models_dir": []}', '{"ckpt_dir": "/", "lora_dir": "../..", "vae_dir": "\\u0000"}',
                                  '{"te_dir": "\\ud800"}', "[" * 90_000])  # fmt: skip
def test_hostile_config(text: str, home: Path) -> None:
    tree(home / "sdnext", {**MARKERS, "config.json": text, "models/VAE/v.safetensors": WEIGHTS})
    assert read("sdnext", env_of(home)).found_by(home) == [("sdnext/models", "default")]
