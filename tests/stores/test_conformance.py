"""One suite for every adapter: nothing changes, nothing hangs, nothing hostile gets through."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from conformance import BY_HAND, GGUF, IN_PLACE, OTHER, TENSORS, TREES, Told, env_of, roots_of, within
from factory import write

from model_manager.base.facts import VERDICTS
from model_manager.stores.adapters import BY_TOOL, STORES
from model_manager.stores.host.env import Env, Process, is_tool
from model_manager.stores.tool_facts import TOOLS as TOOL_FACTS

TOOLS = sorted(TREES)


def test_every_tool_has_a_tree() -> None:
    assert set(TREES) == {store.tool for store in STORES} == set(BY_TOOL)


@pytest.mark.parametrize("tool", TOOLS)
def test_an_empty_home_has_nothing(tool: str, home: Path) -> None:
    assert [root for root in BY_TOOL[tool].find(env_of(home)) if root.path.startswith(str(home))] == []
    assert BY_TOOL[tool].in_use(env_of(home)) is None


@pytest.mark.parametrize("tool", TOOLS)
def test_every_program_it_asks_for_is_among_those_that_are_looked_at(
    tool: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all other processes nothing but their name is read."""
    asked: set[str] = set()

    def running(env: Env, *names: str) -> Iterator[Process]:
        asked.update(names)
        return iter(())

    monkeypatch.setattr(Env, "running", running)
    TREES[tool](home)
    list(BY_TOOL[tool].find(env_of(home)))
    BY_TOOL[tool].in_use(env_of(home))
    assert [name for name in asked if not is_tool([name])] == []


@pytest.mark.parametrize("tool", TOOLS)
def test_where_it_loads_from(tool: str, home: Path) -> None:
    """The hub that is known of a tool is one that its own records name."""
    TREES[tool](home)
    hubs = {model.source.hub for model in Told(tool, home).models if model.source}
    assert not hubs or not TOOL_FACTS[tool].hub or TOOL_FACTS[tool].hub in hubs


@pytest.mark.parametrize("tool", TOOLS)
def test_a_realistic_home(tool: str, home: Path) -> None:
    TREES[tool](home)
    told = Told(tool, home)
    assert told.roots and told.models and told.problems == []
    assert len({(model.path, model.name) for model in told.models}) == len(told.models)
    for root in told.roots:
        assert root.tool == tool and os.path.isabs(root.path) and os.path.isdir(root.path)
    for model in told.models:
        assert model.name and os.path.lexists(model.path)
        assert len({file.path for file in model.files}) == len(model.files)
        assert model.health is None or model.health.verdict in VERDICTS
        for file in model.files:
            assert os.stat(file.path).st_ino == file.stat.st_ino
            assert (file.sha256 is None) == (file.sha256_source is None)
    for rest in told.rests:
        assert os.path.lexists(rest.path) and 0 <= rest.bytes <= rest.size


@pytest.mark.parametrize("tool", TOOLS)
def test_reading_leaves_no_trace(tool: str, home: Path) -> None:
    TREES[tool](home)
    for path in home.rglob("*"):
        if path.is_file():
            os.utime(path, ns=(10**18, 11 * 10**17))  # `relatime` renews an access older than the last writing

    def state() -> dict[str, tuple[int, ...]]:
        seen = {}
        for path in home.rglob("*"):
            stat = path.lstat()
            times = (stat.st_mtime_ns, stat.st_atime_ns if path.is_file() and not path.is_symlink() else 0)
            seen[str(path)] = (stat.st_ino, stat.st_size, stat.st_mode, *times)
        return seen

    before = state()
    Told(tool, home)
    assert state() == before


@pytest.mark.parametrize("tool", TOOLS)
def test_odd_entries_in_every_folder(tool: str, home: Path) -> None:
    TREES[tool](home)
    names = Told(tool, home).names
    folders = [Path(root.path) for root in roots_of(tool, home)]
    below = [path for folder in folders for path in folder.rglob("*") if path.is_dir() and not path.is_symlink()]
    for place in {*folders, *below}:
        _odd(place)
    with within(30):
        told = Told(tool, home)
    assert names <= told.names or tool == "insightface"
    parts = {part for path in told.paths for part in os.path.relpath(path, home).split(os.sep)}
    assert not parts & {"again", "here", "pipe.gguf", "socket.gguf"}


def _odd(place: Path) -> None:
    for name, target in (("again", ".."), ("here", "."), ("self", "self"), ("gone.gguf", "nowhere"), ("self.json", "self.json"),
                         ("models--self--self", "models--self--self"), ("self.yaml", "self.yaml")):  # fmt: skip
        (place / name).symlink_to(target)
    os.mkfifo(place / "pipe.gguf")
    os.mkfifo(place / "pipe.json")
    with socket.socket(socket.AF_UNIX) as listener:
        number = os.open(place, os.O_RDONLY)
        try:
            listener.bind(f"/proc/self/fd/{number}/socket.gguf")
        finally:
            os.close(number)
    for name in (b"\xff\xfe.gguf", b"line\nbreak.gguf", "\u202efugg.gguf".encode(), b"-rf.gguf"):
        write(Path(os.fsdecode(os.fsencode(place) + b"/" + name)), OTHER)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_locked_folder_is_a_problem(tool: str, home: Path) -> None:
    TREES[tool](home)
    names = Told(tool, home).names
    places = [Path(root.path) / "locked" for root in roots_of(tool, home)]
    for place in places:
        write(place / "m.gguf", GGUF)
        place.chmod(0)
    try:
        if os.access(places[0], os.R_OK):
            pytest.skip("this user may enter every folder")
        told = Told(tool, home)
    finally:
        for place in places:
            place.chmod(0o755)
    assert told.names == names
    assert {problem.path for problem in told.problems} <= {str(place) for place in places}


def _records(home: Path) -> list[Path]:
    """Files that tools read as settings, manifests and indexes: all but the weights."""
    found = []
    for path in sorted(home.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        if path.is_file() and data not in (GGUF, OTHER, TENSORS) and path.suffix not in (".py", ".db"):
            found.append(path)
    return found


def _deep(text: str) -> bytes:
    return text.encode() * 60_000


HOSTILE = {
    "empty": b"", "binary": bytes(range(256)) * 40, "nul": b"\0" * 9000, "large": b"x" * 5_000_000,
    "large-json": b'{"models": [' + b"1," * 2_400_000 + b"1]}", "lists": _deep("["), "objects": _deep('{"a":'),
    "number": b"7" * 6000, "null": b"null", "list": b"[[[]]]", "text": b'"x"', "bomb": b"a: &a [1,1]\nb: &b [*a,*a]\nc: *b\n",
    "yaml-tag": b"!!python/object/apply:os.system ['true']\n", "surrogate": b'{"name": "\\ud800", "model_path": "\\ud800"}',
    "ini": b"[General\nmodelPath=%(x)s\n[service]\nmodels_dir=%\n",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("tool", TOOLS)
def test_hostile_records_are_never_more_than_a_problem(tool: str, text: str, home: Path) -> None:
    TREES[tool](home)
    for path in _records(home):
        target = path.resolve()
        target.write_bytes(HOSTILE[text])
    with within(30):
        told = Told(tool, home)
    assert all(path.startswith(str(home) + os.sep) for path in told.paths)
    for problem in told.problems:
        assert problem.path and problem.kind and problem.why


def _mutated(value: object, leaf: Callable[[object], object]) -> object:
    if isinstance(value, dict):
        return {key: _mutated(inner, leaf) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mutated(inner, leaf) for inner in value]
    return leaf(value)


def _rewrite(path: Path, leaf: Callable[[object], object]) -> None:
    """A JSON or YAML record with every value in it replaced."""
    text = path.read_text(errors="replace")
    try:
        if path.suffix in (".yaml", ".yml"):
            path.write_text(yaml.safe_dump(_mutated(yaml.safe_load(text), leaf)))
        else:
            path.write_text(json.dumps(_mutated(json.loads(text), leaf)))
    except (ValueError, yaml.YAMLError):
        return


VALUES = (7, -1, 10**400, 1.5, True, None, [], {}, [[]], {"a": {}}, "", "x" * 100_000, "\0", "a\nb")


@pytest.mark.parametrize("other", VALUES, ids=range(len(VALUES)))
@pytest.mark.parametrize("tool", TOOLS)
def test_records_with_values_of_other_types(tool: str, other: object, home: Path) -> None:
    TREES[tool](home)
    for path in _records(home):
        if path.exists():
            _rewrite(path.resolve(), lambda _value: other)
    with within(30):
        told = Told(tool, home)
    assert all(path.startswith(str(home) + os.sep) for path in told.paths)


@pytest.mark.parametrize("how", ["above", "absolute", "link"])
@pytest.mark.parametrize("tool", TOOLS)
def test_records_cannot_name_what_is_outside(tool: str, how: str, home: Path) -> None:
    """`../`, absolute and linked names in the records inside a root; settings may say where a root is."""
    TREES[tool](home)
    secret = write(home.parent / "outside/secret.gguf", GGUF)
    write(home.parent / "outside/secret.safetensors", TENSORS)
    names = {"above": "../" * 30 + str(secret).lstrip("/"), "absolute": str(secret), "link": "../../secret.gguf"}
    inside = [Path(root.path).resolve() for root in roots_of(tool, home)]
    for path in _records(home):
        if any(path.resolve().is_relative_to(root) for root in inside):
            _rewrite(path.resolve(), lambda value: names[how] if isinstance(value, str) else value)
    told = Told(tool, home)
    named = [path for path in told.paths if not path.startswith(str(home) + os.sep)]
    assert named == [] or (how == "absolute" and tool in IN_PLACE)
    assert how != "above" or not any("secret" in path for path in told.paths)


@pytest.mark.parametrize("tool", sorted(set(TOOLS) - set(BY_HAND)))
def test_settings_cannot_make_the_whole_disk_a_root(tool: str, home: Path) -> None:
    TREES[tool](home)
    inside = [Path(root.path).resolve() for root in roots_of(tool, home)]
    for path in _records(home):
        if not any(path.resolve().is_relative_to(root) for root in inside):
            _rewrite(path.resolve(), lambda value: "/" if isinstance(value, str) else value)
    for root in BY_TOOL[tool].find(env_of(home)):
        assert not (str(home) + os.sep).startswith(os.path.join(root.path, "")), root
