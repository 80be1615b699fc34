"""``snnc tune``: codes, steps and weight bits, tried."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .options import (
    AllowOverflow,
    DataPath,
    Discretize,
    Factory,
    InputShape,
    ModelPath,
    TimeStep,
    reported,
)
from .output import console


def tune(
    model: ModelPath,
    target: Annotated[str, typer.Option(help="NAME or NAME{option=value,...}")],
    data: DataPath,
    code: Annotated[
        str | None,
        typer.Option(
            "--code", "--codes", metavar="CODE,..", help="rate, frame, graded; default the target's"
        ),
    ] = None,
    steps_per_frame: Annotated[
        str | None,
        typer.Option(metavar="K,K,..", help="default 8,16,32,64 where the code leaves a choice"),
    ] = None,
    weight_bits: Annotated[
        str | None, typer.Option(metavar="N,N,..", help="default 8,6,4, or as trained")
    ] = None,
    costs: Annotated[
        str | None,
        typer.Option(
            metavar="COST,..",
            help="that the front counts: steps, first, operations, energy, neurons; "
            "default steps,operations,energy",
        ),
    ] = None,
    samples: Annotated[int | None, typer.Option(help="the first so many samples")] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(help=".npz with x; without it the model's own data, or a part of --data"),
    ] = None,
    workers: Annotated[int | None, typer.Option(help="processes; default one a core")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="draw: .png, .svg or .pdf")] = None,
    allow_overflow: AllowOverflow = False,
    dt: TimeStep = None,
    discretize: Discretize = None,
    input_shape: InputShape = None,
    module: Factory = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PASS{..}", help="change options of a pass: name{option=value}"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON")] = False,
) -> None:
    """What each code, K and weight bits keep and cost: MODEL compiled in many ways, run on the data."""
    with reported():
        from snnc.tuning import tune_model

        from .output.tuned import tuned

        with console.progress() as report:
            found = tune_model(
                model,
                target,
                data,
                codes=code,
                steps_per_frame=steps_per_frame,
                weight_bits=weight_bits,
                costs=costs,
                samples=samples,
                calibration=calibration,
                workers=workers,
                plot=plot,
                allow_overflow=allow_overflow,
                dt=dt,
                discretize=discretize,
                input_shape=input_shape,
                module=module,
                changes=changes or [],
                report=report,
            )
        if as_json:
            console.diagnostics(found.notes)
            console.say(json.dumps(found.as_json(), indent=1))
        else:
            tuned(found)
