"""What a README's front matter says of licence, parents and tags."""

from __future__ import annotations

import pytest

from model_manager.formats.folders.readme import claims_of, is_repo, parents


def told(front: dict[str, list[str]]) -> list[tuple[str, object]]:
    return [(claim.field, claim.value) for claim in claims_of(front)]


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ({}, []), ({"license": ["mit"]}, [("licence", "mit")]), ({"license": ["other"], "license_name": ["llama3"]}, [("licence", "llama3")]),
        ({"license": ["other"]}, [("licence", "other")]), ({"license": ["mit"], "license_name": ["x"]}, [("licence", "mit")]), ({"license_name": ["x"]}, [("licence", "x")]),
        ({"tags": ["MoE", "pytorch", "merge"]}, [("tag", "moe"), ("tag", "merge")]),
    ],
)  # fmt: skip
def test_licence_and_tags_worth_showing(front: dict[str, list[str]], expected: list[tuple[str, object]]) -> None:
    assert told(front) == expected


def test_a_quantisation_has_no_parent_and_paths_are_none() -> None:
    assert parents({"base_model": ["org/name", "/home/x", "name", "a/b/c"]}) == ["org/name"]
    assert parents({"base_model": ["org/name"], "base_model_relation": ["quantized"]}) == [] and parents({}) == []
    assert parents({"base_model": ["org/name"], "base_model_relation": ["finetune"]}) == ["org/name"]


@pytest.mark.parametrize(
    ("text", "repo"),
    [
        ("org/name-1.5_x", True),
        ("/org/name", False),
        ("./x", False),
        ("org", False),
        ("a/b/c", False),
        ("~/x", False),
        ("", False),
        ("a b/c", False),
    ],
)
def test_a_repository_is_owner_and_name(text: str, repo: bool) -> None:
    assert is_repo(text) is repo
