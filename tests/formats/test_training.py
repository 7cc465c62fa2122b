"""What trainers write into a header: believed less than tensors, bounded, and never in the way."""

from __future__ import annotations

import json

import pytest

from model_manager.formats import training


def told(**words: str) -> list[tuple[str, object]]:
    return [
        (claim.field, claim.value)
        for claim in training.claims_of({key.replace("__", "."): one for key, one in words.items()})
    ]


def test_a_model_describes_itself() -> None:
    words = {
        "modelspec__title": " A title ",
        "modelspec__license": "MIT",
        "modelspec__author": "me",
        "ss_output_name": "b",
    }
    assert told(**words) == [("name", "A title"), ("name", "b"), ("licence", "MIT"), ("publisher", "me")]
    assert told(modelspec__title="x" * 900)[0][1] == "x" * 500


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"modelspec__architecture": "stable-diffusion-xl-v1-base/lora"}, [("base_model", "SDXL 1.0"), ("category", "diffusion/lora")]),
        ({"modelspec__architecture": "x/textual-inversion"}, [("category", "diffusion/embeddings")]),
        ({"ss_base_model_version": "flux1", "ss_network_module": "lycoris.kohya"},
         [("base_model", "Flux.1"), ("category", "diffusion/lora"), ("tag", "lycoris")]),
        ({"modelspec__merged_from": "a, b"}, [("tag", "merge")]),
        ({"modelspec__trigger_phrase": "a cat", "ss_tag_frequency": '{"a": {"b": 3}}'}, [("trigger_words", "a cat")]),
    ],
)  # fmt: skip
def test_other_words(words: dict[str, str], expected: list[tuple[str, object]]) -> None:
    assert told(**words) == expected


def test_the_commonest_tags_of_all_folders() -> None:
    folders = {"10_a": {"cat": 3, "dog ": 9, "": 7, "odd": "x"}, "2_b": {"cat": 8, "bird": 1}, "c": 5}
    assert [tag for _, tag in told(ss_tag_frequency=json.dumps(folders))] == ["cat", "dog", "bird"]
    many = {"a": {f"t{number:03}": number for number in range(100)}}
    assert len(told(ss_tag_frequency=json.dumps(many))) == 20


@pytest.mark.parametrize(
    "text", ["{", "[1]", '"a"', "[" * 100_000, " " * (3 << 20), '{"a": {"b": ' + "9" * 5000 + "}}"]
)
def test_what_cannot_be_read_says_nothing(text: str) -> None:
    assert told(ss_tag_frequency=text) == []
