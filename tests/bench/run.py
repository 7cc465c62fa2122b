"""Benchmarks: `python tests/bench/run.py [NAME …] [--small] [--runs N] [--write notes/performance.md]`.

Each runs in a process of its own, over trees made in a temporary folder that is removed afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent.parent)]

from isolation import VARIABLES  # noqa: E402
from measure import Result, info, machine, peak, result_of  # noqa: E402
from page import PageError, parts_of, table, write  # noqa: E402

Benchmark = Callable[[Path, bool, int], list[Result]]
NAMES = (
    "walk", "headers", "family", "scan", "hub", "again", "window", "start", "rows", "orders", "heartbeat", "beside",
    "duplicates", "duplicates-wall", "hashing", "deep", "operations", "growth",
)  # fmt: skip


def benchmark(name: str) -> Benchmark:
    import again
    import commands
    import deep
    import disk
    import duplicates
    import growth
    import headers
    import operations
    import screen
    import typed

    found: dict[str, Benchmark] = {
        "walk": disk.walk, "headers": headers.headers, "scan": disk.scan, "hub": disk.hub,
        "again": again.again,
        "window": screen.window, "rows": screen.rows, "heartbeat": screen.heartbeat,
        "duplicates": duplicates.duplicates, "duplicates-wall": duplicates.duplicates_wall,
        "hashing": duplicates.hashing, "family": headers.family, "start": commands.start, "orders": typed.orders,
        "beside": typed.beside, "deep": deep.deep, "operations": operations.operations, "growth": growth.growth,
    }  # fmt: skip
    return found[name]


def alone(name: str, arguments: argparse.Namespace) -> list[Result]:
    """Runs one benchmark in a new process with an empty home."""
    with tempfile.TemporaryDirectory(prefix="model-manager-bench-", dir=arguments.folder) as folder:
        environ = {key: value for key, value in os.environ.items() if key not in VARIABLES}
        environ |= {
            "HOME": folder + "/home",
            "MODEL_MANAGER_DATA": folder + "/own",
            "PYTHONPATH": os.pathsep.join(sys.path[:3]),
            # Compiled modules, as an installed program has them, even where this environment keeps none.
            "PYTHONPYCACHEPREFIX": folder + "/compiled",
        }
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.mkdir(folder + "/home")
        command = [sys.executable, __file__, name, "--inner", folder, "--runs", str(arguments.runs)]
        command += ["--small"] if arguments.small else []
        done = subprocess.run(command, stdout=subprocess.PIPE, env=environ, check=False, text=True)
    if done.returncode:
        return [Result(name, "failed", f"ended with {done.returncode}", "", False)]
    return [result_of(record) for record in json.loads(done.stdout.splitlines()[-1])]


def inner(name: str, folder: Path, small: bool, runs: int) -> None:
    results = benchmark(name)(folder, small, runs)
    results.append(info(name, "peak memory of the benchmark", f"{peak() / 1e6:.0f} MB"))
    print(json.dumps([result.record() for result in results]))


def how(arguments: argparse.Namespace) -> str:
    """What was run, in words for the page."""
    words = " ".join([*arguments.names, *(["--small"] if arguments.small else []), "--write notes/performance.md"])
    size = "the small form, whose figures are not to be quoted" if arguments.small else "the full form"
    return (
        f"Measured by `python tests/bench/run.py {words}`, each side taking turns\n"
        f"with its peer on the same data in the same run; medians of {arguments.runs} runs after a warm-up, {size}.\n"
        "Ratios carry over to other machines, milliseconds do not."
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--small", action="store_true", help="a tenth of the size: a quick look, no figures to quote")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", help="where the trees are made (default: the system's temporary folder)")
    parser.add_argument("--write", type=Path, help="put figures and charts into this page")
    parser.add_argument("--inner", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if wrong := set(arguments.names) - set(NAMES):
        parser.error(f"there is no {', '.join(sorted(wrong))}; one of {', '.join(NAMES)}")
    if arguments.inner:
        inner(arguments.names[0], arguments.inner, arguments.small, arguments.runs)
        return 0
    if arguments.write:
        try:
            parts_of(arguments.write)
        except PageError as error:  # before an hour of measuring
            parser.error(str(error))
    facts = machine(arguments.folder or tempfile.gettempdir())
    print("\n".join(f"{name}: {value}" for name, value in facts), end="\n\n")
    found: dict[str, list[Result]] = {}
    for name in arguments.names or NAMES:
        found[name] = alone(name, arguments)
        print(table(found[name]), end="\n\n", flush=True)
    if arguments.write:
        write(arguments.write, found, facts, how(arguments))
    return int(any(result.met is False for results in found.values() for result in results))


if __name__ == "__main__":
    sys.exit(main())
