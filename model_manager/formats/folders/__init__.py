"""Formats that are a folder: a configuration that says what the weights beside it are.

Each module offers `NAME`, `matches(names) -> bool` and `read(folder) -> Facts`. Claims have source
`metadata`; `health` is `incomplete` when a file that the folder's own index names is missing, `unknown` with the reason
when a file beside the weights is beyond our limits.
The facts speak of the folder; those of its weight files are read as files and joined by the library.
"""

from __future__ import annotations

from dataclasses import replace

from model_manager.base.facts import Facts, Health, worst
from model_manager.formats.folders import (
    chats,
    coqui,
    coreml,
    ctranslate2,
    diffusers,
    own_code,
    peft,
    sentence_transformers,
    transformers,
    vosk,
)
from model_manager.formats.folders.contract import FolderFormat, ModelFolder
from model_manager.formats.problem import FormatProblem

FOLDER_FORMATS: tuple[FolderFormat, ...] = (
    diffusers, sentence_transformers, peft, coreml, vosk, coqui, ctranslate2, transformers,
)  # fmt: skip
"""In the order in which they are asked; the first that matches reads the folder and knows it."""


def facts_of_folder(folder: ModelFolder) -> Facts | None:
    """The facts of a folder that is a model, None when no format knows it."""
    beyond: Facts | None = None
    for format_ in FOLDER_FORMATS:
        if not format_.matches(folder.sizes):
            continue
        try:
            facts = format_.read(folder)
        except FormatProblem as problem:
            beyond = Facts(format_.NAME, health=Health(problem.kind, problem.why))
            continue
        if facts is not None:
            return _with_code(facts, folder)
    return beyond


def _with_code(facts: Facts, folder: ModelFolder) -> Facts:
    """The facts with the code that the folder brings along, and what its chat templates reach."""
    health, code = chats.health_of(folder)
    told = facts.health if health is None else worst([facts.health, health])
    if told.verdict == "good" and health is not None:
        told = health
    return replace(facts, code=(*own_code.code_of(folder), *code), health=told)


__all__ = ["FOLDER_FORMATS", "Folder", "FolderFormat", "facts_of_folder"]
