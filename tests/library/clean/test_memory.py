"""What a model needs to run, to the byte, and what a computer is found to have."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from model_manager.library.clean import memory
from model_manager.library.clean.memory import Fit, Machine, fit, kv_cache, this_machine

MIB, GIB = 1 << 20, 1 << 30
RESERVE = 300 * MIB
"""What llama.cpp takes beside weights, cache and buffers."""
KEYS: dict[str, object] = {
    "general.architecture": "x", "x.block_count": 4, "x.attention.head_count": 8, "x.attention.head_count_kv": 2,
    "x.embedding_length": 1024, "x.context_length": 8192,
}  # fmt: skip


def keys(**more: object) -> dict[str, object]:
    return KEYS | {f"x.{name.replace('__', '.')}": value for name, value in more.items()}


def test_without_figures_it_is_the_weights_and_a_tenth() -> None:
    assert fit(Machine(GIB), 1000).need == 1100 + RESERVE
    assert fit(Machine(GIB), 1009).need == 1109 + RESERVE


def test_with_them_it_is_weights_cache_and_buffers() -> None:
    cache = 2 * 4 * 2 * (128 + 128) * 8192  # f16: two bytes; layers, heads of keys, keys and values, tokens
    assert kv_cache(KEYS, 8192) == cache
    buffers = 4 * 512 * (128_000 + 1024) + 6 * 512 * 8192
    assert fit(Machine(GIB), 5000, KEYS).need == 5000 + cache + buffers + RESERVE
    more = keys(vocab_size=32_000, embedding_length=2048)
    buffers = 4 * 512 * (32_000 + 2048) + 6 * 512 * 8192
    assert fit(Machine(GIB), 5000, more).need == 5000 + 2 * cache + buffers + RESERVE
    strange = keys(vocab_size="many", embedding_length="wide")
    buffers = 4 * 512 * (128_000 + 4096) + 6 * 512 * 8192
    assert fit(Machine(GIB), 0, strange).need == buffers + RESERVE
    vast = keys(vocab_size=1 << 50, embedding_length=1 << 50)
    assert fit(Machine(GIB), 0, vast).need == 4 * 512 * (2 << 20) + 6 * 512 * 8192 + RESERVE, "no header can claim all"


@pytest.mark.parametrize(
    ("machine", "verdict"),
    [
        (Machine(0, 1100 + RESERVE), "gpu"), (Machine(1, 1099 + RESERVE), "partly"), (Machine(0, 1099 + RESERVE), "too-big"),
        (Machine(1100 + RESERVE), "ram"), (Machine(1099 + RESERVE), "too-big"), (Machine(550, 550 + RESERVE), "partly"),
    ],
)  # fmt: skip
def test_where_it_runs_to_the_byte(machine: Machine, verdict: str) -> None:
    assert fit(machine, 1000) == Fit(verdict, 1100 + RESERVE)  # type: ignore[arg-type]
    assert fit(machine, 1000).fits == (verdict != "too-big")


def test_the_cache_by_what_the_header_says() -> None:
    one = 2 * 4 * 8192  # bytes for each number that a layer of all tokens keeps
    assert kv_cache(keys(attention__key_length=64, attention__value_length=32), 8192) == one * 2 * 96
    without = {name: value for name, value in KEYS.items() if not name.endswith("head_count_kv")}
    assert kv_cache(without, 8192) == one * 8 * 256, "each head has its own keys"
    mla = keys(attention__key_length_mla=192, attention__kv_lora_rank=512, rope__dimension_count=64)
    assert kv_cache(mla, 8192) == one * 576
    assert kv_cache(keys(attention__shared_kv_layers=1), 8192) == one * 512 * 3 // 4
    assert kv_cache(keys(context_length=1000), 8192) == 2 * 4 * 512 * 1024, "in pieces of 256 tokens"
    assert kv_cache(keys(context_length=1024), 8192) == 2 * 4 * 512 * 1024
    assert kv_cache(keys(context_length=1025), 8192) == 2 * 4 * 512 * 1280
    assert kv_cache(KEYS, 4096) == 2 * 4 * 512 * 4096 == kv_cache(keys(context_length=1 << 20), 4096)
    silent = {name: value for name, value in KEYS.items() if not name.endswith("context_length")}
    assert kv_cache(silent, 8192) == one * 512


def test_sliding_layers_keep_their_window() -> None:
    """Five of six of gemma3: the window and a batch; of an architecture that is not known to slide, all tokens."""

    def slides(architecture: str, layers: int = 6) -> int | None:
        told = keys(block_count=layers, attention__sliding_window=1024)
        renamed = {name.replace("x.", f"{architecture}.", 1): value for name, value in told.items()}
        return kv_cache(renamed | {"general.architecture": architecture}, 8192)

    whole, window = 2 * 512 * 8192, 2 * 512 * 1536
    assert slides("gemma3") == 5 * window + whole
    assert slides("gemma3", 7) == 6 * window + whole
    assert slides("plamo3") == 6 * window, "of the first six none is the eighth"
    assert slides("unknown") == 6 * whole
    every = {"gemma2": 2, "gemma3": 6, "gemma-embedding": 6, "gemma3n": 5, "cohere2": 4, "llama4": 4, "exaone4": 4,
             "olmo2": 4, "afmoe": 4, "gpt-oss": 2, "plamo3": 8}  # fmt: skip
    for architecture, period in every.items():
        assert slides(architecture, 24) == (24 - 24 // period) * window + (24 // period) * whole, architecture


@pytest.mark.parametrize(
    ("name", "value", "is_known"),
    [
        ("block_count", 0, False), ("block_count", 10_000, False), ("block_count", 9999, True), ("block_count", "4", False),
        ("block_count", -1, False), ("attention.head_count", 0, False), ("attention.head_count", 1 << 32, False),
        ("attention.head_count", (1 << 32) - 1, True), ("attention.head_count", 1, True), ("block_count", 1, True),
    ],
)  # fmt: skip
def test_figures_that_cannot_be_are_none(name: str, value: object, is_known: bool) -> None:
    assert (kv_cache(KEYS | {f"x.{name}": value}, 256) is not None) == is_known
    assert kv_cache({key: value for key, value in KEYS.items() if key != "general.architecture"}, 256) is None


class Computer:
    """A computer's own files below a folder, and a `nvidia-smi` that prints what a test says."""

    def __init__(self, top: Path) -> None:
        self.top = top
        (top / "bin").mkdir()

    def write(self, path: str, text: str) -> None:
        where = self.top / path.lstrip("/")
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(text)

    def nvidia(self, text: str, status: int = 0) -> None:
        self.write("bin/nvidia-smi", f"#!/bin/sh\n/bin/cat <<'END'\n{text}\nEND\nexit {status}\n")
        (self.top / "bin/nvidia-smi").chmod(0o755)


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Computer:
    top = tmp_path / "computer"
    top.mkdir()
    monkeypatch.setattr(memory, "Path", lambda path: top / path.lstrip("/"))
    monkeypatch.setenv("PATH", str(top / "bin"))
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1 << 20}
    monkeypatch.setattr(os, "sysconf", lambda name: sizes[name])
    return Computer(top)


LIMIT, OLDER = "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"


def test_memory_is_what_this_program_may_use(computer: Computer) -> None:
    assert this_machine() == Machine(4 * GIB)
    for strange in ("max\n", "0", str(4 * GIB), str(8 * GIB), "-1"):
        computer.write(LIMIT, strange)
        assert this_machine().ram == 4 * GIB, strange
    computer.write(OLDER, f"{2 * GIB}\n")
    assert this_machine().ram == 2 * GIB
    computer.write(LIMIT, "1")
    assert this_machine().ram == 1


def test_where_the_system_does_not_tell(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(error: Exception) -> Callable[[str], int]:
        def ask(_name: str) -> int:
            raise error

        return ask

    for error in (ValueError("unrecognized"), OSError(22, "invalid"), AttributeError("sysconf")):
        monkeypatch.setattr(os, "sysconf", fails(error))
        assert this_machine().ram == 8 * GIB


def test_the_largest_card_of_nvidia_with_its_name(computer: Computer) -> None:
    computer.nvidia("8192, Small\n24576,  NVIDIA GeForce RTX 4090 \n[N/A], Odd\n")
    assert this_machine() == Machine(4 * GIB, 24 * GIB, "NVIDIA GeForce RTX 4090")
    computer.nvidia("1024, " + "n" * 200)
    assert this_machine() == Machine(4 * GIB, GIB, "n" * 80)
    computer.nvidia("\n".join(["1, a"] * 31 + ["2, b", "9, c"]))
    assert this_machine().name == "b", "more than 32 lines are no list of cards"


CARD = "/sys/class/drm/card{}/device/mem_info_{}_total"


def test_a_tool_of_nvidia_that_fails_is_not_believed(computer: Computer) -> None:
    computer.write(CARD.format(0, "vram"), f"{8 * GIB}")
    computer.write(CARD.format(0, "gtt"), f"{16 * GIB}")
    for text, status in (("24576, Card", 9), ("", 0), ("[N/A], Odd", 0)):
        computer.nvidia(text, status)
        assert this_machine() == Machine(4 * GIB, 8 * GIB), (text, status)


def test_a_card_of_amd_and_one_that_shares_the_memory(computer: Computer) -> None:
    """What is shared counts where it is eight times a card's own: that is no card but a part of the processor."""
    for number, own, shared in ((0, GIB // 2, 4 * GIB), (1, 2 * GIB, 15 * GIB)):
        computer.write(CARD.format(number, "vram"), str(own))
        computer.write(CARD.format(number, "gtt"), str(shared))
    computer.write(CARD.format(2, "vram"), "a lot")
    computer.write(CARD.format(3, "vram"), str(64 * GIB))  # without the other figure
    assert this_machine().gpu == 4 * GIB + GIB // 2
    computer.write(CARD.format(1, "gtt"), str(16 * GIB))
    assert this_machine().gpu == 18 * GIB
    computer.write(CARD.format(1, "gtt"), str(16 * GIB - 1))
    assert this_machine().gpu == 4 * GIB + GIB // 2
    for number in (0, 1):
        computer.write(CARD.format(number, "vram"), "0")
    assert this_machine().gpu == 0, "nothing of its own: no graphics memory"
