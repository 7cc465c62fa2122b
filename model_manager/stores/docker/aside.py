"""What an operation of ours that has not ended keeps in Docker's store: what it put aside may name, or be, what seems unused."""

from __future__ import annotations

import os

from model_manager.base.set_aside import lies_aside
from model_manager.stores.docker.layout import blobs_folder, bundles_folder, manifest_path


def aside_in(root: str) -> str:
    """The first thing that lies aside beside the index, the manifests, the bundles or the blobs; empty where none does."""
    folders = (root, os.path.dirname(manifest_path(root, "")), bundles_folder(root), blobs_folder(root))
    for folder in folders:
        try:
            names = sorted(filter(lies_aside, os.listdir(folder)))
        except OSError:
            continue  # told where it is read
        if names:
            return os.path.join(folder, names[0])
    return ""
