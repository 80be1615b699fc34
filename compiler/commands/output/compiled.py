"""What a compile gave: the bundle's size, what it keeps of the float network, and its ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnc.errors import counted
from snnc.workflows.kept_text import kept_lines

from .console import diagnostics, say

if TYPE_CHECKING:
    from snnc.workflows.compile import Compiled


def compiled(result: Compiled) -> None:
    """Say what a compile gave, and every named effect."""
    from snnc.ir.footprint import program_size
    from snnc.settings import split

    diagnostics(result.notes)
    size = program_size(result.program)
    calibration = result.manifest["calibration"]
    used, given = calibration.get("used"), calibration.get("samples")
    samples = counted(given or 0, "sample")
    if used != given:
        samples = f"{used} of {samples}"
    origin = {
        "file": f"calibrated on {samples} of the given file",
        "archive": f"calibrated on {samples} that the model carries",
        "unneeded": "thresholds as the model has them",
        "none": f"not calibrated: thresholds are {calibration.get('thresholds')}",
    }[calibration["origin"]]
    if used == 0:
        origin = f"thresholds as the model has them; {given} samples say how large inputs get"
    for line in kept_lines(result.manifest["kept"]):
        say(line)
    say(
        f"{result.folder}: {result.program.name} for {split(result.manifest['target'])[0]}, "
        f"{counted(size.neurons, 'neuron')}, {counted(size.synapses, 'synapse')}, "
        f"{counted(result.program.steps_per_frame, 'step')} a frame; {origin}; ranges "
        f"{ranges_text(result.manifest['ranges'], str(result.folder))}"
    )


def ranges_text(ranges: dict[str, Any], where: str) -> str:
    """For which inputs no register can wrap or saturate."""
    from snnc.workflows.claimed import claims_in, claims_text

    found = claims_in(ranges, where)
    return f"proved for {claims_text(found)}" if found else str(ranges.get("status"))
