"""``snnc inspect``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import (
    AllowAltered,
    AnswerName,
    AsJson,
    Discretize,
    Factory,
    InputShape,
    ResetInterval,
    ResetRule,
    TimeStep,
    reported,
)
from .output import console


# Many arguments: each is an option of the command line; typer reads the signature.
def inspect(
    path: Annotated[Path, typer.Argument(metavar="MODEL_OR_BUNDLE", help="model file or bundle")],
    allow_altered: AllowAltered = False,
    dt: TimeStep = None,
    discretize: Discretize = None,
    reset: ResetRule = None,
    input_shape: InputShape = None,
    module: Factory = None,
    answer: AnswerName = None,
    reset_interval: ResetInterval = None,
    as_json: AsJson = False,
) -> None:
    """Print the contents of a model or a bundle."""
    with reported():
        from snnc import api

        from .output.inspected import inspected

        found = api.inspect(
            path,
            allow_altered=allow_altered,
            dt=dt,
            discretize=discretize,
            reset=reset,
            input_shape=input_shape,
            module=module,
            answer=answer,
            reset_interval=reset_interval,
        )
        if as_json:
            console.say(found.to_json())
        elif found.contents is not None and found.delays is not None:
            inspected(found.contents, found.delays, found.content)
        else:
            console.say(found.text)
        console.diagnostics(found.warnings)
