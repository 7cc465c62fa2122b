"""Other programs' settings: bounded, and never an exception."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from factory import write

from model_manager.stores.settings_file import yaml_settings

DOUBLING = "a0: &a0 {k: 1, l: 2}\n" + "".join(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 90))
LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 90))
WIDE = f"a: &a {{{', '.join(f'k{n}: 1' for n in range(3000))}}}\nb:\n  <<: [{', '.join(['*a'] * 999)}]\n"


def test_anchors_and_merges_work(home: Path) -> None:
    path = write(home / "x.yaml", "a: &a {base_path: /x, loras: y}\nb:\n  <<: *a\n  vae: z\n")
    assert yaml_settings(str(path))["b"] == {"base_path": "/x", "loras": "y", "vae": "z"}


@pytest.mark.parametrize("text", [DOUBLING, LAUGHS, WIDE, "[" * 200_000, "!!python/object/apply:os.system [x]", "? {a: b}\n: c",
                                  "- 1", "a: 2001-99-99", "\0", "a: \ud800", "x: y\n" * 100_000])  # fmt: skip
def test_what_multiplies_itself_or_is_no_mapping(text: str, home: Path) -> None:
    path = write(home / "x.yaml", text.encode("utf-8", "surrogatepass"))
    start = time.process_time()
    assert isinstance(yaml_settings(str(path)), dict)
    assert time.process_time() - start < 5


def test_no_file(home: Path) -> None:
    assert yaml_settings(str(home / "none")) == yaml_settings(str(home)) == {}
