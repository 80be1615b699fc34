"""A spiking network, compiled by snnc into a Lava Process. Needs lava-nc 0.10.0, nothing of snnc.

    Network   the Process: connect a source to ``spikes_in`` and a sink to ``potential_out``
    encode    event counts (frames, channels, height, width) to input payloads (steps, inputs)
    steps     time steps for a number of frames
    answers   the readout's potential after each frame

Import this package before Lava: on Python 3.11 and later it makes Lava importable. The README beside
this package has a complete example.
"""

from . import lava_import  # noqa: F401  (must come first)
from .encoding import answers, encode, steps
from .network import Network

__all__ = ["Network", "answers", "encode", "steps"]
