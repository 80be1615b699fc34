"""Cores put on places: chips first, then each chip's mesh, so that messages go short ways.

That is a quadratic assignment problem. The start is FAQ (Vogelstein et al. 2015,
``scipy.optimize.quadratic_assignment``) where there are few enough; from it two places are exchanged as
long as that saves most.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .wiring import Ints

Floats = NDArray[np.float64]

MOST_FAQ = 256
"""With more places the start is the order of the cores, which follows the regions."""
SWAPS = 2000
"""Exchanges at the most."""


def assigned(traffic: Ints, distance: Floats) -> Ints:
    """The place of each core with, about, the least sum of messages times distance.

    Args:
        traffic: messages from core to core, (cores, cores).
        distance: from place to place, symmetric and 0 on the diagonal, (places, places); at least as
            many places as cores.

    Returns:
        int64 (cores,): no two alike.

    Raises:
        ValueError: fewer places than cores.
    """
    cores, places = len(traffic), len(distance)
    if places < cores:
        raise ValueError(f"{cores} cores on {places} places")
    flow = np.zeros((places, places))
    flow[:cores, :cores] = traffic + traffic.T
    np.fill_diagonal(flow, 0)
    starts = [np.arange(places)]
    if 2 < places <= MOST_FAQ and flow.any():
        from scipy.optimize import quadratic_assignment  # every command would wait for its import

        found = quadratic_assignment(flow, distance, method="faq", options={"P0": "barycenter"})
        starts.append(np.asarray(found.col_ind))
    ends = [_exchanged(flow, distance, start) for start in starts]
    best = min(ends, key=lambda place: float((flow * distance[np.ix_(place, place)]).sum()))
    return np.asarray(best[:cores], np.int64)


def _exchanged(flow: Floats, distance: Floats, start: Ints) -> Ints:
    """Exchange the two whose exchange saves most, until none saves anything."""
    place = start.copy()
    upper = np.triu_indices(len(place), 1)
    if not len(upper[0]):
        return place
    for _ in range(SWAPS):
        far = distance[np.ix_(place, place)]
        cost = flow @ far
        own = np.diagonal(cost)
        change = cost - own[:, None] + flow * far
        change = (change + change.T)[upper]
        best = int(change.argmin())
        if change[best] > -1e-6:
            break
        i, j = upper[0][best], upper[1][best]
        place[i], place[j] = place[j], place[i]
    return place
