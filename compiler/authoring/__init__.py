"""What a user writes a network with, and the network as PyTorch runs it. Needs torch."""

from .activation import QuantizedReLU
from .dropout import FixedDropout
from .network import FrameNetwork
from .neurons import SpikingNeuron
from .rollout import Rollout

__all__ = ["FixedDropout", "FrameNetwork", "QuantizedReLU", "Rollout", "SpikingNeuron"]
