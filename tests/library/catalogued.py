"""Rows of the catalogue as a test names them, without a disk."""

from __future__ import annotations

from model_manager.catalog.models import FileView, PlaceView


def file_view(model: int, place: int, file: int, path: str, **values: object) -> FileView:
    fields: dict[str, object] = dict(
        model=model, place=place, file=file, path=path, role="weights", name=path.rpartition("/")[2], volume="v",
        inode=file, size=100, bytes=128, links=1, atime_ns=1, mtime_ns=2, read_at=None, sha256=None, sha256_source=None,
    )  # fmt: skip
    return FileView(**{**fields, **values})  # type: ignore[arg-type]


def place_view(id_: int, model: int, root: int, path: str, tool: str = "folder") -> PlaceView:
    return PlaceView(id_, model, root, "/root", "online", tool, f"name-{id_}", f"title-{id_}", path, {})
