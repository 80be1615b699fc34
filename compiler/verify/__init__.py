"""Comparing runs: what was compared, how much differs, and where first."""

from .compare import Comparison, Divergence, PopulationResult, compare
from .frames import spikes_by_frame

__all__ = ["Comparison", "Divergence", "PopulationResult", "compare", "spikes_by_frame"]
