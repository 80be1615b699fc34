"""Every change by the name that plans know it by."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import h5py

from . import (
    on_bundle,
    on_bytes,
    on_checkpoint,
    on_hdf5,
    on_json,
    on_onnx,
    on_pickle,
    on_place,
    on_toml,
    on_zip,
)
from .plan import Change

Content = Callable[[bytes, Change, bytes], bytes]
"""A file's content, what to do, the content of another file of its kind."""

CONTENT: dict[str, Content] = {
    **{name: getattr(on_bytes, name) for name in ("flip", "flips", "put", "mark", "cut", "zero")},
    **{name: getattr(on_bytes, name) for name in ("double", "swap", "splice", "whole")},
    "json": on_json.structure,
    "json-raw": on_json.raw,
    "zip": on_zip.structure,
    "zip-bomb": on_zip.bombs,
    "zip-json": on_zip.json_inside,
    "zip-deployment": on_zip.deployment,
    "zip-bytes": on_zip.bytes_inside,
    "pickle": on_zip.pickle_inside,
    "zip-array": on_zip.array_inside,
    "pickle-payload": on_pickle.payload,
    "hdf5": on_hdf5.structure,
    "hdf5-links": on_hdf5.links,
    "onnx": on_onnx.structure,
    "toml": on_toml.structure,
    "toml-raw": on_toml.raw,
    "checkpoint": on_checkpoint.state,
    "checkpoint-sealed": on_checkpoint.sealed,
}

PLACES: dict[str, Callable[[Path, Change], None]] = {
    "stand-in": on_place.stand_in,
    "bundle-damage": on_bundle.damage,
    "bundle-manifest": on_bundle.manifest,
    "bundle-missing": on_bundle.missing,
    "bundle-moved": on_bundle.moved,
    "bundle-names": on_bundle.names,
    "bundle-plant": on_bundle.plant,
    "lie-manifest": on_bundle.manifest_lie,
    "lie-payload": on_bundle.payload_lie,
    "lie-program": on_bundle.program_lie,
    "lie-weights": on_bundle.weights_lie,
}

LARGEST = 2**27
"""Bytes of a file that is changed."""

SEALS = {"bundle-moved", "bundle-names", "lie-manifest", "lie-payload", "lie-program", "lie-weights"}
"""Changes after which a bundle looks whole; of others some do and some do not."""


def apply(path: Path, change: Change, stranger: Path) -> None:
    """Change the file or bundle at ``path``.

    Args:
        path: what is changed, in a case's own folder.
        change: what to do.
        stranger: another file or bundle of the kind, for splices.
    """
    if change.name in PLACES:
        PLACES[change.name](path, change)
        return
    if not path.is_file() or path.stat().st_size > LARGEST:
        return  # an earlier change put something else there
    path.write_bytes(CONTENT[change.name](path.read_bytes(), change, stranger.read_bytes()))


def reaches_out(path: Path) -> bool:
    """Whether a file is HDF5 and has anything that leads out of it."""
    if not path.is_file() or path.is_symlink():
        return False
    with path.open("rb") as start:
        if start.read(8) != b"\x89HDF\r\n\x1a\n":
            return False
    found: list[str] = []

    def look(name: str, link: object) -> None:
        if isinstance(link, h5py.ExternalLink):
            found.append(name)

    def values(name: str, thing: object) -> None:
        if isinstance(thing, h5py.Dataset) and (thing.external or thing.is_virtual):
            found.append(name)

    try:
        with h5py.File(io.BytesIO(path.read_bytes()), "r") as file:
            file.visititems_links(look)
            file.visititems(values)
    except Exception:  # damaged as well: then there is nothing to be sure of
        return False
    return bool(found)
