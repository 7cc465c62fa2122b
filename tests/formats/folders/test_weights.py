"""Whether all of a folder's weights are there, by its own indexes."""

from __future__ import annotations

import json

import pytest
from memory_folder import MemoryFolder

from model_manager.base.facts import GOOD
from model_manager.formats.folders.weights import health_of, said_missing, weights_in


def index(*names: str) -> str:
    return json.dumps({"weight_map": {f"w{number}": name for number, name in enumerate(names)}})


def folder(files: dict[str, object]) -> MemoryFolder:
    return MemoryFolder("org/model", files)


A, B = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"


def test_weights_lie_directly_in_a_folder_and_training_leaves_none() -> None:
    names = {
        "model.safetensors": 1,
        "sub/x.bin": 1,
        "optimizer.pt": 1,
        "training_args.bin": 1,
        "rng_state_0.pth": 1,
        "tokenizer.bin": 1,
        "config.json": 1,
        "X.GGUF": 1,
    }
    assert sorted(weights_in(folder(names))) == ["X.GGUF", "model.safetensors"] and weights_in(
        folder(names), "sub/"
    ) == ["x.bin"]


@pytest.mark.parametrize(
    ("files", "place", "detail"),
    [
        ({INDEX: index(A, B), A: 1, B: 1}, "", ""), ({INDEX: index(A, B), A: 1}, "", f"{INDEX} names 2 files; {B} is missing"),
        ({"model.safetensors": 1}, "", ""), ({"config.json": "{}"}, "", "no weights lie beside the configuration"), ({INDEX: index(A, B)}, "", f"{INDEX} names 2 files; {A}, {B} are missing"),
        ({INDEX: index(A, B), "model.safetensors": 1}, "", ""), ({INDEX: index(A, B), A: 1, "pytorch_model.bin": 1}, "", ""),
        ({INDEX: index(A, B), A: 1, "pytorch_model.bin.index.json": index("x.bin"), "x.bin": 1}, "", ""), ({INDEX: "{ broken", A: 1}, "", ""),
        ({"unet/" + INDEX: index(A, B), "unet/" + A: 1}, "unet/", f"{INDEX} names 2 files; {B} is missing"), ({"unet/" + INDEX: index(A, B), "model.safetensors": 1}, "", ""),
    ],
)  # fmt: skip
def test_one_complete_set_is_enough_and_what_is_missing_is_named(
    files: dict[str, object], place: str, detail: str
) -> None:
    found = health_of(folder(files), place)
    assert found.detail == detail and (found == GOOD) is not bool(detail) and found.verdict in ("good", "incomplete")


def test_at_most_five_names_are_told() -> None:
    assert said_missing(["a"]) == "a is missing" and said_missing(list("abcde")) == "a, b, c, d, e are missing"
    assert (
        said_missing(list("abcdefg")) == "a, b, c, d, e and 2 more are missing"
        and said_missing(["x" * 500]) == "x" * 120 + " is missing"
    )
