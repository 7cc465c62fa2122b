"""What commands print as JSON: the same text whether it is printed at once or item by item."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from model_manager.cli.output import print_json, print_json_list, print_json_lists

ITEMS: list[list[object]] = [[], [1], [{}], [{"a": [1, {"b": "two\nlines"}], "c": None}, "\u202ename", [], {"ü": 1.5}]]


@pytest.mark.parametrize("items", ITEMS)
def test_a_list_that_is_printed_item_by_item_is_the_same_document(
    items: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    print_json(items)
    at_once = capsys.readouterr().out
    print_json_list(iter(items))
    assert capsys.readouterr().out == at_once
    assert json.loads(at_once) == items


@pytest.mark.parametrize("items", ITEMS)
def test_an_object_of_lists_too(items: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"models": items, "leftovers": items[:1]})
    at_once = capsys.readouterr().out
    print_json_lists({"models": iter(items), "leftovers": items[:1]})
    assert capsys.readouterr().out == at_once


def test_each_item_is_printed_before_the_next_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []

    def items() -> Iterator[str]:
        yield "first"
        seen.append(capsys.readouterr().out)
        yield "second"

    print_json_list(items())
    assert '"first"' in seen[0]
