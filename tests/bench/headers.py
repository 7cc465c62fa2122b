"""Reading headers against the formats' own libraries, in CPU time."""

from __future__ import annotations

import os
import statistics
from pathlib import Path

from measure import Figure, Result, by_turns, ms, ratio
from trees import gguf_of_llama, safetensors_of

from model_manager.base.reading import open_quietly
from model_manager.formats import LIMITS, gguf_header, safetensors, safetensors_table
from model_manager.formats.known_lists import KnownLists
from model_manager.formats.sniff import facts_of

_XL = ("model.diffusion_model.input_blocks.0.0.weight", "model.diffusion_model.output_blocks.0.0.in_layers.0.weight")


def _ours(path: Path) -> None:
    with open_quietly(str(path)) as file:
        facts = facts_of(file, path.stat().st_size, path.name)
    assert facts.health.verdict == "good", facts.health


def _table(path: Path) -> None:
    """What the peer does: tensors with their shapes, checked; nothing is said of what they make."""
    with open_quietly(str(path)) as file:
        _length, table = safetensors.read_table(file, path.stat().st_size, LIMITS)
        safetensors_table.tensors_of(table, LIMITS)
        safetensors_table.end_of(table)


def _tensors(path: Path) -> None:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        for name in file.keys():  # noqa: SIM118  its own iterator is not one
            file.get_slice(name).get_shape()


def headers(here: Path, small: bool, runs: int) -> list[Result]:
    from gguf import GGUFReader

    model = gguf_of_llama(here / "llama.gguf")
    seconds = by_turns({"ours": lambda: _ours(model), "gguf": lambda: GGUFReader(model)}, runs, cpu=True)
    mine, other = statistics.median(seconds["ours"]), statistics.median(seconds["gguf"])
    measured = f"{other / mine:,.0f} × less ({ms(mine)}, GGUFReader {ms(other)})"
    figure = Figure(mine, other / 100, "s", (("gguf.GGUFReader", other),))
    results = [Result("headers", "GGUF, 128k tokens, CPU", measured, "≥ 100 × less", other / mine >= 100, figure)]
    for title, prefix, count, shape, telling in (
        ("SDXL", "model.diffusion_model.input_blocks", 2531, (660, 2048), _XL),
        ("Flux", "double_blocks", 780, (3072, 4964), ("double_blocks.0.img_attn.norm.key_norm.scale",)),
    ):
        path = safetensors_of(here / f"{title}.safetensors", prefix, count, shape, telling)
        sides = {
            "facts": lambda p=path: _ours(p),
            "table": lambda p=path: _table(p),
            "peer": lambda p=path: _tensors(p),
        }
        seconds = by_turns(sides, runs * 4, cpu=True)
        for side, words in (("table", "to tensors"), ("facts", "to what it is")):
            what = f"safetensors, {title}, {count:,} tensors, {words}, CPU, safe_open with shapes"
            results.append(ratio("headers", what, seconds[side], "safe_open", seconds["peer"], 1.5))
    return results


def family(here: Path, small: bool, runs: int) -> list[Result]:
    """60 files with one tokenizer, one after another, against each read as the first of its family."""
    count = 6 if small else 60
    first = gguf_of_llama(here / "0.gguf")
    paths = [first]
    for number in range(1, count):
        paths.append(here / f"{number}.gguf")
        os.link(first, paths[-1])

    def together() -> None:
        gguf_header.KNOWN = KnownLists()
        for path in paths:
            _ours(path)

    def alone() -> None:
        for path in paths:
            gguf_header.KNOWN = KnownLists()
            _ours(path)

    seconds = by_turns({"together": together, "alone": alone}, runs, cpu=True)
    what = f"{count} GGUFs of 128k tokens, CPU, each alone"
    return [ratio("family", what, seconds["together"], "each alone", seconds["alone"], 0.25)]
