"""Every way in which PyTorch and numpy write a tensor."""

from __future__ import annotations

import io

import pytest

from model_manager.formats.pickle_reader import Budget
from model_manager.formats.pickle_values import TensorValue
from model_manager.formats.pickle_walk import walk
from model_manager.formats.problem import LIMITS
from model_manager.formats.state_dict import state_dict
from model_manager.formats.torch_rebuild import dtype_of, itemsize
from tests.formats.torch_files import number, numbers, pickled, tensor, text


def rebuilt(body: bytes) -> TensorValue | None:
    content = pickled(b"}(" + text("w") + body + b"u")
    found = walk(io.BytesIO(content), 0, len(content), Budget.of(LIMITS))
    assert not found.broken
    return state_dict(found.value, LIMITS).weights.get("w")


def call(module: str, name: str, *args: bytes) -> bytes:
    return f"c{module}\n{name}\n".encode() + b"(" + b"".join(args) + b"tR"


def storage(kind: str, count: int) -> bytes:
    place = "torch.storage" if kind == "UntypedStorage" else "torch"
    named = f"c{place}\n{kind}\n".encode()
    return b"(" + text("storage") + named + text("0") + text("cpu") + number(count) + b"tQ"


EMPTY = b"ccollections\nOrderedDict\n)R"
PLAIN = tensor("0", (2, 3))
BF16 = b"ctorch\nbfloat16\n"
F8 = b"ctorch\nfloat8_e4m3fn\n"
SHAPE, STRIDE = numbers((2, 3)), numbers((3, 1))
PLACE = number(0) + SHAPE + STRIDE
DTYPE = call("numpy", "dtype", text("f4"), number(0), number(1))
STATE = b"(" + number(3) + text("<") + b"NNN" + number(-1) + number(-1) + number(0) + b"tb"


@pytest.mark.parametrize(
    ("body", "shape", "dtype", "size"),
    [
        (PLAIN, (2, 3), "F32", 24),
        (call("torch._utils", "_rebuild_tensor", storage("HalfStorage", 6), PLACE), (2, 3), "F16", 12),
        (
            call("torch._utils", "_rebuild_tensor_v3", storage("UntypedStorage", 6), PLACE, b"\x89", EMPTY, F8),
            (2, 3), "F8_E4M3", 6,
        ),
        (call("torch._utils", "_rebuild_qtensor", storage("QInt8Storage", 6), PLACE, b")\x89", EMPTY), (2, 3), "I8", 6),
        (call("torch._utils", "_rebuild_parameter", PLAIN, b"\x88", EMPTY), (2, 3), "F32", 24),
        (call("torch._utils", "_rebuild_parameter_with_state", PLAIN, b"\x88", EMPTY, b"}"), (2, 3), "F32", 24),
        (call("torch.nn.parameter", "Parameter", PLAIN, b"\x88"), (2, 3), "F32", 24),
        (
            call("torch._tensor", "_rebuild_from_type_v2", b"ctorch._utils\n_rebuild_parameter\n",
                 b"ctorch.nn.parameter\nParameter\n", b"(" + PLAIN + b"\x88" + EMPTY + b"t", b"}"),
            (2, 3), "F32", 24,
        ),
        (
            call("torch._utils", "_rebuild_sparse_tensor", b"ctorch\nsparse_coo\n",
                 b"(" + tensor("1", (2, 4), "LongStorage") + tensor("0", (4,)) + SHAPE + b"t"),
            (2, 3), "F32", 80,
        ),
        (call("torch._utils", "_rebuild_meta_tensor_no_storage", BF16, SHAPE, STRIDE, b"\x89"), (2, 3), "BF16", 0),
        (
            call("torch._utils", "_rebuild_wrapper_subclass", b"ctorch\nTensor\n", BF16, SHAPE, STRIDE, number(0)),
            (2, 3), "BF16", 0,
        ),
        (call("torch._utils", "_rebuild_nested_tensor", PLAIN, b"NNN"), (2, 3), "F32", 24),
        (call("torch._utils", "_rebuild_device_tensor_from_cpu_tensor", PLAIN, BF16), (2, 3), "F32", 24),
        (
            call("torch._utils", "_rebuild_tensor_v2", storage("FloatStorage", 1), number(0), SHAPE,
                 numbers((0, 0)), b"\x89", EMPTY),
            (2, 3), "F32", 4,
        ),
        (
            call("torch._utils", "_rebuild_tensor_v2", call("torch.storage", "TypedStorage",
                 storage("FloatStorage", 6)), number(0), call("torch", "Size", SHAPE), STRIDE, b"\x89", EMPTY),
            (2, 3), "F32", 24,
        ),
        (
            call("numpy.core.multiarray", "_reconstruct", b"cnumpy\nndarray\n", numbers((0,)), text("b"))
            + b"(" + number(1) + SHAPE + DTYPE + STATE + b"\x89C\x18" + b"\1" * 24 + b"tb",
            (2, 3), "F32", 24,
        ),
        (
            call("numpy._core.numeric", "_frombuffer", b"C\x18" + b"\1" * 24, DTYPE, SHAPE, text("C")),
            (2, 3), "F32", 24,
        ),
    ],
)  # fmt: skip
def test_a_tensor(body: bytes, shape: tuple[int, ...], dtype: str, size: int) -> None:
    found = rebuilt(body)
    assert found is not None
    assert (found.shape, found.dtype, found.bytes) == (shape, dtype, size)


@pytest.mark.parametrize(
    "body",
    [
        call("torch._utils", "_rebuild_tensor_v2"),
        call("torch._utils", "_rebuild_tensor_v2", storage("FloatStorage", 6), number(0), b"N", b"N", b"\x89N"),
        call("torch._utils", "_rebuild_tensor_v2", storage("FloatStorage", 6), number(0), numbers((-1,)), b")\x89N"),
        call("torch._utils", "_rebuild_sparse_tensor", b"N", b")"),
        call("torch._tensor", "_rebuild_from_type_v2", b"cos\nsystem\n", b"N", b")", b"}"),
        b"ctorch._utils\n_rebuild_tensor_v2\nNR",
    ],
)
def test_what_makes_no_tensor_is_left_out(body: bytes) -> None:
    assert rebuilt(body) is None


@pytest.mark.parametrize(
    ("code", "dtype"),
    [("<f4", "F32"), ("|b1", "BOOL"), ("?", "BOOL"), ("i1", "I8"), (">u8", "U64"), ("<c8", "C64"), ("|O", "O"),
     ("<U7", "U7"), ("nonsense", "?")],
)  # fmt: skip
def test_numpy_codes(code: str, dtype: str) -> None:
    assert dtype_of(code) == dtype


def test_an_ordered_dict_of_python_2() -> None:
    pairs = b"](](" + text("w") + PLAIN + b"ee"
    content = pickled(b"ccollections\nOrderedDict\n(" + pairs + b"tR")
    found = walk(io.BytesIO(content), 0, len(content), Budget.of(LIMITS))
    assert list(state_dict(found.value, LIMITS).weights) == ["w"]


ARRAY = (
    call("numpy.core.multiarray", "_reconstruct", b"cnumpy\nndarray\n", numbers((0,)), text("b"))
    + b"(" + number(1) + SHAPE + DTYPE + STATE + b"\x89C\x18" + b"\1" * 24 + b"tb"
)  # fmt: skip


def test_a_tensor_of_another_device_is_what_numpy_kept() -> None:
    """XLA and friends: the values as an array, the type beside them."""
    found = rebuilt(call("torch._utils", "_rebuild_device_tensor_from_numpy", ARRAY, BF16, text("xla:0"), b"\x89"))
    assert found is not None and (found.shape, found.dtype, found.bytes) == ((2, 3), "BF16", 24)
    empty = call("numpy.core.multiarray", "_reconstruct", b"cnumpy\nndarray\n", numbers((0,)), text("b"))
    assert rebuilt(call("torch._utils", "_rebuild_device_tensor_from_numpy", empty, BF16)) is None


@pytest.mark.parametrize(
    "body",
    [
        call("numpy._core.numeric", "_frombuffer", b"C\x18" + b"\1" * 24, DTYPE),
        call("numpy._core.numeric", "_frombuffer", number(5), DTYPE, SHAPE, text("C")),
        call("numpy._core.numeric", "_frombuffer", b"C\x01\1", DTYPE, numbers((-1,)), text("C")),
        call("numpy.core.multiarray", "_reconstruct", b"cnumpy\nndarray\n") + b"N" + b"b",
    ],
)
def test_an_array_that_says_too_little_is_left_out(body: bytes) -> None:
    assert rebuilt(body) is None


def test_a_tensor_larger_than_its_storage_is_broken() -> None:
    body = call("torch._utils", "_rebuild_tensor_v2", storage("FloatStorage", 5), PLACE, b"\x89", EMPTY)
    content = pickled(b"}(" + text("w") + body + b"u")
    broken = walk(io.BytesIO(content), 0, len(content), Budget.of(LIMITS)).broken
    assert broken.startswith("has a tensor that is larger than its storage at byte ")


@pytest.mark.parametrize(("dtype", "size"), [("F8_E5M2", 1), ("BOOL", 1), ("C128", 16), ("?", 1), ("nonsense", 1)])
def test_bytes_of_one_element(dtype: str, size: int) -> None:
    assert itemsize(dtype) == size


def test_ordered_dicts_of_python_2_and_default_dicts() -> None:
    """Pairs in a list; what is no pair is left out."""
    pairs = b"((" + text("w") + PLAIN + b"t" + b"(" + text("odd") + b"t" + b"l"
    content = pickled(b"ccollections\nOrderedDict\n(" + pairs + b"tR")
    found = state_dict(walk(io.BytesIO(content), 0, len(content), Budget.of(LIMITS)).value, LIMITS)
    assert list(found.weights) == ["w"]
    content = pickled(b"ccollections\ndefaultdict\n(c__builtin__\nlist\ntR(" + text("w") + PLAIN + b"u")
    found = state_dict(walk(io.BytesIO(content), 0, len(content), Budget.of(LIMITS)).value, LIMITS)
    assert list(found.weights) == ["w"]
