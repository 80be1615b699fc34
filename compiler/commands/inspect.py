"""``snnc inspect``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from snnc.errors import fail

from .options import Discretize, Factory, InputShape, TimeStep, reported
from .output import console


def inspect(
    path: Annotated[Path, typer.Argument(metavar="MODEL_OR_BUNDLE", help="archive or bundle")],
    allow_altered: Annotated[
        bool, typer.Option("--allow-altered", help="go on with a bundle whose files were changed")
    ] = False,
    dt: TimeStep = None,
    discretize: Discretize = None,
    input_shape: InputShape = None,
    module: Factory = None,
    as_json: Annotated[bool, typer.Option("--json", help="a bundle's table of delays as JSON")] = False,
) -> None:
    """Print what a model or a bundle is made of."""
    with reported():
        from .output.inspected import inspected as print_inspected

        is_bundle = path.is_dir()
        for option, value, of_bundle in (
            ("allow-altered", allow_altered or None, True),
            ("dt", dt, False),
            ("discretize", discretize, False),
            ("input-shape", input_shape, False),
            ("module", module, False),
        ):
            if value is not None and is_bundle != of_bundle:
                kinds = ("a bundle", "a model") if of_bundle else ("a model", "a bundle")
                what = f"--{option} is for {kinds[0]}, and {path} is {kinds[1]}"
                raise fail("D305", what, where=f"--{option}", help="leave it out")
        if is_bundle:
            from snnc.bundle.folder import read_bundle
            from snnc.ir.delays import delays_of

            bundle, warnings = read_bundle(path, allow_altered=allow_altered)
            if as_json:
                console.say(json.dumps(delays_of(bundle.program).as_json(), indent=1))
            else:
                print_inspected(bundle)
            console.diagnostics(warnings)
        elif as_json:
            raise fail(
                "D129",
                "not a bundle: only a bundle has delays in steps",
                where=str(path),
                help="leave --json out, or compile first",
            )
        else:
            from snnc.frontend import Given, load_model
            from snnc.ir.text import graph_text

            given = Given(input_shape, module)
            model = load_model(path, dt=dt, discretize=discretize, given=given)
            console.say(graph_text(model.graph))
