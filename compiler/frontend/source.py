"""A model as the user names it: a file, and what the file does not contain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from snnc.ir import Shape

from .load import Model, load_archive, load_model, refuse_continuous_time
from .torch_export.given import Given


@dataclass(frozen=True)
class ModelSource:
    """Where a model comes from.

    Attributes:
        path: the file; of a model that was given in Python its name, no file.
        dt: time step of a NIR file, in seconds; None takes the one that the file contains.
        discretize: rule for a NIR file, ``euler`` or ``exponential``; None is ``euler``.
        input_shape: of one frame without the batch axis, as text such as ``2,16,16``, for files of
            ``torch.save``; None takes that of the calibration data.
        module: ``package.module:factory`` that builds the network of a state dict; runs that code.
        archive: the bytes of a ``torch.export`` archive of a model that was given in Python; None for a
            file.
    """

    path: Path
    dt: float | None = None
    discretize: str | None = None
    input_shape: str | None = None
    module: str | None = None
    archive: bytes | None = None

    @property
    def file(self) -> Path | None:
        """The file; None for a model that was given in Python."""
        return self.path if self.archive is None else None

    @property
    def options(self) -> tuple[str, ...]:
        """What is said of the model, as the command line has it."""
        found: list[str] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("path", "archive") and value is not None:
                text = f"{value:g}" if isinstance(value, float) else value
                found += [f"--{field.name.replace('_', '-')}", text]
        return tuple(found)

    def load(self, data_shape: Callable[[], Shape] | None = None) -> Model:
        """Read the model (:func:`snnc.frontend.load_model`).

        Args:
            data_shape: gives the shape of one frame of the data, for files that do not contain it.

        Raises:
            UserError: as ``load_model``.
        """
        if self.archive is not None:
            refuse_continuous_time(self.dt, self.discretize)
            return load_archive(self.archive, self.path.name)
        given = Given(self.input_shape, self.module, data_shape)
        return load_model(self.path, dt=self.dt, discretize=self.discretize, given=given)
