"""What commands share: exit codes, options that several have, messages instead of tracebacks."""

from __future__ import annotations

import errno
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from snnc import stopping
from snnc.errors import CompilerBug, Diagnostic, Interrupted, UserError
from snnc.files.memory import keep_within, size_of

from .output import console

USED_WRONGLY = 2
DIFFERENT = 1
OUR_BUG = 70
READER_GONE = 141
LEAST_ROOM = 2**26
"""What a command takes besides libraries: with less, modules that it loads late may not fit."""
EXIT_CODES = (
    "Exit codes: 0 done, or compared and equal; 1 compared and different; 2 refused, the message says "
    "why; 70 a bug; 129, 130, 143 stopped by SIGHUP, SIGINT (Ctrl-C), SIGTERM; "
    "141 the output's reader has gone."
)
"""See docs/exit-codes.md."""


ModelPath = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL", help="torch.export archive of one step, torch.save, .onnx, .nir, .net"
    ),
]
BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="folder that compile wrote")]
TimeStep = Annotated[float | None, typer.Option(help="length of a time step in seconds, for NIR files")]
Discretize = Annotated[str | None, typer.Option(help="euler (default) or exponential, for NIR files")]
ResetRule = Annotated[
    str | None,
    typer.Option(
        metavar="RESET",
        help="subtract (the threshold) or zero: what a spike does where a NIR file does not say",
    ),
]
MemorySize = Annotated[
    str | None,
    typer.Option("--memory", metavar="SIZE", help="take no more memory than this: 6GiB, 500MB"),
]
InputShape = Annotated[
    str | None,
    typer.Option(metavar="N,N,..", help="shape of one frame, for files of torch.save and --module"),
]
ResetInterval = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="steps after which all layers are cleared, for .net files of lava-dl"
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(metavar="N", help="processes of this machine that share the work"),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="scheduler of Dask that shares it (docs/distributed.md)"),
]
SimulatorName = Annotated[
    str | None,
    typer.Option("--simulator", help="fast or reference; both give the same integers"),
]
Factory = Annotated[
    str | None,
    typer.Option(
        metavar="MODULE:FACTORY",
        help="runs your code: a function or class, called without arguments, that builds the network "
        "of a state dict; looked for in the current folder, then where Python looks",
    ),
]
AnswerName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="the output to compile, of several: its name, or its position from 0"
    ),
]
InputScale = Annotated[
    str | None,
    typer.Option(
        metavar="N[,N..]",
        help="of values that are not counts: value = scale * count + offset; a number (1/255 will do) "
        "or one for each channel; default: as the calibration data show",
    ),
]
InputOffset = Annotated[
    str | None,
    typer.Option(metavar="N[,N..]", help="the value that a count of 0 stands for; see --input-scale"),
]
Repeat = Annotated[
    int | None, typer.Option(metavar="N", help="frames that show each still image of the data")
]
AllowOverflow = Annotated[
    bool, typer.Option("--allow-overflow", help="compile even if sums can leave their registers")
]
AllowAltered = Annotated[
    bool, typer.Option("--allow-altered", help="use a bundle even if its files were changed")
]
AsJson = Annotated[bool, typer.Option("--json", help="print the result as JSON")]
DataPath = Annotated[Path, typer.Option("--data", help=".npz with x (samples, frames, ...), y")]


LabelledPath = Annotated[Path, typer.Option("--data", help=".npz with x (samples, frames, ...) and y")]
CurvePath = Annotated[Path | None, typer.Option(metavar="FILE.csv", help="loss and accuracy by epoch")]
Device = Annotated[str, typer.Option(help="where to train, as torch names it: cpu, cuda, mps")]
CheckpointPath = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="written after each epoch; training resumes from it where it exists"
    ),
]


@contextmanager
def reported(memory: str | None = None) -> Iterator[None]:
    """Turn what goes wrong into messages and exit codes; nothing the user did gives a traceback.

    Args:
        memory: the most that the command may take, as ``--memory`` has it.
    """
    try:
        if memory is not None:
            most = size_of(memory)
            import snnc.api  # noqa: F401  what commands load later would find no room
            from snnc.workflows.warm_up import load_libraries

            load_libraries()
            keep_within(most, LEAST_ROOM)
        yield
    except typer.Exit:
        raise
    except BaseException as problem:
        raise typer.Exit(_said(problem, memory)) from None


def _said(problem: BaseException, memory: str | None = None) -> int:
    """Say what happened, and give the exit code for it."""
    from snnc.api.arguments import NAMES, impossible_name

    if isinstance(problem, Interrupted):
        console.diagnostics(problem.diagnostics)
        return _stopped()
    if isinstance(problem, KeyboardInterrupt) or stopping.requested():
        # Whatever a library made of the request on its way up.
        console.stopped()
        return _stopped()
    if isinstance(problem, UserError):
        console.diagnostics(problem.diagnostics)
        return USED_WRONGLY
    if isinstance(problem, MemoryError):
        what = f"not enough memory: {problem}" if str(problem) else "not enough memory"
        cure = "use fewer samples or frames of data, or compile with fewer --steps-per-frame"
        if memory is not None:
            cure = f"give --memory more than {memory}, or {cure}"
        console.diagnostics([Diagnostic("D612", what, help=cure)])
        return USED_WRONGLY
    if isinstance(problem, OSError) and problem.errno in NAMES:
        console.diagnostics([impossible_name(problem)])
        return USED_WRONGLY
    if isinstance(problem, OSError) and problem.errno in MACHINE:
        console.diagnostics([_machine(problem)])
        return USED_WRONGLY
    if isinstance(problem, CompilerBug):
        console.bug(problem)
        return OUR_BUG
    traceback.print_exception(problem)
    console.crashed()
    return OUR_BUG


def _stopped() -> int:
    return 128 + (stopping.requested() or signal.SIGINT)


MACHINE = {
    None,  # numpy says how many bytes were written, and not why
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EIO,
    errno.EACCES,
    errno.EPERM,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOENT,
    errno.EAGAIN,
}
"""What the machine has not got or does not allow. No other error of the system is the user's matter."""


def _machine(problem: OSError) -> Diagnostic:
    """The message for what the system refused, wherever that was."""
    return Diagnostic(
        "D150",
        f"the system refuses: {problem.strerror or problem}",
        "" if problem.filename is None else str(problem.filename),
        "a disk that is full or read-only, a quota, or a limit on files or processes",
        "make room, or let TMPDIR and XDG_CACHE_HOME name folders that can be written",
    )


def need_torch(command: str) -> None:
    """Make sure that torch is there for a command that trains.

    Raises:
        UserError: D123.
    """
    from snnc.frontend.torch_save.through_torch import need_torch as need

    need(command, "training", "only this part of snnc needs it", "")
