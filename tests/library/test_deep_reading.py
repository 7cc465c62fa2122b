"""What is answered for one file that is read to its end."""

from __future__ import annotations

import hashlib
import struct
import zipfile
from pathlib import Path

from factory import write

from model_manager.base.messages import read_back
from model_manager.library.deep_reading import answer


def read(path: Path, format_: str = "", sha256: str = "", source: str = "") -> tuple[dict[str, str], list[int | None]]:
    told: list[int | None] = []
    return answer({"path": str(path), "format": format_, "sha256": sha256, "source": source}, told.append), told


def test_every_byte_counts_and_how_far_it_is_is_told(tmp_path: Path) -> None:
    data = bytes(range(1, 200)) * 50_000
    found, told = read(write(tmp_path / "a.bin", data))
    assert found["sha256"] == hashlib.sha256(data).hexdigest() and found["verdict"] == "good"
    assert told == sorted(told, key=lambda one: one or 0) and told[-1] == len(data) and len(told) > 1


def test_a_hash_that_is_known_is_compared_and_says_whose_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.bin", b"abc")
    right = hashlib.sha256(b"abc").hexdigest()
    assert read(path, sha256=right, source="index")[0]["verdict"] == "good"
    for source, words in (("index", "its index"), ("blob-name", "its name"), ("sidecar", "the note beside it")):
        found, _told = read(path, sha256="f" * 64, source=source)
        assert found["verdict"] == "corrupt" and f"that {words} says" in str(read_back(found["detail"]))
        assert found["sha256"] == right


def test_what_cannot_be_read_is_unknown_and_has_no_hash(tmp_path: Path) -> None:
    found, told = read(tmp_path / "gone.bin")
    assert found.keys() == {"verdict", "detail"} and found["verdict"] == "unknown"
    assert read_back(found["detail"]) == "it could not be read to its end: No such file or directory"
    assert told == []


def test_a_member_of_an_archive_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", struct.pack("<f", 1.5) * 5000)
    data = bytearray(path.read_bytes())
    assert read(path)[0]["verdict"] == "good"
    data[1000] ^= 1
    path.write_bytes(data)
    found, _told = read(path)
    assert found["verdict"] == "corrupt" and str(read_back(found["detail"])).startswith(
        "a member of the archive is damaged"
    )
