"""Runs a bundle on SANA-FE, in its own environment and a child process (``payload/play.py``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.backends.base import Emitted, Engine, Progress
from snnc.backends.child import run_script
from snnc.backends.engine_messages import no_engine, not_installed, refuse_payloads
from snnc.backends.environments import Environment
from snnc.errors import UserError, fail
from snnc.ir import Integers, Trace

from .emit import PLAYER
from .file_check import read_host, refuse_strange_files
from .measured import measured
from .target import LARGEST, SANAFE_VERSION

ENVIRONMENT = Environment(
    "sanafe",
    (("numpy==2.2.6", f"sanafe=={SANAFE_VERSION}"),),
    "import numpy, sanafe; sanafe.load_loihi()",
    "sanafe",
)
ENGINES = ("sanafe", "sanafe-loihi")
"""With the bundle's architecture, and with the one that SANA-FE ships for Loihi. The first is the
default."""


def engines() -> tuple[Engine, ...]:
    """Both; the spikes are the same, the costs are not."""
    return tuple(Engine.inside(ENVIRONMENT, name, "sanafe", potentials=True) for name in ENGINES)


def run(
    engine: str,
    folder: Path,
    emitted: Emitted,
    spikes: Integers,
    *,
    time_limit: float,
    progress: Progress | None = None,
    potentials: bool = False,
) -> Trace:
    """Run a bundle from disk; see ``snnc.backends.base.Backend.run``."""
    python = ENVIRONMENT.python()
    if engine not in ENGINES:
        raise no_engine("sanafe", engine, ENGINES)
    if python is None:
        raise not_installed(f"engine {engine} is not installed", "snnc targets install sanafe")
    paths = {role: folder / name for role, name in emitted.files.items()}
    refuse_strange_files(paths["architecture"], paths["network"])
    host = read_host(paths["host"])
    least, most = host["payloads"]
    refuse_payloads(
        spikes,
        least,
        most,
        "the bundle's inputs can carry",
        "SANA-FE's spikes carry no payload; each bit of one is an input neuron with synapses",
        "compile with a larger sanafe{input-bits}, or use smaller counts",
    )
    found = run_script(
        python,
        PLAYER,
        engine=engine,
        arrays={"spikes": spikes.reshape(*spikes.shape[:2], -1).astype(np.int64)},
        settings={
            "architecture": None if engine == "sanafe-loihi" else str(paths["architecture"].absolute()),
            "network": str(paths["network"].absolute()),
            "about": str(paths["host"].absolute()),
            "potentials": potentials,
        },
        samples=len(spikes),
        time_limit=time_limit,
        progress=progress,
    )
    return collect(engine, host, spikes, found, potentials)


def collect(
    engine: str,
    host: dict[str, Any],
    spikes: Integers,
    found: dict[str, NDArray[Any]],
    potentials: bool = False,
) -> Trace:
    """The child's arrays as a trace, with what they cost; the input's spikes are what went in.

    ``host``: the content of the payload's ``play.json``. ``potentials``: hidden ones are there, too.
    """
    wrapped = int(found["costs/wrapped"].max(initial=0))
    if wrapped:
        raise _wrapped(str(host["populations"][wrapped - 1]["population"]))
    samples, steps = spikes.shape[:2]
    trace = Trace(
        spikes={host["input"]: spikes.astype(np.int32)}, measured=tuple(measured(engine, host, found))
    )
    for p in host["populations"]:
        whole = (samples, steps, *p["shape"])
        if p["readout"] or potentials:
            values = found[f"potentials/{p['group']}"] * 64
            kept = np.rint((values - p["offset"]) / p["scale"])
            trace.potentials[p["population"]] = kept.reshape(whole).astype(np.int32)
        if p["readout"]:
            continue
        trace.spikes[p["population"]] = found[f"spikes/{p['group']}"].reshape(whole).astype(np.int32)
    return trace


def _wrapped(population: str) -> UserError:
    return fail(
        "D467",
        f"a current went beyond {LARGEST}, where its register wraps",
        where=population,
        why="SANA-FE compares a potential before the host could wrap the current in it",
        help="use smaller input or a faster decay of the current, or the target loihi",
    )
