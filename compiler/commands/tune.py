"""``snnc tune``: codes, steps and weight bits, tried."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .counts import counts_of
from .options import (
    AllowOverflow,
    AnswerName,
    AsJson,
    DataPath,
    Discretize,
    Factory,
    InputOffset,
    InputScale,
    InputShape,
    MemorySize,
    ModelPath,
    Repeat,
    ResetRule,
    Scheduler,
    TimeStep,
    reported,
)
from .output import console
from .output.progress import progress


# Long, many arguments: each is an option of the command line; typer reads the signature.
def tune(
    model: ModelPath,
    target: Annotated[
        str, typer.Option(help="NAME or NAME{option=value,...}; snnc targets lists them")
    ],
    data: DataPath,
    code: Annotated[
        str | None,
        typer.Option(
            "--code",
            "--codes",
            metavar="CODE,..",
            help="rate, frame, graded, delta; default: all that the target has",
        ),
    ] = None,
    steps_per_frame: Annotated[
        str | None,
        typer.Option(metavar="K,K,..", help="default: 8,16,32,64 if the code leaves a choice"),
    ] = None,
    weight_bits: Annotated[
        str | None, typer.Option(metavar="N,N,..", help="default: 8,6,4, or as trained")
    ] = None,
    costs: Annotated[
        str | None,
        typer.Option(
            metavar="COST,..",
            help="costs that the front compares: steps, first, operations, energy, neurons; "
            "default: steps,operations,energy",
        ),
    ] = None,
    samples: Annotated[int | None, typer.Option(help="use only the first N samples")] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(help=".npz with x; default: the model's own data, or a part of --data"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="number of processes; default: one for each core")
    ] = None,
    scheduler: Scheduler = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="draw: .png, .svg or .pdf")] = None,
    input_scale: InputScale = None,
    input_offset: InputOffset = None,
    repeat: Repeat = None,
    allow_overflow: AllowOverflow = False,
    dt: TimeStep = None,
    discretize: Discretize = None,
    reset: ResetRule = None,
    input_shape: InputShape = None,
    module: Factory = None,
    answer: AnswerName = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PASS{..}", help="change options of a pass: name{option=value}"),
    ] = None,
    memory: MemorySize = None,
    as_json: AsJson = False,
) -> None:
    """Compile MODEL in many ways, and measure on the data what each keeps and costs."""
    with reported(memory):
        from snnc import api

        from .output.tuned import tuned

        with progress() as report:
            found = api.tune(
                model,
                target,
                counts_of(data, report),
                code=code,
                steps_per_frame=steps_per_frame,
                weight_bits=weight_bits,
                costs=costs,
                samples=samples,
                calibration=counts_of(calibration, report),
                workers=workers,
                scheduler=scheduler,
                plot=plot,
                input_scale=input_scale,
                input_offset=input_offset,
                repeat=repeat,
                allow_overflow=allow_overflow,
                dt=dt,
                discretize=discretize,
                reset=reset,
                input_shape=input_shape,
                module=module,
                answer=answer,
                changes=changes or [],
                progress=report,
            )
        console.diagnostics(found.notes)
        if as_json:
            console.say(found.to_json())
        else:
            tuned(found)
