"""``snnc run``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .counts import counts_of
from .options import (
    AllowAltered,
    AsJson,
    BundlePath,
    DataPath,
    MemorySize,
    Scheduler,
    SimulatorName,
    Workers,
    reported,
)
from .output import console
from .output.progress import progress


# Many arguments: each is an option of the command line; typer reads the signature.
def run(
    bundle: BundlePath,
    data: DataPath,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="OUT.npz", help="write answers and counts")
    ] = None,
    samples: Annotated[int | None, typer.Option(help="use only the first N samples")] = None,
    allow_altered: AllowAltered = False,
    simulator: SimulatorName = None,
    operations: Annotated[
        bool, typer.Option("--operations", help="count operations, estimate energy (docs/energy.md)")
    ] = False,
    memory: MemorySize = None,
    as_json: AsJson = False,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Run BUNDLE's program on snnc's simulator: accuracy, answers, operations."""
    with reported(memory):
        from snnc.api import Bundle
        from snnc.workflows.results_file import refuse_results, write_results

        from .output.costs import costs
        from .output.ran import ran

        if output is not None:
            refuse_results(output, bundle, data)
        with progress() as report:
            found = Bundle(bundle, allow_altered).run(
                counts_of(data, report),
                samples=samples,
                simulator=simulator,
                operations=operations or as_json or output is not None,
                workers=workers,
                scheduler=scheduler,
                progress=report,
            )
        if output is not None:
            write_results(found, output)
        console.diagnostics(found.warnings)
        if as_json:
            content = found.as_json()
            if operations:
                content["operations"] = found.cost.as_json()
            console.say(json.dumps(content, indent=1))
            return
        ran(found, output)
        if operations:
            costs(found.cost)
