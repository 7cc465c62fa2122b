"""Models never met are stored by a quick way: what the catalogue then holds is what the whole way would have put there."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, safetensors_bytes, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_manager.app import build
from model_manager.jobs import Progress
from model_manager.library.scan import register, watch

_LORA = {f"lora_unet_block_{number}.lora_down.weight": ("F16", (4, 16)) for number in range(3)}
_BODIES = (
    gguf_bytes({"general.name": "One", "general.architecture": "llama"}, seed=1),
    gguf_bytes({"general.name": "One", "general.architecture": "llama"}, seed=2),
    safetensors_bytes(_LORA, seed=1),
    safetensors_bytes({"a": ("F32", (2, 2))}, seed=2),
    b"<html>not found</html>",
)
_NAMES = (
    "style.safetensors", "Llama-Q4_K_M.gguf", "m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors",
    "mmproj-F16.gguf", "style.json", "config.json", "model.onnx", "sd_xl.ckpt", "n\udcff\u202eame.gguf", "x.gguf.part",
)  # fmt: skip
_FILE = st.tuples(
    st.sampled_from(("", "loras", "loras/deep", "llm")), st.sampled_from(_NAMES), st.integers(0, len(_BODIES) - 1)
)
_LINK = st.tuples(st.integers(0, 20), st.sampled_from(("", "linked")), st.sampled_from(_NAMES), st.booleans())


@st.composite
def _trees(draw: st.DrawFn) -> tuple[list[tuple[str, str, int]], list[tuple[int, str, str, bool]], bool]:
    return draw(st.lists(_FILE, max_size=8)), draw(st.lists(_LINK, max_size=3)), draw(st.booleans())


def _make(home: Path, files: list[tuple[str, str, int]], links: list[tuple[int, str, str, bool]], tools: bool) -> None:
    made = [write(home / "AI" / folder / name, _BODIES[body]) for folder, name, body in files]
    for which, folder, name, hard in links:
        there = home / "AI" / folder / name
        if made and not there.exists() and not there.is_symlink():
            there.parent.mkdir(parents=True, exist_ok=True)
            (os.link if hard else os.symlink)(made[which % len(made)], there)
    if tools:
        ollama_model(home / ".ollama/models", "registry.ollama.ai/library/one/latest", {"model": _BODIES[0]})
        ollama_model(home / ".ollama/models", "registry.ollama.ai/library/one/again", {"model": _BODIES[0]})
        hub_repo(home / ".cache/huggingface/hub", "own/one", {"model.safetensors": _BODIES[2], "config.json": b"{}"})


def _scanned(data: Path, home: Path) -> list[object]:
    """What a first scan stores, without what differs from scan to scan."""
    app = build(str(data))
    watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())
    with app.database.read() as tx:
        rows = tx.execute(
            "SELECT root.path, place.tool, place.name, place.title, place.path, place.fingerprint, found, likeness,"
            " model.name, category, category_from, format, architecture, base_model, parameters, quant, quant_label,"
            " bits, context_length, model.size, model.bytes, verdict, health_detail, licence, tags, tools, places, code,"
            " source, claims, gone_at, member.path, role, member.name, key, inode, file.size, file.bytes, mtime_ns,"
            " ctime_ns, links, facts, reader, sha256, sha256_source,"
            " (SELECT GROUP_CONCAT(HEX(twin.path) || twin.name, '|') FROM place AS twin WHERE twin.model = model.id)"
            " FROM place JOIN root ON root.id = place.root JOIN model ON model.id = place.model"
            " JOIN member ON member.place = place.id JOIN file ON file.id = member.file"
        ).fetchall()
    app.close()
    return sorted(map(repr, rows))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_trees())
def test_the_quick_way_stores_what_the_whole_way_does(
    monkeypatch: pytest.MonkeyPatch, tree: tuple[list[tuple[str, str, int]], list[tuple[int, str, str, bool]], bool]
) -> None:
    with tempfile.TemporaryDirectory() as folder, monkeypatch.context() as patch:
        home = Path(folder) / "home"
        (home / "AI").mkdir(parents=True)
        patch.setenv("HOME", str(home))
        _make(home, *tree)
        quick = _scanned(Path(folder) / "quick", home)
        sorted_out = register.Register.sorted_out
        patch.setattr(
            register.Register, "sorted_out", lambda *given: ([], [one for part in sorted_out(*given) for one in part])
        )
        whole = _scanned(Path(folder) / "whole", home)
    assert quick == whole


def test_what_comes_back_is_no_new_model(tmp_path: Path, home: Path) -> None:
    """A model that is gone and comes back under another inode keeps its id: the quick way leaves it to the whole."""
    path = write(home / "AI/one.gguf", _BODIES[0])
    app = build()
    watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())
    path.rename(tmp_path / "kept.gguf")
    app.scanner().run(Progress())
    shutil.copy2(tmp_path / "kept.gguf", path)
    app.scanner().run(Progress())
    with app.database.read() as tx:
        assert tx.execute("SELECT id, gone_at FROM model").fetchall() == [(1, None)]
    app.close()
