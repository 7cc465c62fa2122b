"""Code that a repository brings along is named; its verdict stays that of its weights."""

from __future__ import annotations

import pytest
from memory_folder import MemoryFolder, facts

from model_manager.formats.folders.own_code import code_of

LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({}, ()),
        ({"modeling_x.py": "class X: pass", "README.md": "", "convert.py": ""}, ("modeling_x.py",)),
        ({"configuration_x.py": 10, "tokenization_x.py": 10}, ("configuration_x.py", "tokenization_x.py")),
        ({"custom_generate/generate.py": 10, "unet/modeling_y.py": 10}, ("custom_generate/generate.py", "unet/modeling_y.py")),
        (
            {"config.json": {**LLAMA, "auto_map": {"AutoConfig": "configuration_x.X", "AutoModel": "org/other--modeling_x.X"}}},
            ("auto_map: configuration_x.X", "auto_map: org/other--modeling_x.X"),
        ),
        (
            {"tokenizer_config.json": {"auto_map": {"AutoTokenizer": ["tokenization_x.Slow", None]}}},
            ("auto_map: tokenization_x.Slow",),
        ),
        ({"processor_config.json": {"auto_map": "odd"}, "preprocessor_config.json": "no JSON"}, ("auto_map: odd",)),
        (
            {"config.json": {**LLAMA, "custom_pipelines": {"x": {"impl": "my_pipeline.Pipe"}}}},
            ("custom_pipelines: my_pipeline.Pipe",),
        ),
    ],
)  # fmt: skip
def test_what_it_names(files: dict[str, object], code: tuple[str, ...]) -> None:
    found = facts({"config.json": LLAMA, "model.safetensors": 1000, **files})
    assert (found.code, found.health.verdict) == (code, "good")


def test_parts_of_other_packages() -> None:
    index = {"_class_name": ["pipeline", "Mine"], "unet": ["my_unet", "Unet"], "vae": ["diffusers", "AutoencoderKL"]}
    folder = MemoryFolder("x", {"model_index.json": index, "unet/my_unet.py": 10, "pipeline.py": 10})
    assert code_of(folder) == (
        "model_index.json: my_unet.Unet", "model_index.json: pipeline.Mine", "pipeline.py",
    )  # fmt: skip
    modules = b'[{"type": "sentence_transformers.models.Pooling"}, {"type" : "custom_st.Transformer"}]'
    assert code_of(MemoryFolder("x", {"modules.json": modules})) == ("modules.json: custom_st.Transformer",)


def test_long_lists_end() -> None:
    assert len(code_of(MemoryFolder("x", {f"modeling_{count}.py": 1 for count in range(900)}))) == 50
