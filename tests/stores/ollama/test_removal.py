"""What leaves Ollama's store with a name, what stays because another names it, and when its service is asked."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from pathlib import Path

import pytest
from conformance import env_of
from factory import gguf_bytes, ollama_model, sha256, write

from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.ollama import removal, service
from model_manager.stores.ollama.removal import RULE
from model_manager.stores.parts import Asking, CannotRemove, Going, Part, Placed, PlacedFile

GGUF, OTHER = gguf_bytes(seed=41), gguf_bytes(seed=42)
LIBRARY = "manifests/registry.ollama.ai/library"
CONFIG = json.dumps({"model_format": "gguf"}).encode()


def blob(data: bytes) -> str:
    return f"blobs/sha256-{sha256(data)}"


@pytest.fixture
def store(home: Path) -> Path:
    """Two tags share their weights; one has a projector of its own."""
    base = home / "models"
    ollama_model(base, "registry.ollama.ai/library/m/a", {"model": GGUF})
    ollama_model(base, "registry.ollama.ai/library/m/b", {"model": GGUF, "projector": OTHER})
    return base


def root(store: Path, tool: str = "ollama") -> FoundRoot:
    return FoundRoot(tool, str(store))


def placed(store: Path, *tags: str) -> list[Placed]:
    return [Placed(f"m:{tag}", str(store / LIBRARY / "m" / tag), ()) for tag in tags]


def parts(store: Path, *tags: str, tool: str = "ollama") -> list[Part]:
    return list(RULE.places(root(store, tool), placed(store, *tags), env_of(store.parent)))


def names(store: Path, found: list[Part]) -> list[str]:
    return [os.path.relpath(part.path, store) for part in found if isinstance(part, Going)]


def test_the_manifest_first_then_what_it_alone_names(store: Path) -> None:
    found = parts(store, "b")
    assert names(store, found) == [f"{LIBRARY}/m/b", blob(OTHER)]
    assert found[0] == Going(str(store / LIBRARY / "m/b"), "Ollama's entry for m:b")
    assert found[1] == Going(str(store / blob(OTHER)), "no other model of Ollama names it", fresh=True)
    assert names(store, parts(store, "a")) == [f"{LIBRARY}/m/a"]


def test_both_tags_take_everything_each_once(store: Path) -> None:
    assert names(store, parts(store, "a", "b")) == [
        f"{LIBRARY}/m/a",
        f"{LIBRARY}/m/b",
        blob(CONFIG),
        blob(GGUF),
        blob(OTHER),
    ]


def test_a_blob_that_lacks_is_not_planned(store: Path) -> None:
    (store / blob(OTHER)).unlink()
    assert names(store, parts(store, "b")) == [f"{LIBRARY}/m/b"]


def test_while_a_manifest_cannot_be_read_no_blob_goes_and_it_is_said(store: Path) -> None:
    broken = write(store / LIBRARY / "n/x", "{")
    (part,) = parts(store, "a", "b")[:1]
    assert names(store, parts(store, "a", "b")) == [f"{LIBRARY}/m/a", f"{LIBRARY}/m/b"]
    assert isinstance(part, Going) and part.why.endswith(
        f"its blobs stay, because {broken} cannot be read and may name them"
    )


def test_a_broken_manifest_that_goes_itself_hides_nothing(store: Path) -> None:
    write(store / LIBRARY / "m/c", "{")
    assert names(store, parts(store, "c")) == [f"{LIBRARY}/m/c"]
    assert names(store, parts(store, "b", "c")) == [f"{LIBRARY}/m/b", f"{LIBRARY}/m/c", blob(OTHER)]


@pytest.mark.parametrize("path", ["gone", "folder/x", "../elsewhere"])
def test_what_is_no_manifest_any_more_stays(path: str, store: Path) -> None:
    (store / LIBRARY / "m/folder").mkdir()
    write(store / LIBRARY / "elsewhere")
    place = Placed("m:x", str(store / LIBRARY / "m" / path), ())
    os.makedirs(os.path.dirname(place.path), exist_ok=True)
    with pytest.raises(CannotRemove, match="no manifest of Ollama any more") as told:
        list(RULE.places(root(store), [place], env_of(store.parent)))
    assert told.value.hint == "scan again"


def rest(store: Path, path: Path, kind: str = "orphan", of: str = "nobody's") -> list[str]:
    leftover = Leftover(kind, str(path), 1, 1, of)  # type: ignore[arg-type]
    found = list(RULE.leftover(root(store), leftover, env_of(store.parent)))
    assert all(isinstance(part, Going) for part in found)
    return [os.path.basename(part.path) for part in found if isinstance(part, Going)]


def orphan(store: Path, age: float = 7200, digit: str = "0") -> Path:
    path = write(store / "blobs" / f"sha256-{digit * 64}", b"x")
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_a_blob_that_nothing_names_goes_and_comes_back_with_a_new_time(store: Path) -> None:
    path = orphan(store)
    found = list(RULE.leftover(root(store), Leftover("orphan", str(path), 1, 1, "nobody's"), env_of(store.parent)))
    assert found == [Going(str(path), "nobody's", fresh=True)]


def test_a_download_goes_with_all_its_parts(store: Path) -> None:
    for ending in ("-partial", "-partial-0", "-partial-1"):
        write(store / "blobs" / f"sha256-{'1' * 64}{ending}")
    write(store / "blobs" / f"sha256-{'2' * 64}-partial")
    found = rest(store, store / "blobs" / f"sha256-{'1' * 64}-partial-0", "partial")
    assert found == [f"sha256-{'1' * 64}{ending}" for ending in ("-partial", "-partial-0", "-partial-1")]


def test_what_stays_and_why(store: Path) -> None:
    for path, why in (
        (write(store / "blobs/thesis.docx"), "it is no blob of Ollama's"),
        (orphan(store, age=60), "it was written within the last hour"),
        (store / blob(GGUF), "a model of Ollama names it now"),
    ):
        if path.name != "thesis.docx" and "hour" not in why:
            os.utime(path, (1, 1))
        with pytest.raises(CannotRemove, match=why):
            rest(store, path)
    write(store / LIBRARY / "m/c", "{")
    with pytest.raises(CannotRemove, match="m/c cannot be read, and may name it"):
        rest(store, orphan(store))


def test_with_no_manifest_at_all_nothing_is_known_to_be_unused(store: Path) -> None:
    path = orphan(store)
    for tag in "ab":
        (store / LIBRARY / "m" / tag).unlink()
    with pytest.raises(CannotRemove, match="manifests cannot be read, and may name it"):
        rest(store, path)


def test_another_file_of_ollamas_is_looked_at_by_its_name(store: Path) -> None:
    strange = write(store / "blobs/sha256-strange")
    assert rest(store, strange) == ["sha256-strange"], "no blob, so its age does not matter"


def test_what_a_pull_is_fetching_stays(store: Path) -> None:
    path = orphan(store)
    with open(write(store / "blobs" / f"{path.name}.lock"), "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CannotRemove, match="it is being downloaded now"):
            rest(store, path)
    assert rest(store, path) == [path.name]


def again(store: Path, *gone: Path) -> list[str]:
    return list(RULE.named_now(root(store), [str(path) for path in gone], env_of(store.parent)))


def test_a_tag_that_came_meanwhile_keeps_its_blobs(store: Path) -> None:
    taken, other = store / blob(OTHER), store / "blobs" / ("sha256-" + "0" * 64)
    assert again(store, taken, other) == [], "it is there: nothing of it is missed"
    taken.unlink()
    assert again(store, taken, other, store / LIBRARY / "m/gone") == [str(taken)]
    write(store / LIBRARY / "m/c", "{")  # it may be being written
    assert again(store, taken, other) == [str(taken), str(other)]
    assert again(store, store / "blobs/thesis.docx") == []


class Answering:
    """The service's answer; `digest` of a manifest as Ollama tells it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
        digest = hashlib.sha256((store / LIBRARY / "m/a").read_bytes()).hexdigest()
        self.record: dict[str, object] = {"name": "m:a", "digest": digest}
        monkeypatch.setattr(service, "tags", lambda: [self.record])
        monkeypatch.setattr(os, "access", lambda path, mode: False)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, store: Path) -> Answering:
    return Answering(monkeypatch, store)


def test_another_users_store_is_left_to_its_service(answering: Answering, store: Path) -> None:
    manifest, own = store / LIBRARY / "m/a", store / blob(OTHER)
    files = tuple(PlacedFile(str(path), "other") for path in (manifest, store / blob(GGUF), own))
    place = Placed("m:a", str(manifest), files)
    (store / LIBRARY / "m/b").unlink()
    ollama_model(store, "registry.ollama.ai/library/m/b", {"model": GGUF})
    (part,) = RULE.places(root(store), [place], env_of(store.parent))
    assert isinstance(part, Asking) and part.method == "DELETE" and part.url == "http://127.0.0.1:11434/api/delete"
    assert json.loads(part.body) == {"model": "m:a"} and part.probe == "http://127.0.0.1:11434/api/tags"
    digest = answering.record["digest"]
    assert json.loads(part.gone) == {
        "list": "models", "is": {"name": "m:a"}, "same": {"digest": digest}, "file": str(manifest), "sha256": digest,
        "absent": [str(manifest)],
    }  # fmt: skip
    assert part.paths == (str(manifest), str(own)), "the weights are another tag's too: they are not counted"
    assert part.why == "Ollama removes m:a itself; it can be pulled again by this name"


@pytest.mark.parametrize("record, why", [
    ({"name": "m:b"}, "its service does not answer"),
    ({"name": "m:a", "digest": "0" * 64}, "has another model of this name: it does not serve this folder"),
    ({"name": "m:a"}, "has another model of this name"),
])  # fmt: skip
def test_a_service_that_is_not_shown_to_be_this_stores_is_not_asked(
    record: dict[str, object], why: str, answering: Answering, store: Path
) -> None:
    answering.record = record
    with pytest.raises(CannotRemove, match=why) as told:
        parts(store, "a")
    assert (
        "belong to another user" in str(told.value)
        and told.value.hint == "start it, or run as that user: ollama rm m:a"
    )


def test_a_digest_with_its_kind_in_front_is_the_same(answering: Answering, store: Path) -> None:
    answering.record["digest"] = (
        f"SHA256:{answering.record['digest']}".replace("SHA256", "sha256").upper().replace("SHA256", "sha256")
    )
    assert isinstance(parts(store, "a")[0], Asking)


def test_a_manifest_that_cannot_be_read_does_not_show_whose_the_service_is(answering: Answering, store: Path) -> None:
    (store / LIBRARY / "m/a").unlink()
    with pytest.raises(CannotRemove, match="which folder its service uses cannot be seen"):
        parts(store, "a")


def test_the_same_name_in_a_store_of_ones_own_is_not_asked_for(answering: Answering, store: Path, home: Path) -> None:
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/m/a", {"model": GGUF})
    with pytest.raises(CannotRemove, match=r"\.ollama/models has a model of this name too"):
        parts(store, "a")
    service_only = Placed("m:a", str(store / "manifests"), ())
    with pytest.raises(CannotRemove, match=r"\.ollama/models has a model of this name too"):
        list(RULE.places(root(store), [service_only], env_of(home)))


def test_mstys_own_server_is_never_asked(answering: Answering, store: Path) -> None:
    with pytest.raises(CannotRemove, match="you may not change this folder") as told:
        parts(store, "a", tool="msty")
    assert told.value.hint == "its owner can"


def test_one_folder_that_may_not_be_changed_is_enough(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: os.path.basename(path) == "blobs")
    monkeypatch.setattr(service, "tags", list)
    with pytest.raises(CannotRemove, match="its service does not answer"):
        parts(store, "a")
    assert removal.RULE.one_unit is False
