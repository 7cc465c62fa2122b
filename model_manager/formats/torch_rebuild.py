"""What PyTorch's and numpy's constructors would make of their arguments, as symbols.

Source: torch/_utils.py, torch/_tensor.py, torch/serialization.py (2.13) and numpy/_core/multiarray.
"""

from __future__ import annotations

import math
import re

from model_manager.base.messages import said
from model_manager.formats.pickle_reader import Broken
from model_manager.formats.pickle_values import Blob, GlobalName, Made, Opaque, Storage, TensorValue

# Names as safetensors spells them; bits of one element.
STORAGES = {
    "FloatStorage": "F32", "DoubleStorage": "F64", "HalfStorage": "F16", "BFloat16Storage": "BF16",
    "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8",
    "BoolStorage": "BOOL", "ComplexFloatStorage": "C64", "ComplexDoubleStorage": "C128",
    "QInt8Storage": "I8", "QUInt8Storage": "U8", "QInt32Storage": "I32", "QUInt4x2Storage": "U8",
    "QUInt2x4Storage": "U8", "UntypedStorage": "",
}  # fmt: skip
DTYPES = {
    "float32": "F32", "float": "F32", "float64": "F64", "double": "F64", "float16": "F16", "half": "F16",
    "bfloat16": "BF16", "int64": "I64", "long": "I64", "int32": "I32", "int": "I32", "int16": "I16", "short": "I16",
    "int8": "I8", "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64", "bool": "BOOL",
    "complex32": "C32", "complex64": "C64", "complex128": "C128", "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2", "float8_e4m3fnuz": "F8_E4M3FNUZ", "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "float8_e8m0fnu": "F8_E8M0", "float4_e2m1fn_x2": "F4", "qint8": "I8", "quint8": "U8", "qint32": "I32",
}  # fmt: skip
SIZES = {"BOOL": 1, "F4": 1, "C64": 8, "C128": 16, "C32": 4, "BF16": 2}
_NUMPY = {"f": "F", "i": "I", "u": "U", "c": "C"}
_SIDES = 64


def itemsize(dtype: str) -> int:
    """Bytes of one element; 1 when the type is not known."""
    if dtype in SIZES:
        return SIZES[dtype]
    if dtype.startswith("F8"):
        return 1
    return int(dtype[1:]) // 8 if dtype[1:].isdigit() else 1


def storage_of(identity: object) -> Storage | None:
    """The storage that a persistent id stands for: ('storage', type, key, location, count, …)."""
    match identity:
        case ("storage", GlobalName(_, kind), str() | int() as key, _, int(count), *_) if count >= 0:
            return Storage(STORAGES.get(kind, ""), str(key)[:200], count)
    return None


def rebuild(callee: GlobalName, args: object) -> object:
    """What the call would make: a tensor, a plain container, or an object by its callee's name."""
    if not isinstance(args, tuple):
        return Made(callee, args)
    name = callee.name
    if callee.module.startswith("torch."):
        return _torch(name, args) or Made(callee, args)
    if name == "_frombuffer" and "numpy" in callee.module:
        match args:
            case (content, Made() as kind, tuple() as shape, *_):
                return _array(shape, numpy_dtype(kind), content) or Made(callee, args)
    if name == "OrderedDict" and callee.module == "collections":
        return Made(callee, args) if (pairs := _pairs(args)) is None else pairs
    if name == "defaultdict" and callee.module == "collections" and len(args) < 2:
        return {}
    if name in ("set", "frozenset", "list", "deque", "tuple") and len(args) == 1 and isinstance(args[0], list):
        return args[0]
    return Made(callee, args)


def settled(value: object) -> object:
    """A numpy array, whose state has arrived since it was made, as a tensor; anything else as it is."""
    if isinstance(value, Made) and isinstance(value.callee, GlobalName) and value.callee.name == "_reconstruct":
        match value.state:
            case (_, tuple() as shape, Made() as kind, _, content):
                return _array(shape, numpy_dtype(kind), content) or value
    return value


def numpy_dtype(kind: Made) -> str:
    """The name for numpy.dtype('f4', …); the type's own text when it is none of ours."""
    code = kind.args[0] if isinstance(kind.args, tuple) and kind.args else ""
    if isinstance(code, bytes):
        code = code.decode("latin-1")
    return dtype_of(code) if isinstance(code, str) else "?"


def numpy_width(kind: Made) -> int:
    """Bytes of one element of numpy.dtype('f4', …), also of texts and records."""
    code = kind.args[0] if isinstance(kind.args, tuple) and kind.args else ""
    found = re.fullmatch(
        r"[<>|=]?([a-zA-Z?])(\d{0,9})", code.decode("latin-1") if isinstance(code, bytes) else str(code)
    )
    if not found:
        raise Broken(said("has an array of a type that is not known"))
    return int(found[2] or 1) * (4 if found[1] == "U" else 1)


def dtype_of(code: str) -> str:
    """The name for numpy's short code: `<f4` is F32, `|b1` is BOOL, `|O` stays O."""
    if not (found := re.fullmatch(r"[<>|=]?([a-zA-Z?])(\d{0,9})", code)):
        return "?"
    letter, count = found.groups()
    if letter in ("b", "?"):
        return "BOOL" if letter == "?" or count == "1" else "I8"
    if letter in _NUMPY and count in ("1", "2", "4", "8", "16"):
        return f"{_NUMPY[letter]}{int(count) * 8}"
    return letter + count


def _array(shape: tuple[object, ...], dtype: str, content: object) -> TensorValue | None:
    sides = _sides(shape)
    if sides is None or not isinstance(content, bytes | Blob | str | Made | Opaque):
        return None
    return TensorValue(sides, dtype, math.prod(sides) * itemsize(dtype))


def _torch(name: str, args: tuple[object, ...]) -> object | None:
    """What PyTorch's functions of rebuilding make: the ways in which nearly every file is written, else the rare ones."""
    match name, args:
        case "_rebuild_tensor_v3", (Storage() as storage, int(offset), size, stride, _, _, GlobalName(_, kind), *_):
            return _tensor(storage, offset, size, stride, DTYPES.get(kind, kind[:20]))
        case ("_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_qtensor"), (
            Storage() as storage, int(offset), size, stride, *_,
        ):  # fmt: skip
            return _tensor(storage, offset, size, stride, storage.dtype)
        case ("_rebuild_parameter" | "_rebuild_parameter_v2" | "_rebuild_parameter_with_state"), (
            TensorValue() | Made() as data, *_,
        ):  # fmt: skip
            return data
        case (("Parameter" | "Buffer"), (TensorValue() as data, *_)):
            return data
        case (("_rebuild_from_type_v2" | "_rebuild_from_type"), (GlobalName() as function, _, tuple() as inner, *_)):
            return _torch(function.name, inner) if function.module.startswith("torch.") else None
        case "TypedStorage", (Storage() as storage, *_):
            return storage
    return _rarely(name, args)


def _rarely(name: str, args: tuple[object, ...]) -> TensorValue | None:
    """Tensors that are sparse, have no bytes of their own, or were on a device (torch/_utils.py)."""
    match name, args:
        case (("_rebuild_sparse_tensor" | "_rebuild_sparse_csr_tensor"), (_, tuple() as parts)):
            return _sparse(parts)
        case "_rebuild_meta_tensor_no_storage", (GlobalName(_, kind), size, *_):
            return _without_bytes(size, kind)
        case "_rebuild_wrapper_subclass", (_, GlobalName(_, kind), size, *_):
            return _without_bytes(size, kind)
        case "_rebuild_nested_tensor", (TensorValue() as buffer, *_):
            return buffer
        case "_rebuild_device_tensor_from_numpy", (Made() as array, GlobalName(_, kind), *_):
            held = settled(array)
            if isinstance(held, TensorValue):
                return TensorValue(held.shape, DTYPES.get(kind, held.dtype), held.bytes)
        case "_rebuild_device_tensor_from_cpu_tensor", (TensorValue() as data, *_):
            return data
    return None


def _tensor(storage: Storage, offset: int, size: object, stride: object, dtype: str) -> TensorValue | None:
    shape, steps = _sides(size), _sides(stride)
    if shape is None:
        return None
    width = itemsize(dtype)
    held = storage.count if storage.dtype else storage.count // width
    if steps is not None and len(steps) == len(shape) and 0 not in shape and not storage.key.startswith("@"):
        last = offset + sum((side - 1) * step for side, step in zip(shape, steps, strict=True))
        if offset < 0 or last >= held:
            raise Broken(said("has a tensor that is larger than its storage"))
    count = math.prod(shape)
    return TensorValue(shape, dtype or "?", min(count, held) * width, storage)


def _sparse(parts: tuple[object, ...]) -> TensorValue | None:
    """COO is (indices, values, size, …), compressed rows or columns (crow, col, values, size)."""
    values = [part for part in parts if isinstance(part, TensorValue)]
    sides = next((found for part in parts if (found := _sides(part)) is not None), None)
    if not values or sides is None:
        return None
    return TensorValue(sides, values[-1].dtype, sum(value.bytes for value in values), values[-1].storage)


def _without_bytes(size: object, kind: str) -> TensorValue | None:
    shape = _sides(size)
    return None if shape is None else TensorValue(shape, DTYPES.get(kind, kind[:20]), 0)


def _sides(size: object) -> tuple[int, ...] | None:
    """A shape: a tuple or torch.Size of at most 64 whole numbers."""
    if isinstance(size, Made) and isinstance(size.callee, GlobalName) and size.callee.name == "Size":
        size = size.args[0] if isinstance(size.args, tuple) and size.args else None
    if not isinstance(size, tuple | list) or len(size) > _SIDES:
        return None
    sides = tuple(side for side in size if type(side) is int and 0 <= side < 1 << 48)
    return sides if len(sides) == len(size) else None


def _pairs(args: tuple[object, ...]) -> dict[object, object] | None:
    """OrderedDict(), and OrderedDict([[key, value], …]) of Python 2; None for what is put together otherwise."""
    table: dict[object, object] = {}
    for pair in args[0] if len(args) == 1 and isinstance(args[0], list) else args:
        if isinstance(pair, tuple | list) and len(pair) != 2:  # the call fails
            continue
        if not isinstance(pair, tuple | list) or not isinstance(pair[0], str | int) or pair[0] in table:
            return None
        table[pair[0]] = pair[1]
    return table
