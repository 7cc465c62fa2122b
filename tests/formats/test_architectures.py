"""What could be anything is nothing: no rule takes what it does not know."""

from __future__ import annotations

import pytest
from tensor_shapes import Shapes, of, told


@pytest.mark.parametrize(
    "shapes",
    [
        of("text_model.encoder.layers.0.a", "vision_model.encoder.layers.5.a"),
        of("vision_model.encoder.layers.3.a"),
        {"string_to_param.*": (4, 9)},
        {"emb": (1, 2, 768)},
        {"nothing": ()},
        {"0.weight": (5, 5, 3, 3), "3.conv.0.weight": (5, 5, 3, 3)},
        of("params.whatever"),
    ],
)
def test_what_could_be_anything_is_nothing(shapes: Shapes) -> None:
    assert told(shapes)[:2] in ((None, None), ("diffusion/text_encoders", "clip-l"))
