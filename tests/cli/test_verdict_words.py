"""One model, one verdict: whichever command or card is asked, and however deep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from factory import gguf_bytes, safetensors_bytes, tree

from model_manager.app import build
from model_manager.cli import main
from model_manager.library.listing.opened_file import opened
from tests.formats.hdf5_files import hdf5, layer, sequential
from tests.formats.test_keras import LAMBDA, archive
from tests.formats.torch_files import good_zip, mapping, pickled, tensor, torch_zip

CALLS = torch_zip(pickled(mapping({"w": tensor("0", (2,)), "x": b"cmine\nrun\n)R"})), {"0": b"\1" * 8})
CONFIG = json.dumps(
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "auto_map": {"AutoModel": "modeling_x.X"}}
)
FILES = {
    "calls.pt": (CALLS, "unknown"),
    "text.bin": (b"cmine\nrun\n(S'x'\ntR.", "unknown"),
    "runs.ckpt": (pickled(b"cposix\nsystem\n)R"), "unsafe"),
    "plain.pt": (good_zip(), "good"),
    "lambda.keras": (archive(LAMBDA), "unsafe"),
    "lambda.h5": (hdf5({"model_config": sequential(layer("Lambda"))}), "unsafe"),
    "template.gguf": (gguf_bytes({"tokenizer.chat_template": "{{ ''.__class__ }}"}, {}), "unsafe"),
    "chat.gguf": (gguf_bytes({"tokenizer.chat_template": "{{ messages }}"}, {}), "good"),
    "page.bin": (b"<!doctype html><html>", "not-a-model"),
}
FOLDERS = {
    "shards/config.json": CONFIG,
    "shards/pytorch_model-00001-of-00002.bin": good_zip(), "shards/pytorch_model-00002-of-00002.bin": CALLS,
    "remote/config.json": CONFIG, "remote/modeling_x.py": "", "remote/model.safetensors": safetensors_bytes({"w": ("I8", (8, 8))}),
}  # fmt: skip


@pytest.fixture
def place(home: Path) -> Path:
    tree(home / "AI", {**{name: content for name, (content, _) in FILES.items()}, **FOLDERS})
    return home / "AI"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_command_and_the_card_say_the_same(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "scan", str(place))
    listed = {model["id"]: model for model in run(capsys, "list")["models"]}
    of = {model["places"][0]["path"].removeprefix(f"{place}/"): id_ for id_, model in listed.items()}
    wanted = {name: verdict for name, (_, verdict) in FILES.items()} | {"shards": "unknown", "remote": "good"}
    assert {name: listed[id_]["health"]["verdict"] for name, id_ in of.items()} == wanted
    health = {id_: model["health"] for id_, model in listed.items()}
    for words in (("check",), ("check", "--deep"), ("check", "--deep", "--again")):
        told = {model["id"]: model for model in run(capsys, *words)["models"]}
        assert {id_: model["health"]["verdict"] for id_, model in told.items()} == {
            id_: one["verdict"] for id_, one in health.items()
        }
        assert {id_: model["code"] for id_, model in told.items()} == {id_: one["code"] for id_, one in listed.items()}
        for name in ("calls.pt", "text.bin", "shards"):
            assert told[of[name]]["health"]["detail"] == "calls code that this program does not know: mine.run"
    for name, id_ in of.items():
        shown = run(capsys, "show", id_)["model"]
        assert shown["health"]["verdict"] == wanted[name]
    assert listed[of["remote"]]["code"] == ["auto_map: modeling_x.X", "modeling_x.py"]


def test_a_file_that_is_only_opened_has_the_same_verdict(place: Path) -> None:
    app = build()
    try:
        for name, (_, verdict) in FILES.items():
            card = opened(app.database, app.volumes, str(place / name)).card
            assert card and card["model"]["health"]["verdict"] == verdict, name
    finally:
        app.close()


def test_the_words_on_the_terminal(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(place)]) == 0
    for words in (["check"], ["check", "--deep"], ["list"]):
        capsys.readouterr()
        assert main(words) == 0
        lines = {line.split()[1]: line for line in capsys.readouterr().out.splitlines() if len(line.split()) > 2}
        assert "unknown" in lines["calls"] and "unsafe" in lines["template"] and "unsafe" in lines["runs"]
