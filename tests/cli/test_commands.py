"""The command line as a person and as a script use it."""

from __future__ import annotations

import csv
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from factory import gguf_bytes, ollama_model, tree

from model_manager.cli import main
from model_manager.cli.main import with_file


@pytest.fixture(autouse=True)
def library(home: Path) -> None:
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/qwen3/4b", {"model": gguf_bytes(seed=5)})
    tree(home / "AI", {"a.gguf": gguf_bytes(seed=6), "broken.gguf": gguf_bytes(seed=7)[:-40]})


def run(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_scan_prints_the_contract(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "scan", str(home / "AI"))
    assert set(found) == {"roots", "models", "files", "size", "bytes", "seconds", "read_bytes", "problems"}
    assert found["models"] == 3 and {root["tool"] for root in found["roots"]} == {"ollama", "folder"}
    assert set(found["roots"][0]) == {"id", "tool", "also", "path", "found_by", "state", "writable", "models", "bytes"}


def test_list_and_show_print_whole_models(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "scan", str(home / "AI"))
    found = run(capsys, "list", "tool:ollama")
    (model,) = found["models"]
    assert set(model) == {
        "id", "name", "category", "category_evidence", "tags", "user_tags", "format", "architecture", "base_model", "parameters",
        "quant", "quant_label", "bits_per_weight", "context_length", "size", "bytes", "places", "files", "source",
        "licence", "health", "code", "last_used", "added", "pinned", "note",
    }  # fmt: skip
    assert set(model["files"][0]) == {
        "path",
        "size",
        "bytes",
        "role",
        "volume",
        "inode",
        "links",
        "sha256",
        "sha256_source",
    }
    shown = run(capsys, "show", "qwen3:4b")
    assert shown["model"]["id"] == model["id"] and set(shown) == {"model", "metadata", "evidence"}
    assert {"field", "value", "from", "detail"} == set(shown["evidence"][0])


def test_status_and_check(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "scan", str(home / "AI"))
    found = run(capsys, "status")
    assert set(found) == {"bytes", "apparent_bytes", "reclaimable", "tools", "categories", "health", "leftovers"}
    assert found["health"] == {"good": 2, "truncated": 1}
    checked = run(capsys, "check", "broken")
    assert checked["models"][0]["health"]["verdict"] == "truncated"


def test_the_users_words(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "scan", str(home / "AI"))
    run(capsys, "categories", "add", "llm/roleplay")
    model = run(capsys, "set", "a", "category=llm/roleplay", "note=nice", "pinned=yes")["model"]
    assert (model["category"], model["category_evidence"], model["note"], model["pinned"]) == (
        "llm/roleplay",
        "user",
        "nice",
        True,
    )
    assert "chat" in run(capsys, "tag", "a", "--add", "chat")["model"]["tags"]
    run(capsys, "scan")
    assert [one["name"] for one in run(capsys, "list", "llm/roleplay pinned:yes tag:chat")["models"]] == ["a"]
    run(capsys, "categories", "remove", "llm/roleplay")
    assert run(capsys, "show", "a")["model"]["category_evidence"] != "user"


def test_roots(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "roots", "add", str(home / "AI"))["roots"]
    assert found[0]["models"] == 2
    run(capsys, "roots", "ignore", found[0]["id"])
    run(capsys, "scan")
    assert [one["name"] for one in run(capsys, "list")["models"]] == ["qwen3:4b"]


@pytest.mark.parametrize(
    ("words", "status"),
    [(["list", "nope:3"], 2), (["list", '"open'], 2), (["show", "nothing"], 1), (["list", "health:bad"], 2),
     (["frobnicate"], 2), (["set", "a", "colour=red"], 2), (["roots", "add", "/no/such/folder"], 1), (["list", "--nope"], 2)],
)  # fmt: skip
def test_errors_are_one_line_or_one_document(
    words: list[str], status: int, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    assert main(words) == status
    told = capsys.readouterr()
    assert told.out == "" and "Traceback" not in told.err and told.err
    monkeypatch.setattr(sys, "argv", ["model-manager", *words, "--json"])
    assert main([*words, "--json"]) == status
    assert set(json.loads(capsys.readouterr().out)["error"]) == {"verb", "path", "reason", "hint"}


def test_an_ambiguous_name_lists_the_candidates(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree(home / "AI/two", {"a.gguf": gguf_bytes(seed=9)})
    run(capsys, "scan", str(home / "AI"))
    assert main(["show", "a"]) == 1
    assert "use an id: m" in capsys.readouterr().err


def test_export_as_csv(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "scan", str(home / "AI"))
    assert main(["export", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["name"] for row in rows} == {"a", "broken", "qwen3:4b"}
    assert main(["export"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 3


def test_the_human_output_has_a_hint(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["scan", str(home / "AI")])
    for words in (["status"], ["list"], ["show", "a", "--raw"], ["roots"], ["categories"], ["check"], ["doctor"]):
        main(words)
        out = capsys.readouterr().out
        assert len(out.splitlines()) >= 2 and "\x1b" not in out


def test_without_a_display_the_summary_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main([]) == 0
    told = capsys.readouterr()
    assert "no display" in told.err and "No models are known yet" in told.out


def test_it_starts_without_heavy_imports() -> None:
    heavy = ("tkinter", "huggingface_hub", "gguf", "numpy", "requests", "yaml")
    code = f"import model_manager.cli, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_first_plan(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "base").mkdir()
    planned = run(capsys, "store", str(home / "base"), "--make-folders", "--dry-run")["plan"]
    assert planned["state"] == "planned" and not (home / "base/llm").exists()
    assert {"id", "title", "state", "frees", "frees_now", "warnings", "steps"} <= set(planned)
    assert main(["apply", planned["id"]]) == 1  # nobody to ask
    capsys.readouterr()
    assert run(capsys, "apply", planned["id"], "--yes")["plan"]["state"] == "applied"
    assert (home / "base/diffusion/lora").is_dir()
    (operation,) = run(capsys, "history")["operations"]
    assert operation["undoable"] and operation["applied_at"]
    assert run(capsys, "undo", "--yes")["plan"]["state"] == "undone"
    assert not (home / "base/llm").exists() and (home / "base").is_dir()
    assert main(["undo"]) == 2


def test_a_file_alone_opens_the_window_with_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "list").write_bytes(b"")
    monkeypatch.chdir(home)
    assert with_file(["AI/a.gguf"]) == ["--open", "AI/a.gguf"]
    assert with_file(["--data-dir", "/d", "--json", "/gone/b.gguf"]) == [
        "--data-dir",
        "/d",
        "--json",
        "--open",
        "/gone/b.gguf",
    ]
    assert with_file(["list"]) == ["list"], "a command is never taken for a file"
    assert with_file(["./list"]) == ["--open", "./list"]
    assert with_file(["show", "AI/a.gguf"]) == ["show", "AI/a.gguf"]
    assert with_file(["--open", "x.gguf"]) == ["--open", "x.gguf"]
    assert with_file(["nonsense"]) == ["nonsense"] and with_file([]) == [] and with_file(["--json"]) == ["--json"]


def test_without_a_display_a_file_is_shown_in_the_terminal(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, "scan", str(home / "AI"))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main([str(home / "AI" / "a.gguf")]) == 0
    said = capsys.readouterr()
    assert "no display" in said.err and "a.gguf" in said.out
    (home / "AI" / "a.gguf").rename(home / "elsewhere.gguf")
    assert main([str(home / "elsewhere.gguf")]) == 0
    assert "elsewhere" in capsys.readouterr().out
    assert main([str(home / "nowhere.gguf")]) == 1


def test_the_licences_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--licences"]) == 0
    assert "MIT" in capsys.readouterr().out
    (tmp_path / "LICENCES.txt").write_text("all of them")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert main(["--licences"]) == 0
    assert "all of them" in capsys.readouterr().out


def _window_program() -> Callable[[], int]:
    """What the installed `model-manager-window` runs."""
    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())
    module, function = project["project"]["gui-scripts"]["model-manager-window"].split(":")
    return getattr(importlib.import_module(module), function)


def test_without_tk_the_window_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By either name, in one line, where there is a display and no Tk (Debian's own Python)."""
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setitem(sys.modules, "_tkinter", None)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None)
    monkeypatch.setattr("sys.argv", ["model-manager-window"])
    for start in (main, _window_program()):
        assert start() == 3
        out, error = capsys.readouterr()
        assert not out
        assert error.splitlines() == [
            "model-manager: could not open the window: Tk is missing on this system (sudo apt install python3-tk)"
        ]


def test_a_window_that_cannot_start_says_why_in_one_line(home: Path) -> None:
    (home / "file").write_text("")
    command = [sys.executable, "-m", "model_manager", "--data-dir", str(home / "file")]
    done = subprocess.run(command, env={**os.environ, "DISPLAY": ":99"}, capture_output=True, text=True, check=False)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert line.startswith("model-manager: ") and str(home / "file") in line


def test_with_no_models_known_each_command_says_what_to_do_next(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(home / ".ollama")
    for name in ("status", "list", "duplicates", "clean", "check"):
        assert main([name]) == 0
        assert "`model-manager scan`" in capsys.readouterr().out, name
