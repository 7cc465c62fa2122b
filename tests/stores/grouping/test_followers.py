"""Which files follow a model by its name, and which only look so."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.stores.grouping.followers import followers, following


def beside(key: str, others: set[str], members: set[str] | None = None) -> set[str]:
    members = members or {key}
    found = list(followers(key, members, sorted(members | others)))
    assert not set(found) & members
    return set(found)


@pytest.mark.parametrize(
    "name",
    ["a.json", "a.txt", "a.yaml", "a.civitai.info", "a.metadata.json", "a.cm-info.json", "a.swarm.json", "a.sha256", "a.png", "a.preview.png",
     "a.thumb.jpg", "a.preview.webp", "a.safetensors.json", "a.safetensors.png", "a.safetensors.md5", "a.safetensors.etag"],
)  # fmt: skip
def test_records_and_previews_follow(name: str) -> None:
    assert beside("a.safetensors", {name, "b.json"}) == {name}


@pytest.mark.parametrize(
    "name",
    [
        "a.md",
        "a.html",
        "a",
        "ab.json",
        "a-b.json",
        "b.a.json",
        "a.other.png",
        "a.gguf",
        "a.preview",
        "A.json",
        "a.docx",
    ],
)
def test_others_do_not(name: str) -> None:
    assert beside("a.safetensors", {name}) == set()


def test_a_piper_voices_settings_and_a_downloads_mark() -> None:
    assert beside("en-amy.onnx", {"en-amy.onnx.json", "en-amy-low.onnx.json"}) == {"en-amy.onnx.json"}
    assert beside("m.gguf", {"m.gguf.etag", "m.gguf.gguf.etag"}) == {"m.gguf.etag", "m.gguf.gguf.etag"}


def test_what_follows_any_file_of_a_set_follows_it() -> None:
    parts = {"m-00001-of-00002.gguf", "m-00002-of-00002.gguf"}
    notes = {"m-00002-of-00002.json", "m.json", "m.gguf.json", "n.json"}
    assert beside("m.gguf", notes, parts) == {"m-00002-of-00002.json", "m.json", "m.gguf.json"}


def test_a_file_of_the_set_itself_does_not_follow_it() -> None:
    assert beside("a.safetensors", {"a.txt"}, {"a.safetensors", "a.json"}) == {"a.txt"}


def test_a_folder_of_members_alone_has_none() -> None:
    assert beside("a.gguf", set()) == set()


ENDINGS = (".json", ".preview.png", ".txt", ".md", ".gguf", "", ".civitai.info")
NAMES = st.builds("{}{}".format, st.sampled_from(["a", "a.b", "a-b", "b", "aa"]), st.sampled_from(ENDINGS))


@settings(max_examples=8)
@given(st.sets(NAMES, max_size=12), st.sampled_from(["a", "a.b", "aa"]))
def test_every_name_that_is_the_stem_and_a_known_ending(names: set[str], stem: str) -> None:
    known = {".json", ".preview.png", ".txt", ".civitai.info"}
    assert set(following(stem, sorted(names))) == {
        name for name in names if name.startswith(stem) and name[len(stem) :] in known
    }
