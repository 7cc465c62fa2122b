"""Flax checkpoints are recognised by a tree of named maps."""

from __future__ import annotations

import io

import pytest
from headers import read

from model_manager.formats import flax
from model_manager.formats.problem import LIMITS, FormatProblem


def test_recognised_by_content_only() -> None:
    assert read(b"\x81\xa5model\x82\xa6encoder\x81\xa1w\xc4\x01\x00", "flax_model.msgpack").format == "flax"
    assert read(b"\x81\xa5model\xa3abc", "x.msgpack").format == "unknown"
    assert read(b"plain", "x.msgpack").format == "unknown"


def test_long_names_and_what_only_bears_the_suffix() -> None:
    long = b"\xde\x00\x01\xd9\x28" + b"encoder_layer/" * 2 + b"attention_kq\x81\xa1w\xc4\x01\x00"
    assert read(long, "flax_model.msgpack").format == "flax"
    assert read(b"\x81\xd9", "x.msgpack").format == "unknown"
    with pytest.raises(FormatProblem, match="does not begin as a tree"):
        flax.read(io.BytesIO(b"plain"), 5, LIMITS)
