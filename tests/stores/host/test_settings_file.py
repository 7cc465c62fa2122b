"""Other programs' settings: bounded, and never an exception."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from factory import write

from model_manager.stores.host.settings_file import ini_value, json_settings, text_settings, yaml_settings

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


def test_what_cannot_be_used_is_said(home: Path) -> None:
    said: list[tuple[str, str]] = []
    path = str(write(home / "x.yaml", "a: " + "[" * 40 + "]" * 40))
    assert yaml_settings(path, lambda *one: said.append(one)) == {}
    assert said == [(path, "cannot be read as YAML: nested more than 32 deep")]
    for name, text in (("l.yaml", "k: v\n" * 3000), ("s.yaml", "# x\n" * 30_000), ("b.yaml", "a: [")):
        said.clear()
        assert yaml_settings(str(write(home / name, text)), lambda *one: said.append(one)) == {} and len(said) == 1
    for name, text in (("d.json", "[" * 65 + "]" * 65), ("n.json", "{"), ("l.json", " " * (2 << 20))):
        said.clear()
        assert json_settings(str(write(home / name, text)), lambda *one: said.append(one)) == {} and len(said) == 1
    said.clear()
    assert ini_value(str(write(home / "x.ini", "no section")), "a", "b", lambda *one: said.append(one)) == ""
    assert (
        ini_value(str(write(home / "y.ini", "[a]\n" + "b=c\n" * 20_000)), "a", "b", lambda *one: said.append(one)) == ""
    )
    assert (
        text_settings(str(write(home / "x.sh", "x" * 70_000)), lambda *one: said.append(one)) == "" and len(said) == 3
    )
    assert json_settings(str(home / "none"), pytest.fail) == {} and yaml_settings(str(home / "none"), pytest.fail) == {}


@pytest.mark.parametrize("text", ["- " * 30_000, "[" * 60_000, ("- " + "[" * 20 + "]" * 20 + "\n") * 1200, "a: b\n" * 12_000,
                                  "[a," * 20_000, "? " * 20_000, "a: &a [" + "*a," * 20_000 + "]"])  # fmt: skip
def test_yaml_that_takes_seconds_is_given_up(text: str, home: Path) -> None:
    path = str(write(home / "x.yaml", text))
    start = time.process_time()
    assert yaml_settings(path) == {}
    assert time.process_time() - start < 1  # 0.2 s on a machine that does nothing else


def test_one_file_is_parsed_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    parses: list[object] = []
    load = yaml.load
    monkeypatch.setattr(yaml, "load", lambda *one: parses.append(1) or load(*one))
    path = write(home / "x.yaml", "only: this test\n")
    assert [yaml_settings(str(path)) for _ in range(3)] == [{"only": "this test"}] * 3 and len(parses) == 1
    write(path, "now: another text\n")
    assert yaml_settings(str(path)) == {"now": "another text"}
