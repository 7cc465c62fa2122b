"""The stores of tools scanned again with nothing changed, as their owners meet them at every start of the program."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from factory import gguf_bytes, ollama_model
from measure import Result, info, ms, ratio
from trees import hub_cache

from model_manager.app import App, build
from model_manager.jobs import Progress
from model_manager.library.scan import watch

_SETTLED = 2.5
"""Seconds after which what was written counts as quiet, by `remembered.SETTLED_NS`."""


def again(here: Path, small: bool, runs: int) -> list[Result]:
    """2,000 repositories of a Hugging Face cache, then 2,000 models of Ollama: each again against its first scan."""
    count = 200 if small else 2000
    stores: dict[str, tuple[str, Callable[[Path, int], Path]]] = {
        "Hugging Face cache again": ("huggingface", hub_cache),
        "Ollama's store again": ("ollama", ollama_store),
    }
    found: list[Result] = []
    for title, (tool, make) in stores.items():
        top = make(here / tool, count)
        time.sleep(_SETTLED)
        first: list[float] = []
        second: list[float] = []
        read = 0
        for turn in range(runs + 1):
            app = build(str(here / f"data of {tool} {turn}"))
            watch.add_root(app.database, str(top), tool)
            seconds, _ = _scanned(app)
            repeated, bytes_read = _scanned(app)
            app.close()
            if turn:
                first.append(seconds)
                second.append(repeated)
                read = max(read, bytes_read)
        found.append(ratio(title, "CPU, its first scan", second, "first scan", first, 0.1))
        found.append(info(title, "bytes read again", f"{read:,} in {ms(min(second))} at best"))
    return found


def _scanned(app: App) -> tuple[float, int]:
    """(seconds of CPU, bytes read) of one scan: other work on the machine does not move the figure."""
    start = time.process_time()
    report = app.scanner().run(Progress())
    return time.process_time() - start, report.read_bytes


def ollama_store(top: Path, count: int) -> Path:
    """`count` tags with weights of their own; a quarter have a projector, all a template, parameters and a record."""
    for number in range(count):
        layers = {"model": gguf_bytes({"general.name": f"M {number}"}, seed=number), "template": b"{{ .Prompt }}"}
        layers["params"] = json.dumps({"num_ctx": 4096 + number % 8}).encode()
        if not number % 4:
            layers["projector"] = gguf_bytes({"general.architecture": "clip"}, seed=number % 97)
        record = {"model_format": "gguf", "model_family": "llama", "file_type": "Q4_K_M", "number": number}
        ollama_model(top, f"registry.ollama.ai/library/model{number:05}/{number % 3 + 1}b", layers, record)
    return top
