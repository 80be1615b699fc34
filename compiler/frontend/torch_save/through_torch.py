"""The only door to torch: pickled modules and the user's own become archives, in memory.

Archives of ``torch.export`` never come here; torch is imported when a file of another kind asks for it.
"""

from __future__ import annotations

import copy
import inspect
import io
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from snnc.errors import UserError, fail
from snnc.ir import Shape
from snnc.optional import missing

if TYPE_CHECKING:
    from torch import nn

LONGEST_REASON = 300


def need_torch(
    place: Path | str,
    what: str = "reading this file",
    why: str = "only archives of torch.export are read without it",
    otherwise: str = ", or write the model with torch.export on a machine with PyTorch",
) -> None:
    """Make sure that torch can be imported.

    Args:
        place: file or command that needs it.
        what, why, otherwise: the message's words.

    Raises:
        UserError: D123.
    """
    try:
        import torch  # noqa: F401
    except ImportError as problem:
        needs = f"{what} needs PyTorch"
        place = str(place)
        raise missing("torch", needs, problem, where=place, why=why, otherwise=otherwise) from None


def reason(error: BaseException) -> str:
    """An exception as one line: its type and the beginning of its message."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:LONGEST_REASON]}" if text else type(error).__name__


ONE_AT_A_TIME = threading.RLock()


@contextmanager
def quiet_torch() -> Iterator[None]:
    """Without the warnings and log lines of torch; what matters becomes a message of ours."""
    # What is put back is the process's: two threads at a time would put back each other's.
    with ONE_AT_A_TIME:
        before = logging.root.manager.disable
        logging.disable(logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            logging.disable(before)


def archive_of(path: Path, net: nn.Module, shape: Shape) -> bytes:
    """The network in evaluation as a ``torch.export`` archive, for one frame of ``shape``.

    Args:
        path: the user's file, for messages.
        net: is set to evaluation.
        shape: of one frame, without the batch axis.

    Raises:
        UserError: D124 torch.export cannot follow the network, or it cannot take the shape, or asks for
            more than a frame.
    """
    import torch

    _refuse_more_arguments(path, net)

    parameter = next(net.parameters(), None)
    kind = None if parameter is None else parameter.dtype
    frame = torch.zeros(1, *shape, dtype=kind)
    buffer = io.BytesIO()
    with quiet_torch(), torch.no_grad():
        try:
            net.eval()
            copy.deepcopy(net)(frame.clone())  # a copy, because running may write states
        except Exception as error:  # the layers' own complaint is clearer than torch.export's
            raise cannot_run(path, shape, error) from None
        try:
            torch.export.save(torch.export.export(net, (frame,)), buffer)
        except Exception as error:
            raise fail(
                "D124",
                "torch.export cannot follow the network",
                where=str(path),
                why=reason(error),
                help="make forward free of conditions and loops that depend on the input",
            ) from None
    return buffer.getvalue()


def _refuse_more_arguments(path: Path, net: nn.Module) -> None:
    """With a frame alone such a network complains of a missing argument, not of a shape."""
    try:
        parameters = inspect.signature(net.forward).parameters.values()
    except (TypeError, ValueError):
        return
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    asked = [p.name for p in parameters if p.default is p.empty and p.kind not in variable]
    if len(asked) > 1:
        raise fail(
            "D124",
            f"forward needs {len(asked)} arguments: {', '.join(asked)}",
            where=str(path),
            why="here the network is called with a frame alone: the shapes of states, and which output "
            "is which state's next value, are in an archive of torch.export only",
            help="compile what torch.export.save(torch.export.export(net, (frame, *states)), path) "
            "writes, or keep the states in buffers",
        )


def failed(what: str, where: str, error: BaseException, help: str = "") -> UserError:
    """D124: a library's code or the user's own raised something.

    Args:
        what, where, help: of the message.
        error: what was raised.
    """
    return fail("D124", what, where=where, why=reason(error), help=help)


def cannot_run(path: Path, shape: Shape, error: Exception) -> UserError:
    """The message for a network that does not take a frame of the shape."""
    return fail(
        "D124",
        f"the network cannot take a frame of shape {shape}",
        where=str(path),
        why=reason(error),
        help="where x has no axis of channels: x[:, None]; where the data are still images, (samples, "
        "channels, height, width): --repeat 1, in Python repeat=1; else give the shape of one frame "
        "without the batch axis: --input-shape, input_shape=",
    )
