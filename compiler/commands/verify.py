"""``snnc verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snnc.choices import not_together
from snnc.errors import UserError

from .counts import counts_of
from .options import (
    DIFFERENT,
    USED_WRONGLY,
    AllowAltered,
    AsJson,
    BundlePath,
    Factory,
    MemorySize,
    Scheduler,
    SimulatorName,
    Workers,
    reported,
)
from .output import console
from .output.progress import progress

if TYPE_CHECKING:
    from snnc.workflows.ladder import Ladder
    from snnc.workflows.verify import Verification


# Long, many arguments: each is an option of the command line; typer reads the signature.
def verify(
    bundle: BundlePath,
    data: Annotated[Path | None, typer.Option(help=".npz with x; default: random input")] = None,
    samples: Annotated[int, typer.Option(help="use only the first N samples")] = 20,
    engine: Annotated[
        str | None, typer.Option(help="engine of the target; default: the first that is installed")
    ] = None,
    time_limit: Annotated[float, typer.Option(help="seconds that the engine may take")] = 900.0,
    allow_altered: AllowAltered = False,
    memory: MemorySize = None,
    as_json: AsJson = False,
    ladder: Annotated[
        bool, typer.Option("--ladder", help="compare stage by stage, from the torch model down")
    ] = False,
    model: Annotated[
        Path | None, typer.Option(help="with --ladder: the model, if it was moved")
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="with --ladder: the calibration data, if they were moved")
    ] = None,
    module: Factory = None,
    simulator: SimulatorName = None,
    potentials: Annotated[
        bool,
        typer.Option("--potentials", help="compare hidden potentials too, if the engine shows them"),
    ] = False,
    workers: Workers = None,
    scheduler: Scheduler = None,
    sample_populations: Annotated[
        int | None,
        typer.Option(metavar="N", help="compare only N hidden populations, drawn by --seed"),
    ] = None,
    seed: Annotated[int, typer.Option(help="draws --sample-populations")] = 0,
) -> None:
    """Compare the run of BUNDLE on its engine with that on snnc's simulator, spike by spike.

    With --ladder, begin with the model that BUNDLE was compiled from; the simulator is then always the
    fast one. If no engine is installed, what needs none is compared, and the exit code is 2.

    Exit code 0: equal (with --ladder: all rungs that must be equal are). 1: different. 2: refused.
    """
    with reported(memory):
        from snnc.api import Bundle

        opened = Bundle(bundle, allow_altered)
        if not ladder:
            for option, value in (("model", model), ("calibration", calibration), ("module", module)):
                if value is not None:
                    what = f"--{option} is for the ladder alone"
                    raise not_together(what, where=f"--{option}", help="add --ladder, or leave it out")
        without = {"workers": workers, "scheduler": scheduler, "sample-populations": sample_populations}
        for option, given in without.items():
            if ladder and given is not None:
                what = f"the ladder compares all, in one process; --{option} is for verify without it"
                raise not_together(what, where=f"--{option}", help=f"leave --{option} or --ladder out")
        found: Verification | Ladder
        with progress() as report:
            if ladder:
                found = opened.ladder(
                    counts_of(data, report),
                    samples=samples,
                    engine=engine,
                    model=model,
                    calibration=counts_of(calibration, report),
                    module=module,
                    simulator=simulator,
                    potentials=potentials,
                    time_limit=time_limit,
                    progress=report,
                )
            else:
                found = opened.verify(
                    counts_of(data, report),
                    samples=samples,
                    engine=engine,
                    simulator=simulator,
                    potentials=potentials,
                    time_limit=time_limit,
                    workers=workers,
                    scheduler=scheduler,
                    sample_populations=sample_populations,
                    seed=seed,
                    progress=report,
                )
        _print(found, as_json)
        if found.different:
            raise typer.Exit(DIFFERENT)
        if found.missing is not None:
            raise typer.Exit(USED_WRONGLY)


def _print(found: Verification | Ladder, as_json: bool) -> None:
    from snnc.workflows.ladder import Ladder

    from .output.climbed import climbed
    from .output.verified import verified

    console.diagnostics(found.warnings)
    if as_json:
        console.say(found.to_json())
    elif isinstance(found, Ladder):
        climbed(found)
    else:
        verified(found)
    if found.missing is not None:
        console.diagnostics(UserError(found.missing).diagnostics)
