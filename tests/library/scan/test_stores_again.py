"""Tools' stores that are believed to be as they were: whatever changed in one is found as a scan from nothing finds it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, safetensors_bytes, sha256, write
from scanned_again import believing, from_nothing, scan, told

from model_manager.app import App
from model_manager.library.scan import watch
from model_manager.stores.hub.repository import Repository
from model_manager.stores.walk.store_reader import StoreReader

__all__ = ["believing"]
GGUF, OTHER = gguf_bytes(seed=71), gguf_bytes(seed=72)
TENSORS = safetensors_bytes({"x.weight": ("F16", (8, 8))}, seed=73)
FIRST, SECOND = "a" * 40, "b" * 40


def hub(home: Path) -> Path:
    cache = home / ".cache/huggingface/hub"
    hub_repo(cache, "org/one", {"m.gguf": GGUF, "README.md": b"# one"}, commit=FIRST)
    hub_repo(cache, "org/two", {"config.json": b'{"model_type": "llama"}', "model.safetensors": TENSORS}, commit=FIRST)
    hub_repo(cache, "org/three", {"sub/n.gguf": OTHER}, commit=FIRST)
    write(cache / "models--org--one/trees" / f"{SECOND}.json", "{}")
    _tree(cache / "models--org--two", 1)
    return cache


def ollama(home: Path) -> Path:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/a/latest", {"model": GGUF, "template": b"t"})
    ollama_model(store, "registry.ollama.ai/library/b/latest", {"model": OTHER, "params": b"{}"})
    for path in (store / "blobs").iterdir():  # so old that one which nothing names is an orphan
        os.utime(path, (10**9, 10**9))
    return store


def blob(repo: Path, data: bytes) -> Path:
    return repo / "blobs" / sha256(data)


def put_back(path: Path, change: Callable[[Path], object]) -> None:
    """Changes a file or folder and gives it its times back, as some copying programs do."""
    before = path.stat()
    change(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def in_place(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()


def replace(path: Path, data: bytes) -> None:
    fresh = write(path.with_name("fresh"), data)
    fresh.rename(path)


def lead_elsewhere(link: Path, target: str) -> None:
    link.unlink()
    link.symlink_to(target)


def _tree(repo: Path, size: int) -> Path:
    files = {name: {"size": size} for name in ("m.gguf", "model.safetensors")}
    return write(repo / f"trees/{FIRST}.json", json.dumps({"files": files}))


HUB: dict[str, Callable[[Path], object]] = {
    "nothing": lambda one: None,
    "another repository": lambda one: hub_repo(one.parent, "org/four", {"z.gguf": gguf_bytes(seed=74)}),
    "a repository gone": lambda one: one.rename(one.parent.parent / "elsewhere"),
    "a branch moved": lambda one: hub_repo(one.parent, "org/one", {"m.gguf": OTHER}, commit=SECOND),
    "a branch named otherwise": lambda one: (one / "refs/main").rename(one / "refs/other"),
    "a tag": lambda one: write(one / "refs/pr/1", FIRST),
    "a branch rewritten in place": lambda one: in_place(one / "refs/main", SECOND.encode()),
    "the same with its times put back": lambda one: put_back(
        one / "refs/main", lambda path: in_place(path, SECOND.encode())
    ),
    "a blob replaced": lambda one: replace(blob(one, GGUF), OTHER),
    "a blob replaced, times put back": lambda one: put_back(
        one / "blobs", lambda path: put_back(blob(one, GGUF), lambda path: replace(path, OTHER))
    ),
    "a blob written in place": lambda one: in_place(blob(one, GGUF), OTHER),
    "a blob written in place, times put back": lambda one: put_back(
        blob(one, GGUF), lambda path: in_place(path, OTHER)
    ),
    "a blob cut short": lambda one: in_place(blob(one, GGUF), GGUF[:200]),
    "a blob gone": lambda one: blob(one, GGUF).unlink(),
    "a blob that nothing names": lambda one: write(one / "blobs" / ("c" * 64), b"left"),
    "an unfinished blob": lambda one: write(one / "blobs" / ("c" * 64 + ".incomplete"), b"left"),
    "a second name of a blob": lambda one: os.link(blob(one, GGUF), one.parent / "second"),
    "a file more": lambda one: hub_repo(one.parent, "org/one", {"q.gguf": OTHER}, commit=FIRST),
    "a file less": lambda one: (one / f"snapshots/{FIRST}/m.gguf").unlink(),
    "an entry that leads elsewhere": lambda one: lead_elsewhere(
        one / f"snapshots/{FIRST}/m.gguf", f"../../../models--org--three/blobs/{sha256(OTHER)}"
    ),
    "the same with the folder's times put back": lambda one: put_back(
        one / f"snapshots/{FIRST}",
        lambda folder: lead_elsewhere(folder / "m.gguf", f"../../../models--org--three/blobs/{sha256(OTHER)}"),
    ),
    "a revision without a name": lambda one: write(one / f"snapshots/{SECOND}/x.gguf", OTHER),
    "the repository's list comes": lambda one: _tree(one, 1 << 30),
    "the repository's list is rewritten": lambda one: _tree(one.parent / "models--org--two", 1 << 30),
    "the blobs are elsewhere": lambda one: (
        (one / "blobs").rename(one.parent.parent / "far"),
        (one / "blobs").symlink_to(one.parent.parent / "far"),
    ),
    "the shared store comes": lambda one: hub_repo(one.parent, "org/five", {"s.gguf": gguf_bytes(seed=75)}, shared=True),
}  # fmt: skip

MANIFEST = "manifests/registry.ollama.ai/library/a/latest"
OLLAMA: dict[str, Callable[[Path], object]] = {
    "nothing": lambda store: None,
    "another tag": lambda store: ollama_model(
        store, "registry.ollama.ai/library/c/latest", {"model": gguf_bytes(seed=76)}
    ),
    "a tag gone": lambda store: (store / MANIFEST).unlink(),
    "a tag's model renamed": lambda store: (store / MANIFEST).parent.rename(store / MANIFEST[: -len("a/latest")] / "z"),
    "a tag that means another": lambda store: ollama_model(store, MANIFEST[10:], {"model": OTHER, "template": b"u"}),
    "a manifest rewritten, times put back": lambda store: put_back(
        store / MANIFEST, lambda path: in_place(path, (store / MANIFEST.replace("/a/", "/b/")).read_bytes())
    ),
    "a manifest that is none now": lambda store: in_place(store / MANIFEST, b"{"),
    "a blob gone": lambda store: (store / "blobs" / f"sha256-{sha256(GGUF)}").unlink(),
    "a blob replaced": lambda store: replace(store / "blobs" / f"sha256-{sha256(GGUF)}", OTHER),
    "a blob written in place, times put back": lambda store: put_back(
        store / "blobs" / f"sha256-{sha256(GGUF)}", lambda path: in_place(path, OTHER)
    ),
    "a template written in place": lambda store: in_place(store / "blobs" / f"sha256-{sha256(b't')}", b"u"),
    "a blob that nothing names": lambda store: os.utime(write(store / "blobs" / f"sha256-{'c' * 64}", b"x"), (1, 1)),
    "a part": lambda store: write(store / "blobs" / f"sha256-{'c' * 64}-partial", b"x"),
    "the manifests are gone": lambda store: (store / "manifests").rename(store / "away"),
}


@pytest.mark.parametrize("change", HUB.values(), ids=HUB)
def test_what_changed_in_a_hugging_face_cache_is_seen(
    change: Callable[[Path], object], app: App, home: Path, tmp_path: Path, believing: None
) -> None:
    cache = hub(home)
    scan(app)
    scan(app)
    change(cache / "models--org--one")
    scan(app)
    assert told(app) == from_nothing(tmp_path / "fresh")
    scan(app)
    assert told(app) == from_nothing(tmp_path / "again")


@pytest.mark.parametrize("change", OLLAMA.values(), ids=OLLAMA)
def test_what_changed_in_ollamas_store_is_seen(
    change: Callable[[Path], object], app: App, home: Path, tmp_path: Path, believing: None
) -> None:
    store = ollama(home)
    scan(app)
    scan(app)
    change(store)
    scan(app)
    assert told(app) == from_nothing(tmp_path / "fresh")
    scan(app)
    assert told(app) == from_nothing(tmp_path / "again")


def test_nothing_of_a_store_is_read_again(
    app: App, home: Path, believing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, store = hub(home), ollama(home)
    scan(app)
    listed: list[str] = []
    plain = StoreReader.listing
    monkeypatch.setattr(StoreReader, "listing", lambda reader, path: (listed.append(path), plain(reader, path))[1])
    report = scan(app)
    assert sorted(listed) == sorted([str(cache), str(store / "blobs")])
    assert (report.models, report.read_bytes) == (5, 0)


def test_a_model_that_leads_to_another_repository_is_read_each_time(
    app: App, home: Path, tmp_path: Path, believing: None
) -> None:
    """Its blob is no orphan of the other, which has no revision with it: both have to be known to tell."""
    cache = hub(home)
    three = cache / "models--org--three"
    write(three / "blobs" / sha256(TENSORS), TENSORS)
    link = cache / f"models--org--one/snapshots/{FIRST}/far.safetensors"
    link.symlink_to(f"../../../models--org--three/blobs/{sha256(TENSORS)}")
    for turn in range(3):
        scan(app)
        assert told(app) == from_nothing(tmp_path / f"fresh {turn}")
    with app.database.read() as tx:
        kept = {os.fsdecode(path).rstrip("\0") for (path,) in tx.execute("SELECT path FROM listing")}
    assert kept == {str(cache / "models--org--two")}


def test_a_repository_that_shares_its_bytes_is_read_each_time(app: App, home: Path, believing: None) -> None:
    """Through the cache-wide store or by a second name: what is left over elsewhere may hang on it."""
    cache = hub(home)
    hub_repo(cache, "org/five", {"s.gguf": gguf_bytes(seed=75)}, shared=True)
    os.link(blob(cache / "models--org--two", TENSORS), home / "second")
    scan(app)
    with app.database.read() as tx:
        kept = {os.fsdecode(path).rstrip("\0") for (path,) in tx.execute("SELECT path FROM listing")}
    assert kept == {str(cache / f"models--org--{name}") for name in ("one", "three")}


@pytest.mark.parametrize("what", ["folder", "branch", "blob", "manifest"])
def test_what_changed_just_now_is_not_believed(
    what: str, app: App, home: Path, believing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a tick of the clock a file may change again and keep its times."""
    cache, store = hub(home), ollama(home)
    time.sleep(0.1)
    one = cache / "models--org--one"
    changed = {
        "folder": one / "snapshots", "branch": one / "refs/main", "blob": blob(one, GGUF), "manifest": store / MANIFEST,
    }[what]  # fmt: skip
    changed.chmod(0o700)
    now = changed.stat().st_ctime_ns + 10_000_000
    monkeypatch.setattr("model_manager.stores.walk.folder_memory.SETTLED_NS", 50_000_000)
    monkeypatch.setattr("model_manager.stores.walk.folder_memory.time", SimpleNamespace(time_ns=lambda: now))
    scan(app)
    with app.database.read() as tx:
        kept = {os.fsdecode(path).rstrip("\0") for (path,) in tx.execute("SELECT path FROM listing")}
    missing = str(store / MANIFEST if what == "manifest" else one)
    assert len(kept) == 4 and missing not in kept


def test_a_writer_right_behind_the_scan_is_seen(
    app: App, home: Path, tmp_path: Path, believing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A branch moves, a blob comes and a link leads elsewhere after they were looked at and before they are remembered."""
    cache = hub(home)
    one = cache / "models--org--one"
    keep = Repository.keep

    def disturbed(repo: Repository, found: Iterable[tuple[str, str]]) -> None:
        if repo.id == "org/one":
            time.sleep(0.012)
            in_place(one / "refs/main", SECOND.encode())
            lead_elsewhere(one / f"snapshots/{FIRST}/m.gguf", f"../../../models--org--three/blobs/{sha256(OTHER)}")
        keep(repo, found)

    time.sleep(0.012)
    monkeypatch.setattr(Repository, "keep", disturbed)
    scan(app)
    monkeypatch.setattr(Repository, "keep", keep)
    scan(app)
    assert told(app) == from_nothing(tmp_path / "fresh")


def test_a_root_that_is_ignored_and_added_again_has_its_models(app: App, home: Path, believing: None) -> None:
    hub(home)
    scan(app)
    scan(app)
    before = told(app)
    with app.database.read() as tx:
        ids = [id_ for (id_,) in tx.execute("SELECT id FROM root WHERE tool = 'huggingface'")]
    watch.ignore_root(app.database, f"r{ids[0]}")
    watch.add_root(app.database, str(home / ".cache/huggingface/hub"), "huggingface")
    scan(app)
    assert told(app) == before


def test_a_mount_that_keeps_no_access_times_any_more_is_noticed(
    app: App, home: Path, tmp_path: Path, believing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub(home)
    ollama(home)
    scan(app)
    scan(app)
    for module in ("root_reading", "news"):
        monkeypatch.setattr(f"model_manager.library.scan.{module}.keeps_access_times", lambda path, volumes: False)
    scan(app)
    assert told(app) == from_nothing(tmp_path / "fresh")
