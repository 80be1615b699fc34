"""What a compile makes of a network: one row of ``build/conversion.json``."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

import snnc
from snnc.errors import UserError
from snnc.sim import tally

from .sets import Part
from .training import Trained, value

ENGINE = "fast simulator"


@dataclass(frozen=True)
class Setting:
    """How a network is compiled; what is None is left to the compiler.

    Attributes:
        target, code, k, bits: as the options of ``snnc compile``.
        calibration: as ``sets.calibration`` takes it.
        changes: options of passes, as ``--set`` takes them.
    """

    target: str = "loihi"
    code: str | None = None
    k: int | None = None
    bits: int | None = None
    calibration: str = "random 256"
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One network, compiled one way, run on the whole test part in integers.

    ``trained`` (the float network's) and ``value`` are accuracies in percent, or root mean square
    errors. ``loss`` is how many points were lost, or by how much the error grew: a factor. They are
    None where the compile was refused; ``compile_said`` has the codes of errors and warnings.
    ``chosen`` are the options that ``auto`` took; ``kept``, ``said_accuracy`` and
    ``answer_error`` are what it said of decisions, accuracies and answers on samples set aside.
    ``samples`` counts the test part's; ``right`` says of each in turn whether the decision was right,
    as the hexadecimal digits of ``numpy.packbits``; None for regressions.
    """

    network: str
    seed: int
    data: str
    samples: int
    trained: float
    target: str
    code: str | None
    k: int | None
    bits: int | None
    calibration: str
    changes: list[str]
    value: float | None
    loss: float | None
    agreement: float | None
    compile_said: list[str]
    engine: str
    right: str | None
    chosen: str | None = None
    kept: float | None = None
    said_accuracy: dict[str, float] | None = None
    answer_error: float | None = None


class Judged(TypedDict):
    """What outputs for the test part are worth: fields of a row."""

    value: float | None
    loss: float | None
    agreement: float | None
    right: str | None


def judged(net: Trained, outputs: NDArray[np.float32] | None, test: Part) -> Judged:
    """Compare outputs, (samples, outputs), with the labels and with the float network's."""
    if outputs is None:
        return Judged(value=None, loss=None, agreement=None, right=None)
    regression = net.member.regression
    wanted, found = (value(o, test, regression) for o in (net.outputs, outputs))
    if regression:
        return Judged(value=found, loss=found / wanted, agreement=None, right=None)
    decisions = outputs.argmax(axis=1)
    return Judged(
        value=found,
        loss=wanted - found,
        agreement=float(np.mean(decisions == net.outputs.argmax(axis=1))),
        right=np.packbits(decisions == test.y).tobytes().hex(),
    )


def measure(net: Trained, setting: Setting, given: Part, test: Part) -> Row:
    """Compile with ``given`` for calibration, run on ``test`` with the fast simulator."""
    outputs = chosen = None
    kept: dict[str, Any] = {}
    said: list[str]
    with tempfile.TemporaryDirectory() as name:
        data, bundle = Path(name, "calibration.npz"), Path(name, "net")
        labels = {} if net.member.regression else {"y": given.y}
        np.savez(data, x=given.x, **labels)
        try:
            compiled = snnc.compile(
                net.model,
                setting.target,
                bundle,
                calibration=data,
                steps_per_frame=setting.k,
                weight_bits=setting.bits,
                code=setting.code or "auto",
                changes=setting.changes,
            )
            said = [
                f"{d.severity.value} {d.code}" for d in compiled.notes if d.severity.value != "note"
            ]
            if compiled.manifest.kept is not None:
                kept = compiled.manifest.kept.as_json()
            if setting.code is None and compiled.manifest.tried:
                chosen = next(d.what for d in compiled.notes if d.code == "N780")
            unit = compiled.manifest.readout.potential_of_one
            counts = test.x.astype(np.int64)
            potential = tally(compiled.program, counts, answers_only=True).potential[:, -1]
            outputs = (potential.reshape(len(test), -1) / unit).astype(np.float32)
        except UserError as refused:
            said = [f"error {d.code}: {d.what}" for d in refused.diagnostics]
    return Row(
        network=net.member.name,
        seed=net.seed,
        data=net.member.data,
        samples=len(test),
        trained=value(net.outputs, test, net.member.regression),
        **asdict(setting) | {"changes": list(setting.changes)},
        **judged(net, outputs, test),
        compile_said=said,
        engine=ENGINE,
        chosen=chosen,
        kept=kept.get("decisions"),
        said_accuracy=kept.get("accuracy"),
        answer_error=kept.get("answer_error"),
    )


def as_json(row: Row) -> dict[str, object]:
    """Plain types; what the float network has is called ``float``."""
    found = asdict(row)
    return {"float" if name == "trained" else name: value for name, value in found.items()}
