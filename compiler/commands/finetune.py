"""``snnc finetune``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .counts import counts_of
from .options import (
    AnswerName,
    CheckpointPath,
    CurvePath,
    Device,
    Factory,
    InputShape,
    LabelledPath,
    ModelPath,
    Repeat,
    reported,
)
from .output.progress import progress


# Long, many arguments: each is an option of the command line; typer reads the signature.
def finetune(
    model: ModelPath,
    method: Annotated[
        str, typer.Option(help="NAME or NAME{option=value,...}; snnc methods lists them")
    ],
    data: LabelledPath,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.pt", help="the trained archive")
    ] = Path("tuned.pt"),
    steps: Annotated[int | None, typer.Option(help="time steps T of a frame")] = None,
    bits: Annotated[int | None, typer.Option(help="bits of a weight, for the method weights")] = None,
    target: Annotated[
        str | None, typer.Option(help="whose grid of weights, for the method weights")
    ] = None,
    validation: Annotated[
        Path | None,
        typer.Option(metavar="FILE.npz", help="validation data, on which each epoch is judged"),
    ] = None,
    validation_share: Annotated[
        float | None,
        typer.Option(help="share of --data held back for validation if there is no file; default 0.1"),
    ] = None,
    epochs: Annotated[int, typer.Option(help="most epochs")] = 10,
    learning_rate: Annotated[float, typer.Option(help="highest learning rate")] = 1e-4,
    batch: Annotated[int, typer.Option(help="samples in a batch")] = 64,
    optimizer: Annotated[str, typer.Option(help="adam, amsgrad or sgd")] = "adam",
    schedule: Annotated[str, typer.Option(help="constant, cosine, onecycle or step")] = "cosine",
    step_every: Annotated[
        int, typer.Option(help="epochs between the falls of the schedule step; 0: at 60, 80 and 90 %")
    ] = 0,
    step_factor: Annotated[float, typer.Option(help="of the rate at each fall")] = 0.2,
    mixup: Annotated[float, typer.Option(help="alpha of mixed samples and labels; 0: none")] = 0.0,
    best_by: Annotated[
        str, typer.Option(help="the best epoch: accuracy after the last frame, or mean over frames")
    ] = "last",
    recompute_steps: Annotated[
        int, typer.Option(help="time steps kept for the way back at a time, to save memory; 0: all")
    ] = 0,
    patience: Annotated[
        int, typer.Option(help="stop after N epochs without improvement; 0: never")
    ] = 0,
    precision: Annotated[str, typer.Option(help="float32 or bfloat16, of training")] = "float32",
    device: Device = "cpu",
    seed: Annotated[int, typer.Option(help="seed of all random numbers")] = 0,
    checkpoint: CheckpointPath = None,
    curve: CurvePath = None,
    repeat: Repeat = None,
    input_shape: InputShape = None,
    module: Factory = None,
    answer: AnswerName = None,
) -> None:
    """Train MODEL further, as a spiking network or with the chip's weights, before compiling it."""
    with reported():
        from snnc import api

        from .output.trained import trained

        with progress() as report:
            found = api.finetune(
                model,
                method,
                counts_of(data, report),
                output,
                steps=steps,
                bits=bits,
                target=target,
                validation=counts_of(validation, report),
                validation_share=validation_share,
                batch=batch,
                checkpoint=checkpoint,
                curve=curve,
                repeat=repeat,
                input_shape=input_shape,
                module=module,
                answer=answer,
                progress=report,
                epochs=epochs,
                learning_rate=learning_rate,
                optimizer=optimizer,
                schedule=schedule,
                step_every=step_every,
                step_factor=step_factor,
                mixup=mixup,
                best_by=best_by,
                recompute_steps=recompute_steps,
                patience=patience,
                precision=precision,
                device=device,
                seed=seed,
            )
        trained(found)
