"""What a line of InvokeAI's database says of a model's files."""

from __future__ import annotations

import pytest

from model_manager.stores.invokeai.layout import has_files, place_of, record_of


@pytest.mark.parametrize("config, record", [
    ('{"path": "x"}', {"path": "x"}), (b'{"path": "x"}', {"path": "x"}), ("[]", None), ("{", None), (None, None), (7, None),
    ("", None),
])  # fmt: skip
def test_a_line_is_json_of_one_model(config: object, record: object) -> None:
    assert record_of(config) == record


def test_a_providers_model_has_no_files() -> None:
    assert has_files({}) is True and has_files({"source_type": "hf_repo_id"}) is True
    assert has_files({"source_type": "external"}) is False


@pytest.mark.parametrize("path, place", [
    ("k1/m.safetensors", "/i/models/k1/m.safetensors"), ("k1", "/i/models/k1"), ("k1/../k2", "/i/models/k2"),
    ("/other/m.safetensors", "/other/m.safetensors"), ("/i/models/k1", "/i/models/k1"), ("../x", ""), ("..", ""), (".", ""),
    ("", ""), (None, ""), (7, ""), ("a\0b", ""), ("/i/models", ""), ("/i", ""), ("/", ""), ("/i/models/..", ""),
    ("/i/model", "/i/model"),
])  # fmt: skip
def test_where_its_files_are(path: object, place: str) -> None:
    assert place_of("/i/models", {"path": path}) == place


def test_without_a_path_that_cannot_be_told() -> None:
    assert place_of("/i/models", {}) == ""
