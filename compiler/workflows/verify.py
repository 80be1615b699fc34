"""From a bundle to evidence: run it on its target's engine, on a simulator of ours, and compare."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from snnc.backends import Engine, find_backend
from snnc.bundle.data import Data
from snnc.bundle.folder import Bundle, checked_files, read_bundle
from snnc.errors import Diagnostic
from snnc.ir import Measured
from snnc.progress import Report, quiet
from snnc.sim import FAST, REFERENCE, check_simulator, simulator_for
from snnc.verify import Comparison

from .claimed import beyond_proof
from .comparing import Runs, check_potentials, compare_runs
from .data_warnings import beyond_calibration, outside_classes
from .deployed import (
    about_comparison,
    check_time_limit,
    choose_engine,
    payload,
    payload_differences,
)
from .given_data import DEFAULT_SAMPLES, load_input


@dataclass(frozen=True)
class Verified:
    """What ``verify`` found."""

    bundle: Bundle
    engine: Engine
    simulator: str
    data: Data
    random: bool
    comparison: Comparison
    payload_differences: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]
    measured: tuple[Measured, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``verify --json``."""
        return {
            "engine": self.engine.name,
            "engine_version": self.engine.version,
            "simulator": self.simulator,
            "input": "random" if self.random else "data",
            **self.comparison.as_json(),
            "payload_differences": list(self.payload_differences),
            "measured": [asdict(each) for each in self.measured],
            "warnings": [warning.as_json() for warning in self.warnings],
        }


def verify_bundle(
    folder: Path,
    *,
    data: Path | None = None,
    samples: int = DEFAULT_SAMPLES,
    engine: str | None = None,
    allow_altered: bool = False,
    time_limit: float = 600.0,
    simulator: str | None = None,
    potentials: bool = False,
    report: Report = quiet,
) -> Verified:
    """Run a bundle from disk on its target's engine and on a simulator of ours, and compare.

    The simulator runs the bundle's ``program.json`` and ``weights.npz``, what the compiler gave; the
    engine runs the target's payload, what is deployed.

    Args:
        folder: the bundle.
        data: data file; random input at the calibrated density where None.
        samples: the first so many samples.
        engine: one of the target's engines; the first where None.
        allow_altered: go on when files differ from the manifest.
        time_limit: seconds that the engine may take.
        simulator: ``fast`` or ``reference``; where None the fast one, but the plain one for an engine
            that is the fast one itself.
        potentials: also compare the potentials of hidden populations, where the engine can show them.
        report: progress.

    Raises:
        UserError: the bundle, the data, the simulator or the engine cannot be used.
    """
    check_time_limit(time_limit)
    bundle, warnings = read_bundle(folder, allow_altered=allow_altered)
    backend = find_backend(str(bundle.manifest["target"]), where=str(folder))
    with checked_files(bundle) as files:
        different = payload_differences(backend, bundle, files, allow_altered)
        chosen = choose_engine(backend, engine)
        if potentials:
            check_potentials(backend, chosen)
        if simulator is None:
            simulator = REFERENCE if chosen.name == FAST else FAST
        check_simulator(simulator)
        simulator = simulator_for(bundle.program, simulator)
        given = load_input(bundle, data, samples)
        warnings += [*beyond_calibration(bundle, given), *outside_classes(bundle, given)]
        warnings += beyond_proof(bundle, given.x, backend.target)
        runs = Runs(
            backend,
            chosen,
            files,
            payload(bundle),
            simulator,
            potentials,
            time_limit,
            altered=bool(different),
        )
        comparison, measured, more = compare_runs(bundle.program, given, runs, report)
    warnings += more
    warnings += about_comparison(comparison, chosen)
    return Verified(
        bundle,
        chosen,
        simulator,
        given,
        data is None,
        comparison,
        tuple(different),
        tuple(warnings),
        measured,
    )
