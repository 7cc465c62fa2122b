"""What stands on one ladder, and the counter-examples: other weights with names that look alike."""

from __future__ import annotations

import pytest
from family_rows import GIB, lines, row

from model_manager.library.clean.families import families_of, versions_in, words_of
from model_manager.library.clean.memory import Machine, fit, kv_cache

SAME = (
    ("Qwen2.5-7B-Instruct-Q8_0.gguf", "qwen2.5:7b-instruct-q4_K_M"),
    ("Llama-3.1-8B-Instruct-Q4_K_M", "Llama-3.1-8B-Instruct-UD-Q4_K_XL"),
    ("Llama-3.1-8B-Instruct.i1-Q4_K_M", "Llama-3.1-8B-Instruct.Q8_0"),
    ("bartowski/Mistral-7B-v0.3-GGUF", "Mistral-7B-v0.3-Q5_K_M"),
    ("t5xxl_fp16", "t5xxl_fp8_e4m3fn"),
    ("Qwen3-4B-4bit", "Qwen3-4B-8bit"),
)


@pytest.mark.parametrize("one, other", SAME)
def test_other_quants_of_the_same_model(one: str, other: str) -> None:
    assert len(lines(row(one), row(other, "Q8_0", 8.5))) == 1


OTHER = (
    ("Qwen3-4B-Instruct-2507-Q4_K_M", "Qwen3-4B-Thinking-2507-Q8_0"),
    ("Qwen2.5-7B-Q4_K_M", "Qwen2.5-Coder-7B-Q8_0"),
    ("Mistral-7B-v0.3-Q4_K_M", "Ministral-8B-Q8_0"),
    ("gemma-3-12b-it-Q4_0", "gemma-3-12b-it-qat-Q8_0"),
    ("Llama-3.1-8B-Q4_K_M", "Llama-3.1-8B-abliterated-Q8_0"),
    ("DeepSeek-R1-Q4_K_M", "DeepSeek-R1-0528-Q8_0"),
    ("DeepSeek-R1-Q4_K_M", "DeepSeek-R1-Distill-Qwen-7B-Q8_0"),
    ("gemma-3-4b-it-Q4_K_M", "mmproj-gemma-3-4b-it-f16"),
    ("Qwen3-8B-Q4_K_M", "Qwen3-8B-draft-Q8_0"),
    ("Qwen3-8B-Q4_K_M", "mtp-Qwen3-8B-Q8_0"),
    ("wan2.2_i2v_high_noise_14B_Q4_K_M", "wan2.2_i2v_low_noise_14B_Q8_0"),
    ("flux1-dev-Q4_0", "flux1-schnell-Q8_0"),
    ("v1-5-pruned", "v1-5-pruned-emaonly"),
    ("sd15", "sd15-inpainting"),
    ("sd_xl_base_1.0", "sd_xl_refiner_1.0"),
    ("whisper-large-v3", "whisper-large-v3-turbo"),
    ("ggml-small", "ggml-small.en"),
    ("t5xxl_fp16", "t5xxl-encoder-only_fp8"),
)


@pytest.mark.parametrize("one, other", OTHER)
def test_other_weights_are_never_each_others_quants(one: str, other: str) -> None:
    assert len(lines(row(one), row(other, "Q8_0", 8.5))) == 2


def test_the_header_beats_the_name() -> None:
    assert len(lines(row("m-Q4_K_M"), row("m-Q8_0", "Q8_0", 8.5, parameters=8_000_000_000))) == 2
    assert len(lines(row("m-Q4_K_M"), row("m-Q8_0", "Q8_0", 8.5, architecture="qwen3"))) == 2
    assert len(lines(row("m-Q4_K_M"), row("m-Q8_0", "Q8_0", 8.5, category="multimodal/projectors"))) == 2


def test_epochs_of_a_lora_stand_alone() -> None:
    assert (
        len(lines(row("style-000010", category="diffusion/lora"), row("style-000020", category="diffusion/lora"))) == 2
    )


def test_the_ladder_and_what_fits() -> None:
    small, middle, large = row("m-Q4_K_M"), row("m-Q8_0", "Q8_0", 8.5), row("m-F16", "F16", 16.0)
    (line,) = lines(small, large, middle, ram=10 * GIB)
    assert [rung.row.id for rung in line.rungs] == [large.id, middle.id, small.id]
    assert line.best_that_fits is not None and line.best_that_fits.row.id == middle.id
    (line,) = lines(small, large, middle, ram=1 * GIB)
    assert line.best_that_fits is None


def test_a_sick_one_is_never_the_best() -> None:
    good, sick = row("m-Q4_K_M"), row("m-Q8_0", "Q8_0", 8.5, verdict="truncated")
    (line,) = lines(good, sick)
    assert line.best_that_fits is not None and line.best_that_fits.row.id == good.id


NEWER = (
    ("Mistral-7B-Instruct-v0.2", "Mistral-7B-Instruct-v0.3", True),
    ("Llama-3.1-70B-Instruct", "Llama-3.3-70B-Instruct", True),
    ("Qwen2.5-7B-Instruct", "Qwen3-7B-Instruct", True),
    ("Mistral-7B-Instruct-v0.3", "Mistral-7B-Instruct-v0.2", False),
    ("Llama-3.1-8B", "Llama-3.2-3B", False),
    ("DeepSeek-R1", "DeepSeek-R1-0528", False),
    ("Mistral-7B-v0.2", "Ministral-7B-v0.3", False),
    ("Qwen3-4B-Instruct-2507", "Qwen3-4B-Thinking-2508", False),
)


@pytest.mark.parametrize("older, newer, wanted", NEWER)
def test_newer_versions(older: str, newer: str, wanted: bool) -> None:
    first, second = (dict(versions_in(words_of(name))) for name in (older, newer))
    assert any(second[name] > first[name] for name in first.keys() & second.keys()) is wanted


def test_families_are_by_base_model() -> None:
    rows = [row("a-Q4_K_M", base_model="Qwen3"), row("a-Q8_0", "Q8_0", 8.5, base_model="Qwen3"), row("b", base_model="Qwen3"),
            row("c", base_model="Llama 3")]  # fmt: skip
    found = {family.name: len(family.lines) for family in families_of(lines(*rows))}
    assert found == {"Qwen3": 2, "Llama 3": 1}


def test_words() -> None:
    assert words_of("org/Qwen2.5-7B-Instruct-Q8_0-00001-of-00003.gguf") == ("qwen2.5", "7b", "instruct")
    assert words_of("llama3.1:8b") == ("llama3.1", "8b")


LLAMA = {"general.architecture": "llama", "llama.block_count": 32, "llama.attention.head_count": 32,
         "llama.attention.head_count_kv": 8, "llama.embedding_length": 4096, "llama.context_length": 131_072}  # fmt: skip


def test_the_cache_as_llama_cpp_logs_it() -> None:
    """Llama-3.1-8B: 1024 MiB at 8k, 4096 at 32k; Gemma-3-12B's windows, 12 layers, 4 heads: 124 at 8k."""
    assert kv_cache(LLAMA, 8192) == 1024 << 20 and kv_cache(LLAMA, 32_768) == 4096 << 20
    gemma = {"general.architecture": "gemma3", "gemma3.block_count": 12, "gemma3.attention.head_count": 16,
             "gemma3.attention.head_count_kv": 4, "gemma3.attention.key_length": 256, "gemma3.attention.value_length": 256,
             "gemma3.embedding_length": 3840, "gemma3.attention.sliding_window": 1024, "gemma3.context_length": 131_072}  # fmt: skip
    assert kv_cache(gemma, 8192) == 124 << 20
    assert (
        kv_cache({}, 8192) is None and kv_cache({"general.architecture": "x", "x.block_count": 1 << 31}, 8192) is None
    )


def test_verdicts_of_fit() -> None:
    assert fit(Machine(8 * GIB, 24 * GIB), 10 * GIB).verdict == "gpu"
    assert fit(Machine(16 * GIB, 8 * GIB), 10 * GIB).verdict == "partly"
    assert fit(Machine(16 * GIB), 10 * GIB).verdict == "ram"
    assert not fit(Machine(8 * GIB), 10 * GIB).fits
