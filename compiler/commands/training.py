"""The commands that train, and that measure what training can change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from . import console
from .options import (
    CheckpointPath,
    CurvePath,
    DataPath,
    Discretize,
    Factory,
    InputShape,
    LabelledPath,
    ModelPath,
    TimeStep,
    reported,
)


def noise(
    model: ModelPath,
    data: DataPath,
    steps: Annotated[
        str | None, typer.Option(metavar="N,N,..", help="time steps T to try; default 1 to 32")
    ] = None,
    thresholds: Annotated[
        str | None,
        typer.Option(
            metavar="X,X,..",
            help="factors of the 99.9 percentile of activations, p99 a percentile, max, own (trained)",
        ),
    ] = None,
    start: Annotated[
        float | None, typer.Option(help="start of potentials, in thresholds; default 0.5 or as trained")
    ] = None,
    samples: Annotated[int, typer.Option(help="the first so many samples")] = 64,
    ideal: Annotated[
        bool, typer.Option("--ideal", help="the ideal quantizer alone: no real neurons, quick")
    ] = False,
    csv: Annotated[Path | None, typer.Option("--csv", help="write every point")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="draw: .png, .svg or .pdf")] = None,
    dt: TimeStep = None,
    discretize: Discretize = None,
    input_shape: InputShape = None,
    module: Factory = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON")] = False,
) -> None:
    """Quantization noise of MODEL's layers against time steps and thresholds (docs/noise.md)."""
    with reported():
        from snnc.noise.of_model import noise_of_model

        with console.progress() as report:
            found = noise_of_model(
                model,
                data,
                steps=steps,
                thresholds=thresholds,
                start=start,
                samples=samples,
                spiking=not ideal,
                csv=csv,
                plot=plot,
                dt=dt,
                discretize=discretize,
                input_shape=input_shape,
                module=module,
                report=report,
            )
        if as_json:
            console.diagnostics(found.notes)
            console.say(json.dumps(found.as_json(), indent=1))
        else:
            console.noise(found)


def finetune(
    model: ModelPath,
    method: Annotated[str, typer.Option(help="NAME or NAME{option=value,...}: snnc methods")],
    data: LabelledPath,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.pt", help="the trained archive")
    ] = Path("tuned.pt"),
    steps: Annotated[int | None, typer.Option(help="time steps T of a frame")] = None,
    bits: Annotated[int | None, typer.Option(help="of a weight, for the method weights")] = None,
    validation: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="what epochs are judged on")
    ] = None,
    validation_share: Annotated[
        float | None, typer.Option(help="of --data held back for it, without a file; default 0.1")
    ] = None,
    epochs: Annotated[int, typer.Option(help="at most so many")] = 10,
    learning_rate: Annotated[float, typer.Option(help="highest")] = 1e-4,
    batch: Annotated[int, typer.Option(help="samples of a batch")] = 64,
    optimizer: Annotated[str, typer.Option(help="adam, amsgrad or sgd")] = "adam",
    schedule: Annotated[str, typer.Option(help="constant, cosine, onecycle or step")] = "cosine",
    patience: Annotated[
        int, typer.Option(help="stop after so many epochs that are no better; 0: never")
    ] = 0,
    seed: Annotated[int, typer.Option(help="of everything that is drawn")] = 0,
    checkpoint: CheckpointPath = None,
    curve: CurvePath = None,
    input_shape: InputShape = None,
    module: Factory = None,
) -> None:
    """Train MODEL further, as a spiking network or on the chip's weights, for compile to take."""
    with reported():
        _need_torch("snnc finetune")
        from snnc.training.finetune import finetune as finetune_model
        from snnc.training.fit import Recipe
        from snnc.training.stages import Files

        recipe = Recipe(
            epochs=epochs,
            learning_rate=learning_rate,
            optimizer=optimizer,
            schedule=schedule,
            patience=patience,
            seed=seed,
        )
        with console.progress() as report:
            trained = finetune_model(
                model,
                method,
                data,
                Files(output, curve, checkpoint),
                recipe,
                steps=steps,
                bits=bits,
                batch=batch,
                validation=validation,
                validation_share=validation_share,
                input_shape=input_shape,
                module=module,
                report=report,
            )
        console.trained(trained)


def train(
    config: Annotated[
        Path,
        typer.Argument(metavar="CONFIG.toml", help="see docs/training.md"),
    ],
) -> None:
    """Train as CONFIG.toml says, one method after another. A network of your own runs your code."""
    with reported():
        _need_torch("snnc train")
        from snnc.training.config import read_config, train_config

        with console.progress() as report:
            trained = train_config(read_config(config), report)
        console.trained(trained)


def methods_() -> None:
    """List the methods of training and their options."""
    with reported():
        _need_torch("snnc methods")
        from snnc.training.methods.registry import METHODS

        console.methods(METHODS)


def _need_torch(command: str) -> None:
    from snnc.frontend.torch_save.through_torch import need_torch

    need_torch(command, "training", "nothing else does", "")
