"""Where a model can be had again, in words: by what a tool recorded, and nothing else."""

from __future__ import annotations

import pytest

from model_manager.library.labels.sources import again


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (["huggingface", "org/name", "main", "a.gguf"], "Hugging Face org/name"), (("modelscope", "a/b", "", ""), "ModelScope a/b"),
        (["ollama", "library/llama3", "", "8b"], "Ollama library/llama3:8b"), (["ollama", "library/llama3"], "Ollama library/llama3"),
        (["civitai", "12345", "678", ""], "Civitai 12345"), (["url", "https://example.org/a.gguf", "", ""], "https://example.org/a.gguf"),
        (["elsewhere", "x"], "elsewhere x"),
    ],
)  # fmt: skip
def test_in_words(source: list[str], words: str) -> None:
    assert again(source) == f"it may be had again from {words}"


def test_a_name_that_would_break_the_line_is_shown_harmlessly() -> None:
    told = again(["huggingface", "a\nb\x1b[31m"])
    assert told.startswith("it may be had again from Hugging Face a") and told.isprintable()


@pytest.mark.parametrize("source", [None, [], (), ["huggingface", ""], ["huggingface", "", "main", "a.gguf"]])
def test_where_nobody_recorded_it_nothing_is_said(source: list[str] | None) -> None:
    assert again(source) == ""
