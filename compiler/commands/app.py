"""The command line: thin, no logic. Commands import what they need, so that ``--help`` is quick."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snnc import __version__
from snnc.errors import fail

from . import console
from .options import (
    DIFFERENT,
    EXIT_CODES,
    AllowOverflow,
    BundlePath,
    DataPath,
    Discretize,
    Factory,
    InputShape,
    ModelPath,
    SimulatorName,
    TimeStep,
    reported,
)
from .plugins import passes_, targets_app
from .training import finetune, methods_, noise, train
from .tuning import tune

if TYPE_CHECKING:
    from snnc.ir import Graph
    from snnc.passes import Pass

app = typer.Typer(
    name="snnc",
    help="Compile trained streaming-rollout networks to neuromorphic chips, and prove they arrived.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        console.say(f"snnc {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options that every command has."""


@app.command("compile")
def compile_(
    model: ModelPath,
    target: Annotated[str, typer.Option(help="NAME or NAME{option=value,...}")],
    calibration: Annotated[
        Path | None, typer.Option(help=".npz with x; the model's own calibration data without it")
    ] = None,
    steps_per_frame: Annotated[int | None, typer.Option(help="time steps K that a frame lasts")] = None,
    weight_bits: Annotated[int | None, typer.Option(help="1 to 8; for nir to 16")] = None,
    code: Annotated[
        str, typer.Option(help="auto, rate, or exact: frame, graded (docs/conversion.md)")
    ] = "auto",
    keep: Annotated[
        float, typer.Option(help="fraction of the float network's decisions that auto has to keep")
    ] = 0.99,
    allow_overflow: AllowOverflow = False,
    dt: TimeStep = None,
    discretize: Discretize = None,
    input_shape: InputShape = None,
    module: Factory = None,
    passes: Annotated[
        str | None, typer.Option(metavar="SPEC", help="name{option=value},... instead of the target's")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PASS{..}", help="change options of a pass: name{option=value}"),
    ] = None,
    print_after: Annotated[
        list[str] | None, typer.Option(metavar="PASS", help="print the graph after a pass, or 'all'")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="default: MODEL's name.TARGET")
    ] = None,
) -> None:
    """Compile MODEL to a bundle that runs on the target."""
    with reported():
        from snnc.settings import split
        from snnc.workflows.compile import compile_model

        folder = output or Path(f"{model.stem}.{split(target)[0]}")
        with console.progress() as report:
            compiled = compile_model(
                model,
                target,
                folder,
                calibration=calibration,
                steps_per_frame=steps_per_frame,
                weight_bits=weight_bits,
                code=code,
                keep=keep,
                allow_overflow=allow_overflow,
                dt=dt,
                discretize=discretize,
                input_shape=input_shape,
                module=module,
                passes=passes,
                changes=changes or [],
                after_pass=_printer(print_after or []),
                report=report,
            )
        console.compiled(compiled)


def _printer(wanted: list[str]) -> Callable[[Pass, Graph], None]:
    from snnc.ir.text import graph_text
    from snnc.passes import registered

    unknown = [name for name in wanted if name != "all" and name not in registered()]
    if unknown:
        known = ", ".join(registered())
        raise fail("D308", f"no pass {unknown[0]!r}", where="--print-after", help=f"use {known} or all")

    def after(a_pass: Pass, graph: Graph) -> None:
        if a_pass.name in wanted or "all" in wanted:
            console.say(f"// after {a_pass.name}\n{graph_text(graph)}")

    return after


@app.command()
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
                console.climbed(climbed)
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
            console.verified(verified)
        if verified.comparison.mismatches or verified.payload_differences:
            raise typer.Exit(DIFFERENT)


@app.command()
def run(
    bundle: BundlePath,
    data: DataPath,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="OUT.npz", help="results; not needed with --operations"),
    ] = None,
    samples: Annotated[int | None, typer.Option(help="the first so many samples")] = None,
    allow_altered: Annotated[
        bool, typer.Option("--allow-altered", help="go on with a bundle whose files were changed")
    ] = False,
    simulator: SimulatorName = None,
    operations: Annotated[
        bool, typer.Option("--operations", help="count operations, estimate energy (docs/energy.md)")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="with --operations: print them as JSON, and nothing else")
    ] = False,
) -> None:
    """Run BUNDLE's program on snnc's simulator, write its answers, count its operations."""
    with reported():
        from snnc.workflows.verify import cost_of, refuse_results, run_bundle, write_results

        if as_json and not operations:
            what = "--json is for the operations alone"
            raise fail("D305", what, where="--json", help="add --operations, or leave it out")
        if output is None and not operations:
            what = "nothing says where the answers go"
            raise fail("D305", what, where="--output", help="name a file, -o OUT.npz, or --operations")
        if output is not None:
            refuse_results(output, bundle, data)
        with console.progress() as report:
            ran = run_bundle(
                bundle,
                data,
                samples=samples,
                allow_altered=allow_altered,
                simulator="fast" if simulator is None else simulator,
                report=report,
            )
        spent = cost_of(ran) if operations else None
        if output is not None:
            write_results(ran, output)
        if as_json and spent is not None:
            console.diagnostics(ran.warnings)
            console.say(json.dumps(spent.as_json(), indent=1))
            return
        console.ran(ran, output)
        if spent is not None:
            console.costs(spent)


@app.command()
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
                console.inspected(bundle)
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


app.command()(tune)
app.command()(noise)
app.command()(finetune)
app.command()(train)
app.command("methods")(methods_)
app.add_typer(targets_app, name="targets")
app.command("passes")(passes_)
