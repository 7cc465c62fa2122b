"""The documents beside weights: within limits, and what is beyond them is unknown, not silently nothing."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_folder import MemoryFolder, facts

from model_manager.formats.folders.documents import json_of, weight_files_of
from model_manager.formats.problem import FormatProblem

INDEX = "model.safetensors.index.json"
CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}


def index(text: str | bytes) -> MemoryFolder:
    return MemoryFolder("m", {INDEX: text})


@given(
    st.dictionaries(st.text(max_size=9), st.text(max_size=9) | st.integers(), max_size=5), st.booleans(), st.booleans()
)
def test_walking_an_index_gives_what_parsing_it_gives(table: dict[str, object], plain: bool, spaced: bool) -> None:
    record = {"metadata": {"total_size": 1}, "weight_map": table}
    text = json.dumps(record, ensure_ascii=plain, indent=2 if spaced else None)
    assert weight_files_of(index(text), INDEX) == {one for one in table.values() if isinstance(one, str)}


def test_the_index_of_the_largest_models_is_small_in_memory() -> None:
    """140,000 tensors in 61 files, as Kimi K2 has them."""
    table = {
        f"model.layers.{n % 61}.mlp.experts.{n}.down_proj.weight_scale_inv": f"model-{n % 61 + 1:05}-of-00061.safetensors"
        for n in range(140_000)
    }
    folder = index(json.dumps({"metadata": {}, "weight_map": table}, indent=2))
    del table
    tracemalloc.start()
    try:
        assert len(weight_files_of(folder, INDEX)) == 61
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "config.json",
            b'{"architectures":["LlamaForCausalLM"],"model_type":"llama","x":[' + b"[]," * 400_000 + b"[]]}",
        ),
        ("config.json", b'{"a":' * 500 + b"1" + b"}" * 500),
        ("config.json", b" " * (5 << 20)),
        (INDEX, b'{"weight_map":{' + b",".join(b'"%d":"%d"' % (n, n) for n in range(11_000)) + b"}}"),
        ("tokenizer_config.json", b" " * (5 << 20)),
        ("chat_template.jinja", b" " * (5 << 20)),
        ("README.md", b" " * (5 << 20)),
    ],
)
def test_beyond_the_limits_is_unknown_with_the_reason(name: str, text: bytes) -> None:
    found = facts({"config.json": CONFIG, "model.safetensors": 1000, name: text})
    assert (found.format, found.health.verdict) == ("transformers", "unknown")
    assert found.health.detail.startswith(name)


def test_what_is_no_json_is_nothing() -> None:
    folder = MemoryFolder("m", {"config.json": b"{", "list.json": b"[1]"})
    assert json_of(folder, "config.json") == json_of(folder, "list.json") == json_of(folder, "none.json") == {}
    with pytest.raises(FormatProblem):
        json_of(MemoryFolder("m", {"a.json": b"[" * 65 + b"]" * 65}), "a.json")
