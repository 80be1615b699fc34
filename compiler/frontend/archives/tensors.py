"""The numbers of an archive: parameters, buffers and tensor constants, from raw bytes.

Source: torch/export/pt2_archive/_package.py and torch/_export/serde/schema.py (torch 2.13). A payload
is the whole storage of a tensor; its config says where in it the tensor lies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnc.errors import fail
from snnc.files import parsing
from snnc.ir import Array, Shape

from .archive import MODEL, Archive, damaged

FOLDERS = {
    "data/weights": "weights_config.json",
    "data/constants": "constants_config.json",
}

BFLOAT16 = 13
DTYPES = {
    1: "u1",
    2: "i1",
    3: "i2",
    4: "i4",
    5: "i8",
    6: "f2",
    7: "f4",
    8: "f8",
    12: "?",
    BFLOAT16: "u2",
    28: "u2",
    34: "u4",
    35: "u8",
}
"""``ScalarType`` of torch/_export/serde/schema.py in numpy's words; bfloat16 is widened later."""

STRIDED = 7
"""``Layout.Strided`` of the same schema; everything else is sparse or hidden."""

MOST_ELEMENTS = 2**28
"""2 GiB of float64. Strides of zero let a few bytes claim to be a tensor of any size."""


FLOAT64 = 8
"""Bytes of every number here, whatever it takes in the file."""


@dataclass(frozen=True)
class Payload:
    """Where one tensor's numbers are.

    Attributes:
        name: the user's own name, ``features.0.weight``.
        member: the member of the archive.
        pickled: whether it is a pickle and not raw bytes.
        meta: ``TensorMeta`` of the schema, unchecked; None for an object that is no tensor.
    """

    name: str
    member: str
    pickled: bool
    meta: Any


def read_payloads(archive: Archive, model: str) -> tuple[Payload, ...]:
    """The index of all payloads of one model.

    Raises:
        UserError: D106 the index is missing or damaged.
    """
    found: list[Payload] = []
    for folder, suffix in FOLDERS.items():
        member = f"{folder}/{model}_{suffix}"
        config = archive.read_json(member)
        with parsing(archive.place(member), MODEL):
            found += (
                Payload(
                    name, f"{folder}/{entry['path_name']}", entry["use_pickle"], entry["tensor_meta"]
                )
                for name, entry in config["config"].items()
            )
    return tuple(found)


def read_tensors(archive: Archive, payloads: Iterable[Payload]) -> dict[str, Array]:
    """The numbers by the user's own names; float64, whatever the file holds.

    Raises:
        UserError: D106 damaged, D108 numbers in a form that cannot be read.
    """
    payloads = tuple(payloads)
    if pickled := [p.name for p in payloads if p.pickled]:
        raise fail(
            "D108",
            f"stored as pickles: {', '.join(pickled)}",
            where=str(archive.path),
            why="torch pickles tensors of a subclass and custom objects; snnc reads no pickles",
            help="turn them into plain tensors (tensor.as_subclass(torch.Tensor)) and export again",
        )
    byte_order = _byte_order(archive)
    storages = {member: archive.read(member) for member in {p.member for p in payloads}}
    arrays = {}
    for payload in payloads:
        with parsing(f"{archive.place(payload.member)}, {payload.name}", MODEL):
            arrays[payload.name] = _tensor(archive, payload, storages[payload.member], byte_order)
    return arrays


def _byte_order(archive: Archive) -> str:
    if "byteorder" not in archive.names:
        return "<"
    text = archive.read("byteorder")
    if text not in (b"little", b"big"):
        raise damaged(archive.place("byteorder"), f"neither little nor big: {text[:20]!r}")
    return "<" if text == b"little" else ">"


def _tensor(archive: Archive, payload: Payload, storage: bytes, byte_order: str) -> Array:
    """One tensor as float64. Raises what it likes when the meta data are wrong."""
    meta = payload.meta
    if meta["dtype"] not in DTYPES or meta["layout"] != STRIDED:
        raise fail(
            "D108",
            f"{payload.name} has dtype {meta['dtype']} and layout {meta['layout']} of torch's schema",
            where=archive.place(payload.member),
            why="only dense tensors of real numbers can be read",
            help="convert it with .float() before the export",
        )
    dtype = np.dtype(byte_order + DTYPES[meta["dtype"]])
    sizes = _whole(meta["sizes"])
    strides = _whole(meta["strides"])
    (offset,) = _whole([meta["storage_offset"]])
    if len(sizes) != len(strides):
        raise ValueError(f"{len(sizes)} sizes and {len(strides)} strides")
    if 0 in sizes:
        return np.zeros(sizes)
    if math.prod(sizes) > MOST_ELEMENTS:
        raise ValueError(f"{math.prod(sizes)} elements, the limit is {MOST_ELEMENTS}")
    archive.budget.take(FLOAT64 * math.prod(sizes), archive.place(payload.member))
    last = offset + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True))
    flat = np.frombuffer(storage, dtype, count=len(storage) // dtype.itemsize)
    if last >= flat.size:
        raise ValueError(f"reaches element {last} of {flat.size}")
    view = np.lib.stride_tricks.as_strided(
        flat[offset:], sizes, tuple(step * dtype.itemsize for step in strides), writeable=False
    )
    if meta["dtype"] == BFLOAT16:
        # bfloat16 is the upper half of a float32.
        return (view.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return view.astype(np.float64)


def _whole(sizes: Any) -> Shape:
    """Non-negative integers from the schema's ``SymInt``; symbolic ones have no place in weights."""
    found = tuple(entry["as_int"] for entry in sizes)
    if not all(type(n) is int and n >= 0 for n in found):
        raise ValueError(f"sizes {found}")
    return found
