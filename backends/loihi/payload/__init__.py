"""A spiking network, compiled by snnc into a Lava Process. Needs lava-nc 0.10.0, nothing of snnc.

    Network   the Process: connect a source to ``spikes_in`` and a sink to ``potential_out``
    encode    event counts (frames, channels, height, width) to input payloads (steps, inputs)
    steps     time steps for a number of frames
    answers   the readout's potential after each frame

Import this package before Lava: on Python 3.11 and later it makes Lava importable. The README beside
this package has a complete example.
"""

import sys

# A bundle that holds more than snnc wrote is refused, and byte code is more.
_none_written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
try:
    from . import byte_code, lava_import  # noqa: F401  (Lava must come after them)
    from .encoding import answers, encode, steps
    from .network import Network

    if not _none_written:
        byte_code.remove(__file__)
finally:
    sys.dont_write_bytecode = _none_written

__all__ = ["Network", "answers", "encode", "steps"]
