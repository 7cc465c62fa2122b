"""Flax checkpoints are recognised by a tree of named maps."""

from __future__ import annotations

from headers import read


def test_recognised_by_content_only() -> None:
    assert read(b"\x81\xa5model\x82\xa6encoder\x81\xa1w\xc4\x01\x00", "flax_model.msgpack").format == "flax"
    assert read(b"\x81\xa5model\xa3abc", "x.msgpack").format == "unknown"
    assert read(b"plain", "x.msgpack").format == "unknown"
