"""InvokeAI: its database, its orphans, folders of older versions."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from factory import tree, write
from looking import WEIGHTS, env_of, process, read, untouched

from model_manager.stores.discovered import Source
from model_manager.stores.host import private_copy
from model_manager.stores.invokeai import store as invokeai

SHA = "ab" * 32


def database(base: Path, rows: Mapping[str, object]) -> None:
    (base / "databases").mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(base / "databases/invokeai.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE models (id TEXT, config TEXT)")
    for key, record in rows.items():
        connection.execute(
            "INSERT INTO models VALUES (?, ?)", (key, record if isinstance(record, bytes) else json.dumps(record))
        )
    connection.commit()
    connection.close()


def record(path: str, **more: object) -> dict[str, object]:
    return {"name": "A name", "type": "main", "base": "sdxl", "path": path, **more}


def install(home: Path, rows: Mapping[str, object]) -> Path:
    base = tree(home / "invokeai", {"invokeai.yaml": "schema_version: 4.0.3\n", "models/k1/m.safetensors": WEIGHTS})
    database(base, rows)
    return base


def test_what_the_database_says(home: Path) -> None:
    pool = write(home / "pool/lora.safetensors", WEIGHTS)
    base = install(home, {
        "k1": record("k1/m.safetensors", hash="blake3:" + SHA, source="org/repo:fp16:unet", source_type="hf_repo_id"),
        "k2": record(str(pool), type="lora", trigger_phrases=["red", 3, "blue"], base="flux", source=str(pool)),
        "k3": record("k3", type="t5_encoder", source_type="url", source="https://huggingface.co/o/r/resolve/main/a/b.safetensors?x"),
        "k4": record("gone.safetensors", source="https://civitai.com/api/download/models/1?token=SECRET", source_type="url"),
        "k5": record("external://openai/gpt-image", source="external://openai/gpt-image", source_type="external"),
    })  # fmt: skip
    tree(base / "models/k3", {"text_encoder_2/config.json": "{}", "text_encoder_2/model.safetensors": WEIGHTS,
                              "tokenizer_2/tokenizer.json": "{}"})  # fmt: skip
    with untouched(home):
        seen = read("invokeai", env_of(home))
    assert seen.names == {"k1", "k2", "k3", "k4"} and seen.leftovers == [] and seen.problems == []
    first = seen.one("k1")
    assert (first.title, first.source) == ("A name", Source("huggingface", "org/repo"))
    assert first.details == {"hash": "blake3:" + SHA, "base": "sdxl", "type": "main"}
    assert first.files[0].sha256 is None, "BLAKE3 is no sha256"
    claims = [(claim.field, claim.value, claim.source) for claim in seen.one("k2").claims]
    assert claims == [
        ("category", "diffusion/lora", "sidecar"), ("base_model", "Flux.1", "sidecar"), ("trigger_words", "red", "sidecar"),
        ("trigger_words", "blue", "sidecar"),
    ]  # fmt: skip
    assert seen.one("k2").path == str(pool) and seen.one("k2").source is None
    assert seen.one("k3").is_folder and seen.one("k3").source == Source("huggingface", "o/r", "main", "a/b.safetensors")
    missing = seen.one("k4")
    assert missing.health and missing.health.verdict == "incomplete" and missing.source
    assert missing.source == Source("civitai", "https://civitai.com/api/download/models/1")
    assert "SECRET" not in repr(seen.models)
    assert sorted(os.listdir(base / "databases")) == ["invokeai.db"]


@pytest.mark.parametrize(("address", "kept"), [
    ("https://u:SECRET@host.org/x/m.safetensors", "https://host.org/x/m.safetensors"),
    ("https://host.org/m.safetensors#SECRET", "https://host.org/m.safetensors"),
])  # fmt: skip
def test_no_secret_of_an_address_is_kept(address: str, kept: str, home: Path) -> None:
    install(home, {"k1": record("k1/m.safetensors", source=address, source_type="url")})
    assert read("invokeai", env_of(home)).one("k1").source == Source("url", kept)


def test_orphans_are_what_no_row_covers(home: Path) -> None:
    base = install(home, {"k1": record("k1/m.safetensors"), "old": record("sd-1/main/a.safetensors")})
    outside = write(home / "pool/big.safetensors", WEIGHTS)
    tree(base / "models", {"sd-1/main/a.safetensors": WEIGHTS, "sd-1/main/b.safetensors": WEIGHTS,
         "lost/x/y.safetensors": WEIGHTS, "lost/readme.txt": "12345", "loose.ckpt": WEIGHTS, "model_images/p.png": b"x",
         ".download_cache/d.safetensors": WEIGHTS,
         "tmpinstall_1/t.safetensors": WEIGHTS, "notes/readme.txt": "x"})  # fmt: skip
    os.link(base / "models/lost/x/y.safetensors", base / "models/lost/again.safetensors")
    (base / "models/link.safetensors").symlink_to(outside)
    (base / "models/folder").symlink_to(outside.parent)
    seen = read("invokeai", env_of(home))
    assert [(os.path.basename(rest.path), rest.kind, rest.size) for rest in seen.leftovers] == [
        ("loose.ckpt", "orphan", len(WEIGHTS)), ("lost", "orphan", len(WEIGHTS) + 5),
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["", "..", "../..", ".", "/", "../../else.safetensors", "a\0b", 7, None])
def test_a_row_that_names_nothing_of_its_own_makes_no_orphans(path: object, home: Path) -> None:
    base = install(home, {"k1": record("k1/m.safetensors"), "bad": {"name": "x", "path": path}})
    tree(base / "models/lost", {"y.safetensors": WEIGHTS})
    write(home / "else.safetensors", WEIGHTS)
    seen = read("invokeai", env_of(home))
    assert seen.names == {"k1"} and seen.leftovers == [] and len(seen.problems) == 1


@pytest.mark.parametrize("config", [b"\xff", b"[" * 60_000, b"[]", b"null"])
def test_hostile_rows(config: bytes, home: Path) -> None:
    install(home, {"k1": record("k1/m.safetensors"), "bad": config})
    assert read("invokeai", env_of(home)).names == {"k1"}


def test_without_a_database_the_old_folders_count(home: Path) -> None:
    tree(
        home / "invokeai",
        {"invokeai.yaml": "", "models/sdxl/lora/l.safetensors": WEIGHTS, "databases/invokeai.db": b"no"},
    )
    seen = read("invokeai", env_of(home))
    assert seen.names == {"sdxl/lora/l"} and seen.category("sdxl/lora/l") == "diffusion/lora"


def test_precedence(home: Path) -> None:
    for name in ("one", "two", "three"):
        base = tree(home / name, {"invokeai.yaml": "models_dir: m\n", "m/sdxl/vae/v.safetensors": WEIGHTS})
        write(base / ".venv/bin/invokeai-web")
    env = env_of(home, INVOKEAI_ROOT=str(home / "two"), VIRTUAL_ENV=str(home / "three/.venv"))
    assert read("invokeai", env).found_by(home) == [("two/m", "config"), ("three/m", "config"), ("one/m", "config")]
    running = process(home, "/usr/bin/python3", str(home / "one/.venv/bin/invokeai-web"))
    env = env_of(home, running, INVOKEAI_ROOT=str(home / "two"))
    assert read("invokeai", env).found_by(home)[0] == ("one/m", "process")
    assert invokeai.STORE.in_use(env) == "InvokeAI is running (process 4711)"
    tree(home / "far", {"vae/v.safetensors": WEIGHTS})
    env = env_of(home, INVOKEAI_ROOT=str(home / "two"), INVOKEAI_MODELS_DIR=str(home / "far"))
    assert read("invokeai", env).found_by(home) == [("far", "environment")]


@pytest.mark.parametrize(
    "text", [b"models_dir: /\n", b"models_dir: ../..\n", b"models_dir: [a]\n", b"\xff\0", b"&a [*a]"]
)
def test_hostile_settings(text: bytes, home: Path) -> None:
    write(install(home, {"k1": record("k1/m.safetensors")}) / "invokeai.yaml", text)
    seen = read("invokeai", env_of(home))
    assert all(root.path == str(home / "invokeai/models") for root in seen.roots)


def test_a_view_that_never_ends_is_said_once(home: Path) -> None:
    """It gave 100,000 problems, a row of each in the window."""
    base = home / "invokeai/databases/invokeai.db"
    base.parent.mkdir(parents=True)
    tree(home / "invokeai/models", {"sd-1/lora/x.safetensors": WEIGHTS})
    write(home / "invokeai/invokeai.yaml", "port: 9090\n")
    with contextlib.closing(sqlite3.connect(base)) as connection:
        connection.execute(
            "CREATE VIEW models AS WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a)"
            " SELECT x AS id, '{}' AS config FROM a"
        )
    found = read("invokeai", env_of(home))
    (problem,) = found.problems
    assert problem.why.startswith("its models is no table: it is not the database that it is taken for")
    assert found.names == {"sd-1/lora/x"} and found.leftovers == [], "shown by its name, and nothing is an orphan"


def orphans(home: Path) -> set[str]:
    return {os.path.basename(rest.path) for rest in read("invokeai", env_of(home)).leftovers if rest.kind == "orphan"}


def test_what_is_covered_by_another_name_of_the_folder_is_no_orphan(home: Path) -> None:
    """The models folder is a link, and the database names the place that it leads to."""
    base = install(home, {})
    (base / "models").rename(home / "pool")
    (base / "models").symlink_to(home / "pool")
    (base / "databases/invokeai.db").unlink()
    database(base, {"k1": record(str(home / "pool/k1/m.safetensors"))})
    assert orphans(home) == set()


@pytest.mark.parametrize("how", ["dangling", "folder", "changing"])
def test_without_the_log_of_the_database_nothing_is_an_orphan(
    how: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was installed last stands in it alone."""
    base = install(home, {"k1": record("k1/m.safetensors")})
    tree(base / "models/orphan", {"x.safetensors": WEIGHTS})
    assert orphans(home) == {"orphan"}
    log = base / "databases/invokeai.db-wal"
    if how == "dangling":
        log.symlink_to(home / "usb/log")
    elif how == "folder":
        log.mkdir()
    else:
        real = private_copy._copy
        monkeypatch.setattr(private_copy, "_copy", lambda *paths: (real(*paths), os.utime(paths[0])))
    assert orphans(home) == set()


def test_what_is_no_models_file_stays_in_an_orphans_folder(home: Path) -> None:
    base = install(home, {"k1": record("k1/m.safetensors")})
    tree(base / "models/orphan", {"x.safetensors": WEIGHTS, "config.json": "{}", "thesis.docx": "years of work"})
    env = env_of(home)
    (rest,) = [rest for rest in read("invokeai", env).leftovers if rest.kind == "orphan"]
    assert rest.size == len(WEIGHTS) + 2
    (root,) = invokeai.find(env)
    parts = list(invokeai.STORE.removal.leftover(root, rest, env))
    assert [os.path.basename(part.path) for part in parts] == ["config.json", "x.safetensors"]  # type: ignore[union-attr]
    assert all("stays: thesis.docx" in part.why for part in parts)
