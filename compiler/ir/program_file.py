"""The program as two files: ``program.json`` (structure) and ``weights.npz`` (integer arrays).

Both are written deterministically: the same program gives the same bytes. What reads
them is in ``program_reader``.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
import scipy.sparse as sparse

from snnc.files import Kind, parse_npz

from .convolution import Conv2d
from .dynamics import STANDARD
from .ops import Array, Identity, Linear, Op, SparseLinear
from .program import IntegerNeuron, Program

FORMAT = 3
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time stamp of every archive member, so that equal content gives equal bytes."""

Arrays = dict[str, Array]


def narrowest(values: Array) -> Array:
    """The same integers in the narrowest signed type that holds them, to keep bundles small."""
    for kind in (np.int8, np.int16, np.int32):
        bounds = np.iinfo(kind)
        if values.size == 0 or (values.min() >= bounds.min and values.max() <= bounds.max):
            return np.ascontiguousarray(values, dtype=kind).reshape(values.shape)
    return values


LARGE, QUICK = 2**20, 1
"""Bytes from which an array is packed quickly: weights take a tenth of the time (20 million of 8 bits),
and as much room."""


def pack_arrays(arrays: Arrays) -> bytes:
    """An ``.npz`` archive with fixed time stamps and order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            np.save(member, arrays[name], allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            large = arrays[name].nbytes > LARGE
            archive.writestr(info, member.getbuffer(), compresslevel=QUICK if large else None)
    return buffer.getvalue()


def unpack_arrays(data: bytes) -> Arrays:
    """The arrays of an ``.npz`` archive.

    Raises:
        UserError: D130 it is none, or holds something else than numbers; D107 it is too large.
    """
    return parse_npz(data, "an archive of arrays", Kind("D130", "it cannot be read"))


def op_to_json(op: Op, key: str, arrays: Arrays) -> dict[str, Any]:
    """The structure of an integer operation; its arrays go into ``arrays`` under ``key``."""
    if isinstance(op, Conv2d):
        arrays[key] = narrowest(op.weight)
        return {
            "type": "conv2d",
            "weight": key,
            "stride": list(op.stride),
            "padding": list(op.padding),
            "dilation": list(op.dilation),
            "groups": op.groups,
        }
    if isinstance(op, Linear):
        arrays[key] = narrowest(op.weight)
        if op.columns is None:
            return {"type": "linear", "weight": key}
        arrays[f"{key}.columns"] = narrowest(op.columns)
        return {"type": "linear", "weight": key, "columns": f"{key}.columns"}
    if isinstance(op, SparseLinear):
        matrix = sparse.csr_array(op.weight)
        matrix.sort_indices()
        arrays[f"{key}.data"] = narrowest(matrix.data)
        arrays[f"{key}.indices"] = narrowest(matrix.indices.astype(np.int64))
        arrays[f"{key}.indptr"] = narrowest(matrix.indptr.astype(np.int64))
        shape = [int(n) for n in matrix.shape]
        return {"type": "sparse", "weight": key, "matrix": shape, "shape": list(op.shape)}
    if isinstance(op, Identity):
        return {"type": "identity"}
    raise TypeError(f"a program cannot hold {type(op).__name__}")


def _neuron_to_json(neuron: IntegerNeuron, key: str, arrays: Arrays) -> dict[str, Any]:
    def keep(name: str, values: Array) -> str:
        arrays[f"{key}.{name}"] = narrowest(np.asarray(values, dtype=np.int64))
        return f"{key}.{name}"

    threshold = neuron.threshold
    return {
        "current_decay": neuron.current_decay,
        "potential_decay": neuron.potential_decay,
        "input_shift": neuron.input_shift,
        "state_bits": neuron.state_bits,
        "threshold": None if threshold is None else keep("threshold", threshold),
        "comparison": neuron.comparison.value,
        "reset": neuron.reset.value,
        "start_value": keep("start_value", neuron.start_value),
        "bias_mantissa": keep("bias_mantissa", neuron.bias_mantissa),
        "bias_exponent": neuron.bias_exponent,
        "bias_start": neuron.bias_start,
        "unit": neuron.unit,
        "clear_interval": neuron.clear_interval,
        "clear_offset": neuron.clear_offset,
        "bias_interval": neuron.bias_interval,
        "code": neuron.code.value,
        "levels": neuron.levels,
        # Left out where there is nothing to say: bundles from before neuron models stay the same.
        **({} if neuron.model == STANDARD else {"model": neuron.model}),
        **({"constants": dict(sorted(neuron.constants.items()))} if neuron.constants else {}),
        **({"sums_changes": True} if neuron.sums_changes else {}),
    }


def write_program(program: Program) -> dict[str, bytes]:
    """The files of a program: ``program.json`` and ``weights.npz`` with their content."""
    arrays: Arrays = {}
    populations = [
        {
            "name": p.name,
            "kind": p.kind.value,
            "shape": list(p.shape),
            "origin": p.origin,
            "start": p.start,
            "encoding": None if p.encoding is None else p.encoding.value,
            "relay_of": p.relay_of,
            "neuron": None
            if p.neuron is None
            else _neuron_to_json(p.neuron, f"population.{i}", arrays),
        }
        for i, p in enumerate(program.populations)
    ]
    projections = [
        {
            "source": p.source,
            "target": p.target,
            "origin": p.origin,
            "op": op_to_json(p.op, f"projection.{i}", arrays),
            "weight_bits": p.weight_bits,
            "sign_mode": p.sign_mode.value,
            "exponent": p.exponent,
            "delay": p.delay,
            "graded": p.graded,
        }
        for i, p in enumerate(program.projections)
    ]
    structure = {
        "format": FORMAT,
        "name": program.name,
        "steps_per_frame": program.steps_per_frame,
        "step_seconds": program.step_seconds,
        "populations": populations,
        "projections": projections,
    }
    text = json.dumps(structure, indent=1, ensure_ascii=False) + "\n"
    return {"program.json": text.encode(), "weights.npz": pack_arrays(arrays)}
