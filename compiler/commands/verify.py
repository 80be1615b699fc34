"""``snnc verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from snnc.errors import fail

from .options import DIFFERENT, BundlePath, Factory, SimulatorName, reported
from .output import console


def verify(
    bundle: BundlePath,
    data: Annotated[Path | None, typer.Option(help=".npz with x; random input without it")] = None,
    samples: Annotated[int, typer.Option(help="the first so many samples")] = 20,
    engine: Annotated[
        str | None, typer.Option(help="one of the target's; its first without it")
    ] = None,
    time_limit: Annotated[float, typer.Option(help="seconds that the engine may take")] = 900.0,
    allow_altered: Annotated[
        bool, typer.Option("--allow-altered", help="go on with a bundle whose files were changed")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON")] = False,
    ladder: Annotated[
        bool, typer.Option("--ladder", help="from the torch model down, each rung beside the next")
    ] = False,
    model: Annotated[
        Path | None, typer.Option(help="with --ladder: the model, where it is not where it was")
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="with --ladder: calibration data, likewise")
    ] = None,
    module: Factory = None,
    simulator: SimulatorName = None,
    potentials: Annotated[
        bool,
        typer.Option("--potentials", help="compare hidden potentials too, where the engine shows them"),
    ] = False,
) -> None:
    """Compare BUNDLE on its engine with snnc's simulator, spike by spike.

    With --ladder, begin with the model that it was compiled from.

    Exit code 0: equal (with --ladder: wherever rungs must be equal). 1: different. 2: refused.
    """
    with reported():
        from .output.climbed import climbed as print_climbed
        from .output.verified import verified as print_verified

        if ladder:
            from snnc.workflows.ladder import climb

            if simulator is not None:
                raise fail(
                    "D305",
                    "the ladder's integers are always run by the fast simulator",
                    where="--simulator",
                    help="leave it out, or leave --ladder out",
                )
            if potentials:
                raise fail(
                    "D305",
                    "the ladder compares spikes and answers, no hidden potentials",
                    where="--potentials",
                    why="its upper rungs are not integers and have none that could be compared",
                    help="run verify twice: once with --ladder, once with --potentials",
                )
            with console.progress() as report:
                climbed = climb(
                    bundle,
                    model=model,
                    calibration=calibration,
                    module=module,
                    data=data,
                    samples=samples,
                    engine=engine,
                    allow_altered=allow_altered,
                    time_limit=time_limit,
                    report=report,
                )
            if as_json:
                console.diagnostics(climbed.warnings)
                console.say(json.dumps([rung.as_json() for rung in climbed.rungs], indent=1))
            else:
                print_climbed(climbed)
            raise typer.Exit(DIFFERENT if climbed.broken else 0)
        for option, value in (("model", model), ("calibration", calibration), ("module", module)):
            if value is not None:
                what = f"--{option} is for the ladder alone"
                raise fail("D305", what, where=f"--{option}", help="add --ladder, or leave it out")
        from snnc.workflows.verify import verify_bundle

        with console.progress() as report:
            verified = verify_bundle(
                bundle,
                data=data,
                samples=samples,
                engine=engine,
                allow_altered=allow_altered,
                time_limit=time_limit,
                simulator=simulator,
                potentials=potentials,
                report=report,
            )
        if as_json:
            console.say(json.dumps(verified.as_json(), indent=1))
        else:
            print_verified(verified)
        if verified.comparison.mismatches or verified.payload_differences:
            raise typer.Exit(DIFFERENT)
