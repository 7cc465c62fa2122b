"""The buttons above the library that narrow it."""

from __future__ import annotations

from model_manager.base.text import later

CHIPS: tuple[tuple[str, str], ...] = (
    ("GGUF", "format:gguf"), ("safetensors", "format:safetensors"), ("Q4", "quant:q4"), ("Q8", "quant:q8"),
    (later("16 bit"), "quant:f16"), ("> 10 GB", ">10gb"), (later("Unused 90 d"), "unused:90d"), (later("Copies"), "dup:yes"),
    (later("Pinned"), "pinned:yes"),
)  # fmt: skip
"""(what the button says, the query that it adds)"""
