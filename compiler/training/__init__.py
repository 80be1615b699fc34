"""What happens before the compiler: authoring and training of networks that it can compile."""

from .activation import QuantizedReLU
from .rollout import Rollout
from .twin import chip_twin

__all__ = ["QuantizedReLU", "Rollout", "chip_twin"]
