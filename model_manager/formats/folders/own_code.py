"""Code that a repository brings along: Python files that its configuration names, run by who trusts its code.

Source: transformers/dynamic_module_utils.py (`auto_map`, `custom_pipelines`), sentence-transformers' `modules.json`,
diffusers' `model_index.json` (a part's library may be a file of the repository).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from model_manager.base.text import shown
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import json_of, texts

_FILES = re.compile(
    r"(?:.*/)?(?:(?:modeling|modelling|configuration|tokenization|processing|image_processing|video_processing|"
    r"feature_extraction|generation|pipeline)(?:_[^/]*)?|custom_generate/[^/]*|[^/]*_pipeline|handler)\.py"
)
_CONFIGS = ("config.json", "tokenizer_config.json", "processor_config.json", "preprocessor_config.json",
            "image_processor_config.json", "video_preprocessor_config.json", "generation_config.json")  # fmt: skip
_LARGEST = 512 * 1024
_MOST = 50


def code_of(folder: ModelFolder) -> tuple[str, ...]:
    """File names, and the classes that configurations name in them: sorted, at most 50."""
    files = (name for name in folder.sizes if _FILES.fullmatch(name))
    return tuple(sorted({shown(name)[:200] for name in (*files, *_named(folder))})[:_MOST])


def _named(folder: ModelFolder) -> Iterator[str]:
    for name in _CONFIGS:
        if not 0 < folder.sizes.get(name, 0) <= _LARGEST:
            continue
        config = json_of(folder, name)
        table = config.get("auto_map")
        for value in table.values() if isinstance(table, dict) else [table]:
            yield from (f"auto_map: {one}" for one in texts(value))
        pipelines = config.get("custom_pipelines")
        for value in pipelines.values() if isinstance(pipelines, dict) else ():
            yield from (
                f"custom_pipelines: {one}" for one in texts(value.get("impl") if isinstance(value, dict) else ())
            )
    if 0 < folder.sizes.get("model_index.json", 0) <= _LARGEST:
        for part, value in json_of(folder, "model_index.json").items():
            library, *_ = texts(value) or [""]
            if f"{library}.py" in folder.sizes or f"{part}/{library}.py" in folder.sizes:
                yield f"model_index.json: {'.'.join(texts(value)[:2])}"
    if 0 < folder.sizes.get("modules.json", 0) <= _LARGEST:
        yield from (f"modules.json: {one}" for one in _modules(folder) if not one.startswith("sentence_transformers."))


def _modules(folder: ModelFolder) -> Iterator[str]:
    try:
        text = folder.read("modules.json", _LARGEST).decode("utf-8", "replace")
    except OSError:
        return
    yield from re.findall(r'"type"\s{0,9}:\s{0,9}"([^"\\]{1,200})"', text)
