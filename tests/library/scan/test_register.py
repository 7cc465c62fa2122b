"""From what an adapter found to the catalogue: when a place looks as it did, what models are known by, what is stored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, tree
from headers import onnx_bytes, onnx_tensor

from model_manager.base.facts import Claim, Health
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, roots
from model_manager.catalog.models import records
from model_manager.library.scan.headers import Headers
from model_manager.library.scan.register import Register, SnapshotFolder, beside, fingerprint, prepare
from model_manager.stores.discovered import FoundFile, FoundModel, Source

GGUF = gguf_bytes(seed=91)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / "c.sqlite3")
    yield found
    found.close()


@pytest.fixture
def headers(database: Database) -> Headers:
    return Headers(database, Volumes())


def file(path: Path, role: str = "weights", name: str = "", sha256: str | None = None) -> FoundFile:
    return FoundFile(str(path), path.stat(), role, name or path.name, sha256, "index" if sha256 else None)  # type: ignore[arg-type]


def found(home: Path, **more: object) -> FoundModel:
    if not (home / "a.gguf").exists():
        tree(home, {"a.gguf": GGUF})
    return FoundModel("a", str(home / "a.gguf"), (file(home / "a.gguf"),), **more)  # type: ignore[arg-type]


def test_a_place_looks_the_same_until_something_of_it_is_otherwise(home: Path) -> None:
    one, volumes = found(home), Volumes()
    others = [
        one, one._replace(name="b"), one._replace(title="t"), one._replace(path="/x"), one._replace(claims=(Claim("tag", "x", "user"),)),
        one._replace(source=Source("huggingface", "a/b")), one._replace(health=Health("incomplete", "x")), one._replace(details={"a": "b"}),
        one._replace(files=(one.files[0]._replace(role="other"),)), one._replace(files=(one.files[0]._replace(sha256="ab"),)),
    ]  # fmt: skip
    marks = [*(fingerprint(other, volumes) for other in others), fingerprint(one, volumes, [("w.data", None)])]
    assert len(set(marks)) == len(marks) and {len(mark) for mark in marks} == {16}
    assert fingerprint(found(home), Volumes()) == marks[0]
    os.utime(home / "a.gguf", (1, 1))
    assert fingerprint(found(home), volumes) not in marks


def test_a_folder_gives_what_was_found_and_nothing_else(home: Path) -> None:
    one = found(home, title="mine")
    folder = SnapshotFolder(one)
    assert (folder.name, folder.sizes) == ("mine", {"a.gguf": len(GGUF)}) and folder.read("a.gguf", len(GGUF)) == GGUF
    assert SnapshotFolder(one._replace(title="")).name == "a"
    with pytest.raises(FileNotFoundError):
        folder.read("../a.gguf")
    with pytest.raises(OSError):
        folder.read("a.gguf", 10)


def model_of_onnx(home: Path) -> FoundModel:
    tensor = onnx_tensor((4,), 1, location="w.data", offset=0, length=16)
    tree(home, {"m.onnx": onnx_bytes({"x": (1,)}, tensors=[tensor]), "w.data": b"x" * 16})
    return FoundModel("m", str(home / "m.onnx"), (file(home / "m.onnx"),))


def test_what_a_header_names_beside_itself_is_a_part_of_it(headers: Headers, home: Path) -> None:
    one = model_of_onnx(home)
    pending = prepare(one, b"mark", headers)
    assert [(part.name, part.role) for part in pending.found.files] == [("m.onnx", "weights"), ("w.data", "weights")]
    ((name, seen),) = beside(one, headers)
    assert name == "w.data" and seen
    (home / "w.data").unlink()
    assert beside(one, headers) == [("w.data", None)]


def test_models_are_known_by_their_weights(headers: Headers, home: Path) -> None:
    tree(home, {"a.gguf": GGUF, "mmproj.gguf": GGUF, "b.json": b"{}"})
    weights, projector, config = (
        file(home / "a.gguf"),
        file(home / "mmproj.gguf", "projector"),
        file(home / "b.json", "config"),
    )

    def heavy(*files: FoundFile) -> tuple[int, ...]:
        return prepare(FoundModel("a", str(home), files), b"", headers).heavy

    assert (
        heavy(config, weights, projector) == (1,)
        and heavy(config, projector) == (1,)
        and heavy(config, config) == (0, 1)
    )


def test_likeness_under_other_inodes(headers: Headers, home: Path) -> None:
    tree(home, {"a.gguf": GGUF, "x/a.gguf": GGUF})
    os.utime(home / "a.gguf", (5, 5))
    os.utime(home / "x/a.gguf", (5, 5))

    def likeness(*files: FoundFile) -> str:
        return prepare(FoundModel("a", str(home), files), b"", headers).likeness

    assert likeness(file(home / "a.gguf")) == likeness(file(home / "x/a.gguf")) == f"seen:a.gguf|{len(GGUF)}|5000000000"
    hashed = [file(home / "a.gguf", sha256="bb"), file(home / "x/a.gguf", sha256="aa")]
    assert likeness(*hashed) == likeness(*reversed(hashed)) == "sha256:aa,bb"


def test_places_are_stored_once_and_models_brought_up_to_date(database: Database, headers: Headers, home: Path) -> None:
    one, register = prepare(found(home, title="A model"), b"m" * 16, headers), Register(Volumes(), headers)
    with database.write() as tx:
        roots.add(tx, "folder", str(home), "user", {})
        (root,) = roots.every(tx)
        first = register.store(tx, root, [one])
        again = register.store(tx, root, [one])
        assert len(first) == 1 and again <= first
        assert [record["name"] for record in records(tx, first)] == ["A model"]
