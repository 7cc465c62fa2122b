"""What the cleaning screens show over the generated library, whose files are not on this disk."""

from __future__ import annotations

import time
from dataclasses import replace

from model_manager.actions.cleaning import Suggestions, families
from model_manager.app import App
from model_manager.base.localised import localised
from model_manager.base.messages import counted, figure, said
from model_manager.base.text import later
from model_manager.catalog import models
from model_manager.catalog.models import FileView
from model_manager.controllers.changes import Planned
from model_manager.controllers.clean import CleanOffer
from model_manager.controllers.history import HistoryLine, Past
from model_manager.library.clean.candidate import library_of
from model_manager.library.clean.memory import Machine
from model_manager.library.clean.rules import candidates
from model_manager.library.duplicates.copies import Copy, FileName
from model_manager.library.duplicates.groups import CopyGroup
from model_manager.library.duplicates.search import Duplicates
from model_manager.operations import Identity, Plan, Step
from model_manager.operations.trashed import Trashed

MACHINE = Machine(32 << 30, 12 << 30, "GeForce RTX 3060")
NOW = time.mktime((2026, 11, 21, 9, 30, 0, 0, 0, -1))


def offer(app: App) -> CleanOffer:
    library = library_of(app.database, MACHINE)
    suggested = Suggestions(library, tuple(candidates(library)), MACHINE)
    return CleanOffer(suggested, families(suggested))


def duplicates(app: App) -> Duplicates:
    """Large models, each as if other tools had the same bytes too."""
    elsewhere = (("lm-studio", "/home/robin/.lmstudio/models/bartowski/{}.gguf"), ("comfyui", "/home/robin/ComfyUI/models/unet/{}.gguf"),
                 ("folder", "/home/robin/AI/models/llm/{}.gguf"))  # fmt: skip
    with app.database.read() as tx:
        titles = models.titles(tx)
        tools = {place.id: place.tool for place in models.places(tx)}
        files = [file for file in models.files(tx) if file.role == "weights" and file.size > 4 * 10**9]
    groups = []
    for number, file in enumerate(sorted(files, key=lambda file: -file.size)[::7][:14]):
        names = [(tools[file.place], file.path)]
        names += [(tool, path.format(titles[file.model])) for tool, path in elsewhere[: 1 + number % 3]]
        groups.append(_group(file, dict(names), titles[file.model], number))
    return Duplicates(tuple(groups), 0)


def _group(file: FileView, names: dict[str, str], title: str, number: int) -> CopyGroup:
    copies = tuple(
        Copy(
            "uuid:example",
            file.inode + place,
            file.bytes,
            1,
            True,
            (FileName(file.model, title, file.place, tool, path, path),),
            key=str(file.inode + place),
            size=file.size,
        )
        for place, (tool, path) in enumerate(names.items())
    )
    return CopyGroup(f"g{number}", "identical", number % 5 != 4, file.size, copies, 0)


def past() -> Past:
    several = counted("{0} item", "{0} items", 14, figure(14))
    groups = ("Share the bytes of {0} group of copies", "Share the bytes of {0} groups of copies")
    folders = ("Make {0} category folder in {1}", "Make {0} category folders in {1}")
    trash, changed = (
        later("Move to the trash"),
        said("it changed since this was planned: look again and make a new plan"),
    )
    done: tuple[tuple[str, str, int, bool, str], ...] = (
        (said("{0}: {1}", trash, "mistral:7b-instruct-v0.2-q4_0"), "applied", 4_108_916_000, True, ""),
        (counted(*groups, 6, figure(6)), "applied", 41_203_000_000, True, ""),
        (said("{0}: {1}", trash, several), "partly", 96_214_000_000, True, changed),
        (counted(*folders, 31, figure(31), "/home/robin/AI/models"), "undone", 0, False, ""),
    )
    lines = tuple(
        HistoryLine(
            f"o{number}", NOW - number * 86_400 * 3, localised(title), state, frees, undoable, localised(problem)
        )
        for number, (title, state, frees, undoable, problem) in enumerate(done)
    )
    names = ("mistral:7b-instruct-v0.2-q4_0", "Llama-3.1-8B-Instruct-Q3_K_S", "sd_xl_base_0.9", "whisper large-v2")
    sizes = (4_108_916_000, 3_664_000_000, 6_938_000_000, 3_087_000_000)
    items = tuple(
        Trashed(
            "o0",
            number,
            name,
            f"/home/robin/models/{name}",
            f"/t/{number}",
            f"/t/{number}.trashinfo",
            size,
            size,
            NOW,
            "trash",
        )
        for number, (name, size) in enumerate(zip(names, sizes, strict=True))
    )
    return Past(lines, items, 1)


def planned_for_good() -> Planned:
    """The same, where nothing can be put back."""
    plan = planned().plan
    assert plan is not None
    steps = tuple(replace(step, verb="delete", target=None, undo=False) for step in plan.steps)
    final = replace(
        plan,
        title=said("{0}: {1}", later("Delete for good"), counted("{0} item", "{0} items", 3, figure(3))),
        steps=steps,
        frees_now=plan.frees,
    )
    return Planned(final, "delete", "", lambda way: final)


def planned() -> Planned:
    """A review of what is about to go: several models, one of them in several parts."""
    rows = [("qwen2.5:7b-instruct-q4_0", (("manifests/registry.ollama.ai/library/qwen2.5/7b-instruct-q4_0", 486, said("Ollama's entry for {0}", "qwen2.5")),
                                          ("blobs/sha256-2bada8a7450677000f678be90653b85d364de7db25eb5ea54136ada5f3933730", 4_431_390_000, said("no other model of Ollama names it")))),
            ("Mistral-7B-Instruct-v0.2-Q3_K_S", (("lm-studio/models/bartowski/Mistral-7B-Instruct-v0.2-GGUF", 3_164_567_000, said("the folder of {0}: everything in it belongs to it", "Mistral-7B")),)),
            ("realisticVisionV51", (("ComfyUI/models/checkpoints/realisticVisionV51.safetensors", 2_132_650_000, later("its weights")),
                                    ("ComfyUI/models/checkpoints/realisticVisionV51.preview.png", 812_000, later("kept beside it by tools"))))]  # fmt: skip
    steps = []
    for unit, (name, parts) in enumerate(rows, 1):
        for path, size, why in parts:
            identity = Identity("uuid:example", unit)
            steps.append(Step(len(steps) + 1, unit, "trash", f"/home/robin/{path}", "/home/robin/.local/share/Trash", size,
                              size, why, True, identity, {}, name))  # fmt: skip
    total = sum(step.frees for step in steps)
    plan = Plan("20261121T093000000Z-00000000", said("{0}: {1}", later("Move to the trash"), counted("{0} item", "{0} items", 3, figure(3))), tuple(steps), total, 0,
                (said("{0}: its weights stay on the disk: they have another name, which is kept", "mistral:latest"),), NOW)  # fmt: skip
    return Planned(plan, "trash", "", lambda way: plan)
