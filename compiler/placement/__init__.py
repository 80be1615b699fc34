"""Neurons on cores, cores on chips, and how much has to be sent between them."""

from .limits import AXONS_IN, AXONS_OUT, MEMORY, NEURONS, CoreLimits, Mesh, alone, use
from .load import core_loads
from .plan import METHODS, Placement, placed, placement_of, positions, split
from .reading import read_report
from .report import (
    FILE,
    ROLE,
    crossing,
    measures,
    placement_notes,
    read_placement,
    report,
    report_differences,
    report_text,
)
from .starts import along_curve
from .wiring import Block, Stream, Wiring, wiring

__all__ = [
    "AXONS_IN",
    "AXONS_OUT",
    "FILE",
    "MEMORY",
    "METHODS",
    "NEURONS",
    "ROLE",
    "Block",
    "CoreLimits",
    "Mesh",
    "Placement",
    "Stream",
    "Wiring",
    "alone",
    "along_curve",
    "core_loads",
    "crossing",
    "measures",
    "placed",
    "placement_notes",
    "placement_of",
    "positions",
    "read_placement",
    "read_report",
    "report",
    "report_differences",
    "report_text",
    "split",
    "use",
    "wiring",
]
