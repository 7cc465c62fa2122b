"""A scan of a whole home: every model once, weighed by inode, with ids that stay."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, safetensors_bytes, tree, write

from model_manager.app import App
from model_manager.catalog import problems
from model_manager.catalog.rows import read_rows
from model_manager.jobs import Cancelled, Progress
from model_manager.library.labels import user_labels
from model_manager.library.listing.model_json import Json, leftovers_json, models_json, show_json
from model_manager.library.listing.status import status
from model_manager.library.scan import watch

QWEN = gguf_bytes({"general.name": "Qwen", "general.architecture": "qwen3"}, seed=2)
OTHER = gguf_bytes({"general.name": "Other"}, seed=3)
EMBED = gguf_bytes({"general.architecture": "nomic-bert"}, seed=4)


def scan(app: App) -> None:
    app.scanner().run(Progress())


def everything(app: App) -> dict[str, Json]:
    with app.database.read() as tx:
        ids = [row.id for row in read_rows(tx)]
    return {model["name"]: model for model in models_json(app.database, ids)}


def ids(app: App) -> dict[str, str]:
    return {name: model["id"] for name, model in everything(app).items()}


def test_two_tags_on_one_blob_are_one_model_with_two_places(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/qwen3/4b", {"model": QWEN, "template": b"a"})
    ollama_model(store, "registry.ollama.ai/library/qwen3/latest", {"model": QWEN, "template": b"b"})
    scan(app)
    (model,) = everything(app).values()
    assert [place["name"] for place in model["places"]] == ["qwen3:4b", "qwen3:latest"]
    weights = next(file for file in model["files"] if file["role"] == "weights")
    assert weights["sha256_source"] == "blob-name" and weights["size"] == len(QWEN)
    assert model["size"] == sum({file["inode"]: file["size"] for file in model["files"]}.values())


def test_a_hard_link_is_one_model_and_a_copy_is_two(app: App, home: Path) -> None:
    one = write(home / "AI/a/one.gguf", QWEN)
    os.link(one, home / "AI/linked.gguf")
    write(home / "AI/b/copy.gguf", QWEN)
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    found = sorted(len(model["places"]) for model in everything(app).values())
    assert found == [1, 2]
    assert status(app.database, app.volumes, app.env()).bytes == 2 * os.stat(one).st_blocks * 512 or status(
        app.database, app.volumes, app.env()
    ).bytes == 2 * len(QWEN)


def test_hugging_face_snapshots_shards_and_leftovers(app: App, home: Path) -> None:
    cache = home / ".cache/huggingface/hub"
    part = {
        "model.layers.0.self_attn.q_proj.weight": ("BF16", (16, 16)),
        "model.embed_tokens.weight": ("BF16", (4, 16)),
    }
    files = {"config.json": b"{}", "model-00001-of-00003.safetensors": safetensors_bytes(part),
             "model-00002-of-00003.safetensors": safetensors_bytes(part, seed=9)}  # fmt: skip
    base = hub_repo(cache, "org/sharded", files)
    hub_repo(cache, "org/quants", {"m-Q4_K_M.gguf": QWEN, "m-Q8_0.gguf": OTHER, "mmproj-F16.gguf": EMBED})
    write(base / "blobs" / "c0ffee.12345678.incomplete", b"x" * 50)
    write(base / "blobs" / ("f" * 64), b"y" * 70)
    scan(app)
    found = everything(app)
    assert sorted(found) == ["m-Q4_K_M", "m-Q8_0", "org/sharded"]
    assert found["org/sharded"]["health"]["verdict"] == "incomplete"
    assert "model-00003-of-00003" in found["org/sharded"]["health"]["detail"]
    assert any(file["role"] == "projector" for file in found["m-Q4_K_M"]["files"])
    assert found["m-Q4_K_M"]["source"]["repo"] == "org/quants"
    assert sorted(one["kind"] for one in leftovers_json(app.database, app.volumes, app.env())) == ["orphan", "partial"]


def test_nothing_is_read_again(app: App, home: Path) -> None:
    tree(home / "AI", {"a.gguf": QWEN, "b.safetensors": safetensors_bytes({"x": ("F32", (4,))}), "c.gguf": OTHER[:-50]})
    watch.add_root(app.database, str(home / "AI"))
    first = app.scanner().run(Progress())
    second = app.scanner().run(Progress())
    assert first.read_bytes > 0 and second.read_bytes == 0 and second.models == 3


def test_ids_words_and_pins_survive_moves_and_rescans(app: App, home: Path) -> None:
    path = write(home / "AI/a.gguf", QWEN)
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    before = ids(app)["a"]
    id_ = int(before[1:])
    user_labels.tag(app.database, id_, ["mine"])
    user_labels.set_note(app.database, id_, "good")
    user_labels.set_category(app.database, id_, "tts")
    path.rename(home / "AI/renamed.gguf")
    scan(app)
    model = everything(app)["renamed"]
    assert model["id"] == before and "mine" in model["tags"] and model["note"] == "good"
    assert model["category"] == "tts" and model["category_evidence"] == "user"
    assert show_json(app.database, id_)["evidence"][0]["from"] == "user"


def test_a_model_that_moved_to_another_inode_stays_itself(app: App, home: Path) -> None:
    path = write(home / "AI/sub/a.gguf", QWEN)
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    before = ids(app)["a"]
    target = home / "AI/new/a.gguf"
    target.parent.mkdir()
    shutil.copy2(path, target)
    path.unlink()
    scan(app)
    assert ids(app) == {"a": before}


def test_a_copy_made_a_link_unites_the_words(app: App, home: Path) -> None:
    one, two = write(home / "AI/one.gguf", QWEN), write(home / "AI/two.gguf", QWEN)
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    found = ids(app)
    user_labels.tag(app.database, int(found["one"][1:]), ["first"])
    user_labels.tag(app.database, int(found["two"][1:]), ["second"])
    user_labels.set_pinned(app.database, int(found["two"][1:]), True)
    two.unlink()
    os.link(one, two)
    scan(app)
    (model,) = everything(app).values()
    assert {"first", "second"} <= set(model["tags"]) and model["pinned"] and len(model["places"]) == 2


def test_another_file_under_an_old_inode_gets_nobodys_words(app: App, home: Path) -> None:
    path = write(home / "AI/one.gguf", QWEN)
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    user_labels.tag(app.database, int(ids(app)["one"][1:]), ["mine"])
    inode = path.stat().st_ino
    path.unlink()
    for number in range(200):  # until the file system gives the same inode again
        fresh = write(home / f"AI/fresh{number}.gguf", OTHER + bytes(number))
        if fresh.stat().st_ino == inode:
            break
        fresh.unlink()
    scan(app)
    for model in everything(app).values():
        assert "mine" not in model["tags"]


def test_an_unplugged_root_loses_nothing(app: App, home: Path) -> None:
    write(home / "drive/a.gguf", QWEN)
    watch.add_root(app.database, str(home / "drive"))
    scan(app)
    before = ids(app)
    (home / "drive").rename(home / "elsewhere")
    scan(app)
    assert ids(app) == before
    assert watch.named(app.database, "r1").state == "offline"
    watch.move_root(app.database, "r1", str(home / "elsewhere"))
    scan(app)
    assert ids(app) == before


def test_deleted_files_go_only_after_a_finished_scan(app: App, home: Path) -> None:
    for number in range(5):
        write(home / f"AI/m{number}.gguf", gguf_bytes(seed=number))
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    (home / "AI/m0.gguf").unlink()
    progress = Progress()
    progress.cancel()
    assert app.scanner().run(progress).cancelled
    assert len(ids(app)) == 5
    scan(app)
    assert len(ids(app)) == 4


def test_loops_odd_files_and_bad_names(app: App, home: Path) -> None:
    folder = tree(home / "AI", {"good.gguf": QWEN, "sub/x.txt": b""})
    (folder / "loop").symlink_to("..")
    (folder / "dangling.gguf").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.gguf")
    write(Path(os.fsdecode(os.fsencode(str(folder)) + b"/bad\xff\n.gguf")), OTHER)
    write(folder / ".Trash-1000/files/gone.gguf", EMBED)
    watch.add_root(app.database, str(folder))
    scan(app)
    assert sorted(everything(app)) == ["bad\\xff\\x0a", "good"]


def test_the_scan_changes_nothing(app: App, home: Path) -> None:
    tree(
        home / "AI",
        {"a.gguf": QWEN, "b/config.json": b"{}", "b/model.safetensors": safetensors_bytes({"x": ("F32", (4,))})},
    )
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/a/b", {"model": OTHER})
    hub_repo(home / ".cache/huggingface/hub", "a/b", {"x.gguf": EMBED})
    old = 1_600_000_000
    for path in sorted(home.rglob("*")):
        os.utime(path, (old, old), follow_symlinks=False)
    before = {path: (os.lstat(path).st_mtime_ns, os.lstat(path).st_ctime_ns) for path in home.rglob("*")}
    reads = {path: os.stat(path).st_atime_ns for path in home.rglob("*") if path.is_file()}
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    assert {path: (os.lstat(path).st_mtime_ns, os.lstat(path).st_ctime_ns) for path in home.rglob("*")} == before
    assert {path: os.stat(path).st_atime_ns for path in home.rglob("*") if path.is_file()} == reads


def test_one_adapters_mistake_does_not_end_the_scan(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from model_manager.library.scan import root_reading as scanning

    def broken(root: object, reader: object) -> Iterator[object]:
        raise RuntimeError("a mistake")
        yield

    write(home / "AI/a.gguf", QWEN)
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/a/b", {"model": OTHER})
    watch.add_root(app.database, str(home / "AI"))
    bad = {**scanning.BY_TOOL, "ollama": replace(scanning.BY_TOOL["ollama"], describe=broken)}
    monkeypatch.setattr(scanning, "BY_TOOL", bad)
    monkeypatch.setattr(scanning.log, "exception", lambda *args: None)
    report = app.scanner().run(Progress())
    assert sorted(everything(app)) == ["a"] and "a mistake" in report.problems[0].why


def test_cancelling_is_an_exception_of_its_own() -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        progress.step()


def test_folders_that_are_models_are_known_by_their_marks(app: App, home: Path) -> None:
    """A bundle of ambiguous `.bin` files, and a pipeline whose weights are still missing."""
    tree(home / "AI", {
        "add.mlmodelc/coremldata.bin": b"\1\2\3", "add.mlmodelc/model.mil": b"program(1.0)", "add.mlmodelc/metadata.json": b"[{}]",
        "pipe/model_index.json": b'{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}',
        "pipe/unet/config.json": b'{"cross_attention_dim": 768}', "firmware.bin": b"\5" * 300,
    })  # fmt: skip
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    found = everything(app)
    assert sorted(found) == ["add.mlmodelc", "pipe"]
    pipe = found["pipe"]
    assert (
        pipe["health"]["verdict"] == "incomplete"
        and pipe["category"] == "diffusion/checkpoints"
        and pipe["format"] == "diffusers"
    )


def test_a_flood_of_problems_is_a_few_and_a_count(app: App, home: Path) -> None:
    """A store made to fill the catalogue and the window with rows."""
    for number in range(260):
        write(home / f".ollama/models/manifests/h/n/m/{number}", "no manifest")
    report = app.scanner().run(Progress())
    (more,) = [problem for problem in report.problems if problem.kind == "more"]
    assert len(report.problems) == 201 and more.path == str(home / ".ollama/models")
    assert more.why == "320 more problems in this folder are not listed", "two for each manifest"
    with app.database.read() as tx:
        assert len(problems.every(tx)) == 201


def test_everything_that_is_read_of_other_programs_files_is_counted(app: App, home: Path) -> None:
    tree(home / ".lmstudio/models", {"org/m/m.gguf": QWEN})
    write(home / ".lmstudio/models/org/m/m.metadata.json", b"{}" + b" " * 100_000)
    write(home / ".lmstudio/settings.json", b"{}" + b" " * 50_000)
    assert app.scanner().run(Progress()).read_bytes >= 150_004 + len(QWEN)
    assert 50_002 <= app.scanner().run(Progress()).read_bytes < 160_000
