"""UNets by their keys and the width of what they hear."""

from __future__ import annotations

import pytest
from tensor_shapes import ALONE, CHECKPOINT, UNET, WHOLE, Shapes, deep, of, tags, told, unet


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (unet(768, 4, WHOLE), (CHECKPOINT, "sd1", "SD 1.5")),
        (unet(768, 8), (ALONE, "sd1", "SD 1.5 instruct-pix2pix")),
        (unet(1024), (ALONE, "sd2", "SD 2.1")),
        (unet(1024, 5), (ALONE, "sd2", "SD 2.0 depth")),
        (unet(1024, 7), (ALONE, "sd2", "SD x4 upscaler")),
        (unet(1280, block="input_blocks.4.1", **{"label_emb.0.0.weight": (1536, 2560)}), (ALONE, "sdxl-refiner", "SDXL Refiner")),
        (unet(2048, 4, *deep(10), block="input_blocks.4.1"), (ALONE, "sdxl", "SDXL 1.0")),
        (unet(2048, 4, *deep(4), block="input_blocks.4.1"), (ALONE, "ssd-1b", "SSD-1B")),
        (unet(2048, 4, *deep(2), block="input_blocks.4.1"), (ALONE, "vega", "Segmind Vega")),
        (unet(2048, 4, *deep(6), block="input_blocks.4.1"), (ALONE, "koala", "KOALA")),
        (unet(2048, 4, *deep(3), block="input_blocks.4.1"), (ALONE, "sdxl", "SDXL distilled")),
        (unet(2048, 4, "edm_mean", block="input_blocks.4.1"), (ALONE, "sdxl", "Playground v2.5")),
        (unet(1024, 4, f"{UNET}input_blocks.1.1.time_stack.0.weight"), (ALONE, "svd", "SVD")),
    ],
)  # fmt: skip
def test_unets(shapes: Shapes, expected: tuple[object, ...]) -> None:
    assert told(shapes) == expected


def test_what_a_unet_is_made_for_is_a_tag() -> None:
    assert tags(unet(768, 9)) == {"inpainting"} and tags(unet(768, 8)) == {"instruct-pix2pix"}
    assert tags(unet(2048, 4, "v_pred", block="input_blocks.4.1")) == {"v-pred"}
    assert tags(unet(768, 6)) == set() and told(unet(333)) == (None, None, None)
    assert (
        told({f"{UNET}{name}": (4, 4) for name in ("input_blocks.0", "output_blocks.0", "a.0", "b", "c", "d")})[0]
        is None
    )


@pytest.mark.parametrize(
    ("cross", "expected"), [(768, ("sd1", "SD 1.5")), (2048, ("sdxl", "SDXL 1.0")), (9, ("unet", None))]
)
def test_diffusers_unets(cross: int, expected: tuple[object, object]) -> None:
    shapes = of("up_blocks.0.x", "time_embedding.linear_1.weight", **{"conv_in.weight": (320, 9, 3, 3)})
    shapes["down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight"] = (640, cross)
    assert told(shapes)[1:] == expected and tags(shapes) == {"inpainting"}
    assert told(shapes | of("down_blocks.0.temp_convs.0.weight"))[1:] == ("svd", "SVD")
