"""Arrays of joblib's within a pickle: their bytes are passed over exactly, or it is said why that cannot be."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats import joblib_array
from model_manager.formats.pickle_reader import Beyond, Broken, Budget, Reader
from model_manager.formats.pickle_values import GlobalName, Made
from model_manager.formats.pickle_walk import walk
from model_manager.formats.problem import LIMITS


def dtype(code: object) -> Made:
    return Made(GlobalName("numpy", "dtype"), (code, False, True))


def state(shape: object = (2, 3), kind: object = None, alignment: object = 16) -> dict[str, object]:
    return {"shape": shape, "dtype": dtype("f4") if kind is None else kind, "numpy_array_alignment_bytes": alignment}


def never() -> None:
    raise AssertionError("holds no objects")


def left_of(data: bytes, one: object, objects: Callable[[], None] = never, wrapper: str = "NumpyArrayWrapper") -> int:
    """Bytes that are left behind the array."""
    reader = Reader(io.BytesIO(data), 0, len(data), Budget.of(LIMITS))
    joblib_array.follow(reader, wrapper, one, objects)
    return len(data) - reader.position


@pytest.mark.parametrize("padding", [1, 7, 16])
@pytest.mark.parametrize(
    ("shape", "code", "size"),
    [((2, 3), "f4", 24), ((5,), "i8", 40), ((), "f8", 8), ((0, 9), "f8", 0), ((3,), "?", 3), ((2,), "U5", 40),
     ((4,), b"S3", 12), ((2, 2), "<c16", 64), ((3,), "V10", 30)],
)  # fmt: skip
def test_padding_and_numbers_are_passed_over(shape: tuple[int, ...], code: object, size: int, padding: int) -> None:
    data = bytes([padding]) + bytes(padding) + b"\1" * size + b"rest"
    assert left_of(data, state(shape, dtype(code))) == 4


@settings(max_examples=15)
@given(st.lists(st.integers(0, 5), max_size=4), st.sampled_from([("f2", 2), ("f4", 4), ("u1", 1), ("M8", 8)]), st.integers(1, 16), st.integers(0, 9))  # fmt: skip
def test_any_array(shape: list[int], kind: tuple[str, int], padding: int, rest: int) -> None:
    size = kind[1]
    for side in shape:
        size *= side
    assert left_of(bytes([padding]) + bytes(padding + size + rest), state(tuple(shape), dtype(kind[0]))) == rest


def test_objects_are_a_pickle_of_their_own() -> None:
    asked: list[int] = []
    assert left_of(b"1234", state((2,), dtype("O")), lambda: asked.append(1)) == 4
    assert asked == [1]


@pytest.mark.parametrize(
    "one",
    [None, (), {}, state([2, 3]), state((2, -1)), state((2, True)), state((2, "3")), state((2,), "f4"), state((1.0,))],
)
def test_an_array_whose_size_is_not_known_ends_the_walk(one: object) -> None:
    with pytest.raises(Beyond, match="whose size is not known"):
        left_of(bytes(99), one)


@pytest.mark.parametrize("code", ["f4f4", 7, "", "<>f4"])
def test_a_content_that_is_not_known_ends_the_walk(code: object) -> None:
    with pytest.raises(Beyond, match="whose content is not known"):
        left_of(bytes(99), state((2,), dtype(code)))


@pytest.mark.parametrize("first", [0, 17, 255])
def test_a_padding_that_joblib_does_not_write_ends_the_walk(first: int) -> None:
    with pytest.raises(Beyond, match="an older joblib"):
        left_of(bytes([first]) + bytes(300), state())


@pytest.mark.parametrize("alignment", [None, 0])
def test_arrays_without_padding_are_an_older_joblibs(alignment: object) -> None:
    with pytest.raises(Beyond, match="an older joblib"):
        left_of(bytes([4]) + bytes(300), state(alignment=alignment))


@pytest.mark.parametrize("wrapper", ["NDArrayWrapper", "ZNDArrayWrapper"])
def test_wrappers_that_name_another_file_end_the_walk(wrapper: str) -> None:
    with pytest.raises(Beyond, match="in another file"):
        left_of(b"1234", state(), wrapper=wrapper)


def test_what_is_no_wrapper_takes_nothing() -> None:
    assert left_of(b"1234", state(), wrapper="Memory") == 4


def test_an_array_that_claims_more_than_there_is() -> None:
    with pytest.raises(Broken, match="claims 24 bytes"):
        left_of(bytes([1]) + bytes(24), state())


def test_the_walk_goes_on_behind_an_array() -> None:
    """The opcodes as joblib writes them: wrapper, BUILD, padding, numbers, then the rest of the pickle."""
    dtype_code = b"cnumpy\ndtype\nX\x02\0\0\0f4\x89\x88\x87R"
    table = b"}(X\x05\0\0\0shapeK\x03\x85X\x05\0\0\0dtype" + dtype_code
    table += b"X\x1b\0\0\0numpy_array_alignment_bytesK\x10u"
    wrapper = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81" + table + b"b"
    data = pickle.PROTO + b"\x02](" + wrapper + b"\x02\xff\xff" + b"." * 12 + b"K\x2ae."
    found = walk(io.BytesIO(data), 0, len(data), Budget.of(LIMITS))
    assert (found.broken, found.beyond, found.end) == ("", "", len(data))
    assert isinstance(found.value, list) and found.value[1] == 42
