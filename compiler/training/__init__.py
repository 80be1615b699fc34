"""Training of networks that the compiler takes: methods, the loop, data."""

from .data.batches import Batches
from .data.poisson import PoissonInput
from .fit import fit
from .judge import judge
from .methods.stdb import Stdb
from .methods.streaming import Streaming
from .methods.thaw import graph_of, thaw
from .methods.threshold import Threshold
from .methods.twin import chip_twin
from .methods.weights import Weights
from .recipe import Recipe

__all__ = [
    "Batches",
    "PoissonInput",
    "Recipe",
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
