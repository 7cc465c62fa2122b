"""Will it fit? The memory that a language model needs, by llama.cpp's own rules, and what this machine has.

From llama.cpp (2026-08): src/llama-kv-cache*.cpp, llama-hparams.cpp, llama-context.cpp. For other kinds the
weights and a tenth are an estimate, and said to be one.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Verdict = Literal["gpu", "partly", "ram", "too-big"]
CONTEXT = 8192
"""Tokens of context that are asked for; fewer where the model has fewer."""
_BATCH, _OVERHEAD = 512, 300 << 20
_SLIDES = {"gemma2": 2, "gemma3": 6, "gemma-embedding": 6, "gemma3n": 5, "cohere2": 4, "llama4": 4, "exaone4": 4,
           "olmo2": 4, "afmoe": 4, "gpt-oss": 2, "plamo3": 8}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Machine:
    """Bytes of memory: `ram` as this process may use it, `gpu` of the largest card; 0 where there is none."""

    ram: int
    gpu: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """`need` in bytes, estimated where the header lacks the figures."""

    verdict: Verdict
    need: int

    @property
    def fits(self) -> bool:
        return self.verdict != "too-big"


def fit(machine: Machine, weights: int, metadata: Mapping[str, object] | None = None) -> Fit:
    """Whether weights of so many bytes run here. `metadata`: the header's keys of a GGUF."""
    keys = metadata or {}
    cache = kv_cache(keys, CONTEXT)
    need = weights + (weights // 10 if cache is None else cache + _compute(keys)) + _OVERHEAD
    if machine.gpu >= need:
        verdict: Verdict = "gpu"
    elif machine.ram + machine.gpu < need:
        verdict = "too-big"
    else:
        verdict = "partly" if machine.gpu else "ram"
    return Fit(verdict, need)


def kv_cache(keys: Mapping[str, object], context: int) -> int | None:
    """Bytes of the f16 key and value cache for one sequence; None where the header does not have the figures."""
    architecture = str(keys.get("general.architecture", ""))

    def number(name: str) -> int:
        value = keys.get(f"{architecture}.{name}")
        return value if isinstance(value, int) and 0 <= value < 1 << 32 else 0

    layers, heads = number("block_count"), number("attention.head_count")
    if not architecture or not 0 < layers < 10_000 or not heads:
        return None
    context = min(context, number("context_length") or context)
    per_head = number("embedding_length") // heads
    shared = number("attention.head_count_kv") or heads
    window = number("attention.sliding_window")
    period = _SLIDES.get(architecture, 0) if window else 0
    if number("attention.key_length_mla"):
        width = number("attention.kv_lora_rank") + number("rope.dimension_count")
    else:
        width = shared * ((number("attention.key_length") or per_head) + (number("attention.value_length") or per_head))
    total = 0
    for layer in range(layers - number("attention.shared_kv_layers")):
        slides = period and layer % period < period - 1
        cells = _padded(min(context, window + _BATCH) if slides else context)
        total += 2 * width * cells
    return total


def _compute(keys: Mapping[str, object]) -> int:
    """Bytes of the compute buffer with flash attention, an upper bound."""
    architecture = str(keys.get("general.architecture", ""))
    embedding, vocabulary = keys.get(f"{architecture}.embedding_length"), keys.get(f"{architecture}.vocab_size")
    wide = embedding if isinstance(embedding, int) else 4096
    words = vocabulary if isinstance(vocabulary, int) else 128_000
    return 4 * _BATCH * (min(words, 1 << 20) + min(wide, 1 << 20)) + 6 * _BATCH * CONTEXT


def _padded(cells: int) -> int:
    return -(-cells // 256) * 256


def this_machine() -> Machine:
    """What this computer has. Asks a graphics driver, so never on the window's thread; three seconds at most."""
    ram = _ram()
    nvidia = _nvidia()
    if nvidia:
        return Machine(ram, *nvidia)
    return Machine(ram, _amd())


def _ram() -> int:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 8 << 30
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limit = Path(path).read_text().strip()
        except OSError:
            continue
        if limit.isdigit() and 0 < int(limit) < total:
            return int(limit)
    return total


def _nvidia() -> tuple[int, str] | None:
    """The largest card of NVIDIA; the tool may hang, be missing, or print "[N/A]"."""
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=memory.total,name", "--format=csv,noheader,nounits"],
            capture_output=True, text=True, timeout=3, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    cards = []
    for line in done.stdout.splitlines()[:32]:
        size, _comma, name = line.partition(",")
        if size.strip().isdigit():
            cards.append((int(size) << 20, name.strip()[:80]))
    return max(cards, default=None)


def _amd() -> int:
    """The largest card by sysfs; an APU's shared memory counts when it is eight times its own or more."""
    largest = 0
    for card in Path("/sys/class/drm").glob("card*/device/mem_info_vram_total"):
        try:
            own = int(card.read_text())
            shared = int(card.with_name("mem_info_gtt_total").read_text())
        except (OSError, ValueError):
            continue
        largest = max(largest, own + (shared if own and shared >= 8 * own else 0))
    return largest
