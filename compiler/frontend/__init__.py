"""From the user's file to a graph. Reads torch.export archives without importing torch."""

from .load import Model, load_model

__all__ = ["Model", "load_model"]
