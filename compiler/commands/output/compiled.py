"""What a compile gave: the bundle's size, what it keeps of the float network, and its ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnc.errors import counted
from snnc.workflows.kept_text import kept_lines

from .console import say

if TYPE_CHECKING:
    from snnc.api import Bundle
    from snnc.bundle.ranges import Ranges


def compiled(result: Bundle) -> None:
    """Say what a compile gave, and for which inputs it is proved."""
    from snnc.ir.footprint import program_size

    size = program_size(result.program)
    manifest, calibration = result.manifest, result.manifest.calibration
    used, given = calibration.used, calibration.samples
    samples = counted(given or 0, "sample")
    if used != given:
        samples = f"{used} of {samples}"
    origin = {
        "file": f"calibrated on {samples} of the given file",
        "array": f"calibrated on {samples} of the given array",
        "archive": f"calibrated on {samples} that the model carries",
        "unneeded": "thresholds as the model has them",
        "none": f"not calibrated, accuracy not measured: thresholds are {calibration.thresholds}",
    }[calibration.origin]
    if used == 0:
        say_so = f"{counted(given or 0, 'sample')} say{'s' * (given == 1)}"
        origin = f"thresholds as the model has them; {say_so} how large inputs get"
    for line in kept_lines(manifest.kept):
        say(line)
    say(
        f"{result.folder}: {result.program.name} for {manifest.target_name}, "
        f"{counted(size.neurons, 'neuron')}, {counted(size.synapses, 'synapse')}, "
        f"{counted(result.program.steps_per_frame, 'step')} a frame; {origin}; ranges "
        f"{ranges_text(manifest.ranges)}"
    )


def ranges_text(ranges: Ranges) -> str:
    """For which inputs no register can wrap or saturate."""
    from snnc.workflows.claimed import claims_in, claims_text

    found = claims_in(ranges)
    return f"proved for {claims_text(found)}" if found else ranges.status
