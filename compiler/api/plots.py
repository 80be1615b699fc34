"""Figures of a bundle for notebooks and papers: ``bundle.plot``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snnc.errors import fail
from snnc.placement import core_loads
from snnc.report.options import LADDER_SAMPLES
from snnc.workflows.placed import placement_told

from .arguments import checked, each_text
from .inputs import DataLike, data_source, needed_data

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from snnc.report.gather import Sample

    from .bundle import Bundle

WIDTH = 7.0
"""Inches: across the two columns of a page."""


@dataclass(frozen=True)
class Plots:
    """Figures of matplotlib, drawn with its own defaults; a notebook shows them.

    ``figure.savefig("spikes.pdf")`` writes one.
    """

    bundle: Bundle

    @checked
    def raster(
        self,
        data: DataLike,
        *,
        sample: int = 0,
        populations: str | Iterable[str] = (),
        width: float = WIDTH,
    ) -> Figure:
        """Spikes of one sample: a panel a population, a row a neuron, a column a time step.

        Args:
            data: as for :meth:`Bundle.run`.
            sample: its number, from 0.
            populations: names; none for all that send spikes.
            width: of the figure, inches.

        Raises:
            UserError: D123 matplotlib is not installed; D305 there is no such sample; D338 no such
                population; the data cannot be used.
        """
        from snnc.report.paper import raster

        found = self._one(data, sample, each_text("populations", populations))
        return raster(self.bundle.program, found, width)

    @checked
    def potentials(
        self,
        data: DataLike,
        *,
        sample: int = 0,
        population: str | None = None,
        neurons: Iterable[int] = (),
        width: float = WIDTH,
    ) -> Figure:
        """Potentials of one sample after each time step, in the chip's units, with the threshold.

        Args:
            data, sample, width: as for :meth:`raster`.
            population: its name; None for the readout.
            neurons: places in the population, counted through from 0; none for the first ten of a
                readout, and for the four that spike most elsewhere.

        Raises:
            UserError: as :meth:`raster`; D338 a population without potentials; D305 no such neuron.
        """
        from snnc.report.paper import potentials

        name = self.bundle.program.readout.name if population is None else population
        found = self._one(data, sample, (name,))
        return potentials(self.bundle.program, found, name, tuple(neurons), width)

    @checked
    def agreement(
        self, data: DataLike = None, *, samples: int = LADDER_SAMPLES, width: float = WIDTH
    ) -> Figure:
        """Error of each population after each stage, and with data the right answers by frame.

        Args:
            data: with labels, run through every stage from the model down; None for the error alone,
                which is in the manifest.
            samples: use only the first N samples.
            width: as for :meth:`raster`.

        Raises:
            UserError: D123 matplotlib is not installed; D502 the compile judged nothing and there are
                no data; D128 the model was not found; the data cannot be used.
        """
        from snnc.report.paper import agreement, ladder_for

        kept, bundle = self.bundle.manifest.kept, self.bundle
        source = data_source(data, "the data")
        if kept is None and source is None:
            source = needed_data(None, "the data")
        ladder = None
        if source is not None:
            ladder = ladder_for(bundle.folder, source, samples, bundle.origin, bundle.allow_altered)
        return agreement(kept, ladder, width)

    @checked
    def placement(self, *, width: float = WIDTH) -> Figure:
        """Cores on the chip's mesh with what they send each other, and messages from core to core.

        A core is as dark as it fills the limit that it fills most; lines join the 60 pairs that send
        most, the thicker the more. The matrix counts messages, by its rows from and by its columns to a
        core, over the samples that spikes were counted on.

        Args:
            width: as for :meth:`raster`.

        Raises:
            UserError: D123 matplotlib is not installed; D347 the bundle has no placement; D144 its
                ``placement.json`` is damaged.
        """
        from snnc.report.paper_cores import placement

        contents = self.bundle._read[0]
        told = placement_told(contents)
        if told is None or not told["cores"]:
            raise fail(
                "D347",
                "this bundle has no placement",
                where=str(contents.folder),
                why="bundles of targets with cores have one, unless their network is too large",
            )
        return placement(told, core_loads(told), width)

    def _one(self, data: DataLike, sample: int, names: tuple[str, ...]) -> Sample:
        """Every step of one sample."""
        from snnc.report.paper import recorded

        return recorded(self.bundle._read[0], needed_data(data, "the data"), sample, names)
