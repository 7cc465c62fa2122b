"""What a Keras configuration reads or fetches when it is loaded: words from a file, weights from an address.

Source: keras/src/layers/preprocessing/index_lookup.py (a `vocabulary` that is a text is a file), keras/src/applications
(`weights` are downloaded or read), tensorflow_hub/keras_layer.py (`handle` is fetched and its functions are run).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from model_manager.base.text import shown

_FILES = frozenset({"vocabulary", "vocabulary_file", "merges", "idf_weights", "filepath", "file_path", "filename",
    "module_path", "checkpoint_path", "data_dir", "save_dir", "log_dir"})  # fmt: skip
_ADDRESS = re.compile(r"\s{0,20}(?:https?|ftps?|gs|s3|file|hf|kaggle|modelscope|hdfs|gfile|ram|data)://", re.IGNORECASE)
_PATH = re.compile(r"[/\\]|\.(?:h5|hdf5|keras|npz|npy|pb|pkl|txt|json|zip|tar|gz)$|^~", re.IGNORECASE)
_TEXTS = 20


def read(value: dict[str, object]) -> Iterator[str]:
    """The files and addresses that one object of the configuration names."""
    for key, one in value.items():
        if key == "weights":
            named = isinstance(one, str) and _PATH.search(one[:2_000]) is not None
        else:
            named = isinstance(one, str) and key in _FILES and bool(one.strip())
        texts = one[:_TEXTS] if isinstance(one, list) else [one]
        if named:
            yield f"{key} {shown(str(one))[:80]}"
        elif found := next((text for text in texts if isinstance(text, str) and _ADDRESS.match(text)), None):
            yield f"{shown(str(key))[:40]} {shown(found.strip())[:80]}"
