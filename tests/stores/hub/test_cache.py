"""The Hugging Face cache: what it holds, what is left over, and the same figures as huggingface_hub's own scan."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tracemalloc
from pathlib import Path

import pytest
from conformance import facts
from factory import gguf_bytes, hub_repo, safetensors_bytes, sha256, write
from huggingface_hub import scan_cache_dir

from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover
from model_manager.stores.hub.cache import describe_hub
from model_manager.stores.hub.removal import remove_hub_leftover
from model_manager.stores.parts import CannotRemove
from model_manager.stores.walk.store_reader import StoreReader

GGUF, OTHER, THIRD = (gguf_bytes(seed=seed) for seed in (21, 22, 23))
TENSORS = safetensors_bytes({"x.weight": ("F16", (8, 8))}, seed=24)


def told(cache: Path) -> tuple[list[FoundModel], list[Leftover], StoreReader]:
    reader = StoreReader(facts)
    items = list(describe_hub(str(cache), reader))
    models = [item for item in items if isinstance(item, FoundModel)]
    return models, [item for item in items if isinstance(item, Leftover)], reader


def test_models_are_named_by_repository_and_file(home: Path) -> None:
    hub_repo(home, "org/tf", {"config.json": b"{}", "model.safetensors": TENSORS})
    hub_repo(home, "org/gg", {"m-Q4_K_M.gguf": GGUF, "m-Q8_0.gguf": OTHER, "README.md": b"#"})
    models, rests, reader = told(home)
    assert {model.name for model in models} == {"org/tf", "org/gg/m-Q4_K_M", "org/gg/m-Q8_0"}
    assert rests == [] and reader.problems == []
    whole = next(model for model in models if model.name == "org/tf")
    assert whole.source and (whole.source.repo, whole.source.revision) == ("org/tf", "a" * 40)
    (weights,) = [file for file in whole.files if file.role == "weights"]
    assert (weights.sha256, weights.sha256_source) == (sha256(TENSORS), "blob-name")


def test_the_same_bytes_as_the_hubs_own_scan(home: Path) -> None:
    hub_repo(home, "org/a", {"x.gguf": GGUF, "sub/y.gguf": OTHER})
    hub_repo(home, "org/a", {"x.gguf": GGUF, "z.gguf": THIRD}, commit="b" * 40, ref="v2")
    hub_repo(home, "org/b", {"model.safetensors": TENSORS, "config.json": b"{}"}, shared=True)
    hub_repo(home, "org/c", {"model.safetensors": TENSORS, "config.json": b"{}"}, shared=True)
    scan = scan_cache_dir(str(home))
    assert not scan.warnings
    models, rests, _look = told(home)
    assert rests == []
    for repo in scan.repos:
        mine = [model for model in models if model.source and model.source.repo == repo.repo_id]
        files = {(file.stat.st_dev, file.stat.st_ino): file.stat.st_size for model in mine for file in model.files}
        assert sum(files.values()) == repo.size_on_disk
    every = {(file.stat.st_dev, file.stat.st_ino): file.stat.st_size for model in models for file in model.files}
    assert sum(every.values()) == scan.size_on_disk


def test_every_file_of_a_revision_is_counted(home: Path) -> None:
    """A card belongs to each of the models that lie beside it, so it goes with the last of them."""
    more = {"README.md": b"# card", ".gitattributes": b"* text", "imatrix/notes.txt": b"notes"}
    hub_repo(home, "org/gg", {"m-Q4_K_M.gguf": GGUF, "m-Q8_0.gguf": OTHER, **more})
    hub_repo(home, "org/tf", {"config.json": b"{}", "model.safetensors": TENSORS, **more})
    models, rests, _look = told(home)
    assert rests == []
    others = {model.name: {file.name for file in model.files if file.role == "other"} for model in models}
    assert others == {name: set(more) for name in ("org/gg/m-Q4_K_M", "org/gg/m-Q8_0", "org/tf")}
    every = {(file.stat.st_dev, file.stat.st_ino): file.stat.st_size for model in models for file in model.files}
    assert sum(every.values()) == scan_cache_dir(str(home)).size_on_disk


@pytest.mark.parametrize("where", ["another repository", "outside"])
def test_where_an_entry_leads_out_of_the_repository_its_blobs_are_not_called_unused(where: str, home: Path) -> None:
    """Somebody put the link there: the blob that it led to may be the only good copy."""
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    other = hub_repo(home, "org/n", {"m.gguf": GGUF})
    link = base / "snapshots" / ("a" * 40) / "m.gguf"
    link.unlink()
    link.symlink_to(
        other / "blobs" / sha256(GGUF) if where == "another repository" else write(home.parent / "m.gguf", OTHER)
    )
    models, rests, reader = told(home)
    assert len(models) == 2 and rests == [] and [problem.path for problem in reader.problems] == [str(link)]


def test_a_name_in_the_shared_store_is_no_sha256(home: Path) -> None:
    """`<cache>/blobs/xx/<64 hex>` is named by its Xet hash."""
    base = hub_repo(home, "org/b", {"model.safetensors": TENSORS}, shared=True)
    link = base / "snapshots" / ("a" * 40) / "model.safetensors"
    (model,) = told(home)[0]
    assert model.files[0].sha256 == sha256(TENSORS)
    payload = link.resolve()
    link.unlink()
    link.symlink_to(os.path.relpath(payload, link.parent))
    (model,) = told(home)[0]
    assert model.files[0].sha256 is None


def test_what_a_data_set_uses_is_no_orphan(home: Path) -> None:
    hub_repo(home, "org/d", {"data.parquet": b"d" * 999}, shared=True, kind="datasets")
    hub_repo(home, "org/m", {"m.gguf": GGUF}, shared=True)
    models, rests, _look = told(home)
    assert [model.name for model in models] == ["org/m/m"] and rests == []


def test_payloads_that_nothing_leads_to_and_blobs_that_no_revision_names(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    write(base / "blobs" / ("e" * 64), b"x" * 5000)
    write(base / "blobs" / f"{'f' * 64}.0011aabb.incomplete", b"y" * 300)
    write(home / "blobs/ab" / ("ab" * 32), b"z" * 700)
    write(home / "blobs/ab" / ("ab" * 32 + ".refs"), "models--org--gone/blobs/x\n")
    rests = told(home)[1]
    assert {(rest.kind, rest.size) for rest in rests} == {("orphan", 5000), ("partial", 300), ("orphan", 700)}


@pytest.mark.parametrize("note", [None, "models--org--m/blobs/still-there\n"])
def test_a_payload_stays_without_its_note_or_while_that_names_a_blob(note: str | None, home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    write(base / "blobs/still-there", b"x")
    write(home / "blobs/ab" / ("ab" * 32), b"z" * 700)
    if note is not None:
        write(home / "blobs/ab" / ("ab" * 32 + ".refs"), note)
    assert told(home)[1] == []


def test_an_orphan_whose_payload_another_repository_uses_frees_nothing(home: Path) -> None:
    hub_repo(home, "org/used", {"m.gguf": GGUF}, shared=True)
    base = hub_repo(home, "org/left", {"m.gguf": GGUF, "config.json": b"{}"}, shared=True)
    (base / "snapshots" / ("a" * 40) / "m.gguf").unlink()
    (rest,) = told(home)[1]
    assert (rest.kind, rest.size, rest.bytes) == ("orphan", 0, 0)


def test_one_payload_left_over_under_two_names_counts_once(home: Path) -> None:
    for repo in ("org/a", "org/b"):
        base = hub_repo(home, repo, {"m.gguf": GGUF, "config.json": b"{}"}, shared=True)
        (base / "snapshots" / ("a" * 40) / "m.gguf").unlink()
    rests = told(home)[1]
    assert sorted(rest.size for rest in rests) == [0, len(GGUF)]


def test_a_revision_without_a_name_counts_only_what_is_its_own(home: Path) -> None:
    hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER})
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": THIRD}, commit="c" * 40, ref=None)
    models, rests, _look = told(home)
    assert {model.name for model in models} == {"org/m/m", "org/m/n"}
    (rest,) = rests
    assert (rest.kind, rest.path, rest.size) == ("detached-revision", str(base / "snapshots" / ("c" * 40)), len(THIRD))


def test_a_download_by_revision_alone_is_a_model(home: Path) -> None:
    hub_repo(home, "org/m", {"m.gguf": GGUF}, ref=None)
    models, rests, _look = told(home)
    assert [model.name for model in models] == ["org/m/m"] and rests == []


def test_a_dangling_link_is_an_incomplete_model(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "config.json": b"{}"})
    (base / "blobs" / sha256(GGUF)).unlink()
    (model,) = told(home)[0]
    assert model.health and model.health.verdict == "incomplete"


def test_the_repositorys_list_shows_what_is_too_short(home: Path) -> None:
    base = hub_repo(home, "org/m", {"config.json": b"{}"})
    weights = write(base / "snapshots" / ("a" * 40) / "model.safetensors", TENSORS)
    listed = {"model.safetensors": {"lfs_sha256": sha256(TENSORS), "lfs_size": len(TENSORS)}}
    write(base / "trees" / f"{'a' * 40}.json", json.dumps({"files": listed}))
    (model,) = told(home)[0]
    (file,) = [file for file in model.files if file.role == "weights"]
    assert (file.sha256, file.sha256_source) == (sha256(TENSORS), "index")
    weights.write_bytes(TENSORS[:-5])
    (model,) = told(home)[0]
    assert model.health and model.health.verdict == "truncated"
    assert all(file.sha256 is None for file in model.files if file.role == "weights")


def test_missing_parts_are_named(home: Path) -> None:
    hub_repo(home, "org/m", {"config.json": b"{}", "model-00001-of-00003.safetensors": TENSORS})
    (model,) = told(home)[0]
    assert model.health and model.health.verdict == "incomplete" and "2 of its parts" in model.health.detail


def test_what_cannot_be_read_makes_no_orphans(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    (base / "snapshots/linked").symlink_to("../elsewhere")
    write(base / "blobs" / ("e" * 64), b"x" * 50)
    _models, rests, reader = told(home)
    assert rests == [] and [problem.path for problem in reader.problems] == [str(base / "snapshots/linked")]
    assert "until it can be read" in reader.problems[0].why


@pytest.mark.parametrize("how", ["snapshots gone", "revision gone", "revision empty", "link to nowhere", "entry to nowhere",
                                 "ref cut short", "ref to nowhere", "refs to nowhere", "blobs of another"])  # fmt: skip
def test_a_repository_that_is_not_whole_has_nothing_unused(how: str, home: Path) -> None:
    """Neither its blobs nor a revision that no ref names; what other repositories share with it neither."""
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    hub_repo(home, "org/m", {"m.gguf": THIRD}, commit="c" * 40, ref=None)
    write(base / "blobs" / ("e" * 64), b"x" * 50)
    write(home / "blobs/ab" / ("ab" * 32), b"z" * 700)
    write(home / "blobs/ab" / ("ab" * 32 + ".refs"), "models--org--gone/blobs/x\n")
    assert {rest.kind for rest in told(home)[1]} == {"orphan", "detached-revision"}
    revision = base / "snapshots" / ("a" * 40)
    if how == "snapshots gone":
        shutil.rmtree(base / "snapshots")
    elif how == "revision gone":
        shutil.rmtree(revision)
    elif how == "revision empty":
        shutil.rmtree(base / "snapshots" / ("c" * 40))
        (revision / "m.gguf").unlink()
    elif how == "ref cut short":
        (base / "refs/main").write_text("a" * 12)
    elif how == "blobs of another":
        (home / "datasets--org--d").mkdir()
        (home / "datasets--org--d/blobs").symlink_to(home.parent / "usb")
        assert str(home / "blobs/ab" / ("ab" * 32)) not in {rest.path for rest in told(home)[1]}
        return
    else:
        place = {"link to nowhere": base / "snapshots", "entry to nowhere": revision / "m.gguf",
                 "ref to nowhere": base / "refs/main", "refs to nowhere": base / "refs"}[how]  # fmt: skip
        if how == "ref to nowhere":
            write(base / "refs/v2", "c" * 40)
        place.rename(home.parent / "unplugged")
        place.symlink_to(home.parent / "usb")
    _models, rests, reader = told(home)
    assert rests == [] and any("until it can be read" in problem.why for problem in reader.problems)


def test_what_the_library_never_makes_is_no_orphan(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    write(base / "blobs/thesis.docx", b"years of work")
    assert told(home)[1] == []


def test_nothing_is_left_over_while_a_lock_of_the_repository_is_held(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    write(base / "blobs" / ("e" * 64), b"x" * 50)
    partial = write(base / "blobs" / f"{'f' * 64}.0011aabb.incomplete", b"y" * 300)
    lock = write(home / ".locks/models--org--m" / f"{'f' * 64}.lock")
    other = write(home / ".locks/models--org--n/x.lock")
    assert len(told(home)[1]) == 2, "a lock file that nobody holds says nothing"
    rest = Leftover("partial", str(partial), 300, 300)
    with other.open("w") as elsewhere, lock.open("w") as file:
        fcntl.flock(elsewhere, fcntl.LOCK_EX)
        assert len(told(home)[1]) == 2
        fcntl.flock(file, fcntl.LOCK_EX)
        before = (lock.stat(), sorted(lock.parent.iterdir()))
        assert told(home)[1] == []
        with pytest.raises(CannotRemove, match="being downloaded now"):
            list(remove_hub_leftover(FoundRoot("huggingface", str(home)), rest))
        assert (lock.stat(), sorted(lock.parent.iterdir())) == before
    assert len(told(home)[1]) == 2 and list(remove_hub_leftover(FoundRoot("huggingface", str(home)), rest))


def test_repositories_that_are_damaged_do_not_stop_the_others(home: Path) -> None:
    hub_repo(home, "org/good", {"m.gguf": GGUF})
    (home / "models--org--empty").mkdir()
    (home / "models--org--loop").symlink_to("models--org--loop")
    write(home / "models--org--file", b"x")
    write(home / "models--org--ref/refs/main", b"\xff" * 9000)
    (home / "models--org--ref/snapshots").mkdir()
    models, _rests, reader = told(home)
    assert [model.name for model in models] == ["org/good/m"]
    assert [os.path.basename(problem.path) for problem in reader.problems] == ["models--org--loop", "main"]


def test_a_tree_beyond_the_limits_is_said_and_takes_nothing(home: Path) -> None:
    """A list of a repository's files that would take gigabytes; the models are shown without it."""
    repo = hub_repo(home, "org/gg", {"m-Q4_K_M.gguf": GGUF})
    for text in (b'{"files":' + b"[[]," * (16 << 20) + b"]", b'{"files":' + b"[]," * (2 << 20) + b"]", b"[" * 4000):
        tree = write(repo / "trees" / f"{'a' * 40}.json", text)
        tracemalloc.start()
        try:
            models, _rests, reader = told(home)
            assert tracemalloc.get_traced_memory()[1] < 64 << 20
        finally:
            tracemalloc.stop()
        assert [model.name for model in models] == ["org/gg/m-Q4_K_M"]
        assert [problem.path for problem in reader.problems] == [str(tree)] and reader.problems[0].why
