"""Where there is little room the folders in the middle give way, never the name of the file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base.short_paths import GAP, without_middle

LONG = "/home/anna/models/llm/llama/big.gguf"


@pytest.mark.parametrize(
    ("columns", "short"),
    [
        (40, LONG), (36, LONG), (35, "/home/anna/…/llm/llama/big.gguf"), (31, "/home/anna/…/llm/llama/big.gguf"),
        (30, "/home/…/llm/llama/big.gguf"), (25, "/home/…/llama/big.gguf"), (17, "/…/llama/big.gguf"), (16, "/home/…/big.gguf"),
        (15, "/…/big.gguf"), (11, "/…/big.gguf"), (10, "…/big.gguf"), (3, "…/big.gguf"),
    ],
)  # fmt: skip
def test_both_ends_stay_by_turns_the_nearest_folder_first(columns: int, short: str) -> None:
    assert without_middle(LONG, lambda text: len(text) <= columns) == short


def test_a_name_alone_has_nothing_to_give() -> None:
    assert without_middle("big.gguf", lambda _text: False) == "big.gguf"
    assert without_middle("/big.gguf", lambda _text: False) == "…/big.gguf"


def test_one_end_may_have_room_where_the_other_has_none() -> None:
    wide = "/a/b/c/a-very-long-folder-indeed/x"
    assert without_middle(wide, lambda text: len(text) <= 12) == "/a/b/c/…/x"


@settings(max_examples=20)
@given(st.lists(st.sampled_from(["a", "bb", "models", "x" * 9]), min_size=1, max_size=6), st.integers(1, 40))
def test_it_fits_where_anything_does_and_always_ends_in_the_name(folders: list[str], columns: int) -> None:
    path = "/" + "/".join([*folders, "m.gguf"])
    short = without_middle(path, lambda text: len(text) <= columns)
    assert short.endswith("/m.gguf")
    assert len(short) <= columns or short == "…/m.gguf"
    if short != path:
        head, _, tail = short.partition(GAP)
        assert path.startswith(head) and path.endswith(tail) and len(head) + len(tail) < len(path)
