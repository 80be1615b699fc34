"""Clusters on cores while they are moved: what a move costs, and whether the cores hold it.

The cost of a split is the sum over nets and cores of spikes times distance, over the cores that hear a
net and are not its own. With distance 1 that is the number of messages between cores (in hypergraph
partitioning: connectivity minus one, the speaker being a pin).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .clusters import Clusters
from .limits import AXONS_IN, MEMORY, NEURONS, WORK, CoreLimits
from .wiring import Ints

Floats = NDArray[np.float64]

BALANCE = 1.5
"""A core is to compute so many times the mean at the most; that is aimed at, and no limit."""


class State:
    """A split of clusters over cores, kept up to date move by move.

    Attributes:
        core: of each cluster, int64 (clusters,).
        used: what each core takes, by name of the limit, int64 (cores,).
    """

    def __init__(
        self,
        clusters: Clusters,
        limits: CoreLimits,
        core: Ints,
        cores: int,
        distance: Floats | None = None,
    ) -> None:
        """A split to begin with; ``distance`` from core to core, 1 between any two where None."""
        self.clusters, self.cores, self.core = clusters, cores, core.copy()
        self.distance = 1.0 - np.eye(cores) if distance is None else distance
        by_cluster = sparse.csr_array(clusters.hears.T)
        nets = np.arange(len(clusters.speaker))
        self.hearing = [
            by_cluster.indices[by_cluster.indptr[v] : by_cluster.indptr[v + 1]]
            for v in range(clusters.count)
        ]
        order = np.argsort(clusters.speaker, kind="stable")
        ends = np.searchsorted(clusters.speaker[order], np.arange(clusters.count + 1))
        self.saying = [nets[order[ends[v] : ends[v + 1]]] for v in range(clusters.count)]
        self.pins = np.zeros((len(nets), cores), np.int32)
        rows = np.repeat(nets, np.diff(clusters.hears.indptr))
        np.add.at(self.pins, (rows, self.core[clusters.hears.indices]), 1)
        self.limit = {name: np.full(cores, float(limit.value)) for name, limit in limits.holds.items()}
        fair = float(clusters.work.sum()) / cores
        if fair:
            self.limit[WORK] = np.full(cores, fair * BALANCE)
        present = self.pins > 0
        self.used = {
            NEURONS: self._summed(clusters.places),
            MEMORY: self._summed(clusters.memory),
            WORK: self._summed(clusters.work),
            AXONS_IN: clusters.senders @ present,
        }

    def _summed(self, what: Ints) -> Ints:
        found = np.zeros(self.cores, np.int64)
        np.add.at(found, self.core, what)
        return found

    def cost(self) -> float:
        """Of the whole split."""
        source = self.core[self.clusters.speaker]
        each = ((self.pins > 0) * self.distance[source]).sum(1)
        return float(self.clusters.spikes @ each)

    def moved(self, v: int) -> tuple[Floats, dict[str, Floats]]:
        """Cluster ``v`` on each core: what its nets cost then, and what each core would take.

        Returns:
            Costs (cores,), up to what is the same for all, and by limit what each core takes
            then, (cores,).
        """
        c, here = self.clusters, int(self.core[v])
        heard, said = self.hearing[v], self.saying[v]
        rest = self.pins[heard]
        rest[:, here] -= 1
        new = rest == 0
        spikes = c.spikes[heard]
        # Nets of others: a message to the core, where nobody else hears it there.
        others = c.speaker[heard] != v
        source = self.core[c.speaker[heard]]
        costs = ((spikes * others)[:, None] * new * self.distance[source]).sum(0)
        # Nets of its own: to every core where they are heard; its own hearing costs nothing.
        heard_by_self = np.isin(said, heard)
        present = self.pins[said] > 0
        if heard_by_self.any():
            mine = said[heard_by_self]
            present[heard_by_self, here] = self.pins[mine, here] > 1
        weights = c.spikes[said] @ present
        costs += self.distance @ weights
        taken: dict[str, Floats] = {}
        senders = c.senders
        for name, what in ((NEURONS, c.places), (MEMORY, c.memory), (WORK, c.work)):
            if name in self.limit:
                taken[name] = self._with(self.used[name], here, what[v])
        if AXONS_IN in self.limit:
            added = (senders[heard][:, None] * new).sum(0)
            taken[AXONS_IN] = self.used[AXONS_IN] + added
            taken[AXONS_IN][here] = self.used[AXONS_IN][here]
        return costs, taken

    @staticmethod
    def _with(used: Ints, here: int, more: int) -> Floats:
        found = (used + more).astype(np.float64)
        found[here] = used[here]
        return found

    def fits(self, taken: dict[str, Floats]) -> NDArray[np.bool_]:
        """The cores whose limits are kept, of what :meth:`moved` says."""
        good = np.ones(self.cores, bool)
        for name, values in taken.items():
            good &= values <= self.limit[name]
        return good

    def move(self, v: int, to: int) -> None:
        """Put a cluster on a core, whatever it holds."""
        c, here = self.clusters, int(self.core[v])
        if here == to:
            return
        heard = self.hearing[v]
        for name, what in ((NEURONS, c.places), (MEMORY, c.memory), (WORK, c.work)):
            self.used[name][here] -= what[v]
            self.used[name][to] += what[v]
        self.core[v] = to
        self.pins[heard, here] -= 1
        left = heard[self.pins[heard, here] == 0]
        self.used[AXONS_IN][here] -= int(c.senders[left].sum())
        new = heard[self.pins[heard, to] == 0]
        self.used[AXONS_IN][to] += int(c.senders[new].sum())
        self.pins[heard, to] += 1

    def exceeding(self) -> NDArray[np.bool_]:
        """Which cores exceed a limit, (cores,)."""
        found = np.zeros(self.cores, bool)
        for name, limit in self.limit.items():
            if name != WORK:
                found |= self.used[name] > limit
        return found

    def excess(self) -> float:
        """By what share of the limits the cores exceed them, summed; 0 where all is kept."""
        return sum(
            float(np.maximum(self.used[name] / limit - 1, 0).sum())
            for name, limit in self.limit.items()
            if name != WORK
        )
