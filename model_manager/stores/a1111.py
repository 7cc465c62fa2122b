"""AUTOMATIC1111 and Forge: `models/<folder>` and `embeddings`, and the folders of COMMANDLINE_ARGS.

Source: lllyasviel/stable-diffusion-webui-forge modules/{paths_internal,cmd_args}.py. `--*-dir` flags add a folder;
`--models-dir` and `--data-dir` replace.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_manager.base.reading import read_small
from model_manager.stores.env import Env
from model_manager.stores.flags import in_script, values_of
from model_manager.stores.found import Found, FoundRoot, Leftover
from model_manager.stores.look import Look
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree

FOLDERS = {
    "stable-diffusion": "diffusion/checkpoints", "lora": "diffusion/lora", "lycoris": "diffusion/lora",
    "vae": "diffusion/vae", "vae-approx": "diffusion/vae_approx", "controlnet": "diffusion/controlnet",
    "controlnetpreprocessor": "vision", "text_encoder": "diffusion/text_encoders", "hypernetworks": "diffusion/other",
    "esrgan": "diffusion/upscale_models", "realesrgan": "diffusion/upscale_models", "swinir": "diffusion/upscale_models",
    "dat": "diffusion/upscale_models", "bsrgan": "diffusion/upscale_models", "scunet": "diffusion/upscale_models",
    "ldsr": "diffusion/upscale_models", "gfpgan": "vision", "codeformer": "vision", "embeddings": "diffusion/embeddings",
    "deepbooru": "multimodal", "blip": "multimodal", "torch_deepdanbooru": "multimodal", "karlo": "diffusion/other",
    "clip": "diffusion/text_encoders", "clip_vision": "diffusion/clip_vision", "adetailer": "vision",
    "diffusers": "diffusion/checkpoints", "svd": "diffusion/checkpoints", "z123": "diffusion/checkpoints",
}  # fmt: skip
FLAGS = {
    "--ckpt-dir": "diffusion/checkpoints", "--vae-dir": "diffusion/vae", "--lora-dir": "diffusion/lora",
    "--lyco-dir-backcompat": "diffusion/lora", "--lyco-dir": "diffusion/lora", "--embeddings-dir": "diffusion/embeddings",
    "--hypernetwork-dir": "diffusion/other", "--esrgan-models-path": "diffusion/upscale_models",
    "--realesrgan-models-path": "diffusion/upscale_models", "--bsrgan-models-path": "diffusion/upscale_models",
    "--swinir-models-path": "diffusion/upscale_models", "--scunet-models-path": "diffusion/upscale_models",
    "--dat-models-path": "diffusion/upscale_models", "--gfpgan-models-path": "vision", "--codeformer-models-path": "vision",
    "--text-encoder-dir": "diffusion/text_encoders", "--clip-models-path": "diffusion/text_encoders",
    "--controlnet-dir": "diffusion/controlnet", "--controlnet-preprocessor-models-dir": "vision",
}  # fmt: skip


def kind_of(names: frozenset[str]) -> str:
    """Which of the family an unpacked folder is; empty when it is none: SD.Next ships `installer.py`."""
    if not {"webui.py", "modules", "launch.py"} <= names or "installer.py" in names or "fooocus_version.py" in names:
        return ""
    return "forge" if "modules_forge" in names or "backend" in names else "a1111"


def _find(tool: str, env: Env) -> Iterator[FoundRoot]:
    seen: set[str] = set()
    for folder, names in env.unpacked("webui.py", "modules", "launch.py"):
        if kind_of(names) != tool:
            continue
        arguments = _arguments(folder, env)
        data = next((env.expand(value) for value in values_of(arguments, "--data-dir")), folder)
        models = next(
            (env.expand(value) for value in values_of(arguments, "--models-dir")), os.path.join(data, "models")
        )
        yield from _root(tool, os.path.join(folder, models), "", seen)
        yield from _root(tool, os.path.join(folder, data, "embeddings"), "diffusion/embeddings", seen)
        for flag, category in FLAGS.items():
            for value in values_of(arguments, flag):
                yield from _root(tool, os.path.join(folder, env.expand(value)), category, seen)
        if tool == "forge":
            for value in values_of(arguments, "--forge-ref-a1111-home"):
                yield from _root(tool, os.path.join(folder, env.expand(value), "models"), "", seen)


def _arguments(folder: str, env: Env) -> list[str]:
    for process in env.running("launch.py", "webui.py"):
        if os.path.realpath(process.folder) == os.path.realpath(folder):
            return list(process.arguments)
    words: list[str] = []
    for name in ("webui-user.sh", "webui-user.bat"):
        try:
            words += in_script(
                read_small(os.path.join(folder, name), 1 << 20).decode("utf-8", "replace"), "COMMANDLINE_ARGS"
            )
        except OSError:
            continue
    return words


def _root(tool: str, path: str, category: str, seen: set[str]) -> Iterator[FoundRoot]:
    path = os.path.normpath(path)
    if path not in seen and os.path.isdir(path):
        seen.add(path)
        details = {"category": category, "extra": "yes"} if category else {}
        yield FoundRoot(tool, path, "config" if category and not path.endswith("embeddings") else "default", details)


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    category = root.details.get("category")
    return describe_tree(root.path, look, Plain(categories={"": category} if category else FOLDERS))


def _in_use(label: str, env: Env) -> str | None:
    running = next(iter(env.running("launch.py", "webui.py")), None)
    return f"{label} is running (process {running.pid})" if running else None


STORES = (
    Store(
        "a1111", "AUTOMATIC1111", lambda env: _find("a1111", env), describe, lambda env: _in_use("AUTOMATIC1111", env)
    ),
    Store("forge", "Forge", lambda env: _find("forge", env), describe, lambda env: _in_use("Forge", env)),
)
