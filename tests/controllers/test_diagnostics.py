"""What is copied for others to help holds no secret and no name of the home."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.app import build
from model_manager.controllers.diagnostics import diagnostics, without_secrets
from model_manager.jobs import Progress
from model_manager.library.scan import watch


@pytest.mark.parametrize(
    "secret",
    ["hf_AbCdEfGhIjKlMnOp", "sk-proj-1234567890abcdef", "ghp_0123456789abcdef", "https://me:word@host/x",
     "Authorization: Bearer AbCdEfGh.word", "GET /x?api_key=AbCdword&n=1", 'token="AbCdword"', "password: AbCdword"],
)  # fmt: skip
def test_secrets_are_left_out(secret: str) -> None:
    told = without_secrets(f"a {secret} b /home/robin/x", "/home/robin")
    assert told.startswith("a ") and told.endswith(" b ~/x")
    assert secret not in told and "word" not in told and "AbCd" not in told


def test_plain_words_stay() -> None:
    text = "the tokenizer of token_embd.weight has 32,000 tokens: https://host/x?n=1"
    assert without_secrets(text, "/home/robin", "robin") == text


def test_the_owners_name_in_other_paths() -> None:
    told = without_secrets("/media/robin/disk /home/robin2/x /x/robin robinson", "/home/robin", "robin")
    assert told == "/media/…/disk /home/robin2/x /x/… robinson"


def test_diagnostics_tell_the_folders_and_the_log(home: Path) -> None:
    write(home / "AI/m.gguf", gguf_bytes())
    app = build()
    try:
        watch.add_root(app.database, str(home / "AI"))
        app.scanner().run(Progress())
        write(app.paths.log, "asked with hf_AbCdEfGhIjKlMnOp\n")  # a process logs where its first data folder was
        text = diagnostics(app)
    finally:
        app.close()
    assert '"~/AI"' in text and str(home) not in text and "asked with …" in text and "AbCd" not in text
