"""What is deployed: a bundle's payload, checked against its program, on the target's engine."""

from __future__ import annotations

from pathlib import Path

from snnc.backends import Backend, Emitted, Engine, called
from snnc.backends.engine_messages import no_engine
from snnc.bounds import TIME_LIMIT
from snnc.bundle.folder import Contents
from snnc.errors import Diagnostic, Severity, UserError, blamed, fail
from snnc.ir import Integers, Trace
from snnc.progress import Report
from snnc.verify import Comparison, PopulationResult


def payload(bundle: Contents) -> Emitted:
    """What the manifest says the payload consists of."""
    return Emitted(dict(bundle.manifest.payload))


def payload_differences(
    backend: Backend, bundle: Contents, files: Path, allow_altered: bool
) -> list[str]:
    """What the payload has otherwise than the program; refused unless the user goes on.

    Args:
        backend: the bundle's target.
        bundle: it was read.
        files: what was checked of it (:func:`checked_files`).
        allow_altered: whether the user does.

    Raises:
        UserError: D114 the payload cannot be read, D120 it is not what was compiled.
    """
    where = str(bundle.folder)
    try:
        different = backend.differences(bundle.program, files, payload(bundle))
    except UserError:  # which says what is wrong where
        raise
    except Exception as problem:  # whatever a damaged file makes a parser raise
        raise fail(
            "D114",
            f"its payload cannot be read: {type(problem).__name__}: {problem}",
            where=where,
            help="compile again",
        ) from problem
    if different and not allow_altered:
        raise fail(
            "D120",
            f"what would be deployed is not what was compiled: {different[0]}",
            where=where,
            why=f"{len(different)} arrays or structures of the payload differ from the program",
            help="compile again, or continue at your own risk with --allow-altered",
        )
    return different


def engine_or_reason(backend: Backend, name: str | None) -> tuple[Engine, Diagnostic | None]:
    """One of the target's engines, the first installed where none is named; or why none can run.

    An engine that is named must be there; where none is named, what needs no engine can still be
    compared.

    Raises:
        UserError: D604, D601 as :func:`choose_engine`, for an engine that is named.
    """
    engines = tuple(backend.engines())
    if name is not None or any(engine.installed for engine in engines):
        return choose_engine(backend, name), None
    return engines[0], _not_installed(engines[0], "")


def choose_engine(backend: Backend, name: str | None) -> Engine:
    """One of the target's engines, the first that is installed where none is named.

    Raises:
        UserError: D604 there is no such engine, D601 it is not installed.
    """
    engines = {engine.name: engine for engine in backend.engines()}
    if name is None:
        chosen = next((e for e in engines.values() if e.installed), next(iter(engines.values())))
    elif name in engines:
        chosen = engines[name]
    else:
        raise no_engine(backend.name, name, engines)
    if not chosen.installed:
        raise UserError(_not_installed(chosen, "--engine" if name else ""))
    return chosen


def _not_installed(engine: Engine, where: str) -> Diagnostic:
    what = f"engine {engine.name} is not installed"
    return Diagnostic("D601", what, where, help=engine.how_to_install)


def check_time_limit(seconds: float) -> None:
    """Make sure that it is a time that passes.

    Raises:
        UserError: D305.
    """
    TIME_LIMIT.check(seconds, "--time-limit")


def on_engine(
    backend: Backend,
    engine: Engine,
    bundle: Contents,
    files: Path,
    spikes: Integers,
    time_limit: float,
    report: Report,
) -> Trace:
    """Run the payload on its engine.

    Args:
        backend, engine: the bundle's target's.
        bundle: it was read.
        files: what was checked of it (:func:`checked_files`).
        spikes: (samples, steps, \\*input shape).
        time_limit: seconds.
        report: progress.

    Raises:
        UserError: the engine cannot be used, failed, or ran out of time.
    """
    report(engine.name, 0, len(spikes))
    with blamed(called(backend), f"running the engine {engine.name}"):
        return backend.run(
            engine.name,
            files,
            payload(bundle),
            spikes,
            time_limit=time_limit,
            progress=lambda n: report(engine.name, n, len(spikes)),
        )


def about_comparison(comparison: Comparison, engine: Engine) -> list[Diagnostic]:
    """Warnings on what a comparison shows: N726 an engine that cannot be equal, N711 silence."""
    expected = bool(comparison.mismatches and engine.if_different)
    silent = [_silent(row.population) for row in comparison.populations if _is_silent(row)]
    return [*([_expected_difference(engine)] if expected else []), *silent]


def _is_silent(row: PopulationResult) -> bool:
    return row.quantity == "spikes" and not row.spikes


def _expected_difference(engine: Engine) -> Diagnostic:
    return Diagnostic(
        "N726",
        f"the engine {engine.name} ignores a part of this bundle",
        "--engine",
        help=engine.if_different,
        severity=Severity.WARNING,
    )


def _silent(population: str) -> Diagnostic:
    return Diagnostic(
        "N711",
        "no neuron spiked, so this comparison shows nothing",
        population,
        help="verify with other or more --data",
        severity=Severity.WARNING,
    )
