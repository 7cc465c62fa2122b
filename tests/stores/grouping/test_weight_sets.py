"""Which weight files are one set, what numbered sets lack, and which set a folder is about."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.stores.grouping.weight_sets import SHARD, lacking, main_set, weight_sets


def sets(*names: str) -> dict[str, set[str]]:
    return weight_sets(set(names))[0]


def shard(number: int, count: int, stem: str = "m", suffix: str = ".safetensors") -> str:
    return f"{stem}-{number:05}-of-{count:05}{suffix}"


def test_files_by_themselves_are_sets_of_one() -> None:
    assert sets("a.gguf", "b.safetensors", "notes.txt", "c.json") == {
        "a.gguf": {"a.gguf"},
        "b.safetensors": {"b.safetensors"},
    }


def test_shards_are_one_set_and_what_is_missing_is_named() -> None:
    found, missing = weight_sets({shard(1, 3), shard(3, 3)})
    assert found == {"m.safetensors": {shard(1, 3), shard(3, 3)}} and missing == {"m.safetensors": (shard(2, 3),)}
    assert weight_sets({shard(1, 2), shard(2, 2)})[1] == {"m.safetensors": ()}


def test_a_whole_file_or_another_count_beside_shards_is_another_model() -> None:
    assert sets("m.safetensors", shard(1, 1)) == {
        "m.safetensors": {"m.safetensors"},
        "m-of-00001.safetensors": {shard(1, 1)},
    }
    found, missing = weight_sets({shard(1, 2), shard(2, 2), shard(1, 3)})
    assert found == {"m-of-00002.safetensors": {shard(1, 2), shard(2, 2)}, "m-of-00003.safetensors": {shard(1, 3)}}
    assert missing == {"m-of-00002.safetensors": (), "m-of-00003.safetensors": (shard(2, 3), shard(3, 3))}
    assert sets(shard(1, 2), shard(1, 2, suffix=".gguf")).keys() == {"m.safetensors", "m.gguf"}


@settings(max_examples=8)
@given(st.integers(1, 20), st.sets(st.integers(1, 20), min_size=1))
def test_what_is_there_and_what_is_missing_make_the_whole(count: int, there: set[int]) -> None:
    present = {shard(number, count) for number in there if number <= count}
    if present:
        found, missing = weight_sets(present)
        assert found == {"m.safetensors": present}
        assert sorted({*missing["m.safetensors"], *present}) == [shard(number, count) for number in range(1, count + 1)]


def test_a_count_that_is_a_lie_names_no_million() -> None:
    match = SHARD.match(shard(1, 99_999))
    assert match and len(lacking(match, [match])) == 9_999


@pytest.mark.parametrize("parts", [("m.gguf.part1of2", "m.gguf.part2of2"), ("m.gguf-split-a", "m.gguf-split-b")])
def test_raw_parts_are_one_file_in_pieces(parts: tuple[str, str]) -> None:
    assert sets(*parts) == {"m.gguf": set(parts)}


def test_encoders_go_with_decoders_of_their_variant() -> None:
    names = (
        "encoder_model.onnx",
        "decoder_model_merged.onnx",
        "encoder_model_q4.onnx",
        "decoder_with_past_model_q4.onnx",
        "other.onnx",
    )
    assert sets(*names) == {
        "encoder+decoder.onnx": {names[0], names[1]}, "encoder+decoder_q4.onnx": {names[2], names[3]}, "other.onnx": {"other.onnx"},
    }  # fmt: skip


def test_a_description_with_its_weights() -> None:
    assert sets("m.xml", "m.bin") == {"m.xml": {"m.xml", "m.bin"}} and sets("n.param", "n.bin") == {
        "n.param": {"n.param", "n.bin"}
    }
    assert sets("m.xml") == {} and sets("m.bin") == {"m.bin": {"m.bin"}}


def test_rests_of_training_partial_files_and_tokenizers_are_no_sets() -> None:
    assert (
        sets(
            "optimizer.pt",
            "training_args.bin",
            "a.gguf.part",
            "incomplete-b.gguf",
            "tokenizer.model",
            "rng_state_0.pth",
        )
        == {}
    )


@pytest.mark.parametrize(
    ("keys", "main"),
    [
        (("x.safetensors", "model.safetensors"), "model.safetensors"), (("pytorch_model.bin", "model.safetensors"), "model.safetensors"),
        (("pytorch_model.bin", "x.bin"), "pytorch_model.bin"), (("x.safetensors",), "x.safetensors"), (("x.gguf",), None),
        (("x.safetensors", "y.safetensors"), None), ((), None), (("tf_model.h5", "adapter_model.bin"), "adapter_model.bin"),
    ],
)  # fmt: skip
def test_the_set_that_a_folder_is_about(keys: tuple[str, ...], main: str | None) -> None:
    assert main_set({key: {key} for key in keys}) == main
