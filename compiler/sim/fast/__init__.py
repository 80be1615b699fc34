"""The fast engine (:class:`Simulator`): bit-identical to ``snnc.sim.reference``, event by event."""

from .simulator import Chunk, Simulator, is_graded

__all__ = ["Chunk", "Simulator", "is_graded"]
