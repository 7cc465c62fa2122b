"""What an ONNX graph names beside itself goes with it only when it looks like its weights and lies in its folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import write
from headers import onnx_bytes, onnx_tensor
from removing import known, plan, scan

from model_manager.app import App
from model_manager.library.scan import watch


def graph(location: str, length: int = 4096) -> bytes:
    tensor = onnx_tensor((32, 32), 1, location=location, length=length)
    return onnx_bytes({"input": (1, 3, 64, 64)}, ("output",), [tensor], ("Conv",))


def files_of(app: App, home: Path) -> dict[str, set[str]]:
    """Every model's files by the name of its first, below the home."""
    watch.add_root(app.database, str(home / "m"))
    scan(app)
    return {id_: {os.path.relpath(path, home) for path in files} for id_, files in known(app).items()}


@pytest.mark.parametrize("location", ["../docs/model.onnx_data", "{home}/docs/model.onnx_data", "link/model.onnx_data",
                                      "./../m/../docs/model.onnx_data", "model.onnx_data", "sub/../../docs/model.onnx_data"])  # fmt: skip
def test_nothing_outside_its_folder_and_nothing_through_a_link(location: str, app: App, home: Path) -> None:
    outside = write(home / "docs/model.onnx_data", os.urandom(4096))
    write(home / "m/evil.onnx", graph(location.format(home=home)))
    (home / "m/link").symlink_to(home / "docs")
    if location == "model.onnx_data":
        (home / "m/model.onnx_data").symlink_to(outside)
    found = files_of(app, home)
    assert list(found.values()) == [{"m/evil.onnx"}]
    (id_,) = found
    assert [os.path.basename(step.path) for step in plan(app, id_).steps] == ["evil.onnx"]


@pytest.mark.parametrize("name", ["diary.docx", "photo.jpg", "other.safetensors", "second.onnx", "notes"])
def test_no_document_and_no_other_model(name: str, app: App, home: Path) -> None:
    write(home / "m/evil.onnx", graph(name))
    write(home / "m" / name, graph("evil.onnx") if name == "second.onnx" else os.urandom(4096))
    found = files_of(app, home)
    assert {"m/evil.onnx"} in found.values() and all(len(files) == 1 for files in found.values())


def test_its_own_weights_and_what_two_graphs_share(app: App, home: Path) -> None:
    write(home / "m/model.onnx", graph("model.onnx_data"))
    write(home / "m/model_fp16.onnx", graph("model.onnx_data"))
    write(home / "m/model.onnx_data", os.urandom(4096))
    found = files_of(app, home)
    assert sorted(map(sorted, found.values())) == [
        ["m/model.onnx", "m/model.onnx_data"],
        ["m/model.onnx_data", "m/model_fp16.onnx"],
    ]
    for id_, files in found.items():
        own = min(files, key=lambda path: "data" in path)
        assert [os.path.relpath(step.path, home) for step in plan(app, id_).steps] == [own], (
            "the other one needs the data"
        )
    every = {os.path.relpath(step.path, home) for step in plan(app, *found).steps}
    assert every == {"m/model.onnx", "m/model_fp16.onnx", "m/model.onnx_data"}
