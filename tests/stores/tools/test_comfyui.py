"""ComfyUI: marker files, Desktop, extra paths, a running server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from factory import tree, write
from looking import WEIGHTS, env_of, process, read, untouched

from model_manager.stores.tools import comfyui

MARKERS = {"main.py": "", "folder_paths.py": "", "comfy/x.py": ""}


def test_folders_give_the_category(home: Path) -> None:
    tree(home / "ai/ComfyUI", {**MARKERS, "models/checkpoints/xl.safetensors": WEIGHTS, "models/unet/u.sft": WEIGHTS,
        "models/clip/t5.safetensors": WEIGHTS, "models/gligen/g.pth": WEIGHTS, "models/sams/s.safetensors": WEIGHTS})  # fmt: skip
    with untouched(home):
        seen = read("comfyui", env_of(home))
    assert seen.found_by(home) == [("ai/ComfyUI/models", "default")]
    assert {name: seen.category(name) for name in seen.names} == {
        "checkpoints/xl": "diffusion/checkpoints", "unet/u": "diffusion/diffusion_models",
        "clip/t5": "diffusion/text_encoders", "gligen/g": "diffusion/other", "sams/s": "vision",
    }  # fmt: skip


def test_models_that_nodes_save_are_found_in_output(home: Path) -> None:
    tree(home / "ComfyUI", {**MARKERS, "models/vae/v.safetensors": WEIGHTS, "output/checkpoints/merged.safetensors": WEIGHTS,
                            "output/a.png": b"x"})  # fmt: skip
    seen = read("comfyui", env_of(home))
    assert seen.names == {"vae/v", "merged"} and seen.category("merged") == "diffusion/checkpoints"


def test_extra_paths(home: Path) -> None:
    base = tree(home / "ComfyUI", {**MARKERS, "models/vae/v.safetensors": WEIGHTS})
    tree(home, {"pool/loras/a.safetensors": WEIGHTS, "pool/more/b.safetensors": WEIGHTS, "fast/c.safetensors": WEIGHTS,
                "ComfyUI/near/d.safetensors": WEIGHTS})  # fmt: skip
    write(base / "extra_model_paths.yaml", """
mine:
    base_path: ~/pool
    loras: |
        loras
        more
first:
    base_path: ../fast
    is_default: true
    checkpoints: ./
plain:
    vae: near
    controlnet: ~/pool/loras
    custom_nodes: near
    broken: [1, 2]
nothing:
""")  # fmt: skip
    seen = read("comfyui", env_of(home))
    assert seen.found_by(home) == [
        ("fast", "config"), ("ComfyUI/models", "default"), ("pool/loras", "config"), ("pool/more", "config"),
        ("ComfyUI/near", "config"),
    ]  # fmt: skip
    wanted = {"a": "lora", "b": "lora", "c": "checkpoints", "d": "vae"}
    assert {name: seen.category(name) for name in wanted} == {
        name: f"diffusion/{kind}" for name, kind in wanted.items()
    }


def test_a_line_that_names_the_own_folder_says_nothing_of_the_rest(home: Path) -> None:
    base = tree(home / "ComfyUI", {**MARKERS, "models/vae/v.safetensors": WEIGHTS})
    write(base / "extra_model_paths.yaml", "a:\n  base_path: models\n  is_default: true\n  checkpoints: .\n")
    seen = read("comfyui", env_of(home))
    assert seen.found_by(home) == [("ComfyUI/models", "default")] and seen.category("vae/v") == "diffusion/vae"


@pytest.mark.parametrize("setting", ["config.json", "extra_models_config.yaml"])
def test_desktop(setting: str, home: Path) -> None:
    tree(home / "Documents/ComfyUI", {"models/vae/v.safetensors": WEIGHTS})
    base = str(home / "Documents/ComfyUI")
    text = json.dumps({"basePath": base})
    if setting.endswith("yaml"):
        text = f"# generated\ncomfyui_desktop:\n  base_path: {base}\n  is_default: 'true'\n  vae: models/vae/\n"
    write(home / ".config/ComfyUI" / setting, text)
    assert read("comfyui", env_of(home)).found_by(home) == [("Documents/ComfyUI/models", "config")]


def test_a_running_server_comes_first(home: Path) -> None:
    tree(home / "a/b/c/d/ComfyUI", {**MARKERS, "models/vae/deep.safetensors": WEIGHTS})
    tree(home, {"base/models/vae/v.safetensors": WEIGHTS, "other/vae/o.safetensors": WEIGHTS, "x/l/l.safetensors": WEIGHTS,
                "x/one.yaml": "s:\n  loras: l\n", "x/two.yaml": "s:\n  vae: ../other/vae\n"})  # fmt: skip
    deep = home / "a/b/c/d"
    plain = process(deep, "python", "-s", "ComfyUI/main.py")
    assert read("comfyui", env_of(home)).roots == []
    assert read("comfyui", env_of(home, plain)).found_by(home) == [("a/b/c/d/ComfyUI/models", "process")]
    told = process(deep / "ComfyUI", "/usr/bin/python3", "-X", "utf8", "main.py", "--base-directory", str(home / "base"),
                   "--extra-model-paths-config", str(home / "x/one.yaml"), str(home / "x/two.yaml"), "--port", "1")  # fmt: skip
    assert read("comfyui", env_of(home, told)).found_by(home) == [
        ("base/models", "process"), ("x/l", "process"), ("other/vae", "process"),
    ]  # fmt: skip
    moved = process(deep / "ComfyUI", "python", "main.py", f"--models-directory={home / 'other'}")
    assert read("comfyui", env_of(home, moved)).found_by(home) == [("other", "process")]


def test_in_use(home: Path) -> None:
    tree(home / "ComfyUI", MARKERS)
    assert comfyui.STORE.in_use(env_of(home, process(home / "ComfyUI", "python", "main.py"))) == (
        "ComfyUI is running (process 4711)"
    )
    assert comfyui.STORE.in_use(env_of(home, process(home, "python", "main.py"))) is None


@pytest.mark.parametrize("text", [
    b"a:\n  checkpoints: /\n  loras: |\n    ..\n    ../..\n  base_path: [1]\n", b"a: &a [*a]\n", b"\x00\xff" * 99,
    b"a:\n  ? [b]\n  : c\n", b"a:\n  vae: \"\\0\"\n", b"- 1\n", b"x" * 2_000_000, b"a:\n  is_default: {}\n  1: x\n",
    b"a0: &a0 {k: 1, l: 2}\n" + b"".join(b"a%d: &a%d\n  <<: [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 90)),
])  # fmt: skip
def test_hostile_extra_paths(text: bytes, home: Path) -> None:
    base = tree(home / "ComfyUI", {**MARKERS, "models/vae/v.safetensors": WEIGHTS})
    write(base / "extra_model_paths.yaml", text)
    seen = read("comfyui", env_of(home))
    assert ("ComfyUI/models", "default") in seen.found_by(home)
    assert all(root.path.startswith(str(home) + "/") for root in seen.roots)
