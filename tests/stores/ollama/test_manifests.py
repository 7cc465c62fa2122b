"""Which manifests there are, what each names, and why nothing is called unused while one cannot be read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from factory import gguf_bytes, ollama_model, sha256, write

from model_manager.base import reach
from model_manager.stores.ollama.manifests import Manifests, digests, manifests_of

GGUF = gguf_bytes(seed=41)
LIBRARY = "manifests/registry.ollama.ai/library"
ASIDE = ".model-manager-20260101T000000000Z-00000000-1"


@pytest.fixture
def store(home: Path) -> Path:
    for tag in ("b", "a"):
        ollama_model(home, f"registry.ollama.ai/library/m/{tag}", {"model": GGUF})
    return home


def told(store: Path) -> Manifests:
    return manifests_of(str(store))


def test_every_tag_in_order_with_its_parts(store: Path) -> None:
    found = told(store)
    assert found.files == [
        (str(store / LIBRARY / "m" / tag), ("registry.ollama.ai", "library", "m", tag)) for tag in "ab"
    ]
    assert found.unread == []


UNREAD: dict[str, tuple[Callable[[Path], object], str, str, bool]] = {
    "no folder at all": (lambda s: os.rename(s / "manifests", s / "m"), "manifests", "it is not there", False),
    "a link to nowhere": (lambda s: (os.rename(s / "manifests", s / "m"), (s / "manifests").symlink_to("/nowhere")), "manifests", "leads nowhere now", True),
    "a file in its place": (lambda s: (os.rename(s / "manifests", s / "m"), write(s / "manifests")), "manifests", "", True),
    "an empty host": (lambda s: (s / "manifests/empty").mkdir(), "empty", "it is empty", False),
    "a broken tag": (lambda s: (s / LIBRARY / "m/c").symlink_to("/nowhere"), "c", "leads nowhere now", True),
    "a file above the tags": (lambda s: write(s / LIBRARY / "x"), "x", "no folder of manifests and no manifest", False),
    "a pipe among the tags": (lambda s: os.mkfifo(s / LIBRARY / "m/pipe"), "pipe", "no folder of manifests and no manifest", False),
    "something lies aside": (lambda s: write(s / LIBRARY / "m" / ASIDE), ASIDE, "put it aside", False),
}  # fmt: skip


@pytest.mark.parametrize("what", UNREAD)
def test_what_may_hide_a_manifest_is_told(what: str, store: Path) -> None:
    change, name, why, hides = UNREAD[what]
    change(store)
    (one,) = told(store).unread
    assert os.path.basename(one.path) == name and why in one.why and one.hides is hides


def test_a_model_whose_last_tag_went_leaves_an_empty_folder_that_hides_nothing(store: Path) -> None:
    (store / LIBRARY / "gone").mkdir()
    (store / LIBRARY / "m/folder").mkdir()
    assert told(store).unread == [] and len(told(store).files) == 2


def test_a_desktops_own_files_are_passed_over(store: Path) -> None:
    write(store / LIBRARY / "m/.DS_Store")
    write(store / "manifests/.directory")
    assert told(store).unread == [] and len(told(store).files) == 2


def test_links_are_followed_but_not_into_a_drive_that_does_not_answer(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.rename(store / "manifests/registry.ollama.ai", store / "elsewhere")
    (store / "manifests/registry.ollama.ai").symlink_to(store / "elsewhere")
    assert len(told(store).files) == 2
    monkeypatch.setattr(reach, "silent_mount", lambda path: "/mnt/nas")
    (one,) = told(store).unread
    assert told(store).files == [] and one.hides and "the drive or share at /mnt/nas does not answer" in one.why


def test_the_blobs_of_one_manifest(store: Path) -> None:
    found = digests(str(store / LIBRARY / "m/a"))
    assert found is not None and found[1:] == [f"sha256-{sha256(GGUF)}"] and len(found) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"layers": []}', json.dumps({"layers": [{"digest": "sha256:x"}]})])
def test_a_manifest_that_cannot_be_understood_names_nothing_known(text: str, store: Path) -> None:
    write(store / LIBRARY / "m/a", text)
    assert digests(str(store / LIBRARY / "m/a")) is None and digests(str(store / "gone")) is None
