"""How a tag leaves Docker's store: the index first, then what no other line names; and what stays, with the reason."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from conformance import GGUF, OTHER, TREES, env_of
from factory import sha256, write

from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.docker.removal import named_now, remove, remove_leftover
from model_manager.stores.parts import CannotRemove, Going, Part, Placed, Writing

ONE, TWO = "1" * 64, "6" * 64
ASIDE = ".model-manager-20260101T000000000Z-00000000-1"
CONFIG = json.dumps({"config": {"format": "gguf", "quantization": "Q4_K_M", "architecture": "llama"}}).encode()


@pytest.fixture
def store(home: Path) -> Path:
    TREES["docker-model-runner"](home)
    return home / ".docker/models"


def root(store: Path) -> FoundRoot:
    return FoundRoot("docker-model-runner", str(store))


def index(store: Path) -> dict[str, Any]:
    return json.loads((store / "models.json").read_text())  # type: ignore[no-any-return]


def second(store: Path, *blobs: bytes, id_: str = TWO, tags: tuple[str, ...] = ("ai/n:latest",)) -> None:
    """Another model, whose manifest names these blobs."""
    layers = [{"digest": f"sha256:{sha256(data)}", "mediaType": "x"} for data in blobs]
    for data in blobs:
        write(store / "blobs/sha256" / sha256(data), data)
    write(store / "manifests/sha256" / id_, json.dumps({"layers": layers}))
    text = index(store)
    text["models"].append({"id": f"sha256:{id_}", "tags": list(tags)})
    write(store / "models.json", json.dumps(text))


def placed(store: Path, *names: str, id_: str = ONE) -> list[Placed]:
    return [Placed(name, str(store / "manifests/sha256" / id_), ()) for name in names]


def parts(store: Path, *names: str, id_: str = ONE) -> tuple[dict[str, Any], list[str], list[Part]]:
    """The index that is written, then what goes below the store, in order."""
    found = list(remove(root(store), placed(store, *names, id_=id_)))
    first = found[0]
    assert isinstance(first, Writing) and first.path == str(store / "models.json")
    assert first.why == "Docker's index, without it"
    return (
        json.loads(first.text),
        [os.path.relpath(part.path, store) for part in found[1:] if isinstance(part, Going)],
        found,
    )


def test_one_tag_of_two_is_a_line_of_the_index_alone(store: Path) -> None:
    text, goes, _found = parts(store, "ai/m:small")
    assert text["models"][0]["tags"] == ["ai/m:latest"] and goes == [] and text["models"][0]["files"]


def test_the_last_tag_takes_manifest_bundle_and_blobs(store: Path) -> None:
    text, goes, found = parts(store, "ai/m:small", "ai/m:latest")
    assert text == {"models": []}
    assert goes == [
        f"manifests/sha256/{ONE}",
        f"bundles/sha256/{ONE}",
        *sorted(f"blobs/sha256/{sha256(data)}" for data in (GGUF, CONFIG)),
    ]
    whys = [part.why for part in found if isinstance(part, Going)]
    assert whys == [
        "its manifest",
        "its bundle: further names of the same bytes",
        *["no other model of Docker names it"] * 2,
    ]


def test_blobs_that_another_model_names_stay(store: Path) -> None:
    second(store, GGUF, OTHER)
    _text, goes, _found = parts(store, "ai/m:small", "ai/m:latest")
    assert f"blobs/sha256/{sha256(GGUF)}" not in goes and f"blobs/sha256/{sha256(CONFIG)}" in goes
    text, goes, _found = parts(store, "ai/n:latest", id_=TWO)
    assert goes == [f"manifests/sha256/{TWO}", f"blobs/sha256/{sha256(OTHER)}"]
    assert [entry["id"] for entry in text["models"]] == [f"sha256:{ONE}"]


def test_the_same_tag_of_another_model_stays(store: Path) -> None:
    second(store, OTHER, tags=("ai/m:latest",))
    text, _goes, _found = parts(store, "ai/m:latest")
    assert [entry["tags"] for entry in text["models"]] == [["ai/m:small"], ["ai/m:latest"]]


def test_a_model_without_a_tag_goes_by_its_short_name(store: Path) -> None:
    second(store, OTHER, tags=())
    text, goes, _found = parts(store, f"sha256:{TWO[:12]}", id_=TWO)
    assert goes == [f"manifests/sha256/{TWO}", f"blobs/sha256/{sha256(OTHER)}"] and len(text["models"]) == 1


def test_a_very_long_tag_is_known_by_its_beginning(store: Path) -> None:
    """The catalogue keeps 300 characters of a name."""
    second(store, OTHER, tags=("t" * 400,))
    assert len(parts(store, "t" * 300, id_=TWO)[0]["models"]) == 1


def test_words_of_any_language_stay_readable_in_the_index(store: Path) -> None:
    second(store, OTHER, tags=("größe",))
    written = parts(store, "ai/m:small")[2][0]
    assert isinstance(written, Writing) and "größe".encode() in written.text and b'\n  "models"' in written.text


def test_somebodys_own_file_in_a_bundle_stays_and_is_named(store: Path) -> None:
    bundle = store / "bundles/sha256" / ONE
    for number in range(4):
        write(bundle / f"diary-{number}.docx", b"mine")
    _text, goes, found = parts(store, "ai/m:small", "ai/m:latest")
    assert f"bundles/sha256/{ONE}/model.gguf" in goes and f"bundles/sha256/{ONE}" not in goes
    assert not any("diary" in path for path in goes)
    (why,) = [part.why for part in found if isinstance(part, Going) and part.path.endswith("model.gguf")]
    assert "what may be your own stays: " in why and why.count("diary") == 3


def test_what_is_not_there_is_not_planned(store: Path) -> None:
    (store / "manifests/sha256" / ONE).unlink()
    (store / "blobs/sha256" / sha256(GGUF)).unlink()
    _text, goes, _found = parts(store, "ai/m:small", "ai/m:latest")
    assert goes == [f"bundles/sha256/{ONE}", f"blobs/sha256/{sha256(CONFIG)}"]


@pytest.mark.parametrize("manifest", [None, "{", "{}", json.dumps({"layers": [{"digest": "x"}]})])
def test_while_what_another_model_needs_is_not_known_nothing_goes(manifest: str | None, store: Path) -> None:
    second(store, OTHER)
    path = store / "manifests/sha256" / TWO
    path.unlink() if manifest is None else write(path, manifest)
    with pytest.raises(CannotRemove, match="what another model of Docker needs cannot be read") as told:
        parts(store, "ai/m:small")
    assert told.value.hint == "repair it, or pull it again" and TWO in str(told.value)


@pytest.mark.parametrize("text, why", [
    ("{", "it is no JSON"), ("[]", "has lines that are not understood"), ('{"models": [7]}', "not understood"),
    ('{"models": [{"id": "x"}]}', "not understood"), (None, "cannot be read"),
    (json.dumps({"models": [], "x": "y" * (1 << 20)}), "cannot be read"),
])  # fmt: skip
def test_an_index_that_is_not_understood_is_not_written(text: str | None, why: str, store: Path) -> None:
    (store / "models.json").unlink() if text is None else write(store / "models.json", text)
    with pytest.raises(CannotRemove, match=why):
        list(remove(root(store), placed(store, "ai/m:small")))


def test_nothing_goes_while_something_lies_aside(store: Path) -> None:
    write(store / "blobs/sha256" / ASIDE)
    with pytest.raises(CannotRemove, match="put it aside"):
        list(remove(root(store), placed(store, "ai/m:small")))
    with pytest.raises(CannotRemove, match="put it aside"):
        rest(store, store / "blobs/sha256" / ("2" * 64))


def rest(store: Path, path: Path, kind: str = "orphan", of: str = "nobody's") -> list[tuple[str, str]]:
    found = list(remove_leftover(root(store), Leftover(kind, str(path), 1, 1, of), env_of(store)))  # type: ignore[arg-type]
    return [(os.path.relpath(part.path, store), part.why) for part in found if isinstance(part, Going)]


def test_bytes_that_nothing_names_go_under_each_of_their_names(store: Path) -> None:
    orphan = store / "blobs/sha256" / ("2" * 64)
    assert rest(store, orphan) == [(f"blobs/sha256/{'2' * 64}", "nobody's")]
    os.makedirs(store / "bundles/sha256" / ("5" * 64) / "model")
    os.link(orphan, store / "bundles/sha256" / ("5" * 64) / "model/m.gguf")
    assert rest(store, orphan) == [
        (f"blobs/sha256/{'2' * 64}", "nobody's"), (f"bundles/sha256/{'5' * 64}/model/m.gguf", "another name of the same bytes"),
    ]  # fmt: skip


def test_an_unfinished_download_goes_alone(store: Path) -> None:
    path = store / "blobs/sha256" / f"{'3' * 64}.incomplete"
    assert rest(store, path, "partial") == [(f"blobs/sha256/{'3' * 64}.incomplete", "an unfinished download")]


def test_what_stays_and_why(store: Path) -> None:
    named, orphan = store / "blobs/sha256" / sha256(GGUF), store / "blobs/sha256" / ("2" * 64)
    with pytest.raises(CannotRemove, match="a model of Docker names it now"):
        rest(store, named)
    with pytest.raises(CannotRemove, match="a model of Docker names it now"):
        rest(store, store / "bundles/sha256" / ONE / "model.gguf")
    os.utime(orphan, (time.time() - 3000,) * 2)
    with pytest.raises(CannotRemove, match="written within the last hour") as told:
        rest(store, orphan)
    assert told.value.hint == "try again in an hour"
    write(store / "models.json", '{"models": []}')
    with pytest.raises(CannotRemove, match="names no model at all"):
        rest(store, orphan)


def test_what_is_being_pulled_stays(store: Path) -> None:
    orphan = store / "blobs/sha256" / ("2" * 64)
    with open(write(orphan.parent / f"{orphan.name}.lock"), "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CannotRemove, match="it is being downloaded now"):
            rest(store, orphan)


def again(store: Path, *paths: Path) -> list[str]:
    return [os.path.basename(path) for path in named_now(root(store), [str(path) for path in paths], env_of(store))]


def test_a_line_that_came_meanwhile_keeps_what_it_names(store: Path) -> None:
    blob, manifest, bundle = (
        store / "blobs/sha256" / sha256(GGUF), store / "manifests/sha256" / ONE, store / "bundles/sha256" / TWO,
    )  # fmt: skip
    orphan = store / "blobs/sha256" / ("2" * 64)
    assert again(store, blob, manifest, bundle, orphan) == [], "what is there is not missed"
    for path in (blob, orphan):
        path.unlink()
    assert again(store, blob, manifest, bundle, orphan) == [sha256(GGUF)]
    manifest.unlink()
    assert again(store, blob, manifest, orphan) == [sha256(GGUF), ONE], "the line itself lists the blob too"
