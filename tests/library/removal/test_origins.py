"""What asked for a unit comes back from its text just as it was, and nothing else passes for it."""

from __future__ import annotations

import json

import pytest

from model_manager.library.removal.origins import OfCopies, OfLeftover, OfPlaces, as_text, from_text
from model_manager.stores.discovered import Leftover

PLACES = OfPlaces(
    "ollama", "/store\udcff", (("m:a", "/store/a", (("/store/blob", "weights", "w"), ("/store/t", "other", ""))),),
    (3, 1), (7,), ("/link",),
)  # fmt: skip
LEFTOVER = OfLeftover("folder", "/models", Leftover("partial", "/models/x.part", 5, 8, "x"))


@pytest.mark.parametrize("origin", [PLACES, LEFTOVER, OfCopies(), OfPlaces("folder", "/", (), (), ())])
def test_it_comes_back_as_it_was(origin: OfPlaces | OfLeftover | OfCopies) -> None:
    assert from_text(as_text(origin)) == origin
    as_text(origin).encode("ascii")


def without(text: str, *names: str) -> str:
    record = json.loads(text)
    return json.dumps({name: value for name, value in record.items() if name not in names})


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "7", "null", "{}", '{"kind": "else"}', '{"kind": ["places"]}', "[" * 100_000, without(as_text(PLACES), "kind"),
        *(without(as_text(PLACES), name) for name in ("tool", "root", "places", "along", "pinned", "links")),
        *(without(as_text(LEFTOVER), name) for name in ("tool", "root", "leftover")),
        json.dumps({"kind": "leftover", "tool": "a", "root": "/", "leftover": {"path": "/x"}}),
        json.dumps({"kind": "places", "tool": "a", "root": "/", "places": [["a"]], "along": [], "pinned": [], "links": []}),
        json.dumps({"kind": "places", "tool": "a", "root": "/", "places": [], "along": ["x"], "pinned": [], "links": []}),
    ],
)  # fmt: skip
def test_anything_else_is_not_known(text: str) -> None:
    assert from_text(text) is None
