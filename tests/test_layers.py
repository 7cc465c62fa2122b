"""The rules of the house, proved from the code itself."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "model_manager"
FILES = sorted(PACKAGE.rglob("*.py"))
# Imports go downwards only: a module may import its own package and every level below it.
LEVEL = {"base": 0, "catalog": 1, "jobs": 1, "operations": 2, "formats": 2, "stores": 3, "hubs": 3, "library": 4,
         "merge": 4, "serve": 4, "assistant": 4, "actions": 5, "app": 6, "controllers": 7, "cli": 7, "views": 8,
         "__main__": 9}  # fmt: skip
# The command line opens the window, from inside the function that does so.
LAZY = {("cli", "views")}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
WRITES = {
    "os": "rename renames replace unlink remove removedirs link symlink chmod lchmod chown rmdir mkdir makedirs mkfifo "
          "truncate ftruncate utime setxattr removexattr",
    "shutil": "move copy copy2 copyfile copyfileobj copytree copymode copystat chown rmtree unpack_archive",
    "tempfile": "mkstemp mkdtemp NamedTemporaryFile TemporaryFile TemporaryDirectory",
}  # fmt: skip
# What a Path can do to a disk. `rename` and `replace` are told from those of texts by their one argument.
PATH_WRITES = {"unlink", "rmdir", "mkdir", "touch", "write_text", "write_bytes", "symlink_to", "hardlink_to", "chmod"}
WRITE_FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"}
# These write the program's own files, never the user's.
OWN_FILES = {"base/paths.py", "base/settings.py", "base/log.py", "base/instance.py", "catalog/database.py", "operations/journal.py", "base/reserve.py",
             "catalog/damage.py", "catalog/read_only.py", "catalog/label_file.py",
             "operations/lock.py", "library/scan/turns.py", "stores/host/private_copy.py"}  # fmt: skip


# Rooms of a package, from the ground up: each may import its own and those before it, never one beside or above it.
# `*`: every room that is not named, so the folders of tools.
ROOMS = {
    "stores": ["tool_facts", "discovered parts", "host", "grouping", "walk", "contract", "hub",
               "*", "caches", "adapters"],
    "library": ["scan", "labels model_lookup", "removal", "duplicates clean", "listing deep_reading doctor", "deep"],
}  # fmt: skip
# Packages of variants, one file each, and the top-level names by which a file of them is one.
VARIANTS = {
    "formats": {"NAME", "SUFFIXES", "matches", "read"},
    "formats/folders": {"NAME", "matches", "read"},
    "operations/verbs": {"do", "undo", "recover"},
}
# Their `__init__` may also hold the list of the variants and a short way to ask them.
LISTS = {*VARIANTS, "hubs", "formats/architectures"}


def _package(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@functools.cache
def _imports(path: Path) -> list[tuple[str, bool]]:
    """(module, inside a function)"""
    return _imported(ast.parse(path.read_text()), ["model_manager", *path.relative_to(PACKAGE).parts[:-1]])


def _imported(tree: ast.AST, package: list[str]) -> list[tuple[str, bool]]:
    inside = {id(node) for function in ast.walk(tree) if isinstance(function, FUNCTIONS) for node in ast.walk(function)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in inside) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            found.append((module, id(node) in inside))
            found += [(f"{module}.{alias.name}", id(node) in inside) for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            # A name in a string is an import all the same.
            found += [(one.value, id(node) in inside) for one in node.args[:1] if isinstance(one, ast.Constant)]
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


def _room(parts: list[str]) -> tuple[int, str]:
    """The height and the name of the room that a module of `stores` or `library` lies in."""
    rooms = {name: height for height, names in enumerate(ROOMS[parts[0]]) for name in names.split()}
    return rooms[parts[1] if parts[1] in rooms else "*"], parts[1]


@pytest.mark.parametrize(
    "path", [path for path in FILES if _package(path) in ROOMS and path.parent.name + path.name not in ("stores__init__.py", "library__init__.py")],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)  # fmt: skip
def test_rooms_stand_on_those_below(path: Path) -> None:
    own = [*path.relative_to(PACKAGE).with_suffix("").parts]
    height, room = _room(own)
    for name, _lazy in _imports(path):
        parts = name.split(".")[1:]
        if parts[:1] == own[:1] and len(parts) > 1:
            below, other = _room(parts)
            assert other == room or below < height, f"{path.name} imports {name}"


@functools.cache
def _adapters() -> set[str]:
    return {
        ".".join(["model_manager", *path.relative_to(PACKAGE).with_suffix("").parts])
        for path in FILES if _package(path) == "stores" and path.name != "adapters.py" and "STORES" in _top_level(path)
    }  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_adapter_is_imported_but_by_the_list_of_them(path: Path) -> None:
    if path != PACKAGE / "stores" / "adapters.py":
        assert not {name for name, _lazy in _imports(path)} & _adapters()


def test_every_adapter_is_named() -> None:
    """A frozen program cannot look into a folder, so the list imports them by name."""
    named = {name for name, _lazy in _imports(PACKAGE / "stores" / "adapters.py")}
    assert len(_adapters()) >= 20 and _adapters() <= named


def _opens_for_writing(call: ast.Call) -> bool:
    """`open(path, mode)` and `path.open(mode)`; a mode that is not written out counts as writing."""
    if isinstance(call.func, ast.Name):
        modes = call.args[1:2]
    else:
        texts = [one for one in call.args[:2] if isinstance(one, ast.Constant)]
        modes = [one for one in texts if re.fullmatch("[rwaxbt+]{1,4}", str(one.value))]
    modes = [*modes, *(one.value for one in call.keywords if one.arg == "mode")]
    return any(not isinstance(mode, ast.Constant) or re.search("[wax+]", str(mode.value)) for mode in modes)


def _changes_disk(call: ast.Call) -> bool:
    owner, _, name = ast.unparse(call.func).rpartition(".")
    if owner in WRITES and name in WRITES[owner].split():
        return True
    if owner == "os" and name == "open":
        text = ast.unparse(call)
        return "os.devnull" not in text and any(flag in text for flag in WRITE_FLAGS)
    if name == "open":
        return _opens_for_writing(call)
    if not owner or owner.split(".")[-1].strip("_") == "disk":
        return False  # the one door itself
    as_path = name in ("rename", "replace") and len(call.args) == 1 and not call.keywords
    return as_path or name in PATH_WRITES


def _changes_of_disk(tree: ast.AST) -> list[str]:
    """What in this code can change the disk, as text with its line."""
    found: list[ast.stmt | ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in WRITES:
            changing = {*WRITES[node.module].split(), "open"}
            found += [node] if {alias.name for alias in node.names} & changing else []
        elif isinstance(node, ast.Call) and _changes_disk(node):
            found.append(node)
    return [f"{node.lineno}: {ast.unparse(node)}" for node in found]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_operations_change_the_users_disk(path: Path) -> None:
    relative = path.relative_to(PACKAGE).as_posix()
    tree = ast.parse(path.read_text())
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id in ("eval", "exec")]
    if relative not in OWN_FILES and relative != "operations/disk.py":
        assert not _changes_of_disk(tree)


@pytest.mark.parametrize(
    "code",
    ["os.rename(a, b)", "shutil.rmtree(a)", "open(a, 'wb')", "open(a, mode='a')", "open(a, how)", "a.open('r+')",
     "gzip.open(a, 'wb')", "os.open(a, os.O_RDWR)", "Path(a).unlink()", "a.write_text('')",
     "a.rename(b)", "a.replace(b)", "from os import rename", "tempfile.mkdtemp()"],
)  # fmt: skip
def test_the_rule_sees_every_way_to_change_the_disk(code: str) -> None:
    assert _changes_of_disk(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    ["open(a)", "open(a, 'rb')", "a.open()", "os.open(a, os.O_RDONLY)", "t.replace('a', 'b')", "now.replace(hour=1)",
     "replace(facts, size=1)", "window.open('library')", "os.open(os.devnull, os.O_WRONLY)", "self._disk.unlink(a)"],
)  # fmt: skip
def test_the_rule_lets_reading_pass(code: str) -> None:
    assert not _changes_of_disk(ast.parse(code))


def test_the_rule_sees_every_way_to_import() -> None:
    code = "from . import a\nfrom ..views import b\ndef f():\n    importlib.import_module('model_manager.views')"
    names = _imported(ast.parse(code), ["model_manager", "cli"])
    assert ("model_manager.cli.a", False) in names
    assert ("model_manager.views.b", False) in names
    assert ("model_manager.views", True) in names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_can_be_read_in_one_sitting(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 600
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module opens with what it is for"
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            assert (node.end_lineno or 0) - node.lineno < 80, f"{node.name} is too long"
    assert not re.match(r"(utils|helpers|common|manager|base_\w+)\.py", path.name)


def test_a_class_name_means_one_thing() -> None:
    where: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                where.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


def test_the_tests_too_can_be_read_in_one_sitting() -> None:
    for path in [*(ROOT / "tests").rglob("*.py"), *(ROOT / "packaging").rglob("*.py")]:
        assert len(path.read_text().splitlines()) <= 600, path


def test_no_word_of_unfinished_work() -> None:
    for path in FILES:
        assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", path.read_text()), path


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.name == "__init__.py"], ids=lambda path: path.parent.name
)
def test_a_packages_init_is_its_public_list(path: Path) -> None:
    """Docstring, imports, `__all__`; where there are variants, also their list and a short way to ask them."""
    package = path.parent.relative_to(PACKAGE).as_posix()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Expr):
            continue
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("__all__", "__version__"):
            continue
        assert package in LISTS, f"{package}/__init__.py holds {ast.unparse(node)[:60]!r}"
        assert (node.end_lineno or 0) - node.lineno < 40, f"{package}/__init__.py: too much for a public list"


@functools.cache
def _top_level(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names |= {ast.unparse(one) for one in (node.targets if isinstance(node, ast.Assign) else [node.target])}
    return names


@pytest.mark.parametrize("package", VARIANTS)
def test_every_variant_is_named(package: str) -> None:
    """A frozen program cannot look into a folder, so each package of variants imports them by name."""
    folder = PACKAGE / package
    dotted = "model_manager." + package.replace("/", ".") + "."
    imported = [name.removeprefix(dotted) for name, _ in _imports(folder / "__init__.py") if name.startswith(dotted)]
    named = {name.split(".")[0] for name in imported}
    there = {path.stem for path in folder.glob("*.py") if _top_level(path) >= VARIANTS[package]} - {"__init__"}
    assert there, "no file looks like a variant: VARIANTS is out of date"
    assert there <= named


def test_each_tool_and_command_is_one() -> None:
    from model_manager.cli.commands import NAMES
    from model_manager.stores.adapters import STORES

    assert len({store.tool for store in STORES}) == len(STORES)
    files = {path.stem for path in (PACKAGE / "cli").glob("*.py") if _top_level(path) >= {"NAME", "HELP", "run"}}
    assert files == set(NAMES) and len(NAMES) == len(files)


def _outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs when the module is imported: defaults of arguments and class bodies too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            late = {id(one) for one in (node.body if isinstance(node.body, list) else [node.body])}
            for part in ast.iter_child_nodes(node):
                if id(part) not in late:
                    yield part
                    yield from _outside_functions(part)
        else:
            yield node
            yield from _outside_functions(node)


def _translated_too_soon(tree: ast.AST) -> list[str]:
    calls = [node for node in _outside_functions(tree) if isinstance(node, ast.Call)]
    return [f"{one.lineno}: {ast.unparse(one)}" for one in calls if ast.unparse(one.func) in ("_", "ngettext")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_words_are_translated_when_they_are_shown(path: Path) -> None:
    """While a module is imported the language is not known yet."""
    assert not _translated_too_soon(ast.parse(path.read_text()))


@pytest.mark.parametrize(
    ("code", "soon"),
    [("A = _('x')", 1), ("def f(a=_('x')): pass", 1), ("class A:\n    b = (_('x'), ngettext('a', 'b', 2))", 2),
     ("def f(): return _('x')", 0), ("A = lambda: _('x')", 0), ("class A:\n    def f(self): return [_('x')]", 0)],
)  # fmt: skip
def test_the_rule_sees_what_is_translated_too_soon(code: str, soon: int) -> None:
    assert len(_translated_too_soon(ast.parse(code))) == soon


FACES = [path for path in FILES if _package(path) in ("cli", "controllers", "views")]
# Of the program a face may use these: whoever needs more of it decides something, and that is done in `actions`.
OF_APP = {
    "settings",
    "jobs",
    "paths",
    "settle",
    "settled",
    "notices",
    "named_notices",
    "news",
    "news_of_settled",
    "close",
}
# What makes a plan or a suggestion, and what changes the disk.
BEHIND_ACTIONS = (
    "operations.plan_builder", "operations.trashed", "operations.disk", "operations.apply", "library.removal.planning",
    "library.removal.units", "library.removal.selection", "library.removal.still_there", "library.removal.affected",
    "library.duplicates", "library.clean.rules", "library.clean.candidate", "library.clean.offers", "library.deep",
    "library.doctor", "library.model_lookup", "library.labels.user_labels", "library.labels.category_folders", "library.scan.scan",
    "library.scan.drives", "stores.adapters", "catalog.Database", "catalog.models", "catalog.roots", "catalog.outside_changes",
)  # fmt: skip


def _decides(tree: ast.AST, package: list[str]) -> list[str]:
    """Where a face does what an action is for: reaches for the catalogue or the disk, or names what makes plans."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).removeprefix("self.") in (
            "app",
            "_app",
            "window.app",
        ):
            found += [f"{node.lineno}: app.{node.attr}"] if node.attr not in OF_APP else []
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("Plan", "Draft", "Wanted"):
            found.append(f"{node.lineno}: {ast.unparse(node.func)}(")
    names = {name.removeprefix("model_manager.") for name, _lazy in _imported(tree, package)}
    return found + [
        name for name in sorted(names) if any(name == one or name.startswith(one + ".") for one in BEHIND_ACTIONS)
    ]


@pytest.mark.parametrize("path", FACES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_window_and_commands_decide_nothing(path: Path) -> None:
    """They call actions, and turn what these answer into rows and words."""
    package = ["model_manager", *path.relative_to(PACKAGE).parts[:-1]]
    assert not _decides(ast.parse(path.read_text()), package)


@pytest.mark.parametrize(
    ("code", "what"),
    [("app.database", "1: app.database"), ("self._app.operations.apply(plan)", "1: app.operations"),
     ("def f(): from model_manager.operations.plan_builder import Way", "operations.plan_builder"),
     ("from model_manager.library.duplicates.sharing import plan_sharing", "library.duplicates.sharing"),
     ("from model_manager.library import model_lookup", "library.model_lookup"), ("Plan('', '', (), 0, 0, (), 0.0)", "1: Plan(")],
)  # fmt: skip
def test_the_rule_sees_a_face_that_decides(code: str, what: str) -> None:
    assert what in _decides(ast.parse(code), ["model_manager", "cli"])


def test_what_stands_behind_actions_is_there() -> None:
    """A name that is no module any more would forbid nothing."""
    places = [PACKAGE / name.replace(".", "/") for name in BEHIND_ACTIONS if name != "catalog.Database"]
    assert not [place for place in places if not place.is_dir() and not place.with_suffix(".py").is_file()]


def test_one_way_leads_to_a_scan() -> None:
    """Who makes a scan beside it makes two at a time."""
    calls = [path for path in FILES if ".scanner(" in path.read_text() or "import Scan\n" in path.read_text()]
    assert {path.relative_to(PACKAGE).as_posix() for path in calls} == {
        "actions/scanning.py",
        "actions/context.py",
        "app.py",
    }


def test_a_package_of_use_cases_loads_none_of_them() -> None:
    """`model-manager list` starts in a fifth of a second because it loads no plan and no adapter."""
    names = [name for name, _lazy in _imports(PACKAGE / "actions" / "__init__.py")]
    assert not [name for name in names if name.startswith("model_manager")]
