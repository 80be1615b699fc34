"""``snnc run``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from snnc.errors import fail

from .options import BundlePath, DataPath, SimulatorName, reported
from .output import console


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
        from snnc.workflows.results_file import refuse_results, write_results
        from snnc.workflows.run import cost_of, run_bundle

        from .output.costs import costs as print_costs
        from .output.ran import ran as print_ran

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
        print_ran(ran, output)
        if spent is not None:
            print_costs(spent)
