"""Zero false, zero missed, bytes to the byte; every trap of the trade."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest
from conformance import TREES
from factory import gguf_bytes, hub_repo, ollama_model, safetensors_bytes, sha256, tree, write
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.app import App, build
from model_manager.base.errors import ModelManagerError
from model_manager.catalog.rows import read_rows
from model_manager.jobs import Cancelled, Progress
from model_manager.library.duplicates import search as duplicates
from model_manager.library.duplicates.search import Duplicates
from model_manager.library.duplicates.sharing import plan_sharing
from model_manager.library.listing.query import Query
from model_manager.library.listing.status import status
from model_manager.library.scan import watch

SIZE = 300_000
DATA = gguf_bytes(seed=40) + bytes(random.Random(1).randbytes(SIZE))


def scan(app: App) -> None:
    app.scanner().run(Progress())


def own(app: App, home: Path, files: dict[str, bytes], name: str = "models") -> Path:
    tree(home / name, files)
    watch.add_root(app.database, str(home / name))
    scan(app)
    return home / name


def flag(app: App) -> Duplicates:
    return duplicates.flag(app.database, app.volumes)


def prove(app: App) -> Duplicates:
    return duplicates.prove(app.database, app.volumes)


def paths(found: Duplicates) -> list[set[str]]:
    return [{os.path.basename(name.path) for copy in group.copies for name in copy.names} for group in found.groups]


def test_two_copies_are_flagged_at_once_and_proved_by_reading(app: App, home: Path) -> None:
    own(app, home, {"a.gguf": DATA, "b.gguf": DATA})
    flagged = flag(app)
    assert paths(flagged) == [{"a.gguf", "b.gguf"}] and not flagged.groups[0].proved
    assert flagged.read_bytes <= 2 * 8 * 16384
    proved = prove(app)
    assert paths(proved) == [{"a.gguf", "b.gguf"}] and proved.groups[0].proved
    assert proved.groups[0].sha256 == sha256(DATA) and proved.read_bytes == 2 * len(DATA)
    assert prove(app).read_bytes == 0
    on_disk = os.lstat(home / "models/b.gguf")
    assert proved.reclaimable == min(on_disk.st_size, 512 * on_disk.st_blocks)


def test_same_size_and_same_head_with_other_weights(app: App, home: Path) -> None:
    other = bytearray(DATA)
    other[-70_001] ^= 1  # between the pieces
    own(app, home, {"a.gguf": DATA, "b.gguf": bytes(other)})
    assert prove(app).groups == ()


def test_hard_links_and_symlinks_are_one_file(app: App, home: Path) -> None:
    top = own(app, home, {"a.gguf": DATA})
    os.link(top / "a.gguf", top / "hard.gguf")
    (home / "farm").mkdir()
    for number in range(20):
        os.symlink(top / "a.gguf", home / f"farm/l{number}.gguf")
    watch.add_root(app.database, str(home / "farm"))
    scan(app)
    assert flag(app).groups == () and prove(app).groups == ()


def test_a_name_outside_that_we_do_not_know_frees_nothing(app: App, home: Path) -> None:
    top = own(app, home, {"a.gguf": DATA, "b.gguf": DATA})
    for name in ("a", "b"):
        os.link(top / f"{name}.gguf", home / f"outside-{name}.gguf")
    scan(app)
    (group,) = prove(app).groups
    assert group.reclaimable == 0


def test_ollamas_two_tags_and_a_shared_payload_are_no_copies(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    for tag in ("a", "b"):
        ollama_model(store, f"registry.ollama.ai/library/m/{tag}", {"model": DATA})
    hub = home / ".cache/huggingface/hub"
    other = gguf_bytes(seed=41) + os.urandom(SIZE)
    hub_repo(hub, "org/one", {"one.gguf": other}, "1" * 40, shared=True)
    hub_repo(hub, "org/two", {"two.gguf": other}, "2" * 40, shared=True)
    scan(app)
    assert flag(app).groups == () and prove(app).groups == ()


def test_over_tools_with_the_hashes_on_disk(app: App, home: Path) -> None:
    """A blob of Ollama, a blob of the cache and a plain file: the first two are flagged without reading anything."""
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/m/a", {"model": DATA})
    hub_repo(home / ".cache/huggingface/hub", "org/m", {"m.gguf": DATA})
    scan(app)
    flagged = flag(app)
    assert len(flagged.groups) == 1 and flagged.read_bytes == 0
    own(app, home, {"plain.gguf": DATA})
    (group,) = prove(app).groups
    assert {name.tool for copy in group.copies for name in copy.names} == {"ollama", "huggingface", "folder"}
    assert group.copies[group.keeper].names[0].tool in ("ollama", "huggingface")


def test_a_blob_that_is_not_what_its_name_says(app: App, home: Path) -> None:
    """Both ways: named the same with other bytes, and named otherwise with the same bytes."""
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/m/a", {"model": DATA})
    hub_repo(home / ".cache/huggingface/hub", "org/m", {"m.gguf": DATA})
    blob = home / ".ollama/models/blobs" / f"sha256-{sha256(DATA)}"
    broken = bytearray(DATA)
    broken[len(DATA) // 2 + 33] ^= 1
    blob.write_bytes(broken)
    scan(app)
    assert len(flag(app).groups) == 1
    assert prove(app).groups == ()
    own(app, home, {"really.gguf": bytes(broken)})
    assert paths(prove(app)) == [{blob.name, "really.gguf"}]


def test_a_file_that_changed_is_read_again(app: App, home: Path) -> None:
    top = own(app, home, {"a.gguf": DATA, "b.gguf": DATA})
    prove(app)
    stat = os.lstat(top / "b.gguf")
    changed = bytearray(DATA)
    changed[SIZE // 3] ^= 1
    with open(top / "b.gguf", "r+b") as file:
        file.write(changed)
    os.utime(top / "b.gguf", ns=(stat.st_atime_ns, stat.st_mtime_ns))  # time and size as before
    scan(app)
    assert prove(app).groups == ()


def test_a_file_being_downloaded_is_no_copy(app: App, home: Path) -> None:
    own(app, home, {"a.gguf": DATA, "b.gguf.part": DATA, "c.gguf.crdownload": DATA})
    hub = home / ".cache/huggingface/hub"
    hub_repo(hub, "org/m", {"config.json": b"{}"})
    write(hub / "models--org--m/blobs" / f"{sha256(DATA)}.incomplete", DATA)
    scan(app)
    assert prove(app).groups == ()


def test_a_twin_in_the_trash_is_no_copy(app: App, home: Path) -> None:
    top = own(app, home, {"a.gguf": DATA, ".Trash-0/files/b.gguf": DATA, ".Trash/1000/files/c.gguf": DATA,
                          ".model-manager-aside/files/d.gguf": DATA, ".snapshots/1/e.gguf": DATA})  # fmt: skip
    assert top.is_dir() and prove(app).groups == ()


def test_a_file_that_changes_while_it_is_read_has_no_hash(
    app: App, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = own(app, home, {"a.gguf": DATA, "b.gguf": DATA})
    from model_manager.library.duplicates.hashing import Hashing

    count = Hashing._count

    def meanwhile(self: Hashing, read: int) -> None:
        with open(top / "b.gguf", "r+b") as file:
            file.seek(5000)
            file.write(os.urandom(8))
        count(self, read)

    monkeypatch.setattr(Hashing, "_count", meanwhile)
    found = prove(app)
    assert found.groups == () and any("changed" in problem.why for problem in found.problems)


def test_two_precisions_are_not_duplicates(app: App, home: Path) -> None:
    own(app, home, {
        "m-fp16.safetensors": safetensors_bytes({"x.weight": ("F16", (64, 64))}, seed=1),
        "m-fp32.safetensors": safetensors_bytes({"x.weight": ("F32", (64, 64))}, seed=1),
    })  # fmt: skip
    assert prove(app).groups == ()


def test_cancelling(app: App, home: Path) -> None:
    own(app, home, {"a.gguf": DATA, "b.gguf": DATA})
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        duplicates.prove(app.database, app.volumes, progress)


def test_sharing_and_back(app: App, home: Path) -> None:
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/m/a", {"model": DATA})
    top = own(app, home, {"a.gguf": DATA, "b.gguf": DATA})
    blob = home / ".ollama/models/blobs" / f"sha256-{sha256(DATA)}"
    found = prove(app)
    plan = plan_sharing(app.database, app.volumes, app.env(), found.groups)
    assert plan.frees == plan.frees_now == found.reclaimable and len(plan.steps) == 2
    done = app.operations.apply(plan)
    assert done.state == "applied", [step.problem for step in done.steps]
    assert os.path.samefile(blob, top / "a.gguf") and os.path.samefile(blob, top / "b.gguf")
    scan(app)
    assert prove(app).groups == ()
    with app.database.read() as tx:
        assert len(read_rows(tx)) == 1
    assert app.operations.undo(plan.id).state == "undone"
    assert not os.path.samefile(blob, top / "a.gguf") and (top / "a.gguf").read_bytes() == DATA


def test_our_own_links_and_renames_make_nothing_be_read_again(app: App, home: Path) -> None:
    top = own(
        app,
        home,
        {"a.gguf": DATA, "b.gguf": DATA, "c.gguf": DATA[:-9] + b"other....", "d.gguf": DATA[:-9] + b"other...."},
    )
    found = prove(app)
    assert len(found.groups) == 2
    groups = [group for group in found.groups if any(copy.path.endswith("a.gguf") for copy in group.copies)]
    plan = plan_sharing(app.database, app.volumes, app.env(), groups)
    assert app.operations.apply(plan).state == "applied"
    scan(app)
    write(top / "e.gguf", DATA)
    scan(app)
    again = prove(app)
    assert len(again.groups) == 2 and again.read_bytes <= len(DATA) + 8 * 16384


def test_keep_one_and_trash_the_rest(app: App, home: Path) -> None:
    top = own(app, home, {"a.gguf": DATA, "b.gguf": DATA, "c.gguf": DATA})
    found = prove(app)
    keep = str(top / "b.gguf")
    plan = plan_sharing(app.database, app.volumes, app.env(), found.groups, "trash", [keep])
    assert app.operations.apply(plan).state == "applied"
    assert sorted(os.listdir(top)) == ["b.gguf"]
    app.operations.undo(plan.id)
    assert sorted(os.listdir(top)) == ["a.gguf", "b.gguf", "c.gguf"]


def test_ticking_every_copy_is_refused(app: App, home: Path) -> None:
    top = own(app, home, {"a.gguf": DATA, "b.gguf": DATA})
    found = prove(app)
    with pytest.raises(ModelManagerError, match="one of them has to stay"):
        plan_sharing(
            app.database, app.volumes, app.env(), found.groups, only=[str(top / "a.gguf"), str(top / "b.gguf")]
        )


def test_what_is_only_flagged_is_refused(app: App, home: Path) -> None:
    own(app, home, {"a.gguf": DATA, "b.gguf": DATA})
    with pytest.raises(ModelManagerError, match="only look the same"):
        plan_sharing(app.database, app.volumes, app.env(), flag(app).groups)


def test_reference_folders_are_never_touched(app: App, home: Path) -> None:
    own(app, home, {"a.gguf": DATA}, "mine")
    top = own(app, home, {"b.gguf": DATA}, "archive")
    found = duplicates.prove(app.database, app.volumes, reference=[str(top)])
    (group,) = found.groups
    assert group.copies[group.keeper].path == str(top / "b.gguf")
    with pytest.raises(ModelManagerError, match="never touched"):
        plan_sharing(
            app.database, app.volumes, app.env(), found.groups, keep=[str(home / "mine/a.gguf")], reference=[str(top)]
        )


def test_another_volume_needs_another_way(app: App, home: Path) -> None:
    if not os.path.isdir("/dev/shm"):
        pytest.skip("there is no second volume")
    far = Path("/dev/shm") / f"mm-test-{os.getpid()}"
    try:
        own(app, home, {"a.gguf": DATA})
        write(far / "b.gguf", DATA)
        watch.add_root(app.database, str(far))
        scan(app)
        found = prove(app)
        assert len(found.groups) == 1
        with pytest.raises(ModelManagerError, match="another volume"):
            plan_sharing(app.database, app.volumes, app.env(), found.groups)
        done = app.operations.apply(plan_sharing(app.database, app.volumes, app.env(), found.groups, "symlink"))
        assert done.state == "applied"
        scan(app)
        assert prove(app).groups == ()
        assert app.operations.undo(done.id).state == "undone"
    finally:
        shutil.rmtree(far, ignore_errors=True)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_random_trees_against_reading_everything(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Copies, hard links and files of the same size that differ at a random place, over several folders."""
    home = tmp_path_factory.mktemp("home")
    os.environ["HOME"], os.environ["MODEL_MANAGER_DATA"] = str(home), str(home / "data")
    chance = random.Random(data.draw(st.integers(0, 1 << 30)))
    head = gguf_bytes(seed=50)
    bodies = [head + chance.randbytes(200_000) for _ in range(2)]
    for count in range(data.draw(st.integers(2, 9))):
        body = bytearray(chance.choice(bodies))
        if chance.random() < 0.4:
            body[chance.randrange(len(head), len(body))] ^= 1 + chance.randrange(255)
        path = write(home / f"models/{chance.choice('xyz')}/f{count}.gguf", bytes(body))
        if chance.random() < 0.3:
            os.link(path, path.with_name(f"l{count}.gguf"))
    app = build()
    try:
        watch.add_root(app.database, str(home / "models"))
        scan(app)
        found = {frozenset(copy.inode for copy in group.copies) for group in prove(app).groups}
        reclaimable = prove(app).reclaimable
    finally:
        app.close()
    truth: dict[bytes, dict[int, os.stat_result]] = {}
    for path in (home / "models").rglob("*.gguf"):
        truth.setdefault(path.read_bytes(), {})[path.lstat().st_ino] = path.lstat()
    expected = {frozenset(inodes) for inodes in truth.values() if len(inodes) > 1}
    assert found == expected
    sizes = [{min(one.st_size, 512 * one.st_blocks) for one in inodes.values()} for inodes in truth.values()]
    assert all(len(size) == 1 for size in sizes)
    assert reclaimable == sum(
        size.pop() * (len(inodes) - 1) for size, inodes in zip(sizes, truth.values(), strict=True)
    )


def test_the_second_proof_reads_nothing_even_of_near_twins(app: App, home: Path) -> None:
    near = bytearray(DATA)
    near[-70_001] ^= 1
    own(app, home, {"a.gguf": DATA, "b.gguf": DATA, "c.gguf": bytes(near)})
    assert paths(flag(app)) == [{"a.gguf", "b.gguf", "c.gguf"}]
    assert paths(prove(app)) == [{"a.gguf", "b.gguf"}]
    again = prove(app)
    assert again.read_bytes == 0 and paths(again) == [{"a.gguf", "b.gguf"}]
    assert paths(flag(app)) == [{"a.gguf", "b.gguf"}]


def test_one_that_came_later_is_compared_with_both_it_may_be(app: App, home: Path) -> None:
    near = bytearray(DATA)
    near[-70_001] ^= 1
    top = own(app, home, {"a.gguf": DATA, "b.gguf": bytes(near)})
    assert prove(app).groups == ()
    write(top / "later.gguf", bytes(near))
    scan(app)
    assert paths(prove(app)) == [{"b.gguf", "later.gguf"}]


def test_ids_stay_when_proved_and_when_proved_again(app: App, home: Path) -> None:
    own(app, home, {"a.gguf": DATA, "b.gguf": DATA})
    first = flag(app).groups[0].id
    assert prove(app).groups[0].id == prove(app).groups[0].id == flag(app).groups[0].id == first


def test_believing_names_reads_only_the_rest(app: App, home: Path) -> None:
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/m/a", {"model": DATA})
    hub_repo(home / ".cache/huggingface/hub", "org/m", {"m.gguf": DATA})
    own(app, home, {"plain.gguf": DATA})
    found = duplicates.prove(app.database, app.volumes, believe=True)
    (group,) = found.groups
    assert len(group.copies) == 3 and not group.proved
    assert found.read_bytes == len(DATA) + 3 * 8 * 16384


def test_an_orphan_is_a_copy_too(app: App, home: Path) -> None:
    data = DATA + os.urandom(1 << 20)
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": DATA})
    for name in (sha256(data), f"{'a' * 64}-partial"):
        os.utime(write(store / "blobs" / f"sha256-{name}", data), (1.7e9, 1.7e9))
    own(app, home, {"plain.gguf": data})
    (group,) = prove(app).groups
    assert sorted(name.tool for copy in group.copies for name in copy.names) == ["folder", "ollama"]
    orphan = next(entry for entry in duplicates.as_json(prove(app))["groups"][0]["copies"] if entry["model"] is None)
    assert orphan["place"] is None and orphan["path"].endswith(sha256(data))


def test_aria2_and_what_leads_into_a_trash_are_no_copies(app: App, home: Path) -> None:
    trashed = write(home / ".local/share/Trash/files/old.gguf", DATA)
    top = own(app, home, {"a.gguf": DATA, "b.gguf": DATA, "b.gguf.aria2": b"control"})
    os.symlink(trashed, top / "link.gguf")
    scan(app)
    assert flag(app).groups == () and prove(app).groups == ()
    os.unlink(top / "b.gguf.aria2")
    assert paths(prove(app)) == [{"a.gguf", "b.gguf"}]


def test_docker_bundles_are_names_of_their_blobs(app: App, home: Path) -> None:
    TREES["docker-model-runner"](home)
    scan(app)
    assert flag(app).groups == () and prove(app).groups == ()


def test_a_tools_cache_of_hashes_that_is_stale(app: App, home: Path) -> None:
    """The note beside the file has the right size and the wrong hash."""
    near = bytearray(DATA)
    near[-70_001] ^= 1
    note = json.dumps({"sha256": sha256(DATA), "size": len(DATA), "hash_status": "completed"})
    own(app, home, {"a.gguf": DATA, "a.metadata.json": note.encode(), "b.gguf": bytes(near),
                    "b.metadata.json": note.encode()})  # fmt: skip
    assert prove(app).groups == ()


def shards(count: int, seed: int, size: int = 40_000) -> dict[str, bytes]:
    part = {"model.layers.0.self_attn.q_proj.weight": ("BF16", (size // 2 // 64, 64))}
    return {
        f"model-{number:05}-of-{count:05}.safetensors": safetensors_bytes(part, seed=seed + number)
        for number in range(1, count + 1)
    }


def test_models_of_several_files_are_one_group(app: App, home: Path) -> None:
    files = {"config.json": b'{"model_type": "llama"}', **shards(3, 70)}
    for place in ("here", "there"):
        tree(home / place / "big", files)
        watch.add_root(app.database, str(home / place))
    scan(app)
    flagged = flag(app)
    found = prove(app)
    assert [group.id for group in flagged.groups] == [group.id for group in found.groups]
    (group,) = found.groups
    sizes = [len(data) for name, data in files.items() if name.startswith("model-")]
    assert group.proved and group.size == sum(sizes) and len(group.parts) == 3 and len(group.copies) == 2
    assert all(part.proved and part.keeper == group.keeper for part in group.parts)
    for part in group.parts:
        folders = [os.path.dirname(copy.path) for copy in part.copies]
        assert folders == [os.path.dirname(copy.path) for copy in group.parts[0].copies]
    assert found.reclaimable == sum(os.lstat(copy.path).st_blocks and copy.bytes for part in group.parts
                                    for copy in part.copies[:1])  # fmt: skip
    for entry in duplicates.as_json(found)["groups"][0]["copies"]:
        assert os.stat(entry["path"]).st_ino == entry["inode"]
    plan = plan_sharing(app.database, app.volumes, app.env(), found.groups)
    assert plan.frees == found.reclaimable and app.operations.apply(plan).state == "applied"
    for name in sorted(files)[1:]:
        assert os.path.samefile(home / "here/big" / name, home / "there/big" / name)


def test_a_shard_that_differs_leaves_a_group_for_each_of_the_others(app: App, home: Path) -> None:
    files = {"config.json": b'{"model_type": "llama"}', **shards(3, 80, 1_400_000)}
    tree(home / "here/big", files)
    tree(home / "there/big", {**files, "model-00002-of-00003.safetensors": shards(3, 90, 1_400_000)[
        "model-00002-of-00003.safetensors"]})  # fmt: skip
    for place in ("here", "there"):
        watch.add_root(app.database, str(home / place))
    scan(app)
    found = prove(app)
    assert sorted(map(sorted, paths(found))) == [
        ["model-00001-of-00003.safetensors"],
        ["model-00003-of-00003.safetensors"],
    ]
    with pytest.raises(ModelManagerError, match="other files too"):
        plan_sharing(app.database, app.volumes, app.env(), found.groups, "trash")


def test_a_third_copy_of_one_shard_joins_beside_the_models(app: App, home: Path) -> None:
    files = {"config.json": b'{"model_type": "llama"}', **shards(2, 60, 1_400_000)}
    for place in ("here", "there"):
        tree(home / place / "big", files)
        watch.add_root(app.database, str(home / place))
    own(app, home, {"alone.safetensors": files["model-00001-of-00002.safetensors"]})
    found = prove(app)
    assert sorted((len(group.parts), len(group.copies)) for group in found.groups) == [(0, 2), (2, 2)]
    assert found.reclaimable == _oracle(home)


def test_small_parts_of_larger_models_are_not_shown(app: App, home: Path) -> None:
    same = shards(2, 50)["model-00001-of-00002.safetensors"]
    for place in ("here", "there"):
        tree(home / place / "big", {"config.json": b'{"model_type": "llama"}', **shards(2, 10 * len(place)),
                                    "model-00001-of-00002.safetensors": same, "tokenizer.json": b"{}" * 4000})  # fmt: skip
        watch.add_root(app.database, str(home / place))
    scan(app)
    assert prove(app).groups == ()


def _oracle(top: Path) -> int:
    """What comes back when of every content one inode stays, by reading everything below a folder."""
    truth: dict[bytes, dict[int, os.stat_result]] = {}
    for path in [*top.rglob("*.gguf"), *top.rglob("*.safetensors")]:
        if path.is_file() and not path.is_symlink():
            truth.setdefault(path.read_bytes(), {})[path.lstat().st_ino] = path.lstat()
    return sum(
        min(one.st_size, 512 * one.st_blocks)
        for inodes in truth.values()
        for one in list(inodes.values())[1:]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_random_sets_count_every_byte_once(app: App, home: Path, seed: int) -> None:
    """Models of two or three shards out of a few, as copies and as hard links, beside single files of the same bytes."""
    chance = random.Random(seed)
    bodies = [safetensors_bytes({"x.weight": ("F16", (800, 700))}, seed=number) for number in range(4)]
    first: dict[bytes, Path] = {}
    for model in range(chance.randrange(3, 7)):
        count = chance.choice((2, 3))
        folder = home / "models" / f"m{model}"
        write(folder / "config.json", b'{"model_type": "llama"}')
        for number, body in enumerate(chance.sample(bodies, count), 1):
            path = folder / f"model-{number:05}-of-{count:05}.safetensors"
            if body in first and chance.random() < 0.3:
                os.link(first[body], path)
            else:
                first.setdefault(body, write(path, body))
    for number in range(chance.randrange(3)):
        write(home / f"models/single/s{number}.safetensors", chance.choice(bodies))
    watch.add_root(app.database, str(home / "models"))
    scan(app)
    for found in (prove(app), flag(app)):
        assert found.reclaimable == _oracle(home / "models")
    assert prove(app).read_bytes == 0


def _told_everywhere(app: App) -> tuple[set[str], set[str], int, int, int]:
    """What each screen says of copies: the models of Duplicates and of the chip, the bytes of Duplicates and of `status`,
    and how much of these is not proved."""
    found = duplicates.flag_and_recall(app.database, app.volumes)
    summed = status(app.database, app.volumes, app.env())
    with app.database.read() as tx:
        chip = {row.name for row in Query("dup:yes", ()).of(read_rows(tx))}
    names = {name.model_name for group in found.groups for copy in group.copies for name in copy.names}
    return names, chip, found.reclaimable, summed.reclaimable, summed.unproved


def test_every_screen_says_the_same_of_copies(app: App, home: Path) -> None:
    near = bytearray(DATA)
    near[-70_001] ^= 1
    own(app, home, {"a.gguf": DATA, "b.gguf": DATA, "near.gguf": bytes(near), "else.gguf": DATA[:-5]})
    names, chip, bytes_, summed, unproved = _told_everywhere(app)
    assert names == chip == {"a", "b", "near"} and bytes_ == summed == unproved > 0
    prove(app)
    names, chip, bytes_, summed, unproved = _told_everywhere(app)
    assert names == chip == {"a", "b"} and bytes_ == summed > 0 and unproved == 0
    (home / "models/b.gguf").unlink()
    scan(app)
    assert _told_everywhere(app) == (set(), set(), 0, 0, 0)


def test_a_hash_that_a_tool_wrote_down_counts_until_the_file_is_read(app: App, home: Path) -> None:
    """Two blobs with the name of the same bytes, of which one holds others."""
    other = bytearray(DATA)
    other[len(DATA) // 2] ^= 1
    for root, data in ((home / ".ollama/models", DATA), (home / "second", bytes(other))):
        ollama_model(root, "registry.ollama.ai/library/one/7b", {"model": DATA})
        (root / f"blobs/sha256-{sha256(DATA)}").write_bytes(data)
    watch.add_root(app.database, str(home / "second"), "ollama")
    scan(app)
    names, chip, bytes_, summed, unproved = _told_everywhere(app)
    assert names == chip and len(names) == 1 and bytes_ == summed == unproved > 0
    assert prove(app).groups == ()
    assert _told_everywhere(app) == (set(), set(), 0, 0, 0)


def test_what_was_read_to_be_the_same_counts_whatever_names_say(app: App, home: Path) -> None:
    other = bytearray(DATA)
    other[len(DATA) // 2] ^= 1
    for name, data in (("one", DATA), ("two", bytes(other))):
        ollama_model(home / ".ollama/models", f"registry.ollama.ai/library/{name}/7b", {"model": data})
    (home / f".ollama/models/blobs/sha256-{sha256(bytes(other))}").write_bytes(DATA)
    scan(app)
    assert _told_everywhere(app)[:2] == (set(), set())
    prove(app)
    names, chip, bytes_, summed, unproved = _told_everywhere(app)
    assert names == chip and len(names) == 2 and bytes_ == summed > 0 and unproved == 0


def test_the_terminal_calls_proved_what_was_read(app: App, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from model_manager.cli import main

    own(app, home, {"a.gguf": DATA, "b.gguf": DATA})
    assert main(["duplicates"]) == 0
    assert "looks the same" in capsys.readouterr().out
    assert main(["status"]) == 0
    assert "only look the same" in capsys.readouterr().out
    prove(app)
    assert main(["duplicates"]) == 0
    assert "proved" in capsys.readouterr().out
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    assert "could come back" in said and "only look the same" not in said
