"""The fast engine (:class:`Simulator`): bit-identical to ``snnc.sim.reference``, event by event."""

from .simulator import Chunk, Simulator

__all__ = ["Chunk", "Simulator"]
