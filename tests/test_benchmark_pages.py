"""What the benchmark command draws and writes: lengths by figures, and nothing lost that people wrote."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

# Last: the folder has modules of the same names as others of the tests.
sys.path.append(str(Path(__file__).parent / "bench"))

import chart
import page
from measure import Figure, Result, below, ratio, result_of

SVG = "{http://www.w3.org/2000/svg}"
HALF = Result("walk", "wall, find", "0.50 ×", "≤ 1.5 ×", True, Figure(2.0, 6.0, "s", (("find", 4.0), ("other", 8.0))))


def drawn(*results: Result, name: str = "walk") -> Xml.Element:
    text = chart.chart(name, results)
    assert text is not None
    return Xml.fromstring(text)


def lengths(picture: Xml.Element) -> list[float]:
    return [float(one.get("width", "")) for one in picture.iter(f"{SVG}rect") if one.get("class") == "bar"]


def texts(picture: Xml.Element) -> list[str]:
    return [one.text or "" for one in picture.iter(f"{SVG}text")]


def marks(picture: Xml.Element) -> dict[float, float]:
    """Where the numbers of the scale stand."""
    low = max(float(one.get("y", "")) for one in picture.iter(f"{SVG}text") if one.get("text-anchor") == "middle")
    return {float(one.text or ""): float(one.get("x", "")) for one in picture.iter(f"{SVG}text")
            if one.get("text-anchor") == "middle" and float(one.get("y", "")) == low}  # fmt: skip


def limits(picture: Xml.Element) -> list[float]:
    """Where the lines of what was asked stand. The last of all is the legend's."""
    return [float(one.get("x1", "")) for one in picture.iter(f"{SVG}line") if one.get("class") == "limit"][:-1]


def test_bars_are_as_long_as_their_figures() -> None:
    picture = drawn(HALF)
    ours, peer, other = lengths(picture)
    assert ours == pytest.approx(peer / 2, abs=0.02) and other == pytest.approx(peer * 2, abs=0.02)
    scale = marks(picture)
    assert scale[0] == chart.LEFT and scale[1] - scale[0] == pytest.approx(peer, abs=0.02)


def test_what_was_asked_stands_where_the_scale_says_it() -> None:
    picture = drawn(HALF, below("walk", "to the first rows", 0.1, 0.4))
    scale = marks(picture)
    one = scale[1] - scale[0]
    assert limits(picture) == pytest.approx([scale[0] + 1.5 * one, scale[1]], abs=0.02)
    assert lengths(picture)[-1] == pytest.approx(one / 4, abs=0.02), "a row without a peer is a part of its limit"
    assert "asked: ≤ 1.50 ×, met" in texts(picture) and "asked: ≤ 400 ms, met" in texts(picture)


def test_a_bar_that_leaves_the_chart_is_broken_and_says_how_long_it_is() -> None:
    picture = drawn(Result("walk", "wall", "", "", False, Figure(70.0, 5.0, "s", (("find", 5.0),))))
    assert lengths(picture)[0] == chart.SCALE and max(marks(picture)) == chart.FARTHEST
    assert len([one for one in picture.iter(f"{SVG}polyline") if one.get("class") == "break"]) == 2
    assert "14.00 ×" in texts(picture) and "asked: ≤ 1.00 ×, not met" in texts(picture)
    assert not list(drawn(HALF).iter(f"{SVG}polyline"))


def test_a_limit_beyond_the_chart_is_not_drawn_at_a_wrong_place() -> None:
    picture = drawn(Result("walk", "wall", "", "", True, Figure(5.0, 50.0, "s", (("find", 5.0),))))
    assert limits(picture) == [] and "asked: ≤ 10.00 ×, met" in texts(picture)


def test_a_small_part_is_said_in_digits_that_mean_something() -> None:
    picture = drawn(Result("headers", "GGUF", "", "", True, Figure(0.05, 0.1, "s", (("reader", 10.0),))))
    assert "1/200" in texts(picture) and "asked: ≤ 1/100, met" in texts(picture)
    assert lengths(picture)[0] == pytest.approx(lengths(picture)[1] / 200, abs=0.01)


def test_nothing_measured_is_a_bar_of_no_length() -> None:
    assert lengths(drawn(Result("walk", "bytes", "", "", True, Figure(0.0, 1e6, "B", (("other", 1e6),)))))[0] == 0


def test_where_more_is_better_it_is_said() -> None:
    found = Figure(1.4e9, 0.9e9, "B/s", (("openssl", 1e9),), more=True)
    said = texts(drawn(Result("hashing", "sha256", "", "", True, found)))
    assert "hashing: sha256 (more is better)" in said and "asked: ≥ 0.90 ×, met" in said and "1.40 GB/s" in said


def test_words_are_words_and_never_markup() -> None:
    what = 'rows <b> & "more" </svg>'
    picture = drawn(Result("walk", what, "", "", None, Figure(1.0, 1.0, "s", (("<find>", 1.0),))))
    assert what in texts(picture) and "<find>" in texts(picture)
    assert not list(picture.iter(f"{SVG}b")) and not list(picture.iter("b"))


def test_the_ground_is_given_and_nothing_is_outside() -> None:
    picture = drawn(HALF)
    ground = next(picture.iter(f"{SVG}rect"))
    wide, high = float(picture.get("width", "")), float(picture.get("height", ""))
    assert ground.get("fill") == chart.PAPER and float(ground.get("width", "")) == wide - 1
    for one in picture.iter(f"{SVG}text"):
        assert 0 < float(one.get("x", "")) < wide and 0 < float(one.get("y", "")) < high


def test_lines_that_only_inform_make_no_chart() -> None:
    assert chart.chart("walk", [Result("walk", "peak memory", "3 MB")]) is None


def test_a_result_survives_its_way_out_of_the_process() -> None:
    for one in (HALF, below("a", "b", 1.0, 2.0), Result("a", "b", "c"), ratio("a", "b", [2.0], "find", [4.0], 0.9)):
        assert result_of(json.loads(json.dumps(one.record()))) == one
    assert ratio("a", "b", [2.0], "find", [4.0], 0.9).figure == Figure(2.0, 3.6, "s", (("find", 4.0),))


def test_a_page_keeps_what_people_wrote(tmp_path: Path) -> None:
    file = tmp_path / "performance.md"
    file.write_text(f"# Title\n\nBefore.\n\n{page.BEGIN}\nold figures\n{page.END}\n\nAfter: ×.\n")
    for _turn in range(2):
        page.write(file, {"walk": [HALF], "rows": [Result("rows", "x", "y")]}, [("cores", "2")], "How.")
    text = file.read_text()
    assert text.startswith("# Title\n\nBefore.\n\n" + page.BEGIN) and text.endswith(page.END + "\n\nAfter: ×.\n")
    assert "old figures" not in text and text.count("| walk | wall, find | 0.50 × | ≤ 1.5 × | met |") == 1
    assert "- cores: 2" in text and "How." in text
    assert [path.name for path in (tmp_path / "charts").iterdir()] == ["walk.svg"]
    assert "](charts/walk.svg)" in text and "rows.svg" not in text


def test_a_chart_goes_with_what_it_showed(tmp_path: Path) -> None:
    file = tmp_path / "new.md"
    page.write(file, {"walk": [HALF]}, [], "How.")
    assert (tmp_path / "charts/walk.svg").exists()
    page.write(file, {"walk": [Result("walk", "failed", "ended with 1", "", False)]}, [], "How.")
    assert not (tmp_path / "charts/walk.svg").exists() and "walk.svg" not in file.read_text()


def test_a_page_without_a_place_for_figures_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "performance.md"
    file.write_text("All by hand.\n")
    with pytest.raises(page.PageError):
        page.write(file, {"walk": [HALF]}, [], "How.")
    assert file.read_text() == "All by hand.\n" and not (tmp_path / "charts").exists()


def test_the_projects_own_page_has_a_place_for_figures_and_shows_every_chart() -> None:
    notes = Path(__file__).resolve().parent.parent / "notes"
    page.parts_of(notes / "performance.md")
    text = (notes / "performance.md").read_text()
    for file in (notes / "charts").glob("*.svg"):
        assert f"](charts/{file.name})" in text
