"""What happens before the compiler: authoring and training of networks that it can compile."""

from .activation import QuantizedReLU
from .dropout import FixedDropout
from .network import FrameNetwork
from .neurons import SpikingNeuron
from .rollout import Rollout
from .twin import chip_twin

__all__ = [
    "FixedDropout",
    "FrameNetwork",
    "QuantizedReLU",
    "Rollout",
    "SpikingNeuron",
    "chip_twin",
]
