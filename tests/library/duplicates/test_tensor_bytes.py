"""What tensors are, whatever is wrapped around them: equal sums for equal weights, others for anything else."""

from __future__ import annotations

import hashlib
import io
import json
import random
import struct

import pytest
from factory import gguf_bytes, safetensors_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.library.duplicates.tensor_bytes import add, sample, whole

Tensors = dict[str, bytes]


def safetensors(tensors: Tensors, **metadata: str) -> bytes:
    table: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    at = 0
    for name, data in tensors.items():
        table[name] = {"dtype": "U8", "shape": [len(data)], "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(table).encode()
    return struct.pack("<Q", len(text)) + text + b"".join(tensors.values())


def sums(data: bytes, format_: str = "safetensors") -> tuple[str, str]:
    counted: list[int] = []
    found = whole(io.BytesIO(data), len(data), format_, counted.append)
    assert sum(counted) == len(data) and found[0] == hashlib.sha256(data).hexdigest()
    return found


def heads(data: bytes, format_: str = "safetensors") -> str:
    return sample(io.BytesIO(data), len(data), format_, lambda count: None)


def some(count: int, seed: int = 1, size: int = 3000) -> Tensors:
    chance = random.Random(seed)
    return {f"layer.{number}.weight": chance.randbytes(size) for number in range(count)}


ONE = some(5)


def test_metadata_and_order_have_no_say() -> None:
    turned = dict(reversed(ONE.items()))
    assert sums(safetensors(ONE))[1] == sums(safetensors(ONE, title="mine"))[1] == sums(safetensors(turned))[1] != ""
    assert heads(safetensors(ONE)) == heads(safetensors(turned, title="mine")) != ""


@pytest.mark.parametrize("at", [0, 1023, 1024, 2999])
def test_one_byte_makes_other_weights(at: int) -> None:
    name = "layer.3.weight"
    changed = ONE[name][:at] + bytes([ONE[name][at] ^ 1]) + ONE[name][at + 1 :]
    other = safetensors({**ONE, name: changed})
    assert sums(other)[1] != sums(safetensors(ONE))[1]
    assert (heads(other) != heads(safetensors(ONE))) is (at < 1024)  # only heads are looked at to reject


def test_another_name_is_another_tensor() -> None:
    renamed = {name.replace("layer.0", "layer.9"): data for name, data in ONE.items()}
    assert sums(safetensors(renamed))[1] != sums(safetensors(ONE))[1]


@settings(max_examples=10)
@given(st.lists(st.booleans(), min_size=5, max_size=5))
def test_shards_add_up_to_the_whole(first: list[bool]) -> None:
    parts = [
        {name: data for (name, data), into in zip(ONE.items(), first, strict=True) if into is side}
        for side in (True, False)
    ]
    files = [safetensors(part) for part in parts if part]
    assert add([sums(one)[1] for one in files]) == sums(safetensors(ONE))[1]
    chosen = [heads(one).partition(":")[0] for one in files]
    assert add(chosen) == heads(safetensors(ONE)).partition(":")[0]


def test_a_sum_of_which_one_is_missing_is_none() -> None:
    assert add(["ff", ""]) == "" and add(["ff", "02"]) == "01" and add(["0f"]) == "0f"


def test_of_many_tensors_only_some_are_looked_at() -> None:
    many = safetensors(some(65, size=8))
    assert heads(many).endswith(":") and len(heads(many)) == 33 and len(heads(safetensors(some(64, size=8)))) == 65


def test_gguf() -> None:
    shape = {"a": ("F32", (8, 8)), "b": ("F32", (8, 8))}
    one, named = (gguf_bytes({"general.name": name}, shape) for name in ("one", "a longer name"))
    assert sums(one, "gguf")[1] == sums(named, "gguf")[1] != sums(gguf_bytes({}, shape, seed=2), "gguf")[1]
    assert heads(one, "gguf") == heads(named, "gguf") != ""


@pytest.mark.parametrize(
    "data", [b"", b"nothing of ours" * 9, safetensors(ONE)[:-1], safetensors(ONE) + bytes(4096), safetensors({})]
)
def test_without_a_table_that_tells_all_there_is_no_sum(data: bytes) -> None:
    assert sums(data)[1] == "" and heads(data) == ""


def test_padding_behind_the_last_tensor_has_no_say() -> None:
    assert sums(safetensors(ONE) + bytes(4095))[1] in ("", sums(safetensors(ONE))[1])
    assert sums(safetensors_bytes({"a": ("F16", (4, 4))}), "pytorch")[1] == ""
