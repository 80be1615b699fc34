"""Runs a bundle on an emulator of Loihi 1, in the emulators' own environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.backends.base import Emitted, Progress
from snnc.backends.child import run_script
from snnc.backends.engine_messages import no_engine, not_installed
from snnc.backends.payload_files import damaged, read_payload, read_payload_json
from snnc.errors import UserError
from snnc.ir import Integers, Kind, Program, Trace, read_program, size

from .checks import check
from .installed import ENVIRONMENT, SCRIPTS
from .places import TOGETHER, Core, Part, Split
from .readouts import arrived, collecting_steps
from .readouts import potentials as readout_potentials
from .stage import Staged, stage


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
    if engine not in SCRIPTS:
        raise no_engine("loihi1", engine, SCRIPTS)
    python = ENVIRONMENT.python()
    if python is None:
        what, how = f"engine {engine} is not installed", "snnc targets install loihi1"
        raise not_installed(what, how, str(ENVIRONMENT.folder))
    text = read_payload(folder / emitted.files["program"])
    packed = read_payload(folder / emitted.files["weights"])
    program = read_program(text, packed, place=str(folder))
    split = read_cores(program, folder / emitted.files["cores"])
    wrong = list(check(program, (split.together,)))
    if wrong:
        raise UserError(*wrong)  # the bundle was changed: what is compiled was checked
    staged = stage(program, split, spikes, potentials=potentials)
    found = run_script(
        python,
        SCRIPTS[engine],
        engine=engine,
        arrays=staged.arrays,
        settings=staged.settings,
        samples=len(spikes),
        time_limit=time_limit,
        progress=progress,
    )
    return collect(program, staged, found, spikes)


def read_cores(program: Program, path: Path) -> Split:
    """The cores of a bundle, which hold every neuron of the program once.

    Raises:
        UserError: D144 they do not, or the file is no such file.
    """
    try:
        content = read_payload_json(path)
        if not isinstance(content, dict):
            raise ValueError("it is not an object")
        together = content.get("channels_together", 0)
        if type(together) is not int or together not in TOGETHER:
            raise ValueError(f"channels_together is {together!r}")
        cores = tuple(_core(entry["parts"]) for entry in content["cores"])
        held = {p.name: np.zeros(size(p.shape), np.int64) for p in program.populations if p.neuron}
        for core in cores:
            for part in core.parts:
                inside = part.first >= 0 and part.count > 0
                if not inside or part.first + part.count > len(held[part.population]):
                    raise ValueError(f"{part.population} has no neurons {part.first} to its part's end")
                held[part.population][part.first : part.first + part.count] += 1
        for name, times in held.items():
            if np.any(times != 1):
                raise ValueError(f"neuron {int(np.argmax(times != 1))} of {name} is not on one core")
    except (ValueError, KeyError, TypeError, OverflowError) as problem:
        what = f"the cores cannot be read: {type(problem).__name__}: {problem}"
        raise damaged(what, path) from problem
    return Split(cores, together)


def _core(entries: list[dict[str, Any]]) -> Core:
    parts, offset = [], 0
    for entry in entries:
        name, first, count = str(entry["population"]), int(entry["first"]), int(entry["count"])
        parts.append(Part(name, first, count, offset))
        offset += count
    if not parts:
        raise ValueError("a core without compartments")
    return Core(tuple(parts))


def collect(
    program: Program, staged: Staged, found: dict[str, NDArray[Any]], spikes: Integers
) -> Trace:
    """The script's arrays as a trace; the input's spikes are what went in."""
    samples, steps = spikes.shape[:2]
    sizes = [size(p.shape) for p in staged.populations]
    fired = np.unpackbits(found["spikes"], axis=-1, count=sum(sizes))
    trace = Trace(spikes={program.input.name: spikes.astype(np.int32)})
    first = seen = 0
    settings = staged.settings["populations"]
    for population, count, about in zip(staged.populations, sizes, settings, strict=True):
        part = fired[:, :, first : first + count]
        watched = found["potentials"][:, :, seen : seen + count]
        first, seen = first + count, seen + (count if about["watched"] else 0)
        shape = (samples, steps, *population.shape)
        if population.kind is not Kind.READOUT:
            trace.spikes[population.name] = part.astype(np.int32).reshape(shape)
            if about["watched"]:
                trace.potentials[population.name] = watched.astype(np.int32).reshape(shape)
            continue
        if part.any():
            raise AssertionError("a readout fired: what it collects was bounded before")
        interval = collecting_steps(program, population)
        heard = arrived(watched.astype(np.int64), interval)
        trace.potentials[population.name] = readout_potentials(population, heard)
    return trace
