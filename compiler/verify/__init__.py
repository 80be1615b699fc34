"""Comparing runs: what was compared, how much differs, and where first."""

from .compare import POTENTIAL, Comparison, Divergence, PopulationResult, compare, joined
from .frames import spikes_by_frame, whole_frames

__all__ = [
    "POTENTIAL",
    "Comparison",
    "Divergence",
    "PopulationResult",
    "compare",
    "joined",
    "spikes_by_frame",
    "whole_frames",
]
