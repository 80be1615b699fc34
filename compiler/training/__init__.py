"""What happens before the compiler: authoring and training of networks that it can compile."""

from .activation import QuantizedReLU
from .batches import Batches
from .dropout import FixedDropout
from .fit import Recipe, fit
from .judge import judge
from .network import FrameNetwork
from .neurons import SpikingNeuron
from .rollout import Rollout
from .stdb import Stdb
from .streaming import Streaming
from .thaw import graph_of, thaw
from .threshold import Threshold
from .twin import chip_twin
from .weights import Weights

__all__ = [
    "Batches",
    "FixedDropout",
    "FrameNetwork",
    "QuantizedReLU",
    "Recipe",
    "Rollout",
    "SpikingNeuron",
    "Stdb",
    "Streaming",
    "Threshold",
    "Weights",
    "chip_twin",
    "fit",
    "graph_of",
    "judge",
    "thaw",
]
