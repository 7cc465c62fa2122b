"""Files that are not wholly on the disk: what lacks, and that no other has to go for one of them."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, safetensors_bytes, write
from headers import onnx_bytes, onnx_tensor

from model_manager.app import App
from model_manager.base.facts import Health
from model_manager.base.holes import holes
from model_manager.catalog.rows import Row, read_rows
from model_manager.jobs import Progress
from model_manager.library.clean.candidate import library_of
from model_manager.library.clean.memory import Machine
from model_manager.library.clean.rules import candidates
from model_manager.library.listing.model_json import models_json
from model_manager.library.scan import watch
from model_manager.library.scan.holes import lacking

MIB = 1 << 20
SHAPE = {"blk.0.ffn_up.weight": ("F16", (1024, 4096)), "blk.1.ffn_up.weight": ("F16", (1024, 4096))}
DATA = gguf_bytes({"general.architecture": "llama", "general.name": "Tiny 7B", "general.file_type": 1}, SHAPE)
NEVER = "were never written: its download or copy has not ended"


def with_hole(path: Path, start: int, stop: int, data: bytes = DATA) -> Path:
    """The file without the bytes between, which nobody wrote."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.write(data[:start])
        file.seek(stop)
        file.write(data[stop:])
        file.truncate(len(data))
    return path


def health(app: App, folder: Path) -> dict[str, Health]:
    ids = [row.id for row in rows(app, folder)]
    return {model["name"]: Health(**model["health"]) for model in models_json(app.database, ids)}


def rows(app: App, folder: Path) -> list[Row]:
    watch.add_root(app.database, str(folder))
    app.scanner().run(Progress())
    with app.database.read() as tx:
        return read_rows(tx)


@pytest.mark.parametrize(("start", "stop"), [(65536, 16 * MIB), (4 * MIB, 12 * MIB), (5 * MIB, 5 * MIB + 65536)])
def test_what_was_never_written_is_incomplete(app: App, home: Path, start: int, stop: int) -> None:
    """The head alone, head and tail, one piece of a torrent."""
    stop = min(stop, len(DATA) - 4096)
    path = with_hole(home / "m" / "a.gguf", start, stop)
    lack = sum(end - begin for begin, end in holes_of(path))
    assert lack > (stop - start) * 0.9
    verdict = health(app, home / "m")["a"]
    assert verdict == Health("incomplete", f"{lack:,} of {len(DATA):,} bytes ({lack / len(DATA):.1%}) {NEVER}")


def holes_of(path: Path) -> list[tuple[int, int]]:
    with open(path, "rb") as file:
        return holes(file.fileno(), os.path.getsize(path))


def test_room_that_was_kept_and_never_written(app: App, home: Path) -> None:
    """`fallocate`: every block is counted, and nothing is in them."""
    path = write(home / "m" / "a.gguf", DATA[:100_000])
    with open(path, "r+b") as file:
        os.posix_fallocate(file.fileno(), 0, len(DATA))
        file.seek(len(DATA) - MIB)
        file.write(DATA[-MIB:])
    assert 512 * os.stat(path).st_blocks >= len(DATA)
    assert health(app, home / "m")["a"].verdict == "incomplete"


def test_the_whole_one_does_not_go_for_it(app: App, home: Path) -> None:
    """A better quant that is not whole is no better quant."""
    with_hole(home / "m" / "Tiny-7B-F16.gguf", 65536, 14 * MIB)
    small = gguf_bytes(
        {"general.architecture": "llama", "general.name": "Tiny 7B", "general.file_type": 7},
        {name: ("Q8_0", shape) for name, (_kind, shape) in SHAPE.items()},
    )
    write(home / "m" / "Tiny-7B-Q8_0.gguf", small)
    found = rows(app, home / "m")
    assert {row.name: row.verdict for row in found} == {"Tiny-7B-F16": "incomplete", "Tiny-7B-Q8_0": "good"}
    library = library_of(app.database, Machine(64 << 30, 64 << 30, ()))
    assert [one.name for one in candidates(library)] == ["Tiny-7B-F16"]
    write(home / "m" / "Tiny-7B-F16.gguf", DATA)
    rows(app, home / "m")
    library = library_of(app.database, Machine(64 << 30, 64 << 30, ()))
    assert [(one.rule, one.name) for one in candidates(library)] == [("old-quant", "Tiny-7B-Q8_0")]


@pytest.mark.parametrize("ending", [".aria2", ".!qB", ".part", ".!ut", ".resume", ".fdmdownload"])
def test_a_note_beside_it_marks_the_file(app: App, home: Path, ending: str) -> None:
    """At full length, its blocks kept by what was there before: the note alone tells. It goes with the file only."""
    write(home / "m" / "a.gguf", DATA)
    note = write(home / "m" / f"a.gguf{ending}", b"\0\1" * 100)
    long_ago = os.stat(note).st_mtime - 5 * 86_400
    os.utime(note, (long_ago, long_ago))
    verdict = health(app, home / "m")["a"]
    assert verdict == Health("incomplete", f"a.gguf{ending} lies beside it: its download has not ended")
    library = library_of(app.database, Machine(64 << 30, 64 << 30, ()))
    (one,) = candidates(library)
    assert one.confidence == "maybe" and set(map(os.path.basename, one.paths)) == {"a.gguf", f"a.gguf{ending}"}
    note.unlink()
    assert health(app, home / "m")["a"].verdict == "good"


def test_a_note_marks_a_part_of_a_model(app: App, home: Path) -> None:
    data = safetensors_bytes({"a.weight": ("F16", (64, 64))})
    for number in (1, 2):
        write(home / "m" / f"big-0000{number}-of-00002.safetensors", data)
    write(home / "m" / "big-00002-of-00002.safetensors.aria2", b"x")
    ((_name, verdict),) = health(app, home / "m").items()
    assert verdict.verdict == "incomplete" and "00002.safetensors.aria2" in verdict.detail


def test_a_download_of_another_try_is_a_rest_by_itself(app: App, home: Path) -> None:
    """What is as large as a download is one, and says nothing of the file that has the name."""
    write(home / "m" / "a.gguf", DATA)
    write(home / "m" / "a.gguf.part", DATA[: 3 * MIB])
    assert health(app, home / "m")["a"].verdict == "good"


def test_numbers_that_lie_beside_a_graph(app: App, home: Path) -> None:
    data = random.Random(3).randbytes(8 * MIB)
    graph = onnx_bytes(
        {"x": (0, 10)}, tensors=[onnx_tensor((1024, 2048), 1, location="model.onnx.data", length=len(data))]
    )
    write(home / "m" / "model.onnx", graph)
    write(home / "m" / "model.onnx.data", data)
    assert [one.verdict for one in health(app, home / "m").values()] == ["good"]
    with_hole(home / "m" / "model.onnx.data", MIB, 7 * MIB, data)
    ((_name, verdict),) = health(app, home / "m").items()
    assert verdict.verdict == "incomplete" and NEVER in verdict.detail


def beginner(name: str) -> bytes:
    """A model before its training: every second matrix is zeros, and meant so."""
    names = [name.format(n, side) for n in range(8) for side in "AB"]
    data = bytearray(safetensors_bytes(dict.fromkeys(names, ("F16", (256, 512)))))
    body = len(data) - len(names) * 256 * 512 * 2
    data[body:] = data[body:].translate(bytes(byte % 60 + 1 for byte in range(256)))
    for n in range(8):
        at = body + (2 * n + 1) * 256 * 512 * 2
        data[at : at + 256 * 512 * 2] = bytes(256 * 512 * 2)
    return bytes(data)


@pytest.mark.parametrize("name", ["blocks.{}.lora_{}.weight", "input.{}.zero_conv_{}.weight"])
def test_zeros_that_a_copy_left_out_are_no_download_that_stopped(app: App, home: Path, name: str) -> None:
    write(home / "whole", beginner(name))
    (home / "m").mkdir()
    subprocess.run(["cp", "--sparse=always", str(home / "whole"), str(home / "m" / "lora.safetensors")], check=True)
    assert sum(stop - start for start, stop in holes_of(home / "m" / "lora.safetensors")) > MIB
    assert health(app, home / "m")["lora"].verdict == "good"


def table(unused: int) -> tuple[bytes, int]:
    """A model whose tokens have rows of 4 KiB, the last of them zeros; its rows lie at pages. Where the table begins."""
    data = bytearray(
        safetensors_bytes({"embed_tokens.weight": ("F16", (1024, 2048)), "z.weight": ("F16", (1024, 2048))})
    )
    pad = -(len(data) - 8 * MIB) % 4096
    length = int.from_bytes(data[:8], "little")
    data[8 + length : 8 + length] = b" " * pad
    data[:8] = (length + pad).to_bytes(8, "little")
    body = len(data) - 8 * MIB
    data[body:] = random.Random(9).randbytes(8 * MIB).translate(bytes(byte % 60 + 1 for byte in range(256)))
    stop = body + 4 * MIB
    data[stop - unused * 4096 : stop] = bytes(unused * 4096)
    return bytes(data), body


def test_rows_that_nobody_wrote_are_missing(app: App, home: Path) -> None:
    """Few and whole: said when they were written, they are unused tokens; never written, a piece of a download."""
    data, body = table(64)
    write(home / "m" / "written.safetensors", data)
    with_hole(home / "m" / "lacking.safetensors", body + 4 * MIB - 64 * 4096, body + 4 * MIB, data)
    with_hole(home / "m" / "amid.safetensors", body + MIB, body + MIB + 32 * 4096, data)
    assert {name: one.verdict for name, one in health(app, home / "m").items()} == {
        "written": "good", "lacking": "incomplete", "amid": "incomplete",
    }  # fmt: skip


def test_unused_tokens_that_a_copy_left_out(app: App, home: Path) -> None:
    """The copy's holes end at pages, the zeros at rows: what lies between was written, so the rest was too."""
    data = bytearray(safetensors_bytes({"embed_tokens.weight": ("F16", (1000, 2056)), "z.weight": ("F16", (64, 2056))}))
    body = len(data) - 1064 * 4112
    data[body:] = random.Random(9).randbytes(1064 * 4112).translate(bytes(byte % 60 + 1 for byte in range(256)))
    data[body + 952 * 4112 : body + 1000 * 4112] = bytes(48 * 4112)
    write(home / "whole", bytes(data))
    (home / "m").mkdir()
    subprocess.run(["cp", "--sparse=always", str(home / "whole"), str(home / "m" / "a.safetensors")], check=True)
    assert holes_of(home / "m" / "a.safetensors")
    assert health(app, home / "m")["a"].verdict == "good"


def test_a_hole_of_a_page_is_not_told(app: App, home: Path) -> None:
    with_hole(home / "m" / "a.gguf", 5 * MIB, 5 * MIB + 8192)
    assert health(app, home / "m")["a"].verdict == "good"


def test_what_was_just_written_and_what_is_small_is_whole(app: App, home: Path) -> None:
    write(home / "m" / "a.gguf", DATA)
    write(home / "m" / "b.gguf", gguf_bytes())
    assert {one.verdict for one in health(app, home / "m").values()} == {"good"}


@pytest.fixture(params=["btrfs", "xfs"])
def volume(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    kind = request.param
    if os.geteuid() or not shutil.which(f"mkfs.{kind}"):
        pytest.skip(f"needs root and mkfs.{kind}")
    image, point = tmp_path / "image", tmp_path / "volume"
    point.mkdir()
    with open(image, "wb") as file:
        file.truncate(400 * MIB)
    subprocess.run([f"mkfs.{kind}", "-q", str(image)], check=True, stdout=subprocess.DEVNULL)
    options = "loop,compress-force=zstd" if kind == "btrfs" else "loop"
    if subprocess.run(["mount", "-o", options, str(image), str(point)], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no loop device can be mounted here")
    yield point
    subprocess.run(["umount", str(point)], check=True)


def test_compressed_shared_and_sparse_on_a_real_volume(app: App, volume: Path) -> None:
    """Compression and shared blocks make a file smaller on the disk, not less whole."""
    body = random.Random(5).randbytes(4096) * 4096
    plain = DATA[: -len(body)] + body if len(body) < len(DATA) else DATA
    write(volume / "m" / "compressed.gguf", plain)
    subprocess.run(
        ["cp", "--reflink=always", str(volume / "m" / "compressed.gguf"), str(volume / "m" / "twin.gguf")], check=True
    )
    with_hole(volume / "m" / "lacking.gguf", 4 * MIB, 12 * MIB)
    os.sync()
    assert {name: one.verdict for name, one in health(app, volume / "m").items()} == {
        "compressed": "good", "twin": "good", "lacking": "incomplete",
    }  # fmt: skip


def test_where_nobody_can_tell_it_is_unknown(tmp_path: Path) -> None:
    """Few blocks, and a driver that knows of no holes: compressed or missing, who knows. None at all is no count."""
    path = write(tmp_path / "a.gguf", DATA)

    def seen(kind: str, blocks: int) -> Health:
        found = os.stat(path)
        fields = {name: getattr(found, name) for name in dir(found) if name.startswith("st_")}
        with open(path, "rb", buffering=0) as file:
            return lacking(file, type("Seen", (), fields | {"st_blocks": blocks})(), kind, "gguf")  # type: ignore[arg-type]

    few = len(DATA) // 512 // 4
    unknown = seen("fuse.something", few)
    assert unknown.verdict == "unknown" and "its file system (fuse.something) does not say" in unknown.detail
    assert seen("fuse.something", 0).verdict == "good" == seen("btrfs", few).verdict
    assert seen("nfs", len(DATA) // 512).verdict == "good"
