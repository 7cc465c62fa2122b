"""SwarmUI: Settings.fds."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import tree, write
from looking import WEIGHTS, env_of, process, read, untouched

from model_manager.stores.tools import swarmui

MARKERS = {"SwarmUI.sln": "", "src/SwarmUI.csproj": "", "launchtools/x": ""}


def test_without_settings(home: Path) -> None:
    tree(
        home / "SwarmUI",
        {**MARKERS, "Models/Lora/l.safetensors": WEIGHTS, "Models/Lora/l.swarm.json": '{"title": "Lovely"}'},
    )
    with untouched(home):
        seen = read("swarmui", env_of(home))
    assert seen.found_by(home) == [("SwarmUI/Models", "default")] and seen.category("Lora/l") == "diffusion/lora"
    assert ("name", "Lovely") in {(claim.field, claim.value) for claim in seen.one("Lora/l").claims}


def test_roots_and_folders_of_the_settings(home: Path) -> None:
    base = tree(home / "SwarmUI", {**MARKERS, "Models/VAE/v.safetensors": WEIGHTS})
    tree(
        home,
        {
            "pool/checkpoints/c.safetensors": WEIGHTS,
            "back\\slash/Lora/l.safetensors": WEIGHTS,
            "emb/e.safetensors": WEIGHTS,
            "other/o.safetensors": WEIGHTS,
        },
    )
    write(base / "Data/Settings.fds", f"""#Settings related to file paths.
Paths:
\t#Root path for model files.
\tModelRoot: {home}/pool; Models;{home}/back\\sslash
\tSDModelFolder: Stable-Diffusion;checkpoints
\tSDEmbeddingFolder: {home}/emb
Metadata:
\tModelRoot: /etc
\tSDVAEFolder: {home}/other
""")  # fmt: skip
    seen = read("swarmui", env_of(home))
    assert seen.found_by(home) == [
        ("pool", "config"), ("SwarmUI/Models", "default"), ("back\\slash", "config"), ("emb", "config"),
    ]  # fmt: skip
    assert seen.category("checkpoints/c") == "diffusion/checkpoints" and seen.category("e") == "diffusion/embeddings"


def test_in_use(home: Path) -> None:
    assert swarmui.STORE.in_use(env_of(home, process(home, "dotnet", "src/bin/live_release/SwarmUI.dll")))
    assert swarmui.STORE.in_use(env_of(home, process(home, "./src/bin/live_release/SwarmUI", "--port", "1")))
    assert swarmui.STORE.in_use(env_of(home)) is None


@pytest.mark.parametrize("text", [b"\xff\0" * 99, b"Paths:\n\tModelRoot: /;..;;\0\n", b"Paths:\n\tModelRoot:\n", b":\n" * 99_999,
                                  b"Paths:\n\tModelRoot: " + b"a;" * 400_000])  # fmt: skip
def test_hostile_settings(text: bytes, home: Path) -> None:
    base = tree(home / "SwarmUI", {**MARKERS, "Models/Lora/l.safetensors": WEIGHTS})
    write(base / "Data/Settings.fds", text)
    assert all(root.path == str(home / "SwarmUI/Models") for root in read("swarmui", env_of(home)).roots)
