"""Arrays as joblib writes them: their numbers, or a pickle of their objects, behind the object that describes them.

Source: joblib/numpy_pickle.py, `NumpyArrayWrapper`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from model_manager.base.messages import said
from model_manager.formats.pickle_reader import Beyond, Reader
from model_manager.formats.pickle_values import Made
from model_manager.formats.torch_rebuild import numpy_dtype, numpy_width

_PADDING = 16


def follow(reader: Reader, wrapper: str, state: object, objects: Callable[[], None]) -> None:
    """What joblib does once one of its wrappers has its state. Raises Beyond."""
    if wrapper == "NumpyArrayWrapper":
        _skip(reader, state, objects)
    elif wrapper.endswith("ArrayWrapper"):  # before joblib 0.10: the state names the file, anywhere
        raise Beyond(said("keeps an array of joblib's in another file"))


def _skip(reader: Reader, state: object, objects: Callable[[], None]) -> None:
    """Goes behind the array that a wrapper's `state` describes; `objects` does so for a pickle. Raises Beyond."""
    shape, kind = (state.get("shape"), state.get("dtype")) if isinstance(state, dict) else (None, None)
    if (
        not isinstance(shape, tuple)
        or not isinstance(kind, Made)
        or any(type(side) is not int or side < 0 for side in shape)
    ):
        raise Beyond(said("holds an array of joblib's whose size is not known"))
    dtype = numpy_dtype(kind)
    if dtype == "?":
        raise Beyond(said("holds an array of joblib's whose content is not known"))
    if dtype.startswith("O"):
        objects()
        return
    # The length of the padding is no instruction, so that no other loader can go on here into the numbers.
    padding = reader.take(1)[0] if isinstance(state, dict) and state.get("numpy_array_alignment_bytes") else 0
    if not 1 <= padding <= _PADDING:
        raise Beyond(said("holds an array of an older joblib, which is not followed"))
    reader.skip(padding)
    reader.skip(math.prod(side for side in shape if isinstance(side, int)) * numpy_width(kind))
