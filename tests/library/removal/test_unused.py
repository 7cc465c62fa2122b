"""What a store calls unused is offered only where nothing else on this computer can name it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, safetensors_bytes, sha256
from mounts import bind_mount, second_way
from removing import all_say_the_same, known, offers, plan, scan

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.base.pools import shown_in
from model_manager.base.volumes import Volumes
from model_manager.controllers.health import HealthController
from model_manager.jobs import Progress
from model_manager.library.clean.candidate import library_of
from model_manager.library.clean.memory import this_machine
from model_manager.library.clean.offers import offered, wanted_of
from model_manager.library.clean.rules import candidates
from model_manager.library.listing.status import status
from model_manager.library.removal.planning import plan_removal
from model_manager.library.scan import watch

ONE, TWO = gguf_bytes(seed=51), gguf_bytes(seed=52)
A_NAME, B_NAME = "registry.ollama.ai/library/one/latest", "registry.ollama.ai/library/two/latest"


def aged(top: Path) -> None:
    """No pull that is under way."""
    for path in top.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (10**9, 10**9))


def what_is_offered(app: App) -> list[str]:
    """What `clean` offers, which is what `list`, the window and `status` call unused."""
    all_say_the_same(app)
    return [path for one in offers(app) for path in one.paths]


def two_stores(home: Path) -> tuple[Path, Path]:
    """One names ONE, the other TWO; the blobs of both lie in the first."""
    first, other = home / ".ollama/models", home / "B"
    ollama_model(first, A_NAME, {"model": ONE})
    ollama_model(other, B_NAME, {"model": TWO})
    for blob in (other / "blobs").iterdir():
        shutil.move(blob, first / "blobs" / blob.name)
    aged(home)
    return first, other


def both_watched(app: App, other: Path) -> None:
    watch.add_root(app.database, str(other), "ollama")
    scan(app)
    assert len(known(app)) == 2


def test_two_stores_with_one_folder_of_blobs_by_a_link(app: App, home: Path) -> None:
    first, other = two_stores(home)
    (other / "blobs").rmdir()
    (other / "blobs").symlink_to(first / "blobs")
    both_watched(app, other)
    assert what_is_offered(app) == []


def test_two_stores_with_links_to_single_blobs(app: App, home: Path) -> None:
    first, other = two_stores(home)
    for blob in (first / "blobs").iterdir():
        (other / "blobs" / blob.name).symlink_to(blob)
    both_watched(app, other)
    assert what_is_offered(app) == []


def test_two_stores_with_one_folder_of_blobs_by_a_bind_mount(app: App, home: Path) -> None:
    first, other = two_stores(home)
    (other / "blobs").rmdir()
    with bind_mount(first / "blobs", other / "blobs"):
        both_watched(app, other)
        assert what_is_offered(app) == []
    assert {path.name for path in (first / "blobs").iterdir()} >= {f"sha256-{sha256(ONE)}", f"sha256-{sha256(TWO)}"}


def test_two_stores_with_one_folder_of_blobs_by_bindfs(app: App, home: Path) -> None:
    first, other = two_stores(home)
    (other / "blobs").rmdir()
    with second_way("bindfs", first / "blobs", other / "blobs"):
        both_watched(app, other)
        assert what_is_offered(app) == []


def test_the_other_store_is_not_even_known(app: App, home: Path) -> None:
    """The mount alone tells that somebody uses the blobs by another way."""
    first, other = two_stores(home)
    (other / "blobs").rmdir()
    with bind_mount(first / "blobs", other / "blobs"):
        scan(app)
        assert what_is_offered(app) == []
        with pytest.raises(ModelManagerError, match="is shown in"):
            plan(app, *known(app))
    app.volumes.forget()
    assert [os.path.basename(path) for path in what_is_offered(app)] != [], "without the mount they are orphans"


def test_a_branch_of_a_pool_is_no_whole_store(app: App, home: Path) -> None:
    """mergerfs wrote the second tag's manifest into the other branch."""
    if os.getuid() != 0 or shutil.which("mergerfs") is None:
        pytest.skip("mounting takes root and mergerfs")
    first, second, pool = home / ".ollama/models", home / "branch", home / "pool"
    ollama_model(first, A_NAME, {"model": ONE})
    ollama_model(first, B_NAME, {"model": TWO})
    (second / "manifests/registry.ollama.ai/library").mkdir(parents=True)
    shutil.move(first / "manifests/registry.ollama.ai/library/two", second / "manifests/registry.ollama.ai/library/two")
    aged(home)
    pool.mkdir()
    if subprocess.run(["mergerfs", f"{first}:{second}", str(pool)], check=False).returncode:
        pytest.skip("this system does not mount mergerfs")
    try:
        scan(app)
        assert what_is_offered(app) == []
        assert shown_in(str(first), Volumes()) == str(pool)
    finally:
        subprocess.run(["umount", "-l", str(pool)], check=False)


def test_a_folder_that_is_mounted_whole_names_all_that_it_has(tmp_path: Path) -> None:
    """A container's mount, or a second path to the same store."""
    (tmp_path / "store/blobs").mkdir(parents=True)
    with bind_mount(tmp_path / "store", tmp_path / "again"):
        assert shown_in(str(tmp_path / "store"), Volumes()) == ""
        assert shown_in(str(tmp_path / "elsewhere"), Volumes()) == ""


def test_what_is_certain_can_be_taken_in_one_go(app: App, home: Path) -> None:
    """A stopped download of several parts, named by one of them."""
    store = home / ".ollama/models"
    ollama_model(store, A_NAME, {"model": ONE})
    for part in ("", "-0", "-1"):
        (store / f"blobs/sha256-{'9' * 64}-partial{part}").write_bytes(b"x" * 1000)
    aged(home)
    scan(app)
    library = library_of(app.database, this_machine())
    found = offered(app.database, app.volumes, app.env(), library, candidates(library))
    certain = [one for one in found if one.confidence == "certain"]
    wanted = plan_removal(app.database, app.volumes, app.env(), wanted_of(library, certain))
    assert {step.path for step in wanted.steps} == {path for one in certain for path in one.paths}
    all_say_the_same(app)
    assert len(wanted.steps) == 3 and app.operations.apply(wanted).state == "applied"


@pytest.mark.parametrize("how", ["link", "files", "bind"])
def test_a_blob_that_another_stores_model_uses_stays(how: str, app: App, home: Path) -> None:
    first, other = home / ".ollama/models", home / "B"
    ollama_model(first, A_NAME, {"model": ONE})
    ollama_model(other, B_NAME, {"model": ONE})
    aged(home)
    shutil.rmtree(other / "blobs")
    blob = first / f"blobs/sha256-{sha256(ONE)}"
    if how == "link":
        (other / "blobs").symlink_to(first / "blobs")
    elif how == "files":
        (other / "blobs").mkdir()
        for one in (first / "blobs").iterdir():
            (other / "blobs" / one.name).symlink_to(one)
    watch.add_root(app.database, str(other), "ollama")
    if how == "bind":
        with bind_mount(first / "blobs", other / "blobs"):
            app.volumes.forget()
            scan(app)
            all_say_the_same(app)
            with pytest.raises(ModelManagerError, match="is shown in"):
                plan(app, "one:latest", way="delete")
    else:
        scan(app)
        all_say_the_same(app)
        wanted = plan(app, "one:latest", way="delete")
        assert str(blob) not in [step.path for step in wanted.steps]
        assert app.operations.apply(wanted).state == "applied"
    assert blob.read_bytes() == ONE


def test_what_the_cache_of_another_leads_to_is_no_leftover(app: App, home: Path, tmp_path: Path) -> None:
    """The blobs of a Hugging Face cache, whose revision was taken out of it; a second cache leads to them by links."""
    first, other = home / ".cache/huggingface/hub", home / "B"
    tensors = [safetensors_bytes({"a": ("F16", [100, 10])}, seed=seed) for seed in (3, 4)]
    for ref, data in zip(("a", "b"), tensors, strict=True):
        base = hub_repo(first, "acme/tiny", {"model.safetensors": data}, ref * 40, ref)
    shutil.copytree(first, other, symlinks=True)
    for blob in other.glob("*/blobs/*"):
        blob.unlink()
        blob.symlink_to(first / blob.relative_to(other))
    shutil.rmtree(base / "snapshots" / ("a" * 40))
    (base / "refs/a").unlink()
    aged(home)
    scan(app)
    assert what_is_offered(app) != [], "alone it is an orphan"
    watch.add_root(app.database, str(other), "huggingface")
    scan(app)
    assert what_is_offered(app) == []


def test_an_orphan_that_nobody_uses_is_called_so_by_all(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, A_NAME, {"model": ONE})
    lost = store / f"blobs/sha256-{sha256(TWO)}"
    lost.write_bytes(TWO)
    aged(home)
    scan(app)
    assert what_is_offered(app) == [str(lost)]
    summed = status(app.database, app.volumes, app.env())
    assert summed.reclaimable == summed.leftovers["orphan"] == min(len(TWO), lost.stat().st_blocks * 512)


def test_what_may_be_needed_elsewhere_is_shown_with_the_reason(app: App, home: Path) -> None:
    first, other = two_stores(home)
    (other / "blobs").rmdir()
    with bind_mount(first / "blobs", other / "blobs"):
        scan(app)
        (section,) = [
            one for one in HealthController(app, None, None)._load(Progress()) if one.title == "May be needed elsewhere"
        ]  # type: ignore[arg-type]
        assert section.lines and all("is shown in" in line.why for line in section.lines)
        summed = status(app.database, app.volumes, app.env())
        blobs = sum(min(one.stat().st_size, one.stat().st_blocks * 512) for one in (first / "blobs").iterdir())
        assert summed.bytes + summed.rests >= blobs and summed.reclaimable == 0 and "orphan" not in summed.leftovers
