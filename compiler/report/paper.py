"""Figures of matplotlib that a paper can take; what they show is run as ``snnc run`` runs it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snnc.bounds import Bounds
from snnc.bundle.data import DataSource
from snnc.bundle.folder import Contents
from snnc.bundle.kept import Kept
from snnc.errors import counted, fail
from snnc.files.pictures import drawing
from snnc.ir import Kind, Program, size
from snnc.verify.rungs import Rung
from snnc.workflows.given_data import load_input
from snnc.workflows.ladder import Ladder, climb
from snnc.workflows.options import Origin, VerifyOptions
from snnc.workflows.run import record_steps

from .facts import busiest
from .gather import Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INSTEAD = "bundle.run(data, record=NAMES) and bundle.ladder(data) have the same numbers"
BLUE, GREY = "#1f66b1", "#6b7280"
PANEL, LEAST, SHARE = 1.1, 0.6, 0.004
"""Height of a panel in inches; of a raster: the least, and what each neuron adds."""

READOUTS, MOST_ACTIVE = 10, 4
"""Potentials that are drawn where no neurons are named."""

SMALL = 8
"""Size of letters, points."""


def recorded(bundle: Contents, data: DataSource, sample: int, names: Sequence[str]) -> Sample:
    """Every step of one sample.

    Args:
        bundle: what runs.
        data: the user's.
        sample: its number, from 0.
        names: of populations; none for all.

    Raises:
        UserError: the data cannot be used; D305 there is no such sample, D338 no such population.
    """
    program = bundle.program
    for name in names:
        if name not in program.by_name:
            raise _no_population(program, name, tuple(program.by_name))
    given = load_input(bundle, data, None)
    Bounds(0, len(given.x) - 1).check(sample, "sample")
    wanted = tuple(names) or tuple(program.by_name)
    spikes, potentials = record_steps(program, given.x[sample : sample + 1], wanted, "fast")
    return Sample(
        sample,
        "",
        {name: values[0] for name, values in spikes.items()},
        {name: values[0] for name, values in potentials.items()},
    )


def _no_population(program: Program, name: str, able: tuple[str, ...]) -> Exception:
    what = f"no population {name!r}" if name not in program.by_name else f"{name!r} has none of them"
    return fail("D338", what, where="population", why=f"there are {', '.join(able)}")


@cache
def figure_class() -> type[Figure]:
    """A figure that a notebook shows without ``pyplot``."""
    from matplotlib.figure import Figure

    class Drawn(Figure):
        """A figure that shows itself."""

        def _repr_png_(self) -> bytes:
            import io

            found = io.BytesIO()
            self.savefig(found, format="png", dpi=120)
            return found.getvalue()

    return Drawn


@drawing(INSTEAD)
def raster(program: Program, sample: Sample, width: float) -> Figure:
    """Spikes, a panel a population; payloads by their size, those below 0 in another colour."""
    names = [p.name for p in program.populations if p.name in sample.spikes]
    if not names:
        able = tuple(p.name for p in program.populations if p.kind is not Kind.READOUT)
        raise _no_population(program, next(iter(sample.potentials)), able)
    heights = [LEAST + SHARE * min(250, size(program.by_name[n].shape)) for n in names]
    figure = figure_class()(figsize=(width, sum(heights) + 0.7), layout="constrained")
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axes, name in zip(panels, names, strict=True):
        sent = sample.spikes[name]
        flat = sent.reshape(len(sent), -1).T
        most = max(1, int(np.abs(flat).max(initial=0)))
        extent = (0.5, flat.shape[1] + 0.5, flat.shape[0] - 0.5, -0.5)
        signed = bool((flat < 0).any())
        axes.imshow(
            flat,
            cmap="PuOr" if signed else "Blues" if most > 1 else "Greys",
            vmin=-most if signed else 0,
            vmax=most,
            aspect="auto",
            interpolation="nearest",
            extent=extent,
        )
        axes.set_ylabel(name, fontsize=SMALL)
        _frames(axes, program, len(sent))
    panels[-1].set_xlabel("time step", fontsize=SMALL)
    return figure


@drawing(INSTEAD)
def potentials(
    program: Program, sample: Sample, name: str, neurons: Sequence[int], width: float
) -> Figure:
    """Potentials after each step, in the chip's units; dotted: thresholds, of hidden neurons."""
    population = program.by_name[name]
    if name not in sample.potentials:
        able = tuple(p.name for p in program.populations if p.neuron is not None)
        raise _no_population(program, name, able)
    held = sample.potentials[name]
    flat = held.reshape(len(held), -1)
    for neuron in neurons:
        Bounds(0, flat.shape[1] - 1).check(neuron, "neurons")
    shown = list(neurons)
    if not shown and population.kind is Kind.READOUT:
        shown = list(range(min(READOUTS, flat.shape[1])))
    elif not shown:
        shown = busiest(sample.spikes[name], MOST_ACTIVE)
    figure = figure_class()(figsize=(width, 2.6), layout="constrained")
    axes = figure.subplots()
    threshold = population.dynamics.threshold
    limits = None if threshold is None else np.broadcast_to(threshold, population.shape).ravel()
    steps = np.arange(1, len(flat) + 1)
    for place, neuron in enumerate(shown):
        style = ("-", "--", "-.", ":")[place // 10 % 4]
        (line,) = axes.step(steps, flat[:, neuron], style, where="post", lw=1, label=f"{neuron}")
        if limits is not None:
            axes.axhline(float(limits[neuron]), color=line.get_color(), ls=":", lw=0.8)
    _frames(axes, program, len(flat))
    axes.set_xlabel("time step", fontsize=SMALL)
    axes.set_ylabel(f"potential of {name}", fontsize=SMALL)
    figure.legend(
        title="neuron", fontsize=7, title_fontsize=7, frameon=False, loc="outside right upper"
    )
    return figure


def _frames(axes: Axes, program: Program, steps: int) -> None:
    """Letters of one size, and a line at the end of each frame of the readout."""
    axes.tick_params(labelsize=7)
    axes.set_xlim(0.5, steps + 0.5)
    if program.steps_per_frame == 1:
        return
    for step in range(program.readout.start, steps, program.steps_per_frame):
        axes.axvline(step + 0.5, color="0.75", lw=0.5, zorder=0)


@drawing(INSTEAD)
def agreement(kept: Kept | None, ladder: Ladder | None, width: float) -> Figure:
    """Error of each population by stage, and right answers by frame; one of both at least."""
    judged = [] if ladder is None else [r for r in ladder.rungs if r.accuracy is not None]
    panels = (kept is not None) + bool(judged)
    figure = figure_class()(figsize=(width, 2.8), layout="constrained")
    axes = list(figure.subplots(1, max(1, panels), squeeze=False)[0])
    if kept is not None:
        _errors(axes.pop(0), kept)
    if judged and ladder is not None:
        _accuracies(axes[0], judged, len(ladder.data.x))
    return figure


def _errors(axes: Axes, kept: Kept) -> None:
    stages = list(dict.fromkeys(stage for p in kept.populations for stage in p.by_stage))
    wide = 0.8 / len(stages)
    for k, stage in enumerate(stages):
        places = np.arange(len(kept.populations)) - 0.4 + wide * (k + 0.5)
        errors = [100 * p.by_stage.get(stage, 0.0) for p in kept.populations]
        shade = str(0.75 - 0.6 * k / max(1, len(stages) - 1))
        axes.bar(places, errors, wide, color=shade, edgecolor="0.2", lw=0.4, label=stage)
    names = [p.population for p in kept.populations]
    axes.set_xticks(range(len(names)), names, rotation=0 if len(names) < 6 else 60)
    axes.set_ylabel("error [% of the float values]", fontsize=SMALL)
    axes.set_title(f"{counted(kept.samples, 'sample')} of the calibration data", fontsize=SMALL)
    axes.legend(fontsize=6, frameon=False)
    axes.tick_params(labelsize=7)


def _accuracies(axes: Axes, judged: Sequence[Rung], samples: int) -> None:
    for rung, style, colour in ((judged[0], "--o", GREY), (judged[-1], "-s", BLUE)):
        right = rung.accuracy or ()
        frames = range(1, len(right) + 1)
        axes.plot(frames, [100 * a for a in right], style, color=colour, ms=3, lw=1.2, label=rung.name)
    axes.set_xlabel("frame", fontsize=SMALL)
    axes.set_ylabel("right answers [%]", fontsize=SMALL)
    axes.set_title(f"the same {counted(samples, 'sample')}", fontsize=SMALL)
    axes.legend(fontsize=7, frameon=False)
    axes.tick_params(labelsize=7)


def ladder_for(
    folder: Path, data: DataSource, samples: int, origin: Origin, allow_altered: bool
) -> Ladder:
    """The ladder without its engine, for :func:`agreement`.

    Raises:
        UserError: the model or the data cannot be used.
    """
    options = VerifyOptions(data, samples, allow_altered=allow_altered)
    return climb(folder, options, origin, with_engine=False)
