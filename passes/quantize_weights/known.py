"""What rounded projections bring at worst, kept for the last few: a search asks several times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Array, Extent, Graph, Population

from .rounding import Rounded
from .sums import arriving

KEPT = 8
"""Projections whose bounds are kept, the last ones."""


class Known:
    """Bounds by rounded projection."""

    def __init__(self) -> None:
        self._of: dict[Rounded, tuple[Extent, Extent]] = {}

    def into(
        self,
        graph: Graph,
        population: Population,
        rounded: Sequence[Rounded],
        counts: NDArray[np.int64] | None,
        reached: Mapping[str, Array],
    ) -> tuple[Extent, Extent]:
        """What all projections of a population bring, in a step and in a frame.

        Args:
            graph, population, counts, reached: of :func:`snnc.passes.quantize_weights.sums.worst_sums`;
                the same ones for as long as the same rounded projections are asked for.
            rounded: that end at it.
        """
        step = frame = Extent.of(0, 0, population.shape)
        for each in rounded:
            if each not in self._of:
                while len(self._of) >= max(KEPT, len(rounded)):
                    del self._of[next(iter(self._of))]
                self._of[each] = arriving(graph, population, each.projection, counts, reached)
            in_step, in_frame = self._of[each]
            step, frame = step + in_step, frame + in_frame
        return step, frame
