"""Two hundred names that break programs, as files and in the records of tools: scanned, listed as JSON, scanned again."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, sha256, write

from model_manager.app import App
from model_manager.catalog.rows import read_rows
from model_manager.cli import main
from model_manager.jobs import Progress
from model_manager.library.removal.planning import plan_removal
from model_manager.library.removal.selection import Selection
from model_manager.library.scan import watch
from model_manager.operations.trashed import plan_empty, trashed

_WORDS: tuple[str | bytes, ...] = (
    "-rf", "--help", "-", "~", "#", "%s%n%d", "%2e%2e%2f", "$(touch x)", "`touch x`", "$HOME", ";ls", "&", "|", "*?[a]", "{}", "!",
    "'", '"', "back\\slash", "..\\..\\up", "...", "..a", "a..", "a b", " lead", "trail ", "dot.", "a" * 249, "é" * 124,
    "tab\t", "line\nbreak", "cr\rx", "\x01", "\x1b[31mred", "\x7f", "\u202egpj", "\u2066a\u2069", "\u200b", "\u200d", "\ufeffbom", "\u2028line",
    "\u00a0", "caf\u00e9", "cafe\u0301", "\u212b", "\u00c5", "A\u030a", "😀", "👩‍👩‍👧", "﷽", "Z͑ͫ̓a", "ß", "ẞ", "ı", "İ", "ﬁ", "日本語", "العربية",
    "CON", "con", "NUL", "aux", "PRN", "COM1", "LPT9", "COM\u00b9", "a:b", "<a>", "a|b", "desktop.ini", "Thumbs.db", "null", "None",
    "NaN", "true", "1e5", "0", "-1", "__proto__", "constructor", "<script>alert(1)</script>", "javascript:x", "=cmd()", "@sum", "+1",
    "'; DROP TABLE model; --", '"}],"x":[{"', "\\u0000", "\\x00", "&amp;", "{{7*7}}", "${jndi:ldap://x}", "%00", "a\\", "\\\\host\\share",
    "C:", "C:\\x", "file:a", "model.gguf", "x.safetensors.index", "config.json", "README.md", "blobs", "sha256-" + "0" * 64,
    b"\xff\xfe", b"\xc3", b"\xc3\x28", b"\xed\xa0\x80", b"\xf0\x9f", b"\xe2\x80", b"\x80" * 200, b"caf\xe9", b"\xf8\x88\x80\x80\x80",
)  # fmt: skip


def names() -> list[str]:
    """As a file, and in a folder of its own name: 200 that a file system takes."""
    raw = dict.fromkeys(os.fsencode(word) if isinstance(word, str) else word for word in _WORDS)
    plain = [word + b".gguf" for word in raw if len(word) <= 250]
    nested = [word + b"/" + word[:250] + b".gguf" for word in raw if word not in (b"-", b"blobs")]
    return [os.fsdecode(name) for name in (*plain, *nested)][:200]


class Writes:
    """What is opened for writing, renamed, removed or made while it watches."""

    def __init__(self) -> None:
        self.watching = False
        self.paths: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.watching:
            return
        if event == "open":
            path, _mode, flags = arguments
            if isinstance(path, str | bytes) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
                self.paths.append(os.path.realpath(os.fsdecode(path)))
        elif event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.utime",
                       "os.chmod", "os.chown", "os.setxattr", "sqlite3.connect", "subprocess.Popen", "os.system"):  # fmt: skip
            self.paths.append(os.path.realpath(os.fsdecode(arguments[0])))


WRITES = Writes()


def written_elsewhere() -> list[str]:
    """Where the program wrote, but for its own data."""
    own = os.path.realpath(os.environ["MODEL_MANAGER_DATA"])
    assert any(path.startswith(own) for path in WRITES.paths), "the watch sees nothing"
    return [path for path in WRITES.paths if not (path + os.sep).startswith(own + os.sep)]


def listed(capsysbinary: pytest.CaptureFixture[bytes]) -> list[dict[str, Any]]:
    assert main(["list", "--json"]) == 0
    text = capsysbinary.readouterr().out.decode("utf-8")
    assert not [letter for letter in text if (ord(letter) < 32 and letter != "\n") or 0x7F <= ord(letter) < 0xA0]
    return json.loads(text)["models"]


def tree_of(top: Path) -> dict[bytes, tuple[int, int, int]]:
    found = {}
    for folder, folders, files in os.walk(os.fsencode(top)):
        for name in (*folders, *files):
            stat = os.lstat(os.path.join(folder, name))
            found[os.path.join(folder, name)] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    return found


def test_two_hundred_names_as_files(
    app: App, home: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    inodes = {}
    for number, name in enumerate(names()):
        path = write(home / "AI" / name, gguf_bytes(seed=number))
        inodes[path.stat().st_ino] = name
    assert len(inodes) == 200
    watch.add_root(app.database, str(home / "AI"))
    before = tree_of(home)
    WRITES.paths, WRITES.watching = [], True
    first = app.scanner().run(Progress())
    shown = listed(capsysbinary)
    second = app.scanner().run(Progress())
    again = listed(capsysbinary)
    WRITES.watching = False
    assert written_elsewhere() == []
    assert tree_of(home) == before
    missing = [inodes[inode] for inode in inodes.keys() - {file["inode"] for model in shown for file in model["files"]}]
    assert missing == [] and len(shown) == 200
    assert second.read_bytes == 0 and first.read_bytes > 0 and again == shown
    assert not [problem for problem in first.problems if "AI" in problem.path]


def test_two_hundred_names_to_the_trash_and_back(app: App, home: Path) -> None:
    """Each goes and returns by the very bytes of its name; emptied, nothing else is touched."""
    for number, name in enumerate(names()):
        write(home / "AI" / name, gguf_bytes(seed=number))
    outside = write(home / "outside.gguf", gguf_bytes(seed=999))
    watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())
    with app.database.read() as tx:
        ids = tuple(row.id for row in read_rows(tx))
    assert len(ids) == 200
    before = {path: seen[:3] for path, seen in tree_of(home).items() if os.path.isfile(path)}
    plan = plan_removal(app.database, app.volumes, app.env(), Selection(ids))
    done = app.operations.apply(plan)
    assert done.state == "applied", [step.problem for step in done.steps if step.problem]
    assert not [path for path in tree_of(home / "AI") if os.path.isfile(path)]
    assert app.operations.undo(plan.id).state == "undone"
    assert {path: seen[:3] for path, seen in tree_of(home).items() if os.path.isfile(path)} == before
    app.scanner().run(Progress())
    again = plan_removal(app.database, app.volumes, app.env(), Selection(ids))
    assert app.operations.apply(again).state == "applied"
    emptied = app.operations.apply(plan_empty(trashed(app.operations.history()[0], app.volumes), app.volumes))
    assert emptied.state == "applied"
    assert [path for path in tree_of(home) if os.path.isfile(path)] == [os.fsencode(outside)]


def test_twins_of_one_letter_stay_two(app: App, home: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    write(home / "AI/caf\u00e9.gguf", gguf_bytes(seed=1))
    write(home / "AI/cafe\u0301.gguf", gguf_bytes(seed=2))
    watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())
    assert len({model["name"] for model in listed(capsysbinary)}) == 2


_BAD = ("../../secret.gguf", "..", "/etc/passwd", "{secret}", "a\0b", "line\nbreak", "\u202egpj", "caf\u00e9", "cafe\u0301", "-rf", "CON",
        "C:\\x", "a" * 300, "😀", "\ud800", "sha256:../../secret.gguf", "", ".", "~/secret.gguf", "$HOME", "blobs/../../../secret.gguf")  # fmt: skip


@pytest.mark.parametrize("bad", _BAD, ids=[ascii(name)[:40] for name in _BAD])
def test_names_in_records(app: App, home: Path, bad: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """In an Ollama manifest, refs and links of the hub's cache, ComfyUI's YAML, a sidecar, an index of shards."""
    data = gguf_bytes(seed=3)
    secret = write(home.parent / "elsewhere/secret.gguf", data)
    bad = bad.replace("{secret}", str(secret))
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/a/b", {"model": data})
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": bad, "size": len(data), "from": bad}
    write(
        store / "manifests/registry.ollama.ai/library/bad/latest",
        json.dumps({"config": layer, "layers": [layer, {"digest": bad}]}),
    )
    repo = hub_repo(home / ".cache/huggingface/hub", "a/b", {"x.gguf": data})
    write(repo / "refs/odd", bad.encode("utf-8", "surrogatepass"))
    if bad and "\0" not in bad and "\ud800" not in bad:
        (repo / "snapshots" / ("a" * 40) / "odd.gguf").symlink_to(bad[:255])
    write(home / "ComfyUI/models/loras/x.safetensors", b"")
    write(home / "ComfyUI/main.py"), write(home / "ComfyUI/folder_paths.py"), write(home / "ComfyUI/comfy/x.py")
    write(home / "ComfyUI/extra_model_paths.yaml", f"a:\n  base_path: {json.dumps(bad)}\n  loras: {json.dumps(bad)}\n")
    write(home / "AI/m.gguf", data)
    write(
        home / "AI/m.civitai.info",
        json.dumps({"name": bad, "model": {"name": bad}, "files": [{"name": bad, "hashes": {"SHA256": bad}}]}),
    )
    write(home / "AI/model.safetensors.index.json", json.dumps({"weight_map": {"w": bad}, "metadata": {}}))
    write(home / "AI/Modelfile", f"FROM {bad}\n".encode("utf-8", "surrogatepass"))
    watch.add_root(app.database, str(home / "AI"))
    WRITES.paths, WRITES.watching = [], True
    app.scanner().run(Progress())
    shown = listed(capsysbinary)
    WRITES.watching = False
    assert written_elsewhere() == []
    paths = [file["path"] for model in shown for file in model["files"]]
    assert any(path.endswith("m.gguf") for path in paths)
    if not os.path.isabs(bad) and not bad.startswith("~"):  # settings may say where a folder is
        assert not [path for path in paths if not os.path.realpath(path).startswith(str(home) + os.sep)]
    assert sha256(secret.read_bytes()) == sha256(data)
    # The tools' own small records are read again, but no byte of a model.
    assert app.scanner().run(Progress()).read_bytes < min(len(data), 8192) and listed(capsysbinary) == shown
