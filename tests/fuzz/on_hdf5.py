"""Changes of an HDF5 file's structure: links, external storage, types, shapes, attributes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

from .plan import Change
from .values import NUMBERS, TEXTS

OUTSIDE = ("../secret.bin", "../secret.h5", "../pipe", "/dev/zero", "/etc/hostname")
"""What files outside the working folder are called: the case puts them there."""

NODES = (
    *("Affine", "Linear", "Scale", "Conv1d", "Conv2d", "CubaLIF", "CubaLI", "LI", "LIF", "IF", "I"),
    *(
        "Delay",
        "Flatten",
        "Input",
        "Output",
        "NIRGraph",
        "SumPool2d",
        "AvgPool2d",
        "Threshold",
        "x",
        "",
    ),
)


def _names(file: h5py.File) -> list[str]:
    found: list[str] = []
    file.visit(found.append)
    return sorted(found)


def _datasets(file: h5py.File) -> list[str]:
    return [name for name in _names(file) if isinstance(file[name], h5py.Dataset)]


def _delete(file: h5py.File, name: str, change: Change) -> None:
    del file[name]


def _put(file: h5py.File, name: str, value: Any, **more: Any) -> None:
    del file[name]
    file.create_dataset(name, data=value, **more)


def _soft(file: h5py.File, name: str, change: Change) -> None:
    names = ["/", "/node", name, "/nowhere", f"/{name}/x", *_names(file)]
    del file[name]
    file[name] = h5py.SoftLink(names[change.other % len(names)])


def _external(file: h5py.File, name: str, change: Change) -> None:
    del file[name]
    file[name] = h5py.ExternalLink(
        OUTSIDE[change.other % len(OUTSIDE)], ("/", "/w", "/node")[change.much % 3]
    )


def _hard(file: h5py.File, name: str, change: Change) -> None:
    """Another name of a group or array, often of one that it is in."""
    names = ["/", "/node", "/node/nodes", *_names(file)]
    target = file[names[change.other % len(names)]]
    del file[name]
    file[name] = target


def _storage(file: h5py.File, name: str, change: Change) -> None:
    """An array whose values lie in another file."""
    at = name if isinstance(file[name], h5py.Dataset) else f"{name}/weight"
    shape: Any = (1,)
    kind: Any = "f4"
    if at in file:
        shape, kind = file[at].shape, file[at].dtype
        del file[at]
    bytes_ = int(np.prod(shape)) * np.dtype(kind).itemsize
    outside = OUTSIDE[change.other % len(OUTSIDE)]
    file.create_dataset(at, shape=shape or (1,), dtype=kind, external=[(outside, 0, max(bytes_, 8))])


def _virtual(file: h5py.File, name: str, change: Change) -> None:
    """An array made of arrays of other files."""
    shape = getattr(file[name], "shape", None) or (1,)
    layout = h5py.VirtualLayout(shape=shape, dtype="f4")
    source = (".", *OUTSIDE)[change.other % (1 + len(OUTSIDE))]
    layout[...] = h5py.VirtualSource(source, ("w", name)[change.much % 2], shape=shape)
    del file[name]
    file.create_virtual_dataset(name, layout)


def _type(file: h5py.File, name: str, change: Change) -> None:
    value = file[name][()] if isinstance(file[name], h5py.Dataset) else 0
    numbers = np.atleast_1d(np.zeros(1) if isinstance(value, bytes) else np.asarray(value))
    compound = np.zeros(numbers.shape, [("a", "i4"), ("b", "f4", (2,))])
    changed: tuple[Any, ...] = (
        *(numbers.astype(kind) for kind in ("f2", "i8", "u1", "c16", ">f4", "?", "f8")),
        *(compound, "text", b"bytes", ["a", "b"], np.void(b"opaque"), h5py.Empty("f4"), 0, [], np.nan),
    )
    if change.other % 20 == 0:
        del file[name]
        file.create_dataset(name, (2,), dtype=h5py.ref_dtype)
    elif change.other % 20 == 1:
        del file[name]
        file.create_dataset(name, (2,), dtype=h5py.vlen_dtype("i4"))
    else:
        _put(file, name, changed[change.other % len(changed)])


def _shape(file: h5py.File, name: str, change: Change) -> None:
    """No values, or more than any memory holds: the file stays small."""
    shapes = ((), (0,), (1,), (2**20, 2**20), (2**40,), (60_000, 60_000), (1,) * 32, (3, 0, 2))
    shape = shapes[change.other % len(shapes)]
    del file[name]
    if not shape:
        file.create_dataset(name, data=1.0)
    elif change.much % 2 and 0 not in shape:
        chunks = tuple(min(n, 64) for n in shape)
        file.create_dataset(name, shape, dtype="f4", chunks=chunks, compression="gzip", fillvalue=1)
    else:
        file.create_dataset(name, shape, dtype="f4")


def _value(file: h5py.File, name: str, change: Change) -> None:
    """One number of an array is strange; a text is another."""
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset) or dataset.shape is None:
        file.attrs[name] = 1
    elif dataset.dtype.kind in "fiu":
        array = np.array(dataset[()])
        number = NUMBERS[change.other % len(NUMBERS)]
        with np.errstate(all="ignore"):
            try:
                array.reshape(-1)[change.much % max(1, array.size)] = number
            except (OverflowError, ValueError, IndexError):
                array = array.reshape(-1)
        _put(file, name, array)
    else:
        texts = (*NODES, *TEXTS)
        _put(file, name, texts[change.other % len(texts)].replace("\0", "").encode("utf-8", "replace"))


def _attribute(file: h5py.File, name: str, change: Change) -> None:
    values: tuple[Any, ...] = (0, "x", b"\xff", np.zeros(1000), h5py.Empty("f4"), file[name].ref, [1.5])
    names = ("type", "version", "x", "é", "dt", "snnc")
    file[name].attrs[names[change.much % len(names)]] = values[change.other % len(values)]


def _new(file: h5py.File, name: str, change: Change) -> None:
    """A name that nobody expects, beside or inside others."""
    texts = (*TEXTS, *NODES)
    text = texts[change.other % len(texts)].replace("\0", "").encode("utf-8", "replace").decode()[:300]
    place = file[name] if isinstance(file[name], h5py.Group) else file[name].parent
    if change.much % 2 or not text.strip("/."):
        place.create_group(f"new{text[:20].replace('/', '_')}")
    else:
        file.move(name, f"{place.name}/{text}")


def _copies(file: h5py.File, name: str, change: Change) -> None:
    """Hundreds of names of one thing, or groups in groups without end."""
    place = file[name] if isinstance(file[name], h5py.Group) else file[name].parent
    if change.other % 2:
        for i in range(300):
            place[f"copy{i}"] = file[name]
    else:
        for _ in range(300):
            place = place.create_group("nodes")


EDITS: tuple[Callable[[h5py.File, str, Change], None], ...] = (
    *(_delete, _soft, _external, _hard, _storage, _virtual, _type, _type, _shape, _value, _value),
    *(_attribute, _new, _copies),
)


def structure(content: bytes, change: Change, _: bytes) -> bytes:
    """One object of a file is another."""
    stream = io.BytesIO(content)
    try:
        with h5py.File(stream, "r+") as file:
            names = _names(file)
            if names:
                name = names[change.where % len(names)]
                EDITS[change.much % len(EDITS)](file, name, change)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError):
        return content  # damaged before, or h5py itself refuses to write that
    return stream.getvalue()


def links(content: bytes, change: Change, _: bytes) -> bytes:
    """One of the ways out of a file, or around in it; at a place that is read."""
    stream = io.BytesIO(content)
    ways = (_external, _storage, _virtual, _soft, _hard)
    try:
        with h5py.File(stream, "r+") as file:
            names = [
                name for name in _datasets(file) if "weight" in name or "tau" in name or "/r" in name
            ]
            names = names or _datasets(file)
            ways[change.much % len(ways)](file, names[change.where % len(names)], change)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, IndexError):
        return content
    return stream.getvalue()
