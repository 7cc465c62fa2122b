"""AUTOMATIC1111 and Forge: `models/<folder>` and `embeddings`, and the folders of COMMANDLINE_ARGS.

Source: AUTOMATIC1111/stable-diffusion-webui modules/cmd_args.py, lllyasviel/stable-diffusion-webui-forge
modules/{paths_internal,cmd_args}.py. `--*-dir` flags add a folder; `--models-dir` and `--data-dir` replace.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundBy, FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env, Process
from model_manager.stores.host.flags import in_script, split, values_of
from model_manager.stores.host.root_list import RootList
from model_manager.stores.host.settings_file import text_settings
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.walk.hash_cache import read_hashes, with_hashes
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

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
    "--ldsr-models-path": "diffusion/upscale_models",
    # Forge Neo (Haoming02/sd-webui-forge-classic) repeats these for several folders.
    "--ckpt-dirs": "diffusion/checkpoints", "--lora-dirs": "diffusion/lora", "--vae-dirs": "diffusion/vae",
    "--text-encoder-dirs": "diffusion/text_encoders",
}  # fmt: skip
# Where these extensions kept models before `models/ControlNet`, and still look (scripts/global_state.py).
_EXTENSIONS = {"sd-webui-controlnet/models": "diffusion/controlnet", "sd-webui-animatediff/model": "diffusion/other"}
_REFERENCES = ("--forge-ref-a1111-home", "--forge-ref-comfy-home")


def kind_of(names: frozenset[str]) -> str:
    """Which of the family an unpacked folder is; empty when it is none: SD.Next ships `installer.py`."""
    if not {"webui.py", "modules", "launch.py"} <= names or "installer.py" in names or "fooocus_version.py" in names:
        return ""
    return "forge" if "modules_forge" in names or "backend" in names else "a1111"


def _find(tool: str, env: Env) -> Iterator[FoundRoot]:
    """Running programs, then unpacked ones with the words of webui-user.sh, else of the environment."""
    roots = RootList(tool, env)
    for process in _running(tool, env):
        words = [*process.arguments, *split(process.environ.get("COMMANDLINE_ARGS", ""))]
        yield from _Install(process.place, process.folder, words, "process", "process").roots(roots, env, tool)
    for folder, names in env.unpacked("webui.py", "modules", "launch.py"):
        if kind_of(names) != tool:
            continue
        # The script is read after the environment and overwrites it, unless its line is commented out.
        words = _script_words(folder, env)
        told: FoundBy = "config" if words else "environment"
        words = words or split(env.environ.get("COMMANDLINE_ARGS", ""))
        yield from _Install(folder, folder, words, told, "default").roots(roots, env, tool)


@dataclass(frozen=True, slots=True)
class _Install:
    """One unpacked program: its folder, where relative paths are taken from, and its command line's words."""

    folder: str
    working: str
    words: list[str]
    told: FoundBy
    untold: FoundBy

    def roots(self, roots: RootList, env: Env, tool: str) -> Iterator[FoundRoot]:
        data = next(self._given("--data-dir", env), "")
        models = next(self._given("--models-dir", env), "")
        own = self.told if data or models else self.untold
        base = data or self.folder
        cache = env.variable("SD_WEBUI_CACHE_DIR") or os.path.join(base, "cache")
        known = {"data": base, "cache": cache, "scratch": env.scratch}
        yield from roots.take(models or os.path.join(base, "models"), own, **known)
        yield from roots.take(os.path.join(base, "embeddings"), own, category="diffusion/embeddings", **known)
        for name, category in _EXTENSIONS.items():
            yield from roots.take(os.path.join(base, "extensions", name), own, category=category)
        for flag, category in FLAGS.items():
            for path in self._given(flag, env):
                yield from roots.take(path, self.told, category=category, extra="yes", **known)
        for flag in _REFERENCES if tool == "forge" else ():
            for path in self._given(flag, env):
                yield from roots.take(os.path.join(path, "models"), self.told, extra="yes")
                yield from roots.take(
                    os.path.join(path, "embeddings"), self.told, category="diffusion/embeddings", extra="yes"
                )

    def _given(self, flag: str, env: Env) -> Iterator[str]:
        """The values of a flag, the one that counts first: argparse keeps the last."""
        for value in reversed(list(values_of(self.words, flag))):
            yield os.path.join(self.working, env.expand(value))


def _script_words(folder: str, env: Env) -> list[str]:
    name = "webui-user.bat" if env.system == "windows" else "webui-user.sh"
    return in_script(text_settings(os.path.join(folder, name), env.say), "COMMANDLINE_ARGS")


def _running(tool: str, env: Env) -> Iterator[Process]:
    for process in env.running("launch.py", "webui.py"):
        try:
            names = frozenset(os.listdir(process.place))
        except OSError:
            continue
        if kind_of(names) == tool:
            yield process


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    category = root.details.get("category")
    plain = Plain(categories={"": category} if category else FOLDERS)
    hashes = read_hashes(root.details, reader)
    if not hashes:
        return describe_tree(root.path, reader, plain, remembers=True)
    return with_hashes(describe_tree(root.path, reader, plain), root.path, hashes)


STORES = tuple(
    Store(tool, partial(_find, tool), describe, BY_LAYOUT, partial(_running, tool)) for tool in ("a1111", "forge")
)
