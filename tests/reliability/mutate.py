"""How many small mistakes the tests notice: `python tests/reliability/mutate.py operations --sample 200`.

Each mistake is written into a copy of the tree, in a place from which nothing else can be changed (`sealed.py`), and the
tests that run its line are asked, those of its mirror first, then the quick ones. One that no test notices is told.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest
from mutants import Mutant, mutants
from sealed import seal, unmount_below

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".build" / "mutation"
WORK = Path("/tmp/mutation")
COPY, SCRATCH = WORK / "tree", WORK / "scratch"
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.txt")
# Beside the mirror of a package: whose tests notice its mistakes too.
ALSO = {
    "stores": ["library/removal", "library/clean"],
    "library": ["cli", "controllers"],
    "controllers": ["cli"],
    "cli": ["library"],
    "catalog": ["library", "cli"],
}
# What tests load beside ours: here once, and not again for each mistake.
READ_ONCE = (
    "hypothesis",
    "huggingface_hub",
    "yaml",
    "xxhash",
    "sqlite3",
    "http.server",
    "unittest.mock",
    "multiprocessing",
)
# Reading a tests' file for its lines stops after so many seconds: what its tests were until then counts.
LONGEST_FILE = 150.0
SLOWER, STARTING = 6.0, 40.0  # a busy machine takes longer; seconds for starting the tests


class Tracing:
    """Which lines of the package each test runs, how long it takes, and whether it passes without a mistake."""

    def __init__(self, package: Path, answer: Path) -> None:
        self.coverage = coverage.Coverage(data_file=None, source=[str(package)], config_file=False)
        self.answer, self.started = answer, time.monotonic()
        self.tests: dict[str, dict[str, Any]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        if time.monotonic() - self.started > LONGEST_FILE:
            item.session.shouldstop = "long enough"
        before = time.monotonic()
        self.coverage.start()
        self.coverage.switch_context(item.nodeid)
        yield
        self.coverage.stop()
        self.tests.setdefault(item.nodeid, {"passed": True})["seconds"] = round(time.monotonic() - before, 3)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed:
            self.tests.setdefault(report.nodeid, {})["passed"] = False

    def pytest_sessionfinish(self) -> None:
        data = self.coverage.get_data()
        lines = {
            str(Path(file).relative_to(COPY / "model_manager")): data.contexts_by_lineno(file)
            for file in data.measured_files()
        }
        self.answer.write_text(json.dumps({"tests": self.tests, "lines": lines}))


class Chosen:
    """Only these tests, in this order."""

    def __init__(self, tests: list[str]) -> None:
        self.place = {test: number for number, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self.place), key=lambda item: self.place[item.nodeid])


def run(arguments: list[str], plugin: Any, limit: float) -> int | None:
    """pytest's exit status in a process of its own; None when it had to be killed."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.setsid()
        with open(WORK / "told", "w") as told:
            os.dup2(told.fileno(), 1)
            os.dup2(told.fileno(), 2)
        always = ["-q", "-p", "no:cacheprovider", "--no-header", f"--basetemp={SCRATCH / 'base'}"]
        os._exit(int(pytest.main([*always, *arguments], plugins=[plugin])))
    ended, status = 0, 0
    until = time.monotonic() + limit
    while not ended and time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.02)
    try:
        os.killpg(child, signal.SIGKILL)  # and whatever it has left behind
    except ProcessLookupError:
        pass
    if not ended:
        os.waitpid(child, 0)
    unmount_below(SCRATCH)
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir()
    return os.waitstatus_to_exitcode(status) if ended else None


def traced(files: list[Path], tests: list[Path]) -> dict[str, Any]:
    """What every test runs, file by file of tests; kept in `.build/mutation` until these or the package change."""
    package = COPY / "model_manager" / Path(files[0]).relative_to(ROOT / "model_manager").parts[0]
    sources = b"".join(path.read_bytes() for path in sorted(package.rglob("*.py")))
    every: dict[str, Any] = {"tests": {}, "lines": {}}
    for path in tests:
        own = path.relative_to(ROOT).as_posix()
        mark = sources + f"{own} {LONGEST_FILE}".encode() + (COPY / own).read_bytes()
        kept = CACHE / f"{hashlib.sha256(mark).hexdigest()[:24]}.json"
        if not kept.is_file():
            answer = WORK / "answer"
            answer.write_text('{"tests": {}, "lines": {}}')
            run([own], Tracing(package, answer), 3 * LONGEST_FILE)
            shutil.copy(answer, kept)
        found = json.loads(kept.read_text())
        passed = {test for test, told in found["tests"].items() if told["passed"]}
        print(f"{own}: {len(passed)} of {len(found['tests'])} tests", file=sys.stderr, flush=True)
        every["tests"] |= {test: found["tests"][test] for test in passed}
        for file, lines in found["lines"].items():
            for line, names in lines.items():
                every["lines"].setdefault(file, {}).setdefault(int(line), set()).update(passed.intersection(names))
    return every


def asked(mutant: Mutant, trace: dict[str, Any], budget: float) -> list[str]:
    """The tests that run the line (the file, for what runs when it is read), until they take `budget` seconds."""
    lines = trace["lines"].get(mutant.path, {})
    here = lines.get(mutant.line, set()) | lines.get(mutant.statement, set())
    running = here if mutant.is_called else set().union(*lines.values())
    mirror = f"tests/{Path(mutant.path).parent.as_posix()}/test_{Path(mutant.path).name}".replace("/test_/", "/")
    seconds = {test: trace["tests"][test]["seconds"] for test in running}
    chosen: list[str] = []
    so_far = 0.0
    for test in sorted(running, key=lambda name: (not name.startswith(mirror), seconds[name])):
        so_far += seconds[test]
        if chosen and so_far > budget:
            break
        chosen.append(test)
    return chosen


def outcome(mutant: Mutant, trace: dict[str, Any], budget: float) -> str:
    """caught, survived, not run (by any test) or endless (caught, in its way)"""
    tests = asked(mutant, trace, budget)
    if not tests:
        return "not run"
    path = COPY / "model_manager" / mutant.path
    before = path.read_text()
    seconds = sum(trace["tests"][test]["seconds"] for test in tests)
    path.write_text(mutant.make())
    _forget(path)
    try:
        files = list(dict.fromkeys(test.split("::")[0] for test in tests))
        status = run(["-x", *files], Chosen(tests), STARTING + SLOWER * seconds)
    finally:
        path.write_text(before)
        _forget(path)
    return "endless" if status is None else "survived" if status == 0 else "caught"


def _forget(module: Path) -> None:
    """Python takes what it has compiled for up to date within a second."""
    for compiled in (module.parent / "__pycache__").glob(f"{module.stem}.*"):
        compiled.unlink()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", help='below model_manager: "operations", "stores/*/removal.py"')
    parser.add_argument("--sample", type=int, default=200, help="how many mistakes; all of them: 0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=float, default=60.0, help="seconds that the tests for one mistake may take")
    parser.add_argument(
        "--begin", type=int, default=0, help="leaves out the first of the sample: two runs side by side"
    )
    parser.add_argument(
        "--at", nargs="*", default=[""], help='of the sample only these lines, "apply.py:120", or files'
    )
    parser.add_argument("--at-least", type=float, default=0.0, help="fails below so many percent")
    parser.add_argument("--tests", nargs="*", help="folders or files of tests to ask instead of the usual")
    options = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    seal(CACHE)
    _copy_the_tree()
    package = ROOT / "model_manager"
    files = sorted(
        f for found in package.glob(options.package) for f in (found.rglob("*.py") if found.is_dir() else [found])
    )
    if not files:
        parser.error(f"model_manager/{options.package} is not there")
    first = files[0].relative_to(package).parts[0]
    mirror = options.package.split("*")[0].rstrip("/").removesuffix(".py")
    folders = options.tests or [mirror if (ROOT / "tests" / mirror).is_dir() else first, *ALSO.get(first, [])]
    trace = traced(files, sorted({test for folder in folders for test in _tests_in(ROOT / "tests" / folder)}))
    every = [mutant for file in files for mutant in mutants(package, file)]
    equivalent = {line.split(" # ")[0].strip() for line in EQUIVALENT.read_text().splitlines()}
    if options.sample and len(every) > options.sample:
        every = random.Random(options.seed).sample(every, options.sample)
    every = [mutant for mutant in every if any(_is_at(mutant, place) for place in options.at)]
    return 0 if _score(every[options.begin :], equivalent, trace, options.budget) >= options.at_least else 1


def _is_at(mutant: Mutant, place: str) -> bool:
    name, _, line = place.partition(":")
    return mutant.path.endswith(name) and line in ("", str(mutant.line))


def _tests_in(place: Path) -> list[Path]:
    return [place] if place.is_file() else list(place.rglob("test_*.py"))


def _copy_the_tree() -> None:
    """And this process, with all it starts, has its home and its temporary files in the memory disk too."""
    leave = shutil.ignore_patterns(".git", ".venv", "build", ".build", "dist", "__pycache__", ".*_cache", "assets")
    shutil.copytree(ROOT, COPY, ignore=leave)
    SCRATCH.mkdir()
    (WORK / "home").mkdir()
    os.environ.update(HOME=str(WORK / "home"), TMPDIR=str(SCRATCH), PYTHONPATH=str(COPY))
    os.chdir(COPY)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    sys.path.insert(0, str(COPY))
    for name in READ_ONCE:
        importlib.import_module(name)


def _score(every: list[Mutant], equivalent: set[str], trace: dict[str, Any], budget: float) -> float:
    """How many percent were noticed; tells those that were not."""
    told: Counter[str] = Counter()
    for number, mutant in enumerate(every, 1):
        came = "equivalent" if mutant.key in equivalent else outcome(mutant, trace, budget)
        told[came] += 1
        if came in ("survived", "not run"):
            print(f"{came}: {mutant.path}:{mutant.line}  {mutant.inside}  {mutant.what}", flush=True)
        print(f"{number}/{len(every)} {dict(told)}", file=sys.stderr, end="\r", flush=True)
    counted = len(every) - told["equivalent"]
    caught = told["caught"] + told["endless"]
    percent = 100 * caught / max(counted, 1)
    print(f"\n{caught} of {counted} caught, {percent:.1f} %  {dict(told)}")
    return percent


if __name__ == "__main__":
    sys.exit(main())
