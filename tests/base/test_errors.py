"""The one error that people see: what was tried, where, why not, and what to do."""

from __future__ import annotations

import errno
import pickle

import pytest

from model_manager.base.errors import MissingPart, ModelManagerError, UsageError, reason_of


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModelManagerError("read the catalogue", "/c", "it is damaged", "see doctor"),
         "could not read the catalogue /c: it is damaged (see doctor)"),
        (ModelManagerError("read it", "/c", "why"), "could not read it /c: why"),
        (ModelManagerError("read it", "", "why"), "could not read it: why"),
        (UsageError("find it", "", "no such field", "fields are a, b"), "could not find it: no such field (fields are a, b)"),
    ],
)  # fmt: skip
def test_it_is_one_sentence(error: ModelManagerError, said: str) -> None:
    assert str(error) == said


def test_its_parts_can_be_asked_for_and_survive_another_process() -> None:
    error = pickle.loads(pickle.dumps(ModelManagerError("read", "/c", "why", "do")))
    assert (error.verb, error.path, error.reason, error.hint) == ("read", "/c", "why", "do")


@pytest.mark.parametrize("kind", [UsageError, MissingPart])
def test_whoever_catches_the_one_catches_every_kind(kind: type[ModelManagerError]) -> None:
    with pytest.raises(ModelManagerError) as caught:
        raise kind("start", "", "no Tk", "apt install tk")
    assert type(caught.value) is kind and caught.value.hint == "apt install tk"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/secret/path"), "No such file or directory"),
        (OSError("a word"), "a word"), (OSError(), "OSError"), (ValueError("bad"), "bad"), (ValueError(), "ValueError"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)  # fmt: skip
def test_a_reason_has_no_number_no_path_and_no_class(error: BaseException, reason: str) -> None:
    assert reason_of(error) == reason
