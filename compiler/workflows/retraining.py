"""The command that trains a model further for its chip, with all that was said of the model."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from snnc.bundle.data import DataSource
from snnc.frontend import ModelSource
from snnc.ir import Code
from snnc.passes import Pipeline

USUAL_TARGET = "loihi"
"""That of the methods, where none is named."""


@dataclass(frozen=True)
class Retraining:
    """What ``snnc finetune`` has to be told of a model.

    Attributes:
        source: the model.
        data: what calibrated it; None for data that the archive carries.
        repeat: frames that show each still image.
        target: as the user named it.
    """

    source: ModelSource
    data: DataSource | None
    repeat: int | None
    target: str

    def command(self, asked: Pipeline, code: Code, *, spikes: bool, labelled: bool) -> str:
        """What to type, or in Python what to call.

        Args:
            asked: the pipeline, whose steps and bits are kept where the user named them.
            code: that was lost in: rates are trained as spikes, levels on the grid of the weights.
            spikes: whether the network was trained with spikes, which stay.
            labelled: whether the data have labels, without which there is no training.
        """
        bits, steps = _asked(asked, "bits"), _asked(asked, "steps_per_frame")
        on_grid = spikes or code.exact
        settings = {
            "code": code.value if on_grid else None,
            "target": self.target if on_grid and self.target != USUAL_TARGET else None,
            "bits": bits if on_grid else None,
            "steps": None if spikes else steps,
        }
        options = ",".join(f"{key}={value}" for key, value in settings.items() if value is not None)
        method = ("weights" if on_grid else "stdb") + (f"{{{options}}}" if options else "")
        return self._called(method) if self.source.file is None else self._typed(method, labelled)

    def _typed(self, method: str, labelled: bool) -> str:
        path = None if self.data is None else self.data.path
        data = str(path) if path is not None and labelled else "LABELLED.npz"
        words = ["snnc", "finetune", str(self.source.path), "--method", method, "--data", data]
        words += [] if self.repeat is None else ["--repeat", str(self.repeat)]
        return shlex.join([*words, *self.source.options])

    def _called(self, method: str) -> str:
        repeat = "" if self.repeat is None else f", repeat={self.repeat}"
        return f'snnc.finetune(model, "{method}", (x, labels){repeat})'


def _asked(pipeline: Pipeline, option: str) -> int | None:
    """An option of a pass, where it was given a value."""
    values = (getattr(each, option, None) for each in pipeline.passes)
    return next((value for value in values if value is not None), None)
