"""Runs a bundle on akida's software backend, in its own environment and a child process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.backends.base import Progress
from snnc.backends.child import run_script
from snnc.backends.engine_messages import count_too_large, no_engine, not_installed
from snnc.backends.payload_files import damaged
from snnc.errors import fail
from snnc.ir import Integers, Measured, Trace

from .chips import Chip, chip_of
from .emit import SCRIPT
from .installed import AKIDA_SOFTWARE, ENVIRONMENT
from .reading import read
from .target import VERSION

CHILD = Path(__file__).parent / "akida_script.py"


def run(
    engine: str,
    folder: Path,
    spikes: Integers,
    *,
    device: str,
    time_limit: float,
    progress: Progress | None = None,
    potentials: bool = False,
) -> Trace:
    """Run a bundle from disk; see ``snnc.backends.base.Backend.run``, and ``device``, of the target."""
    if engine != AKIDA_SOFTWARE:
        raise no_engine("akida", engine, [AKIDA_SOFTWARE])
    python = ENVIRONMENT.python()
    if python is None:
        raise not_installed(f"akida {VERSION} is not installed", "snnc targets install akida")
    chip = chip_of(device)
    _refuse_input(spikes, chip)
    payload = read(folder)
    name, shape = payload.input
    if shape != spikes.shape[2:]:
        what = f"the input has the shape {shape}, what is sent {spikes.shape[2:]}"
        raise damaged(what, folder)
    found = run_script(
        python,
        CHILD,
        engine=engine,
        arrays={
            "spikes": np.asarray(spikes, np.int64),
            **{f"array/{key}": values for key, values in payload.arrays.items()},
        },
        settings={
            "script": str(SCRIPT.absolute()),
            "about": payload.about,
            "device": device,
            "names": list(payload.populations),
            "potentials": potentials,
        },
        samples=len(spikes),
        time_limit=time_limit,
        progress=progress,
    )
    whole = spikes.shape[:2]
    trace = Trace(spikes={name: spikes.astype(np.int32)}, measured=tuple(_measured(device, found)))
    for number, (name, shape) in enumerate(payload.populations.items()):
        for kind, kept in (("spikes", trace.spikes), ("potentials", trace.potentials)):
            if f"{kind}/{number}" in found:
                kept[name] = found[f"{kind}/{number}"].reshape(*whole, *shape).astype(np.int32)
    return trace


def _refuse_input(spikes: Integers, chip: Chip) -> None:
    low, high = int(np.min(spikes, initial=0)), int(np.max(spikes, initial=0))
    most, least = chip.most_input, chip.least_input
    if high > most.value:
        what = f"a count of {high} on the input; {chip.target.name} takes {most.value}"
        raise count_too_large(what, f"stated by {most.source}")
    if low < least.value:
        what, why = f"a count of {low}", f"stated by {least.source}"
        raise fail(
            "D470", what, where="input", why=why, help=f"use event counts of {least.value} or more"
        )


def _called(device: str) -> str:
    """As BrainChip writes a chip; a virtual device of version 2 keeps its name as an option."""
    return device.upper() if device.startswith("akd") else device


def _measured(device: str, found: dict[str, NDArray[Any]]) -> Iterator[Measured]:
    """What mapping on the virtual device says."""
    fits, used, there, program = map(float, found["fit"])
    source = f"akida {VERSION}, mapped on a virtual {_called(device)} in hardware alone"
    if not fits:
        raise fail(
            "D485",
            f"the network does not map on {_called(device)}",
            where=device,
            why=str(found["refused"]) or "akida said nothing",
            help="use a smaller network, or another akida{device=...}",
        )
    yield Measured("processors used", used, "", f"{source}, which has {there:g}")
    yield Measured("program", program, "bytes", source)
