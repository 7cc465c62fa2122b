"""Compiled and packaged Core ML models, listed with or without their own folder's name."""

from __future__ import annotations

import pytest
from memory_folder import facts, values

META = [
    {"modelType": {"name": "MLModelType_mlProgram"}, "inputSchema": [{"type": "Image", "name": "x"}], "license": "MIT"}
]
MIL = b'tensor<fp16> w = const()[val = tensor(BLOBFILE(path = string("@model_path/weights/weight.bin")))];'


@pytest.mark.parametrize("place", ["", "a.mlmodelc/"])
def test_compiled(place: str) -> None:
    files = {f"{place}coremldata.bin": 9, f"{place}metadata.json": META, f"{place}model.mil": MIL}
    found = facts(files, "a.mlmodelc")
    assert found.format == "coreml" and found.health.verdict == "incomplete"
    assert values(found) == {"category": "vision", "architecture": "mlProgram", "licence": "MIT"}
    assert facts({**files, f"{place}weights/weight.bin": 4}).health.verdict == "good"


def test_a_package() -> None:
    files = {"a.mlpackage/Manifest.json": {"itemInfoEntries": {"1": {"path": "com.apple.CoreML/model.mlmodel"}}}}
    assert facts(files).health.verdict == "incomplete"
    assert facts({**files, "a.mlpackage/Data/com.apple.CoreML/model.mlmodel": 5}).health.verdict == "good"
