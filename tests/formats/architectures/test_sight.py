"""Models that look."""

from __future__ import annotations

import pytest
from tensor_shapes import Shapes, of, told


@pytest.mark.parametrize(
    ("shapes", "category", "architecture", "base"),
    [
        (of("image_encoder.a", "mask_decoder.a"), "vision", "sam", "SAM"),
        (of("model.0.conv.weight", "model.22.cv2.a"), "vision", "yolo", "YOLO"),
    ],
)  # fmt: skip
def test_parts_and_other_senses(shapes: Shapes, category: str, architecture: str, base: str | None) -> None:
    assert told(shapes) == (category, architecture, base)
