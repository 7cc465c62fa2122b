"""The rules that hold for every removal: manifests first, shared bytes last, links never followed, words for what stays."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, sha256, tree, write
from huggingface_hub import scan_cache_dir
from removing import apply, known, look, places_in, plan, records, scan, undo

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.catalog import models
from model_manager.library.labels import user_labels
from model_manager.library.model_lookup import model_meant
from model_manager.library.scan import watch
from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.host.env import Process
from model_manager.stores.tool_facts import TOOLS

GGUF, OTHER = gguf_bytes(seed=21), gguf_bytes(seed=22)


def test_one_tag_of_two_goes_alone_and_frees_nothing(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": GGUF})
    ollama_model(store, "registry.ollama.ai/library/m/b", {"model": GGUF})
    scan(app)
    (id_,) = known(app)
    with app.database.read() as tx:
        place = next(place for place in models.places(tx) if place.name == "m:a")
    wanted = plan(app, id_, places=(f"p{place.id}",))
    assert os.path.basename(wanted.steps[0].path) == "a"
    weights = os.lstat(store / "blobs" / f"sha256-{sha256(GGUF)}").st_size
    assert wanted.frees < weights
    assert app.operations.apply(wanted).state == "applied"
    assert (store / "blobs" / f"sha256-{sha256(GGUF)}").exists()
    scan(app)
    assert list(known(app)) == [id_]


def test_a_blob_whose_other_manifest_came_since_the_plan(app: App, home: Path) -> None:
    """Planned while one tag named it; a second was made before the plan was applied: the guard is the next plan."""
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": GGUF})
    scan(app)
    (id_,) = known(app)
    ollama_model(store, "registry.ollama.ai/library/m/b", {"model": GGUF})
    wanted = plan(app, id_)
    assert not any(step.path.endswith(sha256(GGUF)) for step in wanted.steps)


def test_an_unreadable_manifest_keeps_every_blob(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": GGUF})
    write(store / "manifests/registry.ollama.ai/library/x/y", "{broken")
    scan(app)
    (id_,) = known(app)
    assert [os.path.basename(step.path) for step in plan(app, id_).steps] == ["a"]


def test_ollamas_manifests_go_before_blobs_and_come_back_after(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    for tag in "ab":
        ollama_model(store, f"registry.ollama.ai/library/m/{tag}", {"model": GGUF, "template": tag.encode()})
    scan(app)
    (id_,) = known(app)
    steps = plan(app, id_).steps
    kinds = ["/models/manifests/" in step.path for step in steps]
    assert kinds == sorted(kinds, reverse=True) and kinds.count(True) == 2
    assert all(bool(step.how.get("fresh")) != is_manifest for step, is_manifest in zip(steps, kinds, strict=True))


def _cache(home: Path) -> Path:
    """Two repositories on one shared payload, one with two quants, one with a second revision."""
    base = home / ".cache/huggingface/hub"
    hub_repo(base, "org/quants", {"m-Q4_K_M.gguf": GGUF, "m-Q8_0.gguf": OTHER, "README.md": b"# m"})
    hub_repo(base, "org/one", {"one.gguf": gguf_bytes(seed=30), "README.md": b"# one"}, "b" * 40, shared=True)
    hub_repo(base, "org/two", {"two.gguf": gguf_bytes(seed=30), "README.md": b"# two"}, "c" * 40, shared=True)
    return base


def test_as_hugging_faces_own_library_would(app: App, home: Path, tmp_path: Path) -> None:
    """Each repository removed by us and by huggingface_hub leaves caches that its scanner sees alike."""
    base = _cache(home)
    scan(app)
    for repository in ("org/one", "org/two", "org/quants"):
        copy = tmp_path / repository.replace("/", "-")
        shutil.copytree(base, copy, symlinks=True)
        theirs = scan_cache_dir(copy)
        commits = [
            revision.commit_hash for repo in theirs.repos if repo.repo_id == repository for revision in repo.revisions
        ]
        theirs.delete_revisions(*commits).execute()
        done = app.operations.apply(plan(app, *known(app), places=places_in(app, repository)))
        assert done.state == "applied"
        ours, theirs = scan_cache_dir(base), scan_cache_dir(copy)
        assert not ours.warnings
        assert {repo.repo_id: repo.size_on_disk for repo in ours.repos} == {
            repo.repo_id: repo.size_on_disk for repo in theirs.repos
        }
        assert ours.size_on_disk == theirs.size_on_disk
        assert app.operations.undo(done.id).state == "undone"


def test_one_quant_of_a_repository(app: App, home: Path, tmp_path: Path) -> None:
    base = _cache(home)
    scan(app)
    files = known(app)
    (id_,) = [id_ for id_, paths in files.items() if any(path.endswith("m-Q4_K_M.gguf") for path in paths)]
    copy = tmp_path / "theirs"
    shutil.copytree(base, copy, symlinks=True)
    theirs = scan_cache_dir(copy)
    chosen = [file for repo in theirs.repos for revision in repo.revisions for file in revision.files
              if file.file_name == "m-Q4_K_M.gguf"]  # fmt: skip
    theirs.delete_files(*chosen).execute()
    done = app.operations.apply(plan(app, id_))
    assert done.state == "applied"
    ours, theirs = scan_cache_dir(base), scan_cache_dir(copy)
    assert not ours.warnings and ours.size_on_disk == theirs.size_on_disk
    assert {f.file_name for r in ours.repos for v in r.revisions for f in v.files} == {
        f.file_name for r in theirs.repos for v in r.revisions for f in v.files
    }


def test_a_shared_payload_goes_with_its_last_repository(app: App, home: Path) -> None:
    base = _cache(home)
    scan(app)
    payload = max(
        (path for path in (base / "blobs").rglob("*") if len(path.name) == 64), key=lambda path: path.stat().st_size
    )
    first = plan(app, *known(app), places=places_in(app, "org/one"))
    assert str(payload) not in [step.path for step in first.steps]
    assert first.frees < payload.stat().st_size
    app.operations.apply(first)
    scan(app)
    second = plan(app, *known(app), places=places_in(app, "org/two"))
    assert any(str(payload) == step.path for step in second.steps)
    app.operations.apply(second)
    assert not payload.exists() and not Path(f"{payload}.refs").exists()


def test_without_its_refs_a_payload_stays(app: App, home: Path) -> None:
    base = _cache(home)
    for note in (base / "blobs").rglob("*.refs"):
        note.unlink()
    scan(app)
    wanted = plan(app, *known(app))
    assert not any(f"{os.sep}blobs{os.sep}" in step.path and "models--" not in step.path for step in wanted.steps)


def test_both_at_once_take_the_payload_along(app: App, home: Path) -> None:
    base = _cache(home)
    scan(app)
    done = app.operations.apply(plan(app, *known(app), way="delete"))
    assert done.state == "applied"
    assert not [path for path in (base / "blobs").rglob("*") if len(path.name) == 64]


def test_a_link_goes_and_the_original_stays(app: App, home: Path) -> None:
    """Deleting a link that destroyed the original: the accident of another program."""
    original = write(home / "elsewhere/precious.gguf", GGUF)
    top = home / "models"
    tree(top, {"real.gguf": OTHER})
    os.symlink(original, top / "link.gguf")
    watch.add_root(app.database, str(top))
    scan(app)
    (id_,) = [id_ for id_, paths in known(app).items() if any(path.endswith("link.gguf") for path in paths)]
    wanted = plan(app, id_, way="delete")
    assert wanted.frees == 0
    assert app.operations.apply(wanted).state == "applied"
    assert original.read_bytes() == GGUF and not os.path.lexists(top / "link.gguf")


def test_a_hard_link_frees_nothing_while_another_name_remains(app: App, home: Path) -> None:
    top = home / "models"
    tree(top, {"a.gguf": GGUF})
    os.link(top / "a.gguf", home / "outside.gguf")
    watch.add_root(app.database, str(top))
    scan(app)
    assert plan(app, *known(app)).frees == 0


def test_an_unplugged_root_is_refused_in_words(app: App, home: Path) -> None:
    top = home / "models"
    tree(top, {"a.gguf": GGUF})
    watch.add_root(app.database, str(top))
    scan(app)
    ids = list(known(app))
    os.rename(top, home / "away")
    scan(app)
    with pytest.raises(ModelManagerError):
        plan(app, *ids)


def test_a_tool_that_must_be_closed(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard looks again when the plan is applied: the tool was started since."""
    tree(home / "models", {"a.gguf": GGUF})
    watch.add_root(app.database, str(home / "models"))
    scan(app)
    wanted = plan(app, *known(app))
    monkeypatch.setitem(TOOLS, "folder", dataclasses.replace(TOOLS["folder"], must_close=True))
    running = dataclasses.replace(BY_TOOL["folder"], processes=lambda env: [Process(7, ("tool",), {}, "/")])
    monkeypatch.setitem(BY_TOOL, "folder", running)
    done = app.operations.apply(wanted)
    assert done.state == "refused" and "close" in done.steps[0].problem
    with pytest.raises(ModelManagerError, match="Own folders is running \\(process 7\\)"):
        plan(app, *known(app))


@pytest.mark.parametrize("goes", ["the store's", "jan's", "both"])
@pytest.mark.parametrize("store", ["ollama", "huggingface"])
def test_a_blob_that_another_tool_names_stays_for_it(store: str, goes: str, app: App, home: Path) -> None:
    """Jan runs a payload of another store in place: the bytes stay as long as one of both names them."""
    if store == "ollama":
        ollama_model(home / ".ollama/models", "registry.ollama.ai/library/m/a", {"model": GGUF})
        blob = home / f".ollama/models/blobs/sha256-{sha256(GGUF)}"
    else:
        repo = hub_repo(home / ".cache/huggingface/hub", "org/repo", {"a.gguf": GGUF})
        blob = repo / "blobs" / sha256(GGUF)
    entry = home / ".local/share/Jan/data/llamacpp/models/mine/model.yml"
    write(entry, f"model_path: {blob}\n")
    scan(app)
    before = look(home)
    (one,) = records(app).values()
    by_tool = {place["tool"]: str(place["id"]) for place in one["places"]}  # type: ignore[attr-defined]
    assert by_tool.keys() == {"jan", store} and one["health"]["verdict"] != "incomplete"  # type: ignore[index]
    places = {"the store's": (by_tool[store],), "jan's": (by_tool["jan"],), "both": ()}[goes]
    if (store, goes) == ("huggingface", "the store's"):  # there a name and its bytes go together
        with pytest.raises(ModelManagerError, match="uses it"):
            plan(app, str(one["id"]), places=places)
        return
    done = apply(app, plan(app, str(one["id"]), places=places))
    assert blob.exists() == (goes != "both") and entry.exists() == (goes == "the store's")
    scan(app)
    assert {place["tool"] for one in records(app).values() for place in one["places"]} == {  # type: ignore[attr-defined]
        "the store's": {"jan"}, "jan's": {store}, "both": set(),
    }[goes]  # fmt: skip
    undo(app, done)
    assert look(home) == before


def test_what_was_pinned_is_said_and_nothing_else(app: App, home: Path) -> None:
    top = tree(home / "models", {"mine.gguf": GGUF, "other.gguf": OTHER, "third.gguf": gguf_bytes(seed=23)})
    watch.add_root(app.database, str(top))
    scan(app)
    assert plan(app, "mine").warnings == ()
    for name in ("mine", "other"):
        user_labels.set_pinned(app.database, model_meant(app.database, name), True)
    assert plan(app, "mine").warnings == ("pinned by you: mine",)
    assert plan(app, "third").warnings == ()
    (told,) = plan(app, "mine", "other", "third").warnings
    assert sorted(told.removeprefix("pinned by you: ").split(", ")) == ["mine", "other"]
