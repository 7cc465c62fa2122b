"""text-generation-webui: user_data, flags, the hashes of a download."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, sha256, tree, write
from looking import WEIGHTS, env_of, process, read, untouched

from model_manager.stores.discovered import Source
from model_manager.stores.tools import text_generation_webui

TOOL = "text-generation-webui"
MARKERS = {"server.py": "", "download-model.py": "", "modules/x.py": ""}
GGUF = gguf_bytes()


def test_user_data(home: Path) -> None:
    record = f"url: https://huggingface.co/org/m\nbranch: main\nsha256sum:\n    {sha256(WEIGHTS)} model.safetensors\n\n"
    tree(home / "tgw", {**MARKERS, "user_data/models/a.gguf": GGUF, "user_data/models/org_m/config.json": "{}",
         "user_data/models/org_m/model.safetensors": WEIGHTS, "user_data/models/org_m/huggingface-metadata.txt": record,
         "user_data/loras/l/adapter_config.json": "{}", "user_data/loras/l/adapter_model.safetensors": WEIGHTS,
         "user_data/mmproj/mmproj-F16.gguf": GGUF, "user_data/image_models/i/model_index.json": "{}",
         "user_data/image_models/i/unet/diffusion_pytorch_model.safetensors": WEIGHTS})  # fmt: skip
    with untouched(home):
        seen = read(TOOL, env_of(home))
    assert {name: seen.category(name) for name in seen.names} == {
        "a": "llm", "org_m": "llm", "l": "llm/adapters", "mmproj-F16": "multimodal/projectors", "i": "diffusion/checkpoints",
    }  # fmt: skip
    model = seen.one("org_m")
    weights = next(file for file in model.files if file.role == "weights")
    assert (weights.sha256, weights.sha256_source) == (sha256(WEIGHTS), "index")
    assert model.source == Source("huggingface", "org/m")


def test_older_and_portable_layouts(home: Path) -> None:
    tree(home / "old", {**MARKERS, "models/a.gguf": GGUF})
    tree(home / "portable", {"user_data/models/b.gguf": GGUF, **{f"app/{name}": "" for name in MARKERS}})
    assert read(TOOL, env_of(home)).names == {"a", "b"}


def test_flags_of_the_file_and_of_a_running_program(home: Path) -> None:
    base = tree(home / "tgw", {**MARKERS, "user_data/models/a.gguf": GGUF, "near/n.gguf": GGUF})
    tree(home, {"pool/p.gguf": GGUF, "data/models/d.gguf": GGUF})
    write(base / "user_data/CMD_FLAGS.txt", f"# --model-dir /no\n--listen\n--model-dir '{home}/pool'\n")
    seen = read(TOOL, env_of(home))
    assert seen.found_by(home) == [("pool", "config"), ("tgw/user_data/models", "default")]
    running = process(base, "python", "server.py", "--model-dir", "near", "--user-data-dir", str(home / "data"))
    seen = read(TOOL, env_of(home, running))
    assert seen.found_by(home)[:2] == [("tgw/near", "process"), ("data/models", "process")]
    assert (
        text_generation_webui.STORE.in_use(env_of(home, running)) == "text-generation-webui is running (process 4711)"
    )


@pytest.mark.parametrize(
    "text", [b"--model-dir /", b"--model-dir ..", b"--model-dir '", b"\xff\0" * 99, b"--model-dir"]
)
def test_hostile_flags(text: bytes, home: Path) -> None:
    base = tree(home / "tgw", {**MARKERS, "user_data/models/a.gguf": GGUF})
    write(base / "user_data/CMD_FLAGS.txt", text)
    assert all(root.path.startswith(str(base)) for root in read(TOOL, env_of(home)).roots)


@pytest.mark.parametrize(
    "text", [b"sha256sum:\n" + b"a" * 64 + b" ../../x\n", b"\xff" * 999, b" " * 900_000, b"url: " + b"/" * 99_999]
)
def test_hostile_records(text: bytes, home: Path) -> None:
    base = tree(
        home / "tgw",
        {**MARKERS, "user_data/models/m/config.json": "{}", "user_data/models/m/model.safetensors": WEIGHTS},
    )
    write(base / "user_data/models/m/huggingface-metadata.txt", text)
    assert [file.sha256 for file in read(TOOL, env_of(home)).one("m").files if file.role == "weights"] == [None]
