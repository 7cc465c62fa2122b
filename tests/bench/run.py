"""How fast it is, against what people use today, on the same tree in the same run.

python tests/bench/run.py [walk headers scan hub filter window memory heartbeat] [--small] [--write notes/performance.md]

Every figure is a median over several runs after a warm-up, the two sides in turn; only ratios are to be quoted. The page
cache is warm.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from factory import gguf_bytes, hub_repo, safetensors_bytes  # noqa: E402

RUNS = 5


def wall(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def pair(
    ours: Callable[[], object],
    theirs: Callable[[], object],
    clock: Callable[[Callable[[], object]], float] = wall,
    runs: int = RUNS,
) -> tuple[float, float, float]:
    """(our median, their median, median of the ratios pair by pair)"""
    ours(), theirs()
    mine, other = [], []
    for _ in range(runs):
        mine.append(clock(ours))
        other.append(clock(theirs))
    ratios = [a / b for a, b in zip(mine, other, strict=True)]
    return statistics.median(mine), statistics.median(other), statistics.median(ratios)


def make_tree(base: Path, files: int) -> int:
    """5,500 folders' worth of files, one in twenty a model; answers how many models."""
    model, made = gguf_bytes({"tokenizer.ggml.tokens": [f"t{n}" for n in range(200)]}), 0
    for number in range(files // 18):
        folder = base / f"a{number % 55}" / f"b{number}"
        folder.mkdir(parents=True, exist_ok=True)
        for name in range(18):
            if (number * 18 + name) % 20 == 0:
                (folder / f"m{number}-{name}.gguf").write_bytes(model)
                made += 1
            else:
                (folder / f"f{name}.txt").touch()
    return made


def walk(small: bool) -> list[tuple[str, str, str]]:
    from model_manager.base.facts import Facts
    from model_manager.stores.look import Look
    from model_manager.stores.tree import Plain, describe_tree

    with tempfile.TemporaryDirectory() as base:
        count = make_tree(Path(base), 10_000 if small else 100_000)
        found = []

        def ours() -> None:
            found[:] = list(describe_tree(base, Look(lambda path, stat: Facts("gguf")), Plain()))

        def find() -> None:
            subprocess.run(["find", base, "-printf", "%s %p\n"], stdout=subprocess.DEVNULL, check=True)

        mine, _other, ratio = pair(ours, find)
        assert len(found) == count
        return [("walk", f"{ratio:.2f} × `find -printf` (wall), {mine:.2f} s", "≤ 1.0 ×")]


def headers(small: bool) -> list[tuple[str, str, str]]:
    import gguf
    import safetensors

    from model_manager.base.reading import open_quietly
    from model_manager.formats.sniff import facts_of

    def read(path: Path) -> None:
        with open_quietly(str(path)) as file:
            facts_of(file, path.stat().st_size, path.name)

    rows = []
    with tempfile.TemporaryDirectory() as base:
        vocabulary = 8_000 if small else 128_256
        path = Path(base) / "a.gguf"
        path.write_bytes(gguf_bytes({"tokenizer.ggml.tokens": [f"token{n}" for n in range(vocabulary)],
                                     "tokenizer.ggml.merges": [f"tok en{n}" for n in range(vocabulary)]}))  # fmt: skip
        mine, other, ratio = pair(lambda: read(path), lambda: gguf.GGUFReader(path), cpu, 2)
        rows.append(
            (
                "headers, GGUF",
                f"{1 / ratio:.0f} × less CPU than `gguf.GGUFReader` ({mine * 1e3:.0f} ms, {other:.1f} s)",
                "≥ 100 ×",
            )
        )
        for name, count in (("SDXL", 2_531), ("Flux", 780)):
            file = Path(base) / f"{name}.safetensors"
            tensors = {
                f"model.diffusion_model.input_blocks.{n // 20}.{n % 20}.transformer_blocks.0.attn{n}.weight": (
                    "F16",
                    (16, 8),
                )
                for n in range(count)
            }
            file.write_bytes(safetensors_bytes(tensors))

            def theirs(file: Path = file) -> None:
                with safetensors.safe_open(file, framework="numpy") as handle:
                    for key in handle.keys():  # noqa: SIM118
                        handle.get_slice(key).get_shape()

            mine, other, ratio = pair(lambda file=file: read(file), theirs, cpu, 20)
            rows.append(
                (
                    f"headers, safetensors, {name}",
                    f"{ratio:.2f} × `safe_open` with shapes (CPU), {mine * 1e3:.1f} ms",
                    "≤ 1.5 ×",
                )
            )
    return rows


def scan(small: bool) -> list[tuple[str, str, str]]:
    from model_manager.app import build
    from model_manager.base.events import ModelsChanged
    from model_manager.base.facts import Facts
    from model_manager.base.reading import open_quietly
    from model_manager.formats.sniff import facts_of
    from model_manager.jobs import Progress
    from model_manager.library import watch
    from model_manager.stores.look import Look
    from model_manager.stores.tree import Plain, describe_tree

    with tempfile.TemporaryDirectory() as base:
        os.environ["HOME"] = f"{base}/home"
        os.makedirs(f"{base}/home/AI")
        make_tree(Path(base) / "home/AI", 10_000 if small else 100_000)

        def limit() -> None:
            paths = [
                item.files[0]
                for item in describe_tree(f"{base}/home/AI", Look(lambda path, stat: Facts("gguf")), Plain())
            ]
            for found in paths:
                with open_quietly(found.path) as file:
                    facts_of(file, found.stat.st_size, found.path)

        limit()
        least = statistics.median(wall(limit) for _ in range(3))
        firsts, seconds, rests, read = [], [], [], 0
        for number in range(3):
            app = build(f"{base}/data{number}")
            watch.add_root(app.database, f"{base}/home/AI")
            start = time.perf_counter()
            events: list[float] = []
            scanner = app.scanner(
                lambda event, events=events: (
                    events.append(time.perf_counter()) if isinstance(event, ModelsChanged) else None
                )
            )
            firsts.append(wall(lambda scanner=scanner: scanner.run(Progress())))
            seconds.append(events[0] - start)
            again = app.scanner()
            rests.append(wall(lambda again=again: again.run(Progress())))
            read = max(read, again._headers.read_bytes)
            app.close()
    first, rest = statistics.median(firsts), statistics.median(rests)
    return [
        ("first scan", f"{first / least:.2f} × walk + headers, {first:.2f} s", "≤ 2 ×"),
        ("first rows", f"{statistics.median(seconds) * 1e3:.0f} ms after the scan began", "≤ 300 ms"),
        ("rescan", f"{rest / first:.2f} × the first scan, {read} bytes of bodies", "≤ 0.1 ×, 0 bytes"),
    ]


def hub(small: bool) -> list[tuple[str, str, str]]:
    from huggingface_hub import scan_cache_dir

    from model_manager.base.facts import Facts
    from model_manager.stores.hub_cache import describe_hub
    from model_manager.stores.look import Look

    with tempfile.TemporaryDirectory() as base:
        for number in range(200 if small else 2_000):
            files = {
                "config.json": b"{%d}" % number,
                "model.safetensors": b"w%d" % number * 9,
                "tokenizer.json": b"t%d" % number * 5,
            }
            hub_repo(Path(base), f"org{number % 90}/name{number}", files)
        sizes = {}

        def ours() -> None:
            found = list(describe_hub(base, Look(lambda path, stat: Facts("safetensors"))))
            inodes = {
                (file.stat.st_dev, file.stat.st_ino): file.stat.st_size
                for item in found
                for file in getattr(item, "files", ())
            }
            sizes["ours"] = sum(inodes.values())

        def theirs() -> None:
            sizes["theirs"] = scan_cache_dir(base).size_on_disk

        _mine, _other, ratio = pair(ours, theirs, wall, 3)
        assert sizes["ours"] == sizes["theirs"], sizes
        return [("Hugging Face cache", f"{ratio:.2f} × `scan_cache_dir`, the same total", "≤ 0.25 ×")]


def _display() -> subprocess.Popen[bytes]:
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as answer:
        os.environ["DISPLAY"] = f":{answer.readline().strip()}"
    return server


def window(small: bool) -> list[tuple[str, str, str]]:
    server = _display()
    with tempfile.TemporaryDirectory() as base:
        environment = {
            **os.environ,
            "HOME": base,
            "MODEL_MANAGER_DATA": f"{base}/data",
            "PYTHONPATH": str(HERE.parent.parent),
        }
        bare = (
            "import ttkbootstrap as ttk; a = ttk.App('x', size=(1240, 760)); ttk.Label(a, text='x').pack(); a.update()"
        )
        whole = ("from model_manager.app import build; from model_manager.views.window import Window; a = build(); w = Window(a); w.start();"
                 " w.root.update(); import os; os._exit(0)")  # fmt: skip

        def run(code: str) -> None:
            subprocess.run([sys.executable, "-c", code], env=environment, check=True)

        mine, _other, ratio = pair(lambda: run(whole), lambda: run(bare))
    server.terminate()
    return [("window", f"{ratio:.2f} × a bare ttkbootstrap window, {mine:.2f} s", "≤ 1.5 ×, < 1 s")]


def filter_(small: bool) -> list[tuple[str, str, str]]:
    """A keystroke over 100,000 rows to painted rows, and what they weigh in memory."""
    server = _display()
    import ttkbootstrap as ttk

    from model_manager.catalog.models import Row
    from model_manager.library.categories import BUILT_IN
    from model_manager.library.query import Query
    from model_manager.views.library import COLUMNS
    from model_manager.views.widgets.table import Table

    count = 10_000 if small else 100_000
    root = ttk.App("bench", size=(1280, 800))
    table = Table(root, COLUMNS, key=lambda row: row.id)
    table.pack(fill="both", expand=True)
    root.update()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = [
        Row(n, f"model-{n}-Q4_K_M", "llm", "tensors", "gguf", "llama", "Llama", n, "Q4_K_M", None, 4.8, 8192, n * 1000, n * 1000, "good", "ollama", 1,
            None, None, 0, 0, "instruct,tools", 0, f"model-{n}-q4_k_m\ninstruct\ntools\nllama\nollama\n/home/robin/.ollama/models/{n}")
        for n in range(count)
    ]  # fmt: skip
    table.set_rows(rows)
    root.update()
    weight = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for text in (
        "m",
        "mo",
        "mod",
        "mode",
        "model-9",
        "model-99",
        "model-999",
        "llm",
        "llm quant:q4",
        "llm >10mb",
        "-tools",
        "zzz",
        "",
    ) * 4:

        def stroke(text: str = text) -> None:
            table.set_rows(Query(text, BUILT_IN).of(rows))
            root.update()

        times.append(wall(stroke))
    server.terminate()
    times.sort()
    return [
        (
            "filter",
            f"p95 {times[int(len(times) * 0.95)] * 1e3:.0f} ms over {count:,} rows, median {statistics.median(times) * 1e3:.0f} ms",
            "p95 < 50 ms",
        ),
        ("memory", f"{weight / 1024:.0f} MB resident with {count:,} rows ({before / 1024:.0f} MB before)", "≤ 150 MB"),
    ]


def heartbeat(small: bool) -> list[tuple[str, str, str]]:
    """Gaps of a 5 ms beat in Tk's loop while a scan of 100,000 files runs."""
    server = _display()
    from model_manager.app import build
    from model_manager.library import watch
    from model_manager.views.window import Window

    sys.setswitchinterval(0.001)
    with tempfile.TemporaryDirectory() as base:
        os.environ["HOME"] = f"{base}/home"
        os.makedirs(f"{base}/home/AI")
        make_tree(Path(base) / "home/AI", 10_000 if small else 100_000)
        app = build(f"{base}/data")
        watch.add_root(app.database, f"{base}/home/AI")
        shown = Window(app)
        beats: list[float] = []

        def beat() -> None:
            beats.append(time.perf_counter())
            shown.root.after(5, beat)

        shown.start()
        shown.root.update()
        beat()
        end = time.monotonic() + 120
        while time.monotonic() < end and (shown.scan_job is None or shown.scan_job.state in ("waiting", "running")):
            shown.root.update()
            time.sleep(0.001)
        gaps = sorted((b - a) * 1e3 for a, b in itertools.pairwise(beats))
        shown.close()
        app.close()
    server.terminate()
    return [
        (
            "heartbeat",
            f"gap p99 {gaps[int(len(gaps) * 0.99)]:.0f} ms, max {gaps[-1]:.0f} ms over {len(gaps):,} beats",
            "p99 ≤ 50 ms, max ≤ 200 ms",
        )
    ]


ALL: dict[str, Callable[[bool], list[tuple[str, str, str]]]] = {
    "walk": walk, "headers": headers, "scan": scan, "hub": hub, "window": window, "filter": filter_, "heartbeat": heartbeat,
}  # fmt: skip


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("ttkbootstrap", "huggingface_hub", "safetensors", "gguf")
    )
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release().split('-')[0]}, Python {platform.python_version()}, {libraries}; page cache warm"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*ALL, []], help="which; all when none is given")
    parser.add_argument("--small", action="store_true", help="a tenth of the size")
    parser.add_argument("--write", metavar="FILE", help="write the table there")
    options = parser.parse_args()
    lines = ["| benchmark | measured | asked |", "|---|---|---|"]
    print(machine())
    for name in options.names or ALL:
        # Each in a process of its own: one must not warm or bloat the other.
        code = f"import sys; sys.argv=['x']; sys.path.insert(0, {str(HERE)!r}); import run; [print('ROW', '|'.join(row)) for row in run.ALL[{name!r}]({options.small})]"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        rows = [line[4:].split("|") for line in done.stdout.splitlines() if line.startswith("ROW ")]
        if not rows:
            rows = [[name, "failed: " + (done.stderr.strip().splitlines() or ["?"])[-1], ""]]
        for row in rows:
            lines.append(f"| {row[0]} | {row[1]} | {row[2]} |")
            print(lines[-1], flush=True)
    if options.write:
        text = (
            "# Performance, as measured\n\nMade by `python tests/bench/run.py --write notes/performance.md`.\n\n"
            + machine()
            + ".\n\n"
        )
        Path(options.write).write_text(text + "\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
