"""The pass ``quantize-weights``: the search for scales, rounding, bounds of sums."""

from .quantize import QuantizeWeights

__all__ = ["QuantizeWeights"]
