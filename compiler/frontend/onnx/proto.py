"""The file of an ONNX model, untrusted: parsed within bounds, checked by onnx's own checker.

Nothing in such a file is code. Tensors may lie in other files; these are read from the model's own
folder alone, and only if they are regular files there.
"""

from __future__ import annotations

import itertools
import math
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from snnc.errors import UserError, fail
from snnc.files import Budget, Kind, parsing, read_bytes
from snnc.optional import missing

from .wire import refuse_bombs

ONNX = Kind(
    "D166",
    "this ONNX file cannot be read",
    "export the model again; python -m onnx.bin.checker model.onnx says what onnx finds wrong",
)
OUTSIDE_DATA = Kind(
    "D168", "the weights are in a file that cannot be read", "copy it into the model's folder"
)

OLDEST, NEWEST = 7, 28
"""Versions of ONNX's own set of operations that are read; 28 is that of onnx 1.23.2."""

MOST_ELEMENTS = 2**28
"""Of one tensor of the file."""

LONGEST_NAME = 500

KINDS_OF_DATA = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")


@dataclass(frozen=True)
class File:
    """A model that was read.

    Attributes:
        model: ``onnx.ModelProto``, with every tensor inside it.
        opsets: by domain, the version of its set of operations; the empty domain is ONNX's own.
    """

    model: Any
    opsets: dict[str, int]


def is_onnx(data: bytes) -> bool:
    """Whether a file begins as ONNX models do: its first field is the version of the format.

    Source: onnx/onnx.proto (ModelProto: 1 is ir_version, 2 producer_name, 3 producer_version, 7 graph,
    8 opset_import). SavedModels of TensorFlow begin with a 1 there, ONNX models with 3 or more.
    """
    after = (b"\x12", b"\x1a", b"\x3a", b"\x42")
    return data[:1] == b"\x08" and data[2:3] in after and 3 <= data[1] <= 32


def read_file(path: Path, data: bytes) -> File:
    """Parse and check a model.

    Args:
        path: of the model; files with weights are looked for beside it.
        data: its content.

    Raises:
        UserError: D123 the package onnx is missing; D166 it is no model that onnx's checker accepts;
            D167 its set of operations is too old or too new; D168 weights are in a file outside its
            folder or are not there.
    """
    try:
        import onnx
    except ImportError as problem:
        what = "reading ONNX files needs the package onnx"
        raise missing("onnx", what, problem, where=str(path)) from None
    place = str(path)
    with parsing(place, ONNX):
        refuse_bombs(data)
        model = onnx.load_model_from_string(data)
        tensors = [*_tensors(model.graph), *(t for f in model.functions for t in _of_nodes(f.node))]
        for tensor in tensors:
            _refuse_shape(tensor)
        _refuse_names(model)
    opsets = _opsets(model, place)
    _take_in(path, tensors)
    with parsing(place, ONNX):
        try:
            onnx.checker.check_model(model)
        except onnx.checker.ValidationError as problem:
            raise ValueError(str(problem)) from None
    return File(model, opsets)


def _opsets(model: Any, place: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in model.opset_import:
        domain = "" if entry.domain == "ai.onnx" else entry.domain
        found[domain] = int(entry.version)
    version = found.get("", 0)
    if not OLDEST <= version <= NEWEST:
        raise fail(
            "D167",
            f"the model uses version {version} of ONNX's operations; {OLDEST} to {NEWEST} are read",
            where=place,
            why="operations mean other things in other versions" if version else "it names no version",
            help="export it with another opset, or onnx.version_converter.convert_version(model, 17)",
        )
    return found


def _tensors(graph: Any) -> Iterator[Any]:
    """All tensors of a graph and of the graphs in it."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _of_nodes(graph.node)


def _of_nodes(nodes: Any) -> Iterator[Any]:
    for attribute in itertools.chain.from_iterable(node.attribute for node in nodes):
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)
        for inner in (attribute.g, *attribute.graphs):
            yield from _tensors(inner)


def _refuse_shape(tensor: Any) -> None:
    """A tensor of a possible shape; whether it has as many numbers, onnx's checker says."""
    count = math.prod(tensor.dims) if all(n >= 0 for n in tensor.dims) else -1
    if not 0 <= count <= MOST_ELEMENTS:
        raise ValueError(f"tensor {tensor.name!r:.100} has shape {list(tensor.dims)!s:.100}")


def _refuse_names(model: Any) -> None:
    """Names that can stand in messages; a tensor's is made once, which onnx's checker sees to."""
    graph = model.graph
    values = (v.name for v in (*graph.input, *graph.output, *graph.initializer))
    used = (n for node in graph.node for n in (node.name, node.op_type, *node.input, *node.output))
    for name in itertools.chain(values, used):
        if len(name) > LONGEST_NAME or (name and not name.isprintable()):
            raise ValueError(
                f"{name!r:.100} is not a name: at most {LONGEST_NAME} printable characters"
            )


def _take_in(path: Path, tensors: list[Any]) -> None:
    """Read what lies in other files into the model.

    Raises:
        UserError: D168.
    """
    budget = Budget(str(path))
    files: dict[str, bytes] = {}
    for tensor in tensors:
        if tensor.data_location != tensor.EXTERNAL:
            continue
        said = {entry.key: entry.value for entry in tensor.external_data}
        location = said.get("location", "")
        if location not in files:
            beside = _beside(path, location, tensor.name)
            files[location] = read_bytes(beside, OUTSIDE_DATA)
        content = files[location]
        start, length = _span(said, len(content), tensor.name, location)
        budget.take(length)
        for kind in KINDS_OF_DATA:
            tensor.ClearField(kind)
        tensor.ClearField("external_data")
        tensor.ClearField("data_location")
        tensor.raw_data = content[start : start + length]


def _beside(path: Path, location: str, name: str) -> Path:
    """The file that a tensor's location names, in the model's own folder."""
    parts = PurePosixPath(location).parts
    inside = bool(parts) and not location.startswith(("/", "\\")) and ".." not in parts
    if not inside or "\0" in location or "\\" in location or ":" in location:
        raise _outside(location, name, "it is not a name within the model's own folder")
    found = path.parent.joinpath(*parts)
    steps = [path.parent.joinpath(*parts[: n + 1]) for n in range(len(parts))]
    if any(step.is_symlink() for step in steps):
        raise _outside(location, name, "it is a link, which may lead anywhere")
    try:
        mode = found.stat().st_mode
    except OSError:
        raise OUTSIDE_DATA.wrong(f"{name}: {found}", "there is no such file") from None
    if not stat.S_ISREG(mode):
        raise _outside(location, name, "it is not a regular file")
    return found


def _outside(location: str, name: str, why: str) -> UserError:
    return fail(
        "D168",
        f"the weights are in {location!r:.200}, which is not read",
        where=name,
        why=why,
        help="save the model in one file: onnx.save(onnx.load(path), path), or copy the weights to it",
    )


def _span(said: dict[str, str], size: int, name: str, location: str) -> tuple[int, int]:
    try:
        start = int(said.get("offset", "0"))
        length = int(said.get("length", str(size - start)))
    except ValueError:
        start, length = -1, -1
    if start < 0 or length < 0 or start + length > size:
        raise OUTSIDE_DATA.wrong(
            f"{name}: {location}", f"it has {size} bytes, the tensor wants {length} from {start} on"
        )
    return start, length
