"""What commands share: exit codes, options that several have, messages instead of tracebacks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from . import console
from .errors import CompilerBug, Diagnostic, Interrupted, UserError

USED_WRONGLY = 2
DIFFERENT = 1
OUR_BUG = 70
STOPPED = 130
READER_GONE = 141

ModelPath = Annotated[
    Path,
    typer.Argument(metavar="MODEL", help="torch.export archive of one step, torch.save, .nir"),
]
BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="folder that compile wrote")]
TimeStep = Annotated[float | None, typer.Option(help="seconds that a time step lasts, for NIR files")]
Discretize = Annotated[str | None, typer.Option(help="euler (default) or exponential, for NIR files")]
InputShape = Annotated[
    str | None, typer.Option(metavar="N,N,..", help="shape of one frame, for files of torch.save")
]
SimulatorName = Annotated[
    str | None,
    typer.Option(
        "--simulator", help="fast, or reference: the plain one, the same integers; not with --ladder"
    ),
]
Factory = Annotated[
    str | None,
    typer.Option(metavar="MODULE:FACTORY", help="builds the network of a state dict; runs your code"),
]
AllowOverflow = Annotated[
    bool, typer.Option("--allow-overflow", help="go on where sums can leave their registers")
]
DataPath = Annotated[Path, typer.Option("--data", help=".npz with x (samples, frames, ...), y")]


LabelledPath = Annotated[Path, typer.Option("--data", help=".npz with x (samples, frames, ...) and y")]
CurvePath = Annotated[Path | None, typer.Option(metavar="FILE.csv", help="loss and accuracy by epoch")]
CheckpointPath = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="written after each epoch; gone on from where it is there"),
]


@contextmanager
def reported() -> Iterator[None]:
    """Turn what goes wrong into messages and exit codes; nothing the user did gives a traceback."""
    try:
        yield
    except UserError as error:
        console.diagnostics(error.diagnostics)
        raise typer.Exit(STOPPED if isinstance(error, Interrupted) else USED_WRONGLY) from None
    except MemoryError as problem:
        what = f"not enough memory: {problem}" if str(problem) else "not enough memory"
        cure = "use fewer --steps-per-frame, or fewer samples or frames of data"
        console.diagnostics([Diagnostic("D612", what, help=cure)])
        raise typer.Exit(USED_WRONGLY) from None
    except KeyboardInterrupt:
        console.stopped()
        raise typer.Exit(STOPPED) from None
    except CompilerBug as bug:
        console.bug(bug)
        raise typer.Exit(OUR_BUG) from None
