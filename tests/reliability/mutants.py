"""Small mistakes made in a module's text, one at a time: what tests ought to notice."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip
OTHER_WAY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
# A call of these tells the log something, or is about types alone: no test has to notice it.
SILENT = re.compile(r"_?log(ger)?\.(debug|info|warning|error|exception)\(|logging\.|TypeVar\(|NewType\(")
# Without their last argument most calls are a TypeError, which any test notices; these go on.
CAN_DO_WITHOUT = {"get", "pop", "getattr", "next", "min", "max", "round", "sorted", "split", "rsplit", "startswith"}
DROPPABLE = (ast.Raise, ast.AugAssign, ast.Delete, ast.Continue, ast.Break)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake: where it stands, in words, and the module's text with it."""

    path: str  # below model_manager: "operations/apply.py"
    line: int
    statement: int  # the line that the statement begins on: the one that counts as run
    inside: str  # "Operations.undo"; "" at the top of the module
    is_called: bool  # else it runs when the module is read: constants, defaults of arguments
    what: str  # "`a == b` becomes `a != b`"
    make: Callable[[], str]

    @property
    def key(self) -> str:
        """The same after lines were added above it."""
        return f"{self.path} {self.inside} {self.what}"


def mutants(package: Path, path: Path) -> list[Mutant]:
    """Every mistake for one file, in the order of its text."""
    text = path.read_text()
    tree = ast.parse(text)
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    skipped = _other_systems(tree, text.splitlines())
    made = []
    name, statement = path.relative_to(package).as_posix(), 0
    for node, inside, returns in _statements_and_parts(tree, "", None, skipped):
        is_called = returns is not None
        if isinstance(node, ast.stmt):
            statement = node.lineno
        for old, change in _changes(node, returns):
            new = change(copy.deepcopy(node))
            became = "goes" if isinstance(new, ast.Pass) else f"becomes `{_short(_changed(old, node, new))}`"
            make = _maker(text, numbers[id(node)], change)
            line = getattr(old, "lineno", statement)
            made.append(Mutant(name, line, statement, inside, is_called, f"`{_short(old)}` {became}", make))
    return made


def _maker(text: str, number: int, change: Callable[[ast.AST], ast.AST]) -> Callable[[], str]:
    """The module is read anew for each mistake, so that none sees another."""

    def make() -> str:
        tree = ast.parse(text)
        node = list(ast.walk(tree))[number]
        new = change(node)
        if new is not node:
            for parent in ast.walk(tree):
                for name, value in ast.iter_fields(parent):
                    if value is node:
                        setattr(parent, name, new)
                    elif isinstance(value, list):
                        setattr(parent, name, [new if each is node else each for each in value])
        return ast.unparse(ast.fix_missing_locations(tree))

    return make


def _changed(old: ast.AST, node: ast.AST, new: ast.AST) -> ast.AST:
    """The changed part alone, where only one field of a statement was changed."""
    for name, value in ast.iter_fields(node):
        if value is old:
            return getattr(new, name)  # type: ignore[no-any-return]
    return new


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:60]} … {text[-27:]}"


def _other_systems(tree: ast.AST, lines: list[str]) -> set[int]:
    """What cannot run here: all below a line with `pragma: no cover`."""
    return {
        id(node) for node in ast.walk(tree)
        if isinstance(node, (ast.stmt, ast.excepthandler)) and "pragma: no cover" in lines[node.lineno - 1]
    }  # fmt: skip


def _statements_and_parts(
    node: ast.AST, inside: str, returns: str | None, skipped: set[int]
) -> Iterator[tuple[ast.AST, str, str | None]]:
    """(node, the function it stands in, what the one that runs it returns); annotations, docstrings, decorators and the log left out"""
    if id(node) in skipped or isinstance(node, (ast.Import, ast.ImportFrom)) or _is_silent(node):
        return
    yield node, inside, returns
    if isinstance(node, ast.ClassDef):
        if "Protocol" in {ast.unparse(base) for base in node.bases}:
            return
        inside = f"{inside}.{node.name}".strip(".")
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            yield from _statements_and_parts(default, f"{inside}.{node.name}".strip("."), returns, skipped)
        inside = f"{inside}.{node.name}".strip(".")
        returns = ast.unparse(node.returns) if node.returns else ""
    for name, value in ast.iter_fields(node):
        if name == "args" and isinstance(node, ast.FunctionDef):
            continue  # only its defaults do anything
        if name in ("annotation", "returns", "decorator_list", "bases", "type_comment"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _statements_and_parts(child, inside, returns, skipped)


def _is_silent(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING" or "__name__" in ast.unparse(node.test)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, (ast.Expr, ast.Assign)):
        return SILENT.match(ast.unparse(node.value)) is not None
    return isinstance(node, ast.JoinedStr)


Change = Callable[[ast.AST], ast.AST]


def _changes(node: ast.AST, returns: str | None) -> Iterator[tuple[ast.AST, Change]]:
    """(the part that changes, how); a change may write into the node that it is given, or return another"""
    match node:
        case ast.Compare():
            for at, op in enumerate(node.ops):
                yield node, _set_op(at, FLIPPED[type(op)])
        case ast.BoolOp():
            other = ast.And if isinstance(node.op, ast.Or) else ast.Or
            yield node, _set("op", other)
        case ast.BinOp() if type(node.op) in OTHER_WAY:
            yield node, _set("op", OTHER_WAY[type(node.op)])
        case ast.UnaryOp(op=ast.Not()):
            yield node, lambda n: n.operand  # type: ignore[attr-defined]
        case ast.If() | ast.IfExp():
            yield node.test, _negate("test")
        case ast.comprehension():
            for at, _test in enumerate(node.ifs):
                yield node, _without("ifs", at)
        case ast.Constant():
            yield from _other_constants(node)
        case ast.Call():
            yield from _fewer_arguments(node)
        case ast.stmt():
            yield from _other_statements(node, returns)


def _other_constants(node: ast.Constant) -> Iterator[tuple[ast.AST, Change]]:
    if isinstance(node.value, bool):
        yield node, lambda n: ast.Constant(not n.value)  # type: ignore[attr-defined]
    elif isinstance(node.value, int | float):
        yield node, lambda n: ast.Constant(n.value + 1)  # type: ignore[attr-defined]
        yield node, lambda n: ast.Constant(n.value - 1)  # type: ignore[attr-defined]


def _fewer_arguments(node: ast.Call) -> Iterator[tuple[ast.AST, Change]]:
    for at in range(len(node.keywords)):
        yield node, _without("keywords", at)
    if len(node.args) > 1 and ast.unparse(node.func).split(".")[-1] in CAN_DO_WITHOUT:
        yield node, _without("args", len(node.args) - 1)


def _other_statements(node: ast.stmt, returns: str | None) -> Iterator[tuple[ast.AST, Change]]:
    if isinstance(node, ast.Return):
        for value in (True, False) if returns == "bool" else (None,):
            if node.value is not None and ast.unparse(node.value) != str(value):
                yield node, _give(value)
    elif isinstance(node, ast.Expr | ast.Assign):
        if _does_something(node):
            yield node, lambda _n: ast.Pass()
    elif isinstance(node, DROPPABLE):
        yield node, lambda _n: ast.Pass()


def _does_something(node: ast.Expr | ast.Assign) -> bool:
    """A name that is not set would only be a NameError: what is kept or called is what matters."""
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    return all(isinstance(target, (ast.Attribute, ast.Subscript)) for target in node.targets)


def _set(name: str, kind: type[ast.AST]) -> Change:
    def change(node: ast.AST) -> ast.AST:
        setattr(node, name, kind())
        return node

    return change


def _set_op(at: int, kind: type[ast.cmpop]) -> Change:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Compare)
        node.ops[at] = kind()
        return node

    return change


def _negate(name: str) -> Change:
    def change(node: ast.AST) -> ast.AST:
        setattr(node, name, ast.UnaryOp(ast.Not(), getattr(node, name)))
        return node

    return change


def _without(name: str, at: int) -> Change:
    def change(node: ast.AST) -> ast.AST:
        del getattr(node, name)[at]
        return node

    return change


def _give(value: object) -> Change:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Return)
        node.value = ast.Constant(value)  # type: ignore[arg-type]
        return node

    return change
