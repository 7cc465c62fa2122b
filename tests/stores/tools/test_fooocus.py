"""Fooocus: config.txt, variables, lists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from factory import tree, write
from looking import WEIGHTS, env_of, process, read, untouched

from model_manager.stores.tools import fooocus

MARKERS = {"launch.py": "", "entry_with_update.py": "", "fooocus_version.py": "", "modules/config.py": ""}


def test_folders(home: Path) -> None:
    tree(home / "Fooocus", {**MARKERS, "models/loras/l.safetensors": WEIGHTS, "models/inpaint/i.pth": WEIGHTS})
    with untouched(home):
        seen = read("fooocus", env_of(home))
    assert seen.found_by(home) == [("Fooocus/models", "default")]
    assert seen.category("loras/l") == "diffusion/lora" and seen.category("inpaint/i") == "diffusion/other"


def test_config_is_json_with_lists_from_the_programs_folder(home: Path) -> None:
    base = tree(home / "Fooocus", {**MARKERS, "models/vae/v.safetensors": WEIGHTS, "near/n.safetensors": WEIGHTS})
    tree(home, {"pool/p.safetensors": WEIGHTS, "vae/w.safetensors": WEIGHTS, "half/h.safetensors": WEIGHTS})
    write(base / "config.txt", json.dumps({"path_checkpoints": [str(home / "pool"), "near"], "path_vae": "../vae",
                                           "path_loras": [str(home / "half"), "/gone"], "path_sam": 3}))  # fmt: skip
    seen = read("fooocus", env_of(home))
    assert seen.found_by(home) == [
        ("Fooocus/models", "default"),
        ("pool", "config"),
        ("Fooocus/near", "config"),
        ("vae", "config"),
    ]
    assert seen.category("p") == "diffusion/checkpoints"


def test_variables_win(home: Path) -> None:
    base = tree(home / "Fooocus", {**MARKERS, "models/vae/v.safetensors": WEIGHTS})
    tree(home, {"pool/p.safetensors": WEIGHTS, "mine/m.safetensors": WEIGHTS, "my.txt": '{"path_loras": "../pool"}'})
    write(base / "config.txt", json.dumps({"path_vae": str(home / "pool")}))
    seen = read("fooocus", env_of(home, path_vae=str(home / "mine"), config_path=str(home / "my.txt")))
    assert seen.found_by(home)[1:] == [("pool", "config"), ("mine", "environment")]
    running = process(base, "python", "entry_with_update.py", path_sam=str(home / "mine"))
    seen = read("fooocus", env_of(home, running))
    assert seen.found_by(home) == [("Fooocus/models", "process"), ("pool", "process"), ("mine", "process")]
    assert fooocus.STORE.in_use(env_of(home, running)) == "Fooocus is running (process 4711)"


@pytest.mark.parametrize(
    "text", ["[]", "\0", '{"path_vae": "/", "path_loras": ["/", {}], "path_sam": ".."}', "{" * 90_000]
)
def test_hostile_config(text: str, home: Path) -> None:
    tree(home / "Fooocus", {**MARKERS, "config.txt": text, "models/vae/v.safetensors": WEIGHTS})
    assert read("fooocus", env_of(home)).found_by(home) == [("Fooocus/models", "default")]
