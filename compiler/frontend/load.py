"""The entry of the front end: one file in, one model out, everything checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from snnc.errors import fail
from snnc.ir import Graph

from .archive import Archive
from .builder import build_graph
from .calibration import read_calibration
from .exported import read_program
from .pickles import refuse_code
from .recognise import HOW_TO_EXPORT, find_model, refuse_other_file
from .tensors import read_payloads, read_tensors


@dataclass(frozen=True)
class Model:
    """What a model file holds.

    Attributes:
        graph: the network, in real numbers and frames.
        calibration: integer event counts (samples, frames, \\*input shape) that travelled in the
            file, dtype as stored; None when there are none.
        digest: sha256 of the file, hexadecimal.
    """

    graph: Graph
    calibration: NDArray[Any] | None
    digest: str


def load_model(path: Path) -> Model:
    """Read a ``torch.export`` archive. Runs no code from the file and does not import torch.

    Args:
        path: the file, usually written by ``snnc.Rollout.export``.

    Raises:
        UserError: D1xx when the file cannot be used, D2xx when the network in it cannot; every
            unsupported operation at once.
    """
    data = _read(path)
    if not Archive.is_archive(data):
        raise refuse_other_file(path, data)
    archive = Archive.open(path, data)
    name = find_model(archive)
    program = read_program(archive, f"models/{name}.json")
    payloads = read_payloads(archive, name)
    refuse_code(archive, raw={p.member for p in payloads if not p.pickled})
    graph = build_graph(program, read_tensors(archive, payloads), path.stem)
    calibration = read_calibration(archive, graph.input.shape)
    return Model(graph, calibration, hashlib.sha256(data).hexdigest())


def _read(path: Path) -> bytes:
    where = str(path)
    if path.is_dir():
        raise fail(
            "D101",
            "this is a folder, not a model file",
            where=where,
            help="name the file inside it",
        )
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise fail("D101", "there is no such file", where=where) from None
    except OSError as error:
        raise fail("D101", "the file cannot be read", where=where, why=str(error)) from None
    if not data:
        raise fail("D102", "the file is empty", where=where, help=HOW_TO_EXPORT)
    return data
