"""Names that are left out: which patterns may be used, and what stays of the models of a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conformance import facts
from factory import gguf_bytes, safetensors_bytes, tree
from hypothesis import given
from hypothesis import strategies as st

from model_manager.stores.discovered import FoundModel, Leftover
from model_manager.stores.walk.ignore_patterns import LONGEST, IgnorePatterns, fault_of, good_patterns
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import Plain, describe_tree, found_at

GGUF = gguf_bytes(seed=31)
TENSORS = safetensors_bytes({"x.weight": ("F16", (8, 8))}, seed=33)


def found(root: Path, *patterns: str) -> tuple[dict[str, list[str]], list[str]]:
    """Model -> its files, and the leftovers by name."""
    items = list(describe_tree(str(root), StoreReader(facts, left_out=IgnorePatterns(patterns)), Plain()))
    models = {one.name: [file.name for file in one.files] for one in items if isinstance(one, FoundModel)}
    return models, [Path(one.path).name for one in items if isinstance(one, Leftover)]


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [("*.bak", ""), ("backup*", ""), (".git", ""), ("*.gguf", ""), ("old [12]", ""), ("Ä*", ""), ("", "everything"),
     ("  ", "everything"), ("*", "everything"), ("**", "everything"), ("*.*", "everything"), ("???", "everything"),
     ("[a-z]*", "everything"), ("[!x]*", ""), ("..", "everything"), ("/", "path"), ("a/b", "path"), ("C:\\x", "path"), ("a\0", "path"),
     ("a" * (LONGEST + 1), "long")],
)  # fmt: skip
def test_what_may_be_a_pattern(pattern: str, fault: str) -> None:
    assert fault_of(pattern) == fault


def test_a_settings_file_changed_by_hand() -> None:
    assert good_patterns([" *.bak ", 7, None, "*", "a/b", "*.bak", "old"]) == ("*.bak", "old")
    assert len(good_patterns(f"n{number}" for number in range(1000))) == 200


@given(st.lists(st.text(), max_size=4), st.text())
def test_any_pattern_and_any_name(patterns: list[str], name: str) -> None:
    assert IgnorePatterns(patterns).has(name) in (True, False)


def test_upper_and_lower_case_are_the_same() -> None:
    assert IgnorePatterns(["Backup*"]).has("BACKUP of May") and not IgnorePatterns(["Backup*"]).has("my backup")
    assert not IgnorePatterns() and not IgnorePatterns().has("x")


def test_files_and_folders(tmp_path: Path) -> None:
    tree(tmp_path, {"one.gguf": GGUF, "one-copy.gguf": GGUF, "old/two.gguf": GGUF, "keep/old-three.gguf": GGUF,
                    "half.gguf.part": b"half", "deep/er/old/four.gguf": GGUF})  # fmt: skip
    assert set(found(tmp_path)[0]) == {"one", "one-copy", "old/two", "keep/old-three", "deep/er/old/four"}
    assert found(tmp_path, "old", "*-copy.*") == (
        {"one": ["one.gguf"], "keep/old-three": ["old-three.gguf"]}, ["half.gguf.part"])  # fmt: skip
    assert found(tmp_path, "old*", "half*")[1] == []


def test_the_folder_looked_through_may_have_any_name(tmp_path: Path) -> None:
    tree(tmp_path / "old", {"one.gguf": GGUF})
    assert list(found(tmp_path / "old", "old")[0]) == ["one"]


def test_a_part_of_a_set_leaves_all_of_it_out(tmp_path: Path) -> None:
    """Never an incomplete model that would be offered for clearing away."""
    tree(tmp_path, {f"big-0000{number}-of-00003.gguf": GGUF for number in (1, 2, 3)})
    tree(tmp_path / "llama", {"config.json": b'{"model_type": "llama"}', "model.safetensors": TENSORS})
    assert found(tmp_path, "*-00002-of-*", "config.json") == ({}, [])


def test_what_a_model_can_do_without_is_no_part_of_it(tmp_path: Path) -> None:
    tree(tmp_path, {"llama/config.json": b'{"model_type": "llama"}', "llama/model.safetensors": TENSORS,
                    "llama/config.json.bak": b"{}", "style.safetensors": TENSORS, "style.png": b"png"})  # fmt: skip
    models, _rest = found(tmp_path, "*.bak", "*.png")
    assert models == {"llama": ["config.json", "model.safetensors"], "style": ["style.safetensors"]}


def test_a_folder_in_a_pipeline(tmp_path: Path) -> None:
    index = {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}
    tree(tmp_path / "sd", {"model_index.json": json.dumps(index).encode(), "unet/config.json": b"{}", "unet/a.safetensors": TENSORS,
                           "backup/config.json": b"{}", "backup/a.safetensors": TENSORS})  # fmt: skip
    assert "backup/a.safetensors" in found(tmp_path)[0]["sd"]
    assert found(tmp_path, "backup")[0] == {"sd": ["model_index.json", "unet/a.safetensors", "unet/config.json"]}
    assert found(tmp_path, "unet")[0] == {}, "a pipeline without one of its parts would be called broken"


def test_a_tools_own_record_of_one_model_is_believed(tmp_path: Path) -> None:
    tree(tmp_path, {"old.gguf": GGUF})
    assert (
        found_at(str(tmp_path / "old.gguf"), StoreReader(facts, left_out=IgnorePatterns(["old*"])), Plain()) is not None
    )
