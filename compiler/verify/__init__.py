"""Comparing runs: what was compared, how much differs, and where first."""

from .compare import Comparison, Divergence, PopulationResult, compare

__all__ = ["Comparison", "Divergence", "PopulationResult", "compare"]
