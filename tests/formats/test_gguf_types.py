"""GGUF's numbers against those of llama.cpp's own package."""

from __future__ import annotations

import gguf
import pytest

from model_manager.formats.gguf_types import FILE_TYPES, MAIN_TYPE, TYPES

OURS_ALONE = {31, 32, 33, 36, 37, 38}
"""Types that llama.cpp has taken away again; files of them are still about."""


@pytest.mark.parametrize(
    "kind", [kind for kind in gguf.GGMLQuantizationType if kind in gguf.GGML_QUANT_SIZES], ids=lambda kind: kind.name
)
def test_blocks_are_as_large_as_llama_cpp_says(kind: gguf.GGMLQuantizationType) -> None:
    assert TYPES[int(kind)] == (kind.name, *gguf.GGML_QUANT_SIZES[kind])


def test_no_type_has_two_numbers_and_no_other_is_made_up() -> None:
    assert len({name for name, _elements, _bytes in TYPES.values()}) == len(TYPES)
    assert set(TYPES) - {int(kind) for kind in gguf.GGMLQuantizationType} <= OURS_ALONE


@pytest.mark.parametrize(
    "kind", [one for one in gguf.LlamaFileType if one.name.startswith(("MOSTLY_", "ALL_"))], ids=lambda one: one.name
)
def test_what_a_file_type_stands_for(kind: gguf.LlamaFileType) -> None:
    assert FILE_TYPES[int(kind)] == kind.name.removeprefix("MOSTLY_").removeprefix("ALL_")


def test_every_mix_and_its_main_type_are_known() -> None:
    types = {name for name, _elements, _bytes in TYPES.values()}
    assert set(MAIN_TYPE) <= set(FILE_TYPES.values()) and set(MAIN_TYPE.values()) <= types
    assert all(MAIN_TYPE.get(label, label) in types for label in FILE_TYPES.values())
