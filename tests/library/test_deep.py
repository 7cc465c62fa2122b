"""The deep check finds what no header shows, and its verdict holds for what was read alone."""

from __future__ import annotations

import io
import json
import os
import struct
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from factory import gguf_bytes, ollama_model, sha256, tree, write
from stick import exfat_stick

from model_manager.app import App
from model_manager.base.children import Child
from model_manager.base.errors import ModelManagerError
from model_manager.base.facts import Health
from model_manager.base.volumes import Volume, Volumes
from model_manager.catalog.rows import read_rows
from model_manager.formats.deep import read_all
from model_manager.formats.places import spans
from model_manager.jobs import Cancelled, Progress
from model_manager.library.deep import Checked, check_deep
from model_manager.library.listing.model_json import models_json
from model_manager.library.scan import watch


def floats(values: bytes, dtype: str = "F32", width: int = 4) -> bytes:
    """A safetensors file with one tensor of these bytes."""
    header = json.dumps(
        {"x.weight": {"dtype": dtype, "shape": [len(values) // width], "data_offsets": [0, len(values)]}}
    ).encode()
    return struct.pack("<Q", len(header)) + header + values


def check(app: App, again: bool = False) -> tuple[Checked, dict[str, tuple[str, str]]]:
    app.scanner().run(Progress())
    with app.database.read() as tx:
        ids = [row.id for row in read_rows(tx)]
    found = check_deep(app.database, app.volumes, ids, again=again)
    return found, {os.path.basename(model["files"][0]["path"]): (model["health"]["verdict"], model["health"]["detail"])
                   for model in models_json(app.database, ids)}  # fmt: skip


def own(app: App, home: Path, files: dict[str, bytes | str]) -> None:
    tree(home / "models", files)
    watch.add_root(app.database, str(home / "models"))


def test_every_value_is_looked_at(app: App, home: Path) -> None:
    good = b"".join(struct.pack("<f", number / 7) for number in range(300_000))
    nan = bytearray(good)
    nan[800_000:800_004] = struct.pack("<f", float("nan"))
    infinite = bytearray(good)
    infinite[800_000:800_004] = struct.pack("<f", float("-inf"))
    half = struct.pack("<e", 0.5) * 1000
    own(app, home, {
        "good.safetensors": floats(good), "nan.safetensors": floats(bytes(nan)), "mask.safetensors": floats(bytes(infinite)),
        "half.safetensors": floats(half + struct.pack("<e", float("nan")) * 3, "F16", 2),
        "bf16.safetensors": floats(b"\x80\x3f" * 500 + b"\xc1\x7f", "BF16", 2),
    })  # fmt: skip
    found, health = check(app)
    assert found.files == 5 and found.kept == 0
    assert found.read_bytes == sum(path.stat().st_size for path in (home / "models").iterdir())
    assert health["good.safetensors"] == ("good", "every byte was read")
    assert health["mask.safetensors"][0] == "good"
    assert health["nan.safetensors"][0] == "corrupt" and "1 value of x.weight" in health["nan.safetensors"][1]
    assert "3 values" in health["half.safetensors"][1] and health["bf16.safetensors"][0] == "corrupt"


def test_a_broken_scale_of_a_quant_block(app: App, home: Path) -> None:
    good = gguf_bytes({"general.architecture": "llama"}, {"blk.0.attn_q.weight": ("Q4_0", (256, 8))}, seed=5)
    own(app, home, {"good.gguf": _with_scales(good, 0.25), "bad.gguf": _with_scales(good, float("nan"))})
    health = check(app)[1]
    assert health["good.gguf"][0] == "good" and health["bad.gguf"][0] == "corrupt"


def _with_scales(data: bytes, scale: float) -> bytes:
    """The same file with every Q4_0 scale sane, and the last one as given."""
    size = 256 * 8 // 32 * 18
    body = bytearray(data[-size:])
    for at in range(0, size, 18):
        body[at : at + 2] = struct.pack("<e", 0.5)
    body[-18:-16] = struct.pack("<e", scale)
    return data[:-size] + bytes(body)


def test_a_hole_of_zeros(app: App, home: Path) -> None:
    values = os.urandom(1 << 20)
    values = bytes(byte & 0x7F for byte in values)
    data = (
        b"".join(struct.pack("<f", 1.5) * 65_536 for _ in range(8))
        + bytes(1 << 20)
        + struct.pack("<f", 2.5) * 65_536 * 3
    )
    own(app, home, {"hole.safetensors": floats(data)})
    assert values
    verdict, why = check(app)[1]["hole.safetensors"]
    assert verdict == "incomplete" and "are zeros" in why and "26.7%" in why


def test_a_blob_that_is_not_what_its_name_says(app: App, home: Path) -> None:
    data = gguf_bytes(seed=8)
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/m/a", {"model": data})
    blob = home / ".ollama/models/blobs" / f"sha256-{sha256(data)}"
    blob.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    verdict, why = next(value for name, value in check(app)[1].items())
    assert verdict == "corrupt" and "its name says" in why


def test_the_checksums_of_an_archive(app: App, home: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("m/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("m/version", b"3\n")
        archive.writestr("m/data/0", bytes(range(256)) * 64)
    good = buffer.getvalue()
    bad = bytearray(good)
    bad[good.index(bytes(range(256))) + 5000] ^= 1
    own(app, home, {"good.pth": good, "bad.pth": bytes(bad)})
    health = check(app)[1]
    assert health["bad.pth"][0] == "corrupt" and "archive" in health["bad.pth"][1]
    assert health["good.pth"][0] != "corrupt"


def test_read_once_while_it_stays(app: App, home: Path) -> None:
    own(app, home, {"a.safetensors": floats(struct.pack("<f", 1.0) * 5000)})
    first, _health = check(app)
    second, health = check(app)
    assert first.read_bytes > 20_000 and second.read_bytes == 0 and second.kept == 1
    assert health["a.safetensors"] == ("good", "every byte was read")
    assert check(app, again=True)[0].files >= 1
    write(home / "models/a.safetensors", floats(struct.pack("<f", float("nan")) * 5000))
    app.scanner().run(Progress())
    with app.database.read() as tx:
        (model,) = models_json(app.database, [row.id for row in read_rows(tx)])
    assert "every byte" not in model["health"]["detail"], "the verdict was of another content"
    assert check(app)[1]["a.safetensors"][0] == "corrupt"


def test_a_hash_that_was_read_counts_for_duplicates(app: App, home: Path) -> None:
    from model_manager.library.duplicates import search as duplicates

    data = floats(struct.pack("<f", 1.0) * 90_000)
    own(app, home, {"a.safetensors": data, "b.safetensors": data})
    check(app)
    found = duplicates.prove(app.database, app.volumes)
    assert len(found.groups) == 1 and found.read_bytes == 0


def test_it_can_be_stopped(app: App, home: Path) -> None:
    own(app, home, {"a.safetensors": floats(bytes(100_000))})
    app.scanner().run(Progress())
    progress = Progress()
    progress.cancel()
    with app.database.read() as tx:
        ids = [row.id for row in read_rows(tx)]
    with pytest.raises(Cancelled):
        check_deep(app.database, app.volumes, ids, progress)


def looked_at(data: bytes, dtype: str, width: int) -> Health:
    content = floats(data, dtype, width)
    return read_all(io.BytesIO(content), len(content), spans(io.BytesIO(content), len(content), "safetensors"), len)


def test_values_of_eight_bits() -> None:
    """E4M3 has no infinity and one NaN of each sign; what is a number there is none in E5M2."""
    good = bytes(byte for byte in range(256) if byte & 0x7F != 0x7F) * 8
    assert looked_at(good, "F8_E4M3", 1).verdict == "good"
    broken = looked_at(good + b"\x7f\xff", "F8_E4M3", 1)
    assert broken.verdict == "corrupt" and broken.detail == "2 values of x.weight are no numbers (NaN)"
    assert looked_at(bytes([0x3C, 0x7D]) * 500, "F8_E5M2", 1).verdict == "corrupt"


def test_a_file_that_comes_in_pieces_or_becomes_shorter() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]
            return super().read(min(size or 0, 700))

    content = floats(struct.pack("<f", 0.5) * 1000)
    found = spans(io.BytesIO(content), len(content), "safetensors")
    taken: list[bytes] = []
    assert read_all(Slow(content), len(content), found, taken.append).verdict == "good"
    assert b"".join(taken) == content
    cut = read_all(Slow(content[:2000]), len(content), found, taken.append)
    assert cut.verdict == "truncated" and cut.detail == "it ended at byte 2,000 while it was read"


def test_values_are_looked_at_without_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packed program has none."""
    monkeypatch.setitem(sys.modules, "numpy", None)
    health = looked_at(struct.pack("<f", float("nan")) * 100, "F32", 4)
    assert health.verdict == "corrupt" and "100" in health.detail


def test_of_two_holes_the_longer_is_told() -> None:
    data = bytearray(b"\x3c" * (6 << 20))
    data[1 << 20 : 2 << 20] = bytes(1 << 20)
    data[3 << 20 : 5 << 20] = bytes(2 << 20)
    data[(5 << 20) + 8192 :][:8192] = bytes(8192)
    health = looked_at(bytes(data), "U8", 1)
    assert health.verdict == "incomplete"
    start = len(floats(bytes(data), "U8", 1)) - len(data)
    assert f"3,145,728 of {(6 << 20) + start:,} bytes (50.0%)" in health.detail
    assert f"2,097,152 of them from byte {start + (3 << 20):,} on" in health.detail


NAN = floats(struct.pack("<f", 1.5) * 300_000 + struct.pack("<f", float("nan")))


def told(app: App) -> list[tuple[str, str]]:
    app.scanner().run(Progress())
    with app.database.read() as tx:
        ids = [row.id for row in read_rows(tx)]
    return [(model["health"]["verdict"], model["health"]["detail"]) for model in models_json(app.database, ids)]


def test_a_verdict_holds_where_inode_numbers_do_not_last(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on FAT and exFAT drives: over scans, a change of mode and another look, until the file is another."""
    real = Volumes._look

    def unlasting(self: Volumes, path: str, device: int) -> Volume:
        return replace(real(self, path, device), lasting=False, true_ctime=False)

    monkeypatch.setattr(Volumes, "_look", unlasting)
    app.volumes.forget()
    own(app, home, {"nan.safetensors": NAN, "\u00e9/good.safetensors": floats(struct.pack("<f", 1.5) * 300_000)})
    check(app)
    before = told(app)
    assert sorted(verdict for verdict, _detail in before) == ["corrupt", "good"]
    assert any("1 value of x.weight" in detail for _verdict, detail in before)
    assert ("good", "every byte was read") in before
    (home / "models/nan.safetensors").chmod(0o640)
    assert sorted(told(app)) == sorted(before)
    found, _health = check(app)
    assert found.files == 0 and found.kept == 2, "nothing is read a second time"
    os.utime(home / "models/nan.safetensors", (10**9, 10**9))
    assert sorted(told(app)) == [("good", ""), ("good", "every byte was read")], "the verdict was of another file"


def test_a_verdict_holds_on_a_stick_that_was_pulled_out(app: App, tmp_path: Path) -> None:
    """exFAT by FUSE: device and inode numbers are others afterwards."""
    with exfat_stick(tmp_path) as stick:
        stick.plug()
        write(stick.point / "models/nan.safetensors", NAN)
        write(stick.point / "models/good.safetensors", floats(struct.pack("<f", 1.5) * 300_000))
        watch.add_root(app.database, str(stick.point / "models"))
        check(app)
        before = told(app)
        assert sorted(verdict for verdict, _detail in before) == ["corrupt", "good"]
        stick.pull()
        told(app)
        stick.plug()
        assert told(app) == before
        found, _health = check(app)
        assert found.kept == 2
        stick.pull()


def test_what_was_read_before_its_process_died_is_kept(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dying(Child):
        asked = 0

        def ask(self, request, step):  # type: ignore[no-untyped-def]
            self.asked += 1
            if self.asked == 2:
                os.kill(self.pid, 9)
            return super().ask(request, step)

    own(app, home, {f"{name}.safetensors": floats(struct.pack("<f", 1.5) * 1000) for name in "abc"})
    with monkeypatch.context() as dying:
        dying.setattr("model_manager.library.deep.Child", Dying)
        with pytest.raises(ModelManagerError, match="ended by signal SIGKILL"):
            check(app)
    found, health = check(app)
    assert (found.files, found.kept) == (2, 1)
    assert {verdict for verdict, _detail in health.values()} == {"good"}
