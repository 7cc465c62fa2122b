"""What comes back when copies go."""

from __future__ import annotations

from copy_of import copy_of

from model_manager.library.duplicates.groups import CopyGroup


def test_what_may_not_be_touched_frees_nothing() -> None:
    copies = (copy_of("ollama", "/a"), copy_of("folder", "/b", writable=False), copy_of("folder", "/c", reference=True),
              copy_of("folder", "/d", links=2), copy_of("folder", "/e"))  # fmt: skip
    group = CopyGroup("g", "identical", True, 10, copies, 0)
    assert group.frees() == [0, 0, 0, 0, 10] and group.reclaimable == 10


def test_blocks_that_others_share_are_not_promised() -> None:
    """Not even with the last that we know of: a snapshot may share them."""
    copies = (copy_of("folder", "/a"), copy_of("folder", "/b", shared=10), copy_of("folder", "/c", shared=4))
    group = CopyGroup("g", "identical", True, 10, copies, 0)
    assert group.frees() == [0, 0, 6] and group.reclaimable == 6
    assert group.frees(keeper=1) == [10, 0, 6]
