"""The course of a training: one row an epoch, and the CSV file of them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .judge import Judgement


@dataclass(frozen=True)
class Row:
    """One epoch; epoch 0 is the network before training, whose loss nobody has computed (nan)."""

    epoch: int
    loss: float
    judgement: Judgement
    seconds: float


@dataclass
class Curve:
    """All epochs, in order."""

    rows: list[Row] = field(default_factory=list)

    def csv_text(self) -> str:
        """A CSV file: epoch, loss, accuracy after the last and after each frame, rate by node, seconds.

        Accuracies are shares of the validation samples, whose number is in ``samples``.
        """
        first = self.rows[0].judgement
        by_frame = [f"accuracy_frame_{i + 1}" for i in range(len(first.right))]
        rates = [f"rate_{name}" for name in first.rates]
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(["epoch", "loss", "accuracy", "samples", *by_frame, *rates, "seconds"])
        for row in self.rows:
            found = row.judgement
            numbers = [row.loss, found.last, found.samples, *found.right, *found.rates.values()]
            writer.writerow([row.epoch, *(f"{n:.6g}" for n in numbers), f"{row.seconds:.2f}"])
        return file.getvalue()

    def as_data(self) -> list[dict[str, Any]]:
        """Plain lists and numbers, for a checkpoint."""
        return [
            {
                "epoch": row.epoch,
                "loss": row.loss,
                "right": [float(share) for share in row.judgement.right],
                "samples": row.judgement.samples,
                "rates": row.judgement.rates,
                "seconds": row.seconds,
            }
            for row in self.rows
        ]

    @staticmethod
    def from_data(data: list[dict[str, Any]]) -> Curve:
        """What :meth:`as_data` gave."""
        return Curve(
            [
                Row(
                    entry["epoch"],
                    entry["loss"],
                    Judgement(np.array(entry["right"]), entry["samples"], entry["rates"]),
                    entry["seconds"],
                )
                for entry in data
            ]
        )
