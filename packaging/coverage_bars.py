"""The share of lines and branches that the tests have to run of each package, and whether they did.

python packaging/coverage_bars.py            (after `coverage run -m pytest`; exits with 1 where a package is below its bar)
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coverage import Coverage

PACKAGE = "model_manager"
BARS = {
    "": 90, "actions": 90, "base": 91, "catalog": 95, "cli": 88, "controllers": 94, "formats": 95, "library": 91, "operations": 95,
    "stores": 94, "views": 92,
}  # fmt: skip
"""Percent of lines and branches together; "" stands for the modules that lie in no package."""


def shares(files: Mapping[str, Any]) -> dict[str, float]:
    """Package -> percent that was run, from the `files` of coverage's JSON."""
    counts: dict[str, tuple[int, int]] = {}
    for path, file in files.items():
        parts = Path(path).parts
        below = parts[parts.index(PACKAGE) + 1 :]
        package, summary = below[0] if len(below) > 1 else "", file["summary"]
        run, all_ = counts.get(package, (0, 0))
        counts[package] = (
            run + summary["covered_lines"] + summary["covered_branches"],
            all_ + summary["num_statements"] + summary["num_branches"],
        )
    return {package: 100 * run / all_ if all_ else 100.0 for package, (run, all_) in counts.items()}


def below(measured: Mapping[str, float]) -> list[str]:
    """One sentence for each package that is below its bar, that was not measured, or that has none."""
    told = []
    for package in sorted({*BARS, *measured}):
        name = f"{PACKAGE}/{package}".rstrip("/")
        if package not in BARS:
            told.append(f"{name} has no bar: give it one in packaging/coverage_bars.py")
        elif package not in measured:
            told.append(f"{name} was not measured")
        elif measured[package] < BARS[package]:
            told.append(
                f"{name}: {measured[package]:.1f} % of lines and branches are run, and {BARS[package]} are needed"
            )
    return told


def main() -> int:
    data = Coverage()
    data.load()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "coverage.json")
        data.json_report(outfile=str(report))
        measured = shares(json.loads(report.read_text(encoding="utf-8"))["files"])
    for package, share in sorted(measured.items()):
        print(f"{PACKAGE}/{package}".rstrip("/").ljust(28), f"{share:5.1f} %   (bar: {BARS.get(package, '-')})")
    missing = below(measured)
    for sentence in missing:
        print(sentence, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
