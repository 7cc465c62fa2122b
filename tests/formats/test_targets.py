"""NeMo archives whose configurations name code under other keys than Hydra's, or in JSON."""

from __future__ import annotations

import json
import time

import pytest
from headers import read

from tests.formats.test_nested import CONFIG, nemo


@pytest.mark.parametrize("key", ["cls", "_cls_", "class", "class_path", "func", "_func_", "callable", "_callable_", "_method_", "method",
                                 "__target__", "_target", "target_", "factory", "function", "entry_point", "_class_name"])  # fmt: skip
@pytest.mark.parametrize(
    ("name", "verdict"),
    [("os.system", "unsafe"), ("mine.run", "unknown"), ("nemo.collections.asr.modules.ConvASREncoder", "good"),
     ("torch.nn.ReLU", "good")],
)  # fmt: skip
def test_keys_that_name_code(key: str, name: str, verdict: str) -> None:
    for text in (f"a:\n  {key}: {name}\n", f'a: {{"{key}": "{name}"}}\n', f"{key} :\n  '{name}'\n"):
        health = read(nemo({}, CONFIG + text.encode()), "x.nemo").health
        assert health.verdict == verdict, (text, health)
    inner = json.dumps({"a": [{key: name}]}, indent=1).encode()
    health = read(nemo({"folder/more.json": inner}), "x.nemo").health
    assert health.verdict == verdict, health


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (b'{"_target_": "os.system"}', "unsafe"),
        (b'{"\\u005ftarget\\u005f": "os.system"}', "unsafe"),
        (b'{"_target_":\n\n"builtins.eval"}', "unsafe"),
        (b'{"x": "subprocess.Popen"}', "unknown"),
        (
            b'{"!%20": 1, "*a": 2, "&": 3, "? >": 4, "!!python": 5, "class": 6, "func": "word", "\\u0120target": 7}',
            "good",
        ),
        (b"no json at all", "good"),
    ],
)
def test_json_within(text: bytes, verdict: str) -> None:
    health = read(nemo({"vocab.json": text}), "x.nemo").health
    assert health.verdict == verdict, health


def test_a_large_table_is_read_in_time_and_a_larger_one_is_not_called_good() -> None:
    table = json.dumps({f"word{count}": count for count in range(50_000)}).encode()
    content = nemo({"vocab.json": table})
    started = time.process_time()
    assert read(content, "x.nemo").health.verdict == "good"
    assert time.process_time() - started < 2.0
    hidden = nemo({"a.json": b" " * (5 << 20) + b'{"_target_": "os.system"}'})
    assert read(hidden, "x.nemo").health.verdict == "unknown"


def test_programs_within_are_told() -> None:
    for name, content in (("evil.py", b"import os"), ("lib.so", b"\x7fELF" + bytes(600))):
        assert read(nemo({name: content}), "x.nemo").health.verdict == "unknown"
