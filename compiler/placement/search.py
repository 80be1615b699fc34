"""Clusters moved from core to core until fewer messages cross, within every limit.

Heat-bath annealing (Geman and Geman 1984): each cluster in turn is drawn anew, a core with probability
``exp(-cost / T)``, where exceeding a limit costs much; T falls. Then only moves that save messages.
The generator is seeded, and integers are drawn in one order: the same network, the same split.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .state import State

ROUNDS = 20
HOT, COLD = 1.0, 0.02
"""Temperature at the beginning and at the end, in units of the mean spikes of a net."""
PENALTY = 300.0
"""What a core filled to twice a limit costs, in the same unit."""
REPAIRS = 8
"""Rounds without heat, in which what exceeds limits is moved away."""
DESCENTS = 10
"""Rounds without heat, in which messages are saved."""


def search(state: State, fixed: NDArray[np.bool_], rounds: int = ROUNDS, seed: int = 0) -> None:
    """Improve a split in place; see whether limits are kept afterwards with :meth:`State.excess`.

    Args:
        state: the split, which may exceed limits.
        fixed: clusters that stay, (clusters,).
        rounds: in which every cluster is drawn once.
        seed: of the generator.
    """
    free = np.flatnonzero(~fixed)
    nets = max(len(state.clusters.spikes), 1)
    unit = max(float(state.clusters.spikes.sum()) / nets, 1.0)
    rng = np.random.default_rng(seed)
    for n in range(rounds):
        heat = unit * HOT * (COLD / HOT) ** (n / max(rounds - 1, 1))
        for v in rng.permutation(free).tolist():
            costs, taken = state.moved(v)
            costs = costs + unit * PENALTY * _over(state, taken)
            chances = np.cumsum(np.exp((costs.min() - costs) / heat))
            to = int(np.searchsorted(chances, rng.random() * chances[-1]))
            state.move(v, min(to, state.cores - 1))
    _repair(state, free, unit)
    _descend(state, free)


def _over(state: State, taken: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """By what share of its limits each core would exceed them."""
    found = np.zeros(state.cores)
    for name, values in taken.items():
        found += np.maximum(values / state.limit[name] - 1, 0)
    return found


def _repair(state: State, free: NDArray[np.int64], unit: float) -> None:
    """Move clusters off cores that exceed a limit, the cheapest first, to where all limits hold."""
    for _ in range(REPAIRS):
        over = state.exceeding()
        if not over.any():
            return
        moves = []
        for v in free[over[state.core[free]]].tolist():
            costs, taken = state.moved(v)
            here = state.core[v]
            good = state.fits(taken)
            good[here] = False
            if good.any():
                to = int(np.where(good, costs, np.inf).argmin())
                moves.append(((costs[to] - costs[here]) / unit, v))
        for _, v in sorted(moves):
            here = int(state.core[v])
            if state.exceeding()[here]:
                costs, taken = state.moved(v)
                good = state.fits(taken)
                good[here] = False
                if good.any():
                    state.move(v, int(np.where(good, costs, np.inf).argmin()))


def _descend(state: State, free: NDArray[np.int64]) -> None:
    """Moves that save messages and keep limits, until there are none (or many rounds are over)."""
    for _ in range(DESCENTS):
        better = False
        for v in free.tolist():
            here = int(state.core[v])
            costs, taken = state.moved(v)
            allowed = state.fits(taken)
            allowed[here] = True
            to = int(np.where(allowed, costs, np.inf).argmin())
            if costs[to] < costs[here]:
                before = state.excess()
                state.move(v, to)
                if state.excess() > before:
                    state.move(v, here)
                else:
                    better = True
        if not better:
            return
