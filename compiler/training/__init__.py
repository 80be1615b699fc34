"""What happens before the compiler: authoring and training of networks that it can compile."""

from .activation import QuantizedReLU
from .rollout import Rollout

__all__ = ["QuantizedReLU", "Rollout"]
