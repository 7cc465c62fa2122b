"""Adapters in every dialect, by the width of what they hook into."""

from __future__ import annotations

import pytest
from tensor_shapes import KOHYA, TO_K, Shapes, of, tags, told


@pytest.mark.parametrize(
    ("shapes", "base"),
    [
        ({f"{KOHYA}.lora_down.weight": (4, 768), f"{KOHYA}.lora_up.weight": (320, 4)}, "SD 1.5"),
        ({f"{KOHYA}.lora_down.weight": (4, 1024)}, "SD 2.1"),
        ({f"{KOHYA}.lora_down.weight": (4, 2048)}, "SDXL 1.0"),
        ({f"{KOHYA}.hada_w1_b": (4, 768), f"{KOHYA}.dora_scale": (1,)}, "SD 1.5"),
        ({"lora_te2_text_model_x.lora_down.weight": (4, 9), "lora_unet_a.alpha": ()}, "SDXL 1.0"),
        ({"unet:0:down": (4, 2048), "unet:0:up": (9, 4)}, "SDXL 1.0"),
        ({"unet:0:down": (4, 1024), "unet:0:up": (9, 4)}, "SD 2.1"),
        ({"text_encoder:0:down": (4, 768), "text_encoder:0:up": (9, 4)}, "SD 1.5"),
        ({"unet:0:down": (4, 99), "unet:0:up": (9, 4)}, None),
        ({"lora_te_text_model_encoder_layers_0_q_proj.lora_down.weight": (4, 768)}, None),
        ({"lora_unet_double_blocks_0_img_attn_proj.lora_down.weight": (4, 3072)}, "Flux.1"),
        ({"lora_unet_double_blocks_0_img_mlp_0.lora_up.weight": (18432, 4)}, "Flux.2"),
        ({"transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight": (4, 3072)}, "Flux.1"),
        ({"transformer.transformer_blocks.0.img_mod.1.lora_A.weight": (4, 3072)}, "Qwen-Image"),
        ({"transformer_blocks.0.attn.add_k_proj.lora_A.weight": (4, 9), "context_embedder.lora_A.weight": (4, 4)}, "SD 3"),
        ({f"{TO_K}.lora_A.weight": (4, 3072)}, "Qwen-Image"),
        ({f"{TO_K}.lora_A.weight": (4, 1536)}, "SD 3"),
        ({"lora_unet_transformer_blocks_0_attn_to_k.lora_down.weight": (4,)}, None),
        ({"lora_unet_a_transformer_blocks_3_attn1_to_q.lora_down.weight": (4, 640)}, "SDXL 1.0"),
        ({"diffusion_model.layers.0.attention.to_q.lora_A.weight": (4, 4)}, "Z-Image"),
        ({"blocks.0.cross_attn.k.lora_A.weight": (4, 4)}, "Wan Video"),
    ],
)  # fmt: skip
def test_loras(shapes: Shapes, base: str | None) -> None:
    category, architecture, found = told(shapes)
    assert (category, architecture, found) == ("diffusion/lora", "lora", base)
    assert ("base not certain" in tags(shapes)) == (base is None)


def test_kinds_of_adapters() -> None:
    assert tags({f"{KOHYA}.hada_w1_b": (4, 768), f"{KOHYA}.dora_scale": (1,)}) == {"lora", "lycoris", "dora"}
    language = {"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": (8, 4096)}
    assert told(language)[:2] == ("llm/adapters", "lora")
    control = of(
        "x_embedder.lora_A.weight", "transformer.single_transformer_blocks.0.norm.lora_B.bias", "a.lora_B.weight"
    )
    assert told(control)[1] == "control-lora" and "control-lora" in tags(control)
    assert told(of("lora_controlnet", "input_blocks.0.lora_up.weight"))[1:] == ("control-lora", "SDXL 1.0")
    assert told({}) == (None, None, None)
