"""From the user's file to a graph. Reads torch.export archives without importing torch."""

from .load import load_archive, load_model
from .model import IntegerModel, Model
from .source import ModelSource
from .torch_export.given import Given

__all__ = ["Given", "IntegerModel", "Model", "ModelSource", "load_archive", "load_model"]
