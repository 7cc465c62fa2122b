"""The rules of the house, proved from the code itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "model_manager"
FILES = sorted(PACKAGE.rglob("*.py"))
# Imports go downwards only: a module may import its own package and every level below it.
LEVEL = {"base": 0, "catalog": 1, "jobs": 1, "operations": 2, "formats": 2, "stores": 3, "hubs": 3, "library": 4,
         "merge": 4, "serve": 4, "assistant": 4, "app": 5, "controllers": 6, "cli": 6, "views": 7, "__main__": 8}  # fmt: skip
# The command line opens the window, from inside the function that does so.
LAZY = {("cli", "views")}
WRITES = ("os.rename", "os.replace", "os.unlink", "os.remove", "os.link", "os.symlink", "os.chmod", "os.rmdir", "os.mkdir",
          "os.makedirs", "os.truncate", "os.utime", "shutil.move", "shutil.copy", "shutil.copyfile", "shutil.copytree",
          "shutil.rmtree")  # fmt: skip
# These write the program's own files, never the user's.
OWN_FILES = {"base/paths.py", "base/settings.py", "base/log.py", "catalog/database.py", "operations/journal.py",
             "operations/lock.py", "stores/private_copy.py"}  # fmt: skip


def _package(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> list[tuple[str, bool]]:
    """(module, inside a function)"""
    tree = ast.parse(path.read_text())
    inside = {
        id(node) for function in ast.walk(tree) if isinstance(function, ast.FunctionDef) for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in inside) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, id(node) in inside))
            found += [(f"{node.module}.{alias.name}", id(node) in inside) for alias in node.names]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards(path: Path) -> None:
    own = _package(path)
    for name, lazy in _imports(path):
        parts = name.split(".")
        if parts[0] != "model_manager" or len(parts) < 2 or parts[1] == own or parts[1] == "__version__":
            continue
        if (own, parts[1]) in LAZY and lazy:
            continue
        assert LEVEL[parts[1]] < LEVEL.get(own, 0) or own == "__init__", f"{path.name} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_door_has_one_keeper(path: Path) -> None:
    own = _package(path)
    names = {name.split(".")[0] for name, _lazy in _imports(path)}
    assert own == "views" or not names & {"tkinter", "ttkbootstrap"}, "Tk outside of views"
    assert own == "catalog" or "sqlite3" not in names, "SQL outside of the catalogue"
    assert not names & {"pickle", "marshal", "shelve", "torch", "onnx", "tensorflow"}, "never imported anywhere"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_operations_change_the_users_disk(path: Path) -> None:
    relative = str(path.relative_to(PACKAGE))
    if relative in OWN_FILES or relative == "operations/disk.py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        assert name not in WRITES, f"{relative}:{node.lineno} calls {name}"
        assert name not in ("eval", "exec"), f"{relative}:{node.lineno}"
        if name == "open":
            mode = [ast.unparse(one) for one in node.args[1:2]] + [
                ast.unparse(k.value) for k in node.keywords if k.arg == "mode"
            ]
            assert not re.search("[wax+]", "".join(mode)), f"{relative}:{node.lineno} opens for writing"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_can_be_read_in_one_sitting(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 600
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module opens with what it is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 80, f"{node.name} is too long"
    assert not re.match(r"(utils|helpers|common|manager|base_\w+)\.py", path.name)


def test_no_word_of_unfinished_work() -> None:
    for path in FILES:
        assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", path.read_text()), path


def test_every_adapter_and_format_is_named() -> None:
    """A frozen program cannot look into a folder, so each package names its variants."""
    from model_manager.cli import COMMANDS
    from model_manager.stores import STORES

    support = {"__init__", "found", "env", "look", "store", "grouping", "tree", "sidecars", "localdir", "hub_cache",
               "private_copy", "ollama_service", "flags", "settings_file",
               "root_list", "caches_table"}  # fmt: skip
    listed = (PACKAGE / "stores" / "__init__.py").read_text()
    for path in (PACKAGE / "stores").glob("*.py"):
        assert path.stem in support or re.search(rf"\b{path.stem}\b", listed), f"stores/{path.name} is not listed"
    assert len({store.tool for store in STORES}) == len(STORES)
    commands = {path.stem for path in (PACKAGE / "cli").glob("*.py")} - {"__init__", "main", "output", "plans"}
    assert commands == {module.__name__.rsplit(".", 1)[-1] for module in COMMANDS}
