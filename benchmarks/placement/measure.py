"""One network with one placement: compiled, run by SANA-FE, counted."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import snnc
from snnc.backends.sanafe import SanafeBackend
from snnc.bundle.folder import read_bundle
from snnc.ir import Program
from snnc.sim import encode

from .networks import PLACE, Network, archive

Counts = NDArray[np.uint8]

ENGINES = ("sanafe-loihi",)
COUNTED, SAMPLES = 4, 1
"""Samples that spikes are counted on, and that SANA-FE runs."""


@dataclass(frozen=True)
class Row:
    """What a placement comes to, a sample.

    Attributes:
        cores, over: used, and those that exceed a memory of Loihi 1.
        seconds: of processor time that writing the bundle's payload took.
        counted: of ``placement.json``: messages over all samples that spikes were counted on.
        judged: by engine, what SANA-FE says.
    """

    network: str
    method: str
    cores: int
    over: int
    seconds: float
    counted: dict[str, int]
    judged: dict[str, dict[str, float]]


def measured(network: Network, method: str) -> Row:
    """One row; kept in ``build/placement`` and read from there the next time."""
    kept = PLACE / f"{network.name}_{method}.json"
    if kept.exists():
        return Row(**json.loads(kept.read_text()))
    program, counts = program_of(network)
    back_end = SanafeBackend(network.input_bits or 4, method)
    folder = PLACE / f"{network.name}_{method}"
    folder.mkdir(exist_ok=True)
    inputs = encode(program, counts[:COUNTED])
    begun = time.process_time()
    emitted = back_end.emit(program, folder, inputs)
    seconds = time.process_time() - begun
    report = json.loads((folder / emitted.files["placement"]).read_text())
    judged = {}
    for engine in ENGINES:
        trace = back_end.run(engine, folder, emitted, inputs[:SAMPLES], time_limit=3600)
        judged[engine] = {m.name.removesuffix(" a sample"): m.value for m in trace.measured}
    row = Row(
        network.name,
        method,
        len(report["cores"]),
        _over(report),
        seconds,
        {k: v for k, v in report["traffic"].items() if isinstance(v, int)},
        judged,
    )
    kept.write_text(json.dumps(asdict(row)))
    return row


def program_of(network: Network) -> tuple[Program, Counts]:
    """The network as sanafe runs it, and the data that calibrated it."""
    path = archive(network)
    bundle = PLACE / f"{network.name}.sanafe"
    if not bundle.exists():
        bits = f",input-bits={network.input_bits}" if network.input_bits else ""
        changes = ["encode-input{code=graded}"] if network.input_bits else []
        target = f"sanafe{{placement=order{bits}}}"
        snnc.compile(path, target, bundle, steps_per_frame=network.steps, changes=changes)
    contents, _ = read_bundle(bundle)
    with np.load(PLACE / f"{network.name}.npz") as file:
        return contents.program, file["x"]


def _over(report: dict[str, Any]) -> int:
    """Cores that exceed a limit that the report states."""
    limits = {name: limit["value"] for name, limit in report["limits"].items()}
    return sum(
        any(core["uses"].get(name, 0) > most for name, most in limits.items())
        for core in report["cores"]
    )
