"""Real networks on every target: compiled, run on each engine that is there, compared, counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import snnc
from samples.moving_digits.data import write_data
from samples.small_digits.data import write_test
from snnc.backends import registered_backends

STREAMS = 20
STEPS = 16
DIGITS = Path("samples/moving_digits/model.pt")
SMALL = Path("samples/small_digits/model.pt")
BRAILLE = Path("../shared/data/nir/braille_noDelay_bias_zero.nir")
BRAILLE_DT = 1e-4
BRAILLE_INPUTS, BRAILLE_STEPS, DENSITY = 12, 128, 0.2


@dataclass(frozen=True)
class Plan:
    """One network on one target.

    Attributes:
        target: with options.
        model: its file.
        steps: time steps a frame; None for a NIR file, whose frames are steps.
        dt: seconds a step, for a NIR file.
        engines: that run it; empty: all that are installed. Others are for small networks.
    """

    target: str
    model: Path
    steps: int | None = STEPS
    dt: float | None = None
    engines: tuple[str, ...] = ()


PLANS = (
    Plan("loihi", DIGITS),
    Plan("loihi1", DIGITS),
    Plan("sanafe", DIGITS),
    Plan("cortex-m", DIGITS),
    Plan("riscv", DIGITS),
    Plan("fpga", DIGITS, engines=("verilator",)),
    Plan("c", DIGITS),
    Plan("xylo", SMALL),
    Plan("xylo", BRAILLE, None, BRAILLE_DT),
    Plan("loihi1", BRAILLE, None, BRAILLE_DT),
)


@dataclass(frozen=True)
class Outcome:
    """What one engine showed.

    ``right`` is the share of right answers after the last frame, in percent, of ``counted`` test
    streams on the program's integers; None where there are no labels.
    """

    target: str
    model: str
    engine: str
    version: str
    neurons: int
    streams: int
    steps: int
    compared: int
    mismatches: int
    spikes: int
    right: float | None
    counted: int
    notes: tuple[str, ...]
    measured: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return asdict(self)


def run(plan: Plan, folder: Path) -> list[Outcome]:
    """Compile, then verify on every installed engine of the target.

    Args:
        plan: what.
        folder: takes the data and the bundle.
    """
    data = _data(plan, folder)
    bundle = folder / f"{plan.model.stem}.{plan.target}"
    compiled = snnc.compile(
        plan.model, plan.target, bundle, code=None, steps_per_frame=plan.steps, dt=plan.dt
    )
    ran = compiled.run(data)
    right = None if ran.accuracy is None else float(ran.accuracy[-1]) * 100
    counted = 0 if right is None else len(ran.data.x)
    engines = next(f for f in registered_backends() if f.name == plan.target).engines()[0]
    outcomes = []
    for engine in engines:
        if not engine.installed or (plan.engines and engine.name not in plan.engines):
            continue
        verified = compiled.verify(data, samples=STREAMS, engine=engine.name)
        comparison = verified.comparison
        outcomes.append(
            Outcome(
                plan.target,
                str(plan.model),
                engine.name,
                engine.version,
                sum(p.neurons for p in comparison.populations),
                comparison.samples,
                comparison.steps,
                comparison.compared,
                comparison.mismatches,
                sum(p.spikes for p in comparison.populations),
                right,
                counted,
                tuple(n.render_short() for n in compiled.notes),
                tuple(asdict(m) for m in verified.measured),
            )
        )
    return outcomes


def _data(plan: Plan, folder: Path) -> Path:
    """The test streams that a network is for; for the Braille network random events without labels."""
    if plan.model == DIGITS:
        write_data(folder)
        return folder / "test.npz"
    if plan.model == SMALL:
        write_test(folder / "small.npz")
        return folder / "small.npz"
    events = np.random.default_rng(0).random((STREAMS, BRAILLE_STEPS, BRAILLE_INPUTS)) < DENSITY
    np.savez(folder / "braille.npz", x=events.astype(np.uint8))
    return folder / "braille.npz"
