"""What a compile makes of a network: one row of ``build/conversion.json``."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from snnc.driver import compile_model
from snnc.errors import UserError
from snnc.sim import tally

from .sets import Part
from .training import Trained, value


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
    errors. ``loss`` is how many points were lost, or by how much the error grew: a factor. These are
    None where the compile was refused; ``compile_said`` has the codes of errors and warnings.
    """

    network: str
    seed: int
    data: str
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


def measure(net: Trained, setting: Setting, given: Part, test: Part) -> Row:
    """Compile with ``given`` for calibration, run on ``test`` with the fast simulator."""
    regression = net.member.regression
    wanted = value(net.outputs, test, regression)
    found = loss = agreement = None
    said: list[str]
    with tempfile.TemporaryDirectory() as name:
        data, bundle = Path(name, "calibration.npz"), Path(name, "net")
        np.savez(data, x=given.x)
        try:
            compiled = compile_model(
                net.model,
                setting.target,
                bundle,
                calibration=data,
                steps_per_frame=setting.k,
                weight_bits=setting.bits,
                code=setting.code,
                changes=setting.changes,
            )
            said = [
                f"{d.severity.value} {d.code}" for d in compiled.notes if d.severity.value != "note"
            ]
            unit = float(compiled.manifest["readout"]["potential_of_one"])
            potential = tally(compiled.program, test.x.astype(np.int64)).potential[:, -1]
            outputs = (potential.reshape(len(test), -1) / unit).astype(np.float32)
            found = value(outputs, test, regression)
            loss = found / wanted if regression else wanted - found
            agreement = float(np.mean(outputs.argmax(1) == net.outputs.argmax(1)))
        except UserError as refused:
            said = [f"error {d.code}: {d.what}" for d in refused.diagnostics]
    return Row(
        net.member.name,
        net.seed,
        net.member.data,
        wanted,
        setting.target,
        setting.code,
        setting.k,
        setting.bits,
        setting.calibration,
        list(setting.changes),
        found,
        loss,
        None if regression else agreement,
        said,
        "fast simulator",
    )


def as_json(row: Row) -> dict[str, object]:
    """Plain types; what the float network has is called ``float``."""
    found = asdict(row)
    return {"float" if name == "trained" else name: value for name, value in found.items()}
