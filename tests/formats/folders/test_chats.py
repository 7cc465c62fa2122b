"""Chat templates that a model's folder brings along are judged as those within its weights are."""

from __future__ import annotations

import time

import pytest
from memory_folder import facts

LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
GOOD = "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] }}{% endfor %}{% if tools %}x{% endif %}"
BAD = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
PLACES = {
    "a file": {"chat_template.jinja": BAD},
    "a file beside a good one": {"chat_template.jinja": GOOD, "tokenizer_config.json": {"chat_template": BAD}},
    "more templates": {"chat_template.jinja": GOOD, "additional_chat_templates/tool_use.jinja": BAD},
    "JSON": {"chat_template.json": {"chat_template": BAD}},
    "the tokenizer's settings": {"tokenizer_config.json": {"chat_template": BAD}},
    "a list of them": {
        "tokenizer_config.json": {"chat_template": [{"name": "default", "template": GOOD}, {"name": "x", "template": BAD}]}
    },
    "a table of them": {"tokenizer_config.json": {"chat_template": {"default": GOOD, "rag": BAD}}},
    "the processor's settings": {"processor_config.json": {"chat_template": BAD}},
    "a part of a pipeline": {"tokenizer/tokenizer_config.json": {"chat_template": BAD}},
    "a key that is spelled another way": {"tokenizer_config.json": b'{"chat_templ\\u0061te": "{{ x.__class__ }}"}'},
    "by attributes": {"chat_template.jinja": "{{ x|attr('__globals__') }}"},
    "another name": {"prompt.jinja2": BAD},
}  # fmt: skip


@pytest.mark.parametrize("kind", PLACES)
def test_a_template_that_reaches_out(kind: str) -> None:
    found = facts({"config.json": LLAMA, "model.safetensors": 1000, **PLACES[kind]})
    assert found.health.verdict == "unsafe", found.health
    assert found.health.detail.startswith("its chat template reaches into the program that renders it: ")
    assert any(name.startswith("chat template: __") for name in found.code)


@pytest.mark.parametrize(
    "config",
    [
        {"adapter_config.json": {"peft_type": "LORA", "base_model_name_or_path": "org/x"}, "adapter_model.safetensors": 9},
        {"modules.json": [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}],
         "config_sentence_transformers.json": {}, "config.json": LLAMA, "model.safetensors": 9},
        {"model_index.json": {"_class_name": "FluxPipeline"}},
    ],
)  # fmt: skip
def test_in_every_form_of_folder(config: dict[str, object]) -> None:
    assert facts({**config, "chat_template.jinja": BAD}).health.verdict == "unsafe"


def test_templates_that_only_build_text() -> None:
    settings = {
        "chat_template": [{"name": "default", "template": GOOD}],
        "added_tokens_decoder": {"1": {"content": BAD}},
    }
    files = {"chat_template.jinja": GOOD, "tokenizer_config.json": settings, "processor_config.json": "no JSON"}
    found = facts({"config.json": LLAMA, "model.safetensors": 1000, **files})
    assert (found.health.verdict, found.code) == ("good", ())


def test_what_is_not_looked_into_is_not_good() -> None:
    base = {"config.json": LLAMA, "model.safetensors": 1000}
    long = facts({**base, "chat_template.jinja": GOOD + "x" * 200_000}).health
    assert (long.verdict, "over the limit" in long.detail) == ("unknown", True)
    many = {f"additional_chat_templates/{n}.jinja": GOOD for n in range(200)}
    assert facts({**base, **many}).health.verdict == "unknown"
    larger = facts({**base, "chat_template.jinja": GOOD + "x" * (5 << 20)}).health
    assert (larger.verdict, "over the limit" in larger.detail) == ("unknown", True)
    heavy = {f"additional_chat_templates/{n}.jinja": GOOD + "x" * 120_000 for n in range(60)}
    started = time.process_time()
    assert facts({**base, **heavy}).health.verdict == "unknown"
    assert time.process_time() - started < 2
    computed = facts({**base, "chat_template.jinja": "{% set k = a ~ b %}{{ messages[k] }}"})
    assert (computed.health.verdict, computed.code) == ("unknown", ("chat template: not told",))
