"""What RamaLama's paths and records mean."""

from __future__ import annotations

import pytest

from model_manager.stores.ramalama.layout import (
    Ref,
    RefFile,
    is_blob,
    name_of,
    ref_of,
    repository_of,
    sha256_of,
    title_of,
    transport_of,
)

STORE, BLOB = "/s/store", f"sha256-{'a' * 64}"


@pytest.mark.parametrize(
    "record, name",
    [
        ("ollama/library/smollm/refs/135m.json", "ollama://library/smollm:135m"),
        ("huggingface/org/repo-GGUF/refs/Q4_K_M.json", "huggingface://org/repo-GGUF:Q4_K_M"),
        ("file/home/me/models/m.gguf/refs/latest.json", "file:///home/me/models/m.gguf:latest"),
        ("https/host/a/b/m.gguf/refs/main.json", "https://host/a/b/m.gguf:main"),
    ],
)
def test_a_tag_is_called_as_ramalama_calls_it(record: str, name: str) -> None:
    assert name_of(STORE, f"{STORE}/{record}") == name
    assert transport_of(STORE, f"{STORE}/{record}") == record.split("/")[0]


def test_names_for_people() -> None:
    assert title_of(STORE, f"{STORE}/huggingface/org/repo/refs/Q4_K_M.json") == "org/repo:Q4_K_M"
    assert title_of(STORE, f"{STORE}/file/home/me/m.gguf/refs/latest.json") == "m.gguf"


def test_the_name_at_its_hub() -> None:
    assert repository_of(STORE, f"{STORE}/huggingface/org/repo/refs/x.json") == "org/repo"


def test_a_record_names_blobs_by_their_digest() -> None:
    record = {"hash": "sha256:1", "files": [
        {"hash": f"sha256:{'a' * 64}", "name": "m.gguf", "type": "gguf"},
        {"hash": "b", "name": "sub/model.safetensors", "type": "other"},
        {"hash": "c", "name": "v.gguf", "type": "mmproj"},
        {"hash": "d", "name": "config.json", "type": "other"},
        {"hash": "e", "name": "chat", "type": "chat_template"},
    ]}  # fmt: skip
    assert ref_of(record) == Ref("sha256-1", (
        RefFile(BLOB, "m.gguf", "weights"), RefFile("b", "sub/model.safetensors", "weights"),
        RefFile("c", "v.gguf", "projector"), RefFile("d", "config.json", "config"), RefFile("e", "chat", "other"),
    ))  # fmt: skip


@pytest.mark.parametrize("hash_", ["", "..", ".", "../../x", "a/b", "a\\b", "a\0", 7, None])
def test_no_hash_leads_out_of_the_folder(hash_: object) -> None:
    assert ref_of({"hash": "s", "files": [{"hash": hash_, "name": "m.gguf", "type": "gguf"}]}) is None
    assert ref_of({"hash": hash_, "files": []}) is None


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../m", "a/../../m", "a//b", "./m", "a\\b", "a\0", 7, None])
def test_no_file_name_leads_out_of_the_snapshot(name: object) -> None:
    assert ref_of({"hash": "s", "files": [{"hash": "x", "name": name, "type": "gguf"}]}) is None


@pytest.mark.parametrize(
    "record", [None, [], "x", {}, {"hash": "s"}, {"hash": "s", "files": {}}, {"hash": "s", "files": [1]}]
)
def test_what_is_no_whole_record_names_nothing(record: object) -> None:
    assert ref_of(record) is None


def test_a_blob_named_after_an_address_tells_no_digest() -> None:
    """url.py calls it after the sha256 of the file's name: the same name, other bytes."""
    assert sha256_of("ollama", BLOB) == "a" * 64
    assert [sha256_of(kind, BLOB) for kind in ("file", "http", "https")] == ["", "", ""]
    assert sha256_of("huggingface", "sha256-short") == ""


def test_parts_of_downloads_are_no_blobs() -> None:
    assert is_blob(BLOB)
    assert not any(map(is_blob, (f"{BLOB}.partial", "a" * 64, f"{BLOB}0", "sha256-")))
