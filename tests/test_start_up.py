"""What the start of the window may load: time spent before the first painting is time spent waiting."""

from __future__ import annotations

import subprocess
import sys

LATER = ("model_manager.stores.adapters", "model_manager.formats", "model_manager.operations", "model_manager.library.scan.scan",
         "model_manager.library.removal.planning", "model_manager.views.screens", "xxhash", "yaml", "http.client", "gguf",
         "huggingface_hub", "safetensors")  # fmt: skip


def test_the_window_loads_neither_adapters_nor_formats() -> None:
    code = "import sys, model_manager.app, model_manager.views.window; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not set(done.stdout.split()) & set(LATER)
