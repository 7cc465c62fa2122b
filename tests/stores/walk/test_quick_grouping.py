"""The quick answers of the walk are those of the whole rules, over names and trees of every kind."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from conformance import facts
from factory import write
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.stores.discovered import FoundModel, Leftover
from model_manager.stores.grouping import followers
from model_manager.stores.grouping.file_names import is_partial, is_training, is_weights, may_matter
from model_manager.stores.grouping.grouping import by_rules, each_alone, group
from model_manager.stores.walk import folder_models
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

STEMS = (
    "a", "a.b", "A", "model", "m-Q4_K_M", "m-00001-of-00002", "m-00002-of-00002", "mmproj-m", "m.mmproj-F16", "tokenizer",
    "vocab", "encoder_model", "decoder_model_q4", "optimizer", "training_args", "incomplete-a", "adapter_model", "rng_state",
    "events.out.tfevents.1", "config", "ggml-base", "ggml-base-encoder", "x.gguf", "İ", "a.preview", "a.thumb", "", "scaler",
)  # fmt: skip
ENDINGS = (
    ".gguf", ".safetensors", ".GGUF", ".ckpt", ".onnx", ".onnx.json", ".bin", ".pt", ".xml", ".param", ".json", ".png",
    ".preview.png", ".thumb.jpg", ".civitai.info", ".metadata.json", ".txt", ".md", ".yaml", ".gguf.part", ".part",
    ".gguf.part1of2", ".gguf-split-a", ".gguf.etag", ".gguf.json", ".sha256", "", ".", ".tar", ".gguf.png", ".model",
)  # fmt: skip
PARTS = (
    "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model-00002-of-00003.safetensors",
    "model.safetensors", "model.safetensors.index.json", "other-00001-of-00002.safetensors", "model.fp16.safetensors",
    "model.json", "model.png", "model.txt", "model.safetensors.part", "incomplete-model.safetensors", "adapter_config.json",
    "adapter_model.safetensors", "tokenizer.safetensors",
)  # fmt: skip
MARKERS = ("config.json", "adapter_config.json", "model_index.json", "modules.json", "tokenizer.json", "final.mdl")
NAMES = st.builds("{}{}".format, st.sampled_from(STEMS), st.sampled_from(ENDINGS)).filter(
    lambda name: name not in ("", ".")
)
FOLDERS = st.sets(NAMES | st.sampled_from(MARKERS), max_size=14)
SUBFOLDERS = ("", "loras", "loras/deep", "onnx", "am", "conf", "unet", "x.mlmodelc")


@given(FOLDERS)
@settings(max_examples=1500)
def test_models_that_stand_alone_are_those_of_the_rules(names: set[str]) -> None:
    mattering = may_matter(names)
    alone = each_alone(mattering, names)
    if alone is None:
        return
    assert not any(is_partial(name) or is_training(name) for name in mattering)
    expected = [(one.label, one.files, one.missing, one.whole, one.raw_parts) for one in by_rules(names)]
    found = []
    for name, beside in alone:
        files = tuple(sorted([(name, "weights"), *((other, "sidecar") for other in beside)]))
        found.append((name[: name.rfind(".")], files, (), False, False))
    assert found == expected


@given(FOLDERS | st.builds(set.union, st.just({"config.json"}), st.sets(NAMES, max_size=3)))
@settings(max_examples=1500)
def test_a_quick_answer_for_a_whole_folder_is_that_of_the_rules(names: set[str]) -> None:
    assert group(names) == by_rules(names)


@given(st.sets(st.sampled_from(PARTS), min_size=1), st.booleans())
def test_the_same_for_parts_beside_a_configuration(parts: set[str], configured: bool) -> None:
    names = parts | ({"config.json", "README.md", "tokenizer.model"} if configured else set())
    assert group(names) == by_rules(names)


@given(FOLDERS)
def test_what_is_passed_over_is_neither_weights_nor_unfinished(names: set[str]) -> None:
    passed = names - set(may_matter(names))
    assert not any(is_weights(name) or is_partial(name) for name in passed)


@given(FOLDERS, NAMES)
def test_what_follows_by_name_is_what_asking_for_every_ending_finds(names: set[str], stem: str) -> None:
    asked = {stem + ending for ending in followers._FOLLOWING}
    assert set(followers.following(stem, sorted(names))) == names & asked


@given(st.dictionaries(st.sampled_from(SUBFOLDERS), FOLDERS, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_walk_with_and_without_the_quick_answer(content: dict[str, set[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        for inner, names in content.items():
            for name in names:
                path = Path(folder, inner, name)
                if not path.is_dir():
                    write(path, name.encode() * 9 + b"\0" * 64)
        quick = _walk(folder)
        patched.setattr(folder_models, "each_alone", lambda mattering, names: None)
        assert _walk(folder) == quick


def _walk(folder: str) -> tuple[list[FoundModel | Leftover], object, object]:
    reader = StoreReader(facts)
    plain = Plain(categories={"": "misc", "loras": "diffusion/lora"})
    return list(describe_tree(folder, reader, plain)), reader.problems, reader.unread
