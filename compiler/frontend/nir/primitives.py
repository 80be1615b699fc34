"""The primitives of NIR that have a state or fire. Source: nir 1.0.8, nir/ir."""

from __future__ import annotations

NEURONS = {
    "CubaLI": ("tau_syn", "tau_mem", "r", "v_leak", "w_in"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
    "I": ("r",),
    "IF": ("r", "v_threshold", "v_reset"),
    "LI": ("tau", "r", "v_leak"),
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "Threshold": ("threshold",),
}
"""By kind, parameters that all have the population's shape."""

SPIKING = ("IF", "LIF", "CubaLIF", "Composite")
"""``Composite`` is a soft reset out of several nodes (:mod:`.composite`)."""

SILENT = ("I", "LI", "CubaLI")
"""What sends real numbers."""
