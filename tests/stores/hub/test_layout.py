"""What a name or a path in a Hugging Face cache means."""

from __future__ import annotations

import pytest

from model_manager.stores.hub.layout import (
    IN_CACHE,
    IN_REPOSITORY,
    IN_SNAPSHOT,
    PAYLOAD,
    etag_in,
    id_of,
    is_repository,
    repository_of,
)

COMMIT, ETAG = "a" * 40, "b" * 64
REPO = "/c/hub/models--org--name"


@pytest.mark.parametrize("name, is_one", [
    ("models--org--name", True), ("datasets--x", True), ("spaces--x", True), ("kernels--x", True), ("models--", False),
    ("datasets--", False), ("blobs", False), (".locks", False), ("my-models--x", False),
])  # fmt: skip
def test_folders_of_repositories(name: str, is_one: bool) -> None:
    assert is_repository(name) is is_one


@pytest.mark.parametrize("folder, id_", [("models--org--name", "org/name"), ("models--gpt2", "gpt2")])
def test_the_id_as_the_hub_writes_it(folder: str, id_: str) -> None:
    assert id_of(folder) == id_


@pytest.mark.parametrize("path, repo", [
    (f"{REPO}/snapshots/{COMMIT}/sub/x.gguf", REPO), (f"{REPO}/snapshots/{COMMIT}", REPO),
    ("/c/datasets--d/snapshots/1/x", "/c/datasets--d"), (f"{REPO}/blobs/{ETAG}", ""), (f"{REPO}/snapshots", ""),
    ("/c/hub/name/snapshots/1/x", ""), ("/m/x.gguf", ""),
])  # fmt: skip
def test_the_repository_of_a_place(path: str, repo: str) -> None:
    assert repository_of(path) == repo


def test_a_file_in_a_revision_has_its_commit() -> None:
    match = IN_SNAPSHOT.match(f"{REPO}/snapshots/{COMMIT}/sub/x")
    assert match and match["commit"] == COMMIT


@pytest.mark.parametrize("below, parts", [
    (f"blobs/{ETAG}", ("blobs", ETAG)), (f"snapshots/{COMMIT}", ("snapshots", COMMIT)),
    (f"snapshots/{COMMIT}/x", None), ("refs/main", None), ("blobs", None),
])  # fmt: skip
def test_a_blob_or_a_revision_as_a_whole(below: str, parts: tuple[str, str] | None) -> None:
    match = IN_REPOSITORY.match(f"{REPO}/{below}")
    assert (match and (match["what"], match["name"])) == parts and (not match or match["repo"] == REPO)


@pytest.mark.parametrize("below, is_one", [
    (f"blobs/bb/{ETAG}", True), (f"blobs/bb/{ETAG}.refs", False), (f"blobs/{ETAG}", False), (f"blobs/b/{ETAG}", False),
    (f"blobs/bb/{ETAG[1:]}", False),
])  # fmt: skip
def test_the_bytes_of_the_cache_wide_store(below: str, is_one: bool) -> None:
    assert bool(PAYLOAD.match(f"/c/hub/{below}")) is is_one


@pytest.mark.parametrize("path, cache", [
    (f"{REPO}/blobs/{ETAG}", "/c/hub"), (REPO, "/c/hub"), (f"/c/hub/blobs/bb/{ETAG}", "/c/hub"),
    ("/c/models--a/models--b/x", "/c"), ("/c/hub/x.gguf", None),
])  # fmt: skip
def test_whatever_belongs_to_a_cache(path: str, cache: str | None) -> None:
    match = IN_CACHE.match(path)
    assert (match and match["cache"]) == cache


@pytest.mark.parametrize("link, etag", [
    (f"../../blobs/{ETAG}", ETAG), (f"blobs/{ETAG}", ETAG), (f"..\\..\\blobs\\{ETAG}", ETAG),
    (f"../../../blobs/bb/{ETAG}", ""), ("x.gguf", ""), ("../myblobs/x", ""),
])  # fmt: skip
def test_the_blob_that_a_link_names(link: str, etag: str) -> None:
    assert etag_in(link) == etag
