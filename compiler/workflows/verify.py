"""From a bundle to evidence: run it on its target's engine, on a simulator of ours, and compare."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from snnc.backends import Engine, find_backend
from snnc.bundle.data import Data
from snnc.bundle.folder import Contents, checked_files, read_bundle
from snnc.errors import Diagnostic
from snnc.ir import Measured
from snnc.progress import Report, quiet
from snnc.results import Result, Rows, warned
from snnc.sim import FAST, REFERENCE, check_simulator, simulator_for
from snnc.verify import Comparison

from .comparing import (
    Runs,
    block_length,
    check_potentials,
    compare_blocks,
    compare_simulators,
    together,
)
from .comparing_apart import compare_apart
from .data_warnings import about_data
from .deployed import (
    about_comparison,
    check_time_limit,
    engine_or_reason,
    payload,
    payload_differences,
)
from .given_data import load_input
from .options import VerifyOptions
from .populations import about_left_out, drawn


@dataclass(frozen=True, eq=False, repr=False)
class Verification(Result):
    r"""A bundle on its engine, compared with a simulator of snnc.

    Attributes:
        bundle: what ran.
        engine: what the payload ran on.
        simulator: what the program ran on, ``fast`` or ``reference``.
        data: int64 counts (samples, frames, \*input shape).
        random: whether these were drawn.
        comparison: values that differ, by population.
        payload_differences: how what is deployed differs from what was compiled.
        warnings: what has to be said of the data and the engine.
        measured: what the engine reports besides.
        missing: why nothing ran on the engine, so that ``fast`` was compared with ``reference``; None
            where it ran.
    """

    bundle: Contents
    engine: Engine
    simulator: str
    data: Data
    random: bool
    comparison: Comparison
    payload_differences: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]
    measured: tuple[Measured, ...] = ()
    missing: Diagnostic | None = None

    @property
    def equal(self) -> bool:
        """Whether the engine ran and no value differs, nor the payload from the program."""
        return self.missing is None and not self.different

    @property
    def different(self) -> bool:
        """Whether a value differs, or the payload from the program."""
        return bool(self.comparison.mismatches or self.payload_differences)

    def headline(self) -> str:
        """The result in one line."""
        found, engine = self.comparison, f"{self.engine.name} {self.engine.version}".strip()
        if self.missing is not None:
            engine = f"{self.missing.what}; fast simulator"
        told = f"{engine}: {found.mismatches:,} of {found.compared:,} values differ"
        return told + warned(self.warnings)

    def table(self) -> Rows:
        """A row for each quantity of each population."""
        columns = ("population", "neurons", "compared", "values", "spikes", "differ")
        return Rows(
            columns,
            tuple(
                (p.population, p.neurons, p.quantity, p.compared, p.spikes, p.mismatches)
                for p in self.comparison.populations
            ),
        )

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
            "not_run": None if self.missing is None else self.missing.as_json(),
        }


def verify_bundle(folder: Path, options: VerifyOptions, *, report: Report = quiet) -> Verification:
    """Run a bundle from disk on its target's engine and on a simulator of ours, and compare.

    The simulator runs the bundle's ``program.json`` and ``weights.npz``, what the compiler gave; the
    engine runs the target's payload, what is deployed.

    Args:
        folder: the bundle.
        options: data, engine, simulator, and what is compared.
        report: progress.

    Raises:
        UserError: the bundle, the data, the simulator or the engine cannot be used.
    """
    check_time_limit(options.time_limit)
    options.place.check()
    bundle, warnings = read_bundle(folder, allow_altered=options.allow_altered)
    backend = find_backend(bundle.manifest.target, where=str(folder))
    only = drawn(bundle.program, options.sample_populations, options.seed)
    with checked_files(bundle) as files:
        different = payload_differences(backend, bundle, files, options.allow_altered)
        chosen, missing = engine_or_reason(backend, options.engine)
        if missing is None and options.potentials:
            check_potentials(backend, chosen)
        simulator = options.simulator or (REFERENCE if chosen.name == FAST else FAST)
        check_simulator(simulator)
        simulator = simulator_for(bundle.program, simulator)
        given = load_input(bundle, options.data, options.samples)
        warnings += about_data(bundle, given, backend.target)
        if missing is not None:
            found = compare_simulators(bundle.program, given, report)
            more, random = tuple(warnings), options.data is None
            return Verification(
                bundle, chosen, FAST, given, random, found, tuple(different), more, (), missing
            )
        runs = Runs(
            backend,
            chosen,
            files,
            payload(bundle),
            simulator,
            options.potentials,
            options.time_limit,
            altered=bool(different),
            only=only,
        )
        warnings += about_left_out(bundle.program, only, options.seed)
        blocks = compare_blocks(bundle.program, given, runs, report)
        if options.place.named:
            length = block_length(bundle.program, given, runs)
            target = bundle.manifest.target
            blocks = compare_apart(bundle.program, given, runs, target, options.place, length, report)
        comparison, measured, more = together(blocks, len(given.x), chosen)
    warnings += more
    warnings += about_comparison(comparison, chosen)
    return Verification(
        bundle,
        chosen,
        simulator,
        given,
        options.data is None,
        comparison,
        tuple(different),
        tuple(warnings),
        measured,
    )
