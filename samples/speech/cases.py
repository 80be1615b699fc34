"""What is trained and tested: a kind of network, a seed, and which recordings are the test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import snnc
from samples.results.chip import TIME_LIMIT, VERIFIED, compiled, cost, on_lava
from samples.results.record import Outcome
from snnc.training.parts import Parts

from .augmentation import varied
from .data import PLACE, spoken, together
from .networks import chain, recurrent
from .training import parts_of, train_rollout, train_xylo
from .xylo import STEP

LEVELS = 15
BANDS, XYLO_BANDS = 32, 16
RATE_STEPS = 16
"""Of a frame, in Xylo's rate code."""

KINDS = {
    "float": BANDS,
    "levels": BANDS,
    "chain_float": XYLO_BANDS,
    "xylo_float": XYLO_BANDS,
}
"""Bands of each kind: ReLUs; levels for Loihi; a chain for Xylo's rate code; Xylo's neurons."""


@dataclass(frozen=True)
class Case:
    """One network.

    Attributes:
        kind: one of ``KINDS``.
        seed: of the training.
        speaker: who is left out; None for the official split by recording number.
    """

    kind: str
    seed: int = 0
    speaker: str | None = None

    @property
    def name(self) -> str:
        """Of its files, below ``build/results``."""
        return f"speech/{self.kind}_{self.speaker or self.seed}"

    @property
    def _file(self) -> Path:
        return PLACE / Path(self.name).name

    def parts(self) -> Parts:
        """By number: the official parts. By speaker: all recordings of the speaker are the test."""
        train, test = (spoken(part, KINDS[self.kind]) for part in ("train", "test"))
        if self.speaker is None:
            return parts_of(train, test)
        own = together([part.where(part.speaker == self.speaker) for part in (train, test)])
        return parts_of(train.where(train.speaker != self.speaker), own)

    def train(self) -> Outcome:
        """Train it; the model is left below ``build/results/speech``."""
        torch.set_num_threads(1)
        torch.manual_seed(self.seed)
        if self.kind == "xylo_float":
            return train_xylo(self.parts(), self.seed, self._file.with_suffix(".nir"))
        model = self._file.with_suffix(".pt")
        if self.kind == "chain_float":
            return train_rollout(chain(XYLO_BANDS), self.parts(), self.seed, model)
        net = recurrent(KINDS[self.kind], LEVELS if self.kind == "levels" else None)
        return train_rollout(net, self.parts(), self.seed, model, varied)

    def on_loihi(self) -> Outcome:
        """Levels in the code ``graded``, all in integers; by recording number, the first on Lava."""
        bundle, test = self._file.with_suffix(".loihi"), self._test()
        done = compiled(self._file.with_suffix(".pt"), bundle, test, code="graded")
        found: Outcome = {"by_frame": done.by_frame, "test_samples": done.samples}
        if self.speaker is None:
            found |= {"cost": cost(bundle, test, done.samples), "lava": on_lava(bundle, test)}
        return found

    def on_xylo(self) -> Outcome:
        """All test recordings on Xylo's integers, the first also on the vendor's simulator."""
        bundle, test = self._file.with_suffix(".xylo"), self._test()
        if self.kind == "xylo_float":
            snnc.compile(
                self._file.with_suffix(".nir"),
                "xylo",
                bundle,
                dt=STEP,
                reset="subtract",
                calibration=self.parts().train.x[:64],
            )
        else:
            model = self._file.with_suffix(".pt")
            snnc.compile(model, "xylo", bundle, code="rate", steps_per_frame=RATE_STEPS)
        ran = snnc.load(bundle).run(test)
        assert ran.accuracy is not None
        return {
            "by_frame": [round(100 * float(share), 2) for share in ran.accuracy],
            "test_samples": len(ran.data.x),
            "xylosim": _on_xylosim(bundle, test),
        }

    def _test(self) -> Path:
        """The test part as a file."""
        test, path = self.parts().test, PLACE / f"{self._file.name}_test.npz"
        assert test is not None
        np.savez_compressed(path, x=test.x, y=test.y)
        return path


def _on_xylosim(bundle: Path, test: Path) -> dict[str, Any]:
    """Compare every spike with xylosim's on the first test samples."""
    found = snnc.load(bundle).verify(test, samples=VERIFIED, time_limit=TIME_LIMIT).comparison
    return {
        "samples": found.samples,
        "steps": found.steps,
        "values": found.compared,
        "differ": found.mismatches,
    }
