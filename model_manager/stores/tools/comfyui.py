"""ComfyUI and ComfyUI Desktop: `models/<folder>`, plus the places of `extra_model_paths.yaml`.

Source: Comfy-Org/ComfyUI folder_paths.py, utils/extra_config.py, main.py; Comfy-Org/desktop comfyServerConfig.ts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundBy, FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env, Process
from model_manager.stores.host.flags import last_of, lists_of
from model_manager.stores.host.last_used import of_comfyui
from model_manager.stores.host.root_list import RootList
from model_manager.stores.host.settings_file import json_settings, yaml_settings
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

TOOL = "comfyui"
FOLDERS = {
    "checkpoints": "diffusion/checkpoints", "loras": "diffusion/lora", "vae": "diffusion/vae",
    "text_encoders": "diffusion/text_encoders", "clip": "diffusion/text_encoders",
    "unet": "diffusion/diffusion_models", "diffusion_models": "diffusion/diffusion_models",
    "clip_vision": "diffusion/clip_vision", "style_models": "diffusion/other", "embeddings": "diffusion/embeddings",
    "diffusers": "diffusion/checkpoints", "vae_approx": "diffusion/vae_approx", "controlnet": "diffusion/controlnet",
    "t2i_adapter": "diffusion/controlnet", "gligen": "diffusion/other", "upscale_models": "diffusion/upscale_models",
    "latent_upscale_models": "diffusion/upscale_models", "hypernetworks": "diffusion/other",
    "photomaker": "diffusion/ipadapter", "model_patches": "diffusion/other", "audio_encoders": "audio",
    "background_removal": "vision", "frame_interpolation": "vision", "geometry_estimation": "vision",
    "optical_flow": "vision", "detection": "vision", "ipadapter": "diffusion/ipadapter",
    "animatediff_models": "diffusion/other", "animatediff_motion_lora": "diffusion/lora", "insightface": "vision",
    "ultralytics": "vision", "sams": "vision", "instantid": "diffusion/ipadapter", "llm": "llm",
    "liveportrait": "vision", "xlabs": "diffusion/other", "cogvideo": "diffusion/checkpoints", "blip": "multimodal",
    "joy_caption": "multimodal", "classifiers": "misc", "facerestore_models": "vision", "facedetection": "vision",
    # Folders of widely used custom nodes.
    "pulid": "diffusion/ipadapter", "inpaint": "diffusion/other", "sam2": "vision", "grounding-dino": "vision",
    "depthanything": "vision", "rmbg": "vision", "mmaudio": "audio",
}  # fmt: skip
_RESERVED = frozenset(
    {"base_path", "is_default", "custom_nodes", "configs", "download_model_base", "fonts", "datasets"}
)
# Merged and trained models that nodes save are looked for there too (ComfyUI main.py).
_SAVED = ("checkpoints", "clip", "vae", "diffusion_models", "loras")


@dataclass(frozen=True, slots=True)
class _Extra:
    """One line of an extra paths file; `leads`: the section is the default, so it comes before the own folder."""

    path: str
    category: str
    leads: bool


def find(env: Env) -> Iterator[FoundRoot]:
    """Running programs first, then Desktop's settings, then unpacked folders; extra paths of each."""
    roots = RootList(TOOL, env)
    for process in _running(env):
        yield from _of_process(process, roots, env)
    desktop = os.path.join(env.config(), "ComfyUI")
    settings = os.path.join(desktop, "extra_models_config.yaml")
    chosen = json_settings(os.path.join(desktop, "config.json"), env.say).get("basePath")
    for base in [chosen] if isinstance(chosen, str) and chosen else _desktop_bases(settings, env):
        yield from _install(roots, env, env.expand(base), ("config", "config"), [settings])
    for folder, _names in env.unpacked("folder_paths.py", "main.py"):
        own = os.path.join(folder, "extra_model_paths.yaml")
        yield from _install(roots, env, folder, ("default", "config"), [own])


def _running(env: Env) -> Iterator[Process]:
    for process in env.running("main.py"):
        if os.path.isfile(os.path.join(process.place, "folder_paths.py")):
            yield process


def _of_process(process: Process, roots: RootList, env: Env) -> Iterator[FoundRoot]:
    """What the command line says; relative paths are taken from the process's working folder."""

    def given(flag: str) -> str:
        return next((os.path.join(process.folder, value) for value in last_of(process.arguments, flag)), "")

    extra = [os.path.join(process.place, "extra_model_paths.yaml")]
    for value in lists_of(process.arguments, "--extra-model-paths-config"):
        extra.append(os.path.join(process.folder, value))
    base = given("--base-directory") or process.place
    models, output = given("--models-directory"), given("--output-directory")
    yield from _install(roots, env, base, ("process", "process"), extra, models, output)


def _install(
    roots: RootList, env: Env, base: str, found_by: tuple[FoundBy, FoundBy], settings: Iterable[str],
    models: str = "", output: str = "",
) -> Iterator[FoundRoot]:  # fmt: skip
    """An installation's roots, first the one that downloads go to (`is_default`, the last of them first)."""
    own, borrowed = found_by
    models = os.path.normpath(models or os.path.join(base, "models"))
    listed = [extra for path in settings for extra in _extras(path, env)]
    # A line that names the own folder again must not make all of it one category.
    extras = [extra for extra in listed if os.path.normpath(extra.path) != models]
    for extra in reversed([extra for extra in extras if extra.leads]):
        yield from roots.take(extra.path, borrowed, category=extra.category, extra="yes")
    yield from roots.take(models, own)
    for extra in extras:
        yield from roots.take(extra.path, borrowed, category=extra.category, extra="yes")
    for name in _SAVED:
        place = os.path.join(output or os.path.join(base, "output"), name)
        yield from roots.take(place, own, category=FOLDERS[name])


def _desktop_bases(path: str, env: Env) -> Iterator[str]:
    for name, section in yaml_settings(path, env.say).items():
        base = section.get("base_path") if isinstance(section, dict) else None
        if name in ("comfyui_desktop", "comfyui") and isinstance(base, str):
            yield base


def _extras(path: str, env: Env) -> Iterator[_Extra]:
    """The lines of every section but Desktop's own, whose paths lie below its base."""
    for name, section in yaml_settings(path, env.say).items():
        if name in ("comfyui_desktop", "desktop_extensions") or not isinstance(section, dict):
            continue
        base = section.get("base_path")
        # base_path is expanded and taken from the YAML file's folder; without it `~` is not expanded (issue 2389).
        start = os.path.join(os.path.dirname(path), env.expand(base) if isinstance(base, str) else "")
        leads = str(section.get("is_default", "")).lower() == "true"
        for key, value in section.items():
            if key in _RESERVED or not isinstance(value, str):
                continue
            for line in value.splitlines():
                if line.strip():
                    category = FOLDERS.get(str(key).lower(), "")
                    yield _Extra(os.path.join(start, line.strip()), category, leads)


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    category = root.details.get("category")
    return describe_tree(root.path, reader, Plain(categories={"": category} if category else FOLDERS), remembers=True)


STORE = Store(TOOL, find, describe, BY_LAYOUT, _running, of_comfyui)
STORES = (STORE,)
