"""What Ollama's own service tells of a store that cannot be read: on this computer alone, and believed in parts."""

from __future__ import annotations

import json

import pytest
from conformance import facts

from model_manager.stores.discovered import FoundModel, FoundRoot
from model_manager.stores.ollama import service
from model_manager.stores.walk.store_reader import StoreReader


@pytest.mark.parametrize("host, address", [
    ("", "http://127.0.0.1:11434"), ("0.0.0.0", "http://127.0.0.1:11434"), ("127.0.0.1:8000", "http://127.0.0.1:8000"),
    ("http://localhost:1/", "http://localhost:1"), (":9999", "http://127.0.0.1:9999"), ("[::1]:80", "http://[::1]:80"),
    ("[::1]", "http://[::1]:11434"), ("localhost:0", "http://localhost:11434"), ("localhost:65535", "http://localhost:65535"),
    ("localhost:65536", "http://localhost:11434"), ("localhost:x", "http://localhost:11434"), ("192.168.1.2:11434", ""),
    ("ollama.example.com", ""),
])  # fmt: skip
def test_where_it_answers(host: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert service.address() == address


def answering(monkeypatch: pytest.MonkeyPatch, text: str) -> list[str]:
    asked: list[str] = []

    def answer_of(url: str) -> str:
        asked.append(url)
        return text

    monkeypatch.setattr(service, "answer_of", answer_of)
    return asked


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '{"models": {}}', '{"models": null}', "{}", '{"models": [7, null]}']
)
def test_an_answer_that_is_none_lists_nothing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert service.tags() == [] or text is None
    asked = answering(monkeypatch, text)
    assert service.tags() == [] and asked == ["http://127.0.0.1:11434/api/tags"]


def test_another_computer_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "192.168.1.2")
    asked = answering(monkeypatch, '{"models": [{"name": "m"}]}')
    assert service.tags() == [] and asked == []


def told(
    monkeypatch: pytest.MonkeyPatch, *records: object, not_asked: frozenset[str] = frozenset()
) -> tuple[list[FoundModel], StoreReader, list[str]]:
    asked = answering(monkeypatch, json.dumps({"models": records}))
    reader = StoreReader(facts, not_asked=not_asked)
    return list(service.describe(FoundRoot("ollama", "/srv/ollama"), reader)), reader, asked


def test_a_model_as_the_service_lists_it(monkeypatch: pytest.MonkeyPatch) -> None:
    record = {
        "name": "m:7b",
        "size": 9,
        "details": {"family": "llama", "quantization_level": "Q4_K_M", "format": "gguf"},
    }
    (model,), reader, _asked = told(monkeypatch, record)
    assert (model.name, model.path, model.files) == ("m:7b", "/srv/ollama/manifests", ())
    assert model.details == {"reported_size": "9"}
    assert {(claim.field, claim.value) for claim in model.claims} == {
        ("tag", "files not readable"), ("category", "llm"), ("architecture", "llama"), ("quant_label", "Q4_K_M"),
    }  # fmt: skip
    assert model.health and model.health.verdict == "unknown" and "files not readable" in model.health.detail
    assert reader.unread == ["/srv/ollama"] and [problem.kind for problem in reader.problems] == ["denied"]
    assert "belongs to another user" in reader.problems[0].why


@pytest.mark.parametrize("record", [{}, {"name": ""}, {"name": 7}, {"name": None}])
def test_without_a_name_it_is_no_model(record: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, record)[0] == []


@pytest.mark.parametrize("size, is_told", [
    (0, True), ((1 << 60) - 1, True), (1 << 60, False), (-1, False), ("9", False), (None, False), (1.5, False),
])  # fmt: skip
def test_sizes_that_cannot_be_are_not_shown(size: object, is_told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    (model,), _look, _asked = told(monkeypatch, {"name": "m", "size": size, "details": [7]})
    assert model.details == ({"reported_size": str(size)} if is_told else {})


def test_long_words_are_cut_and_strange_ones_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    (model,), _look, _asked = told(
        monkeypatch, {"name": "m" * 400, "details": {"family": "f" * 100, "quantization_level": 7}}
    )
    assert model.name == "m" * 300
    assert [claim.value for claim in model.claims if claim.field in ("architecture", "quant_label")] == ["f" * 80]


def test_a_service_that_must_not_be_asked_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    models, reader, asked = told(monkeypatch, {"name": "m"}, not_asked=frozenset({"ollama"}))
    assert models == [] and asked == [] and reader.unread == ["/srv/ollama"]
