"""numpy's arrays among models: numbers are data, arrays of objects are pickles and told."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from factory import hub_repo, safetensors_bytes, write

from model_manager.app import App
from model_manager.catalog.rows import read_rows
from model_manager.jobs import Progress
from model_manager.library.listing.model_json import Json, models_json
from model_manager.library.scan import watch

EVIL = b"\x80\x02cposix\nsystem\nX\1\0\0\0x\x85R."
STRANGE = b"\x80\x02cmine\nmake\n)R."
TABLE = b"\x80\x02}(U\x05conv1K\x01U\x05conv2K\x02u."


def npy(descr: str, body: bytes) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (), }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + body


NUMBER = npy("'<f4'", b"abcd")


def scanned(app: App, home: Path) -> dict[str, Json]:
    watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())
    with app.database.read() as tx:
        ids = [row.id for row in read_rows(tx)]
    return {model["name"]: model for model in models_json(app.database, ids)}


def test_arrays_of_objects_are_listed_and_judged_and_numbers_are_data(app: App, home: Path) -> None:
    for name, content in {
        "number": NUMBER, "evil": npy("'|O'", EVIL), "records": npy("[('a', '|O')]", EVIL), "vgg16": npy("'|O'", TABLE),
        "strange": npy("'|O'", STRANGE), "cut": npy("'|O'", b"")[:60],
    }.items():  # fmt: skip
        write(home / "AI/nets" / f"{name}.npy", content)
    found = {name: model["health"]["verdict"] for name, model in scanned(app, home).items()}
    assert found == {"evil": "unsafe", "records": "unsafe", "vgg16": "good", "strange": "unknown"}
    write(home / "AI/nets/number.npy", npy("'|O'", EVIL))
    assert scanned(app, home)["number"]["health"]["verdict"] == "unsafe"


def test_beside_other_models_and_in_any_spelling(app: App, home: Path) -> None:
    write(home / "AI/one.safetensors", safetensors_bytes({"a": ("F32", (4,))}))
    write(home / "AI/Two.NPY", npy("'|O'", EVIL))
    found = scanned(app, home)
    assert {name: model["health"]["verdict"] for name, model in found.items()} == {"one": "good", "Two": "unsafe"}
    assert found["Two"]["code"] == ["posix.system"] and found["Two"]["format"] == "numpy"


def test_a_folder_of_very_many_arrays_is_data(app: App, home: Path) -> None:
    for count in range(70):
        write(home / f"AI/features/{count}.npy", npy("'|O'", TABLE))
    assert scanned(app, home) == {}


@pytest.mark.parametrize(("content", "verdict"), [(NUMBER, "good"), (npy("'|O'", EVIL), "unsafe"), (npy("'|O'", STRANGE), "unknown"), (npy("'|O'", TABLE), "good")])  # fmt: skip
def test_arrays_in_a_models_folder(app: App, home: Path, content: bytes, verdict: str) -> None:
    """They are loaded with it, so they count for its verdict; they are no weights."""
    config = {"architectures": ["VitsModel"], "model_type": "vits"}
    weights = safetensors_bytes({"a": ("F32", (4,))})
    files = {
        "config.json": json.dumps(config).encode(),
        "model.safetensors": weights,
        "voices/speaker.npy": content,
        "s.npy": content,
    }
    for name, data in files.items():
        if "/" not in name:
            write(home / "AI/vits" / name, data)
    hub_repo(home / ".cache/huggingface/hub", "org/vits", files)
    found = scanned(app, home)
    assert [model["health"]["verdict"] for model in found.values()] == [verdict] * len(found) and found
    for model in found.values():
        assert model["format"] == "safetensors"
        assert [file["role"] for file in model["files"] if file["path"].endswith(".npy")] in (
            ["other"],
            ["other", "other"],
        )
        assert ("posix.system" in model["code"]) == (verdict == "unsafe")


def test_a_chat_template_beside_good_weights(app: App, home: Path) -> None:
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    weights = safetensors_bytes({"a": ("F32", (4,))})
    evil = json.dumps({"chat_template": "{{ x.__class__.__mro__ }}"}).encode()
    base = {"config.json": json.dumps(config).encode(), "model.safetensors": weights}
    hub_repo(home / ".cache/huggingface/hub", "org/chat", {**base, "tokenizer_config.json": evil})
    for name, data in {**base, "chat_template.jinja": b"{{ messages[a ~ b] }}"}.items():
        write(home / "AI/odd" / name, data)
    found = scanned(app, home)
    assert {name: model["health"]["verdict"] for name, model in found.items()} == {
        "org/chat": "unsafe",
        "odd": "unknown",
    }
