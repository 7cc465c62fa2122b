"""The hidden word: it is of no use to people, stands in no help, and serves whoever started it until that has gone."""

from __future__ import annotations

import json
import subprocess

import pytest

from model_manager.base.children import WORD, command
from model_manager.base.messages import read_back
from model_manager.cli import child
from model_manager.cli.main import main


def test_who_tries_it_by_hand_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([WORD]) == 2
    assert "nothing to see here" in capsys.readouterr().err
    assert main([WORD, "knit"]) == 2


def test_it_stands_in_no_help(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    assert WORD not in capsys.readouterr().out


def test_it_counts_as_the_first_word_only() -> None:
    assert child.is_child([WORD, "deep-check"]) and not child.is_child(["list", WORD]) and not child.is_child([])


def test_it_answers_line_by_line_until_stdin_ends(tmp_path) -> None:
    file = tmp_path / "some.file"
    file.write_bytes(b"some bytes")
    request = {"path": str(file), "format": "", "sha256": "0" * 64, "source": "blob-name"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command(WORD, "deep-check"), **pipes) as process:
        for _ in range(2):
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            found = next(message for line in process.stdout if "result" in (message := json.loads(line)))["result"]
            assert found["verdict"] == "corrupt" and "its name" in read_back(found["detail"])
        process.stdin.close()
        assert process.wait(60) == 0
