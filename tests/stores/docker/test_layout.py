"""What names and lines of Docker Model Runner's store mean."""

from __future__ import annotations

import pytest

from model_manager.stores.docker.layout import (
    Layer,
    blob_path,
    bundle_path,
    digest_of,
    entries_of,
    index_path,
    is_id,
    is_own_name,
    layers_of,
    listed_in,
    manifest_path,
    short_name,
    tags_of,
)

HEX = "a" * 64


def test_where_things_lie() -> None:
    assert [index_path("/d"), manifest_path("/d", HEX), bundle_path("/d", HEX), blob_path("/d", HEX)] == [
        "/d/models.json", f"/d/manifests/sha256/{HEX}", f"/d/bundles/sha256/{HEX}", f"/d/blobs/sha256/{HEX}",
    ]  # fmt: skip


@pytest.mark.parametrize("name, own, id_", [
    (HEX, True, True), (f"{HEX}.incomplete", True, False), (f"{HEX}.0.incomplete", True, False), (HEX[1:], False, False),
    (f"{HEX}x", False, False), ("thesis.docx", False, False), (f"{HEX}.My notes", False, False),
])  # fmt: skip
def test_names_that_the_runner_gives(name: str, own: bool, id_: bool) -> None:
    assert is_own_name(name) is own and is_id(name) is id_


@pytest.mark.parametrize("value, digest", [
    (f"sha256:{HEX}", HEX), (HEX, ""), ("sha256:../x", ""), (f"sha256:{HEX}0", ""), (None, ""), (7, ""), (f"x sha256:{HEX}", ""),
])  # fmt: skip
def test_a_digest(value: object, digest: str) -> None:
    assert digest_of(value) == digest


def test_a_model_without_a_tag_has_a_short_name() -> None:
    assert short_name("0123456789abcdef") == "sha256:0123456789ab"


@pytest.mark.parametrize("index, entries", [
    ({"models": [1]}, [1]), ({"models": []}, []), ({"models": {}}, None), ({}, None), ([], None), (None, None),
])  # fmt: skip
def test_the_lines_of_the_index(index: object, entries: object) -> None:
    assert entries_of(index) == entries


def test_tags_and_digests_of_a_line() -> None:
    assert tags_of({"tags": ["a", "", 7, "b"]}) == ["a", "b"] and tags_of({"tags": "a"}) == [] == tags_of({})
    assert listed_in({"files": [f"sha256:{HEX}", 7, "x"]}) == [HEX, "", ""] and listed_in(
        {"files": "x"}
    ) == [] == listed_in({})


def test_what_a_manifest_names_its_configuration_last() -> None:
    found = layers_of({"config": {"digest": f"sha256:{HEX}"}, "layers": [{"digest": "x", "mediaType": "m"}, 7]})
    assert found is not None
    assert list(found) == [Layer("", "m"), Layer("", ""), Layer(HEX, "", is_config=True)]
    bare, strange = layers_of({"layers": []}), layers_of({"layers": [], "config": 7})
    assert bare is not None and list(bare) == [] and strange is not None and list(strange) == [Layer("", "", True)]


@pytest.mark.parametrize("manifest", [None, [], 7, {}, {"layers": {}}, {"config": {"digest": f"sha256:{HEX}"}}])
def test_half_a_manifest_is_not_known(manifest: object) -> None:
    assert layers_of(manifest) is None
