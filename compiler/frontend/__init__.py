"""From the user's file to a graph. Reads torch.export archives without importing torch."""

from .given import Given
from .load import Model, load_archive, load_model

__all__ = ["Given", "Model", "load_archive", "load_model"]
