"""From a netx file to a valid program."""

from __future__ import annotations

from pathlib import Path

from snnc.bounds import Bounds
from snnc.choices import not_together
from snnc.errors import Diagnostic
from snnc.files import hdf5_arrays, hdf5_root
from snnc.frontend.nir.file import NIR
from snnc.ir import Program, validate
from snnc.ir.program_ranges import range_of

from .builder import Builder
from .fields import NETX, layers_of
from .sigma_delta import is_sigma_delta

OPTION = "--reset-interval"
SUFFIX = ".net"
"""Of files of lava-dl: what a file is that is too damaged to tell."""


def is_netx(path: Path, data: bytes) -> bool:
    """Whether an HDF5 file is lava-dl's: what it holds is called ``layer``, and it is no NIR graph.

    Raises:
        UserError: it cannot be read at all: D640 where it is called ``.net``, else D117;
            D142 and others.
    """
    try:
        import h5py  # noqa: F401
    except ImportError:  # said by who reads NIR files
        return False
    kind = NETX if path.suffix == SUFFIX else NIR
    names, _ = hdf5_root(data, str(path), kind)
    return "layer" in names and "node" not in names


def check_reset_interval(given: int | None) -> None:
    """Refuse a number that no neuron can have.

    Raises:
        UserError: D305.
    """
    longest = int(range_of("IntegerNeuron", "clear_interval").high)
    Bounds(1, longest).check(given, OPTION)


def refuse_reset_interval(given: int | None) -> None:
    """Refuse the option for other models.

    Raises:
        UserError: D327; D305 the number is none.
    """
    check_reset_interval(given)
    if given is not None:
        raise not_together(
            f"{OPTION} is for files of lava-dl, which do not say when a network is reset",
            where=OPTION,
            help="leave it out",
        )


def load_netx(
    path: Path, data: bytes, name: str, reset_interval: int | None
) -> tuple[Program, tuple[Diagnostic, ...]]:
    """The program of a netx file, and what its reading settled that the file leaves open.

    Args:
        path: for messages.
        data: the file, HDF5.
        name: what the program is called.
        reset_interval: steps after which every layer is cleared; None for never.

    Raises:
        UserError: D640 the file is damaged, D641 something in it cannot be expressed, D642 numbers that
            are not whole, D643 numbers that the chip cannot hold, D305 no interval, D327 one for
            neurons that are never reset.
    """
    check_reset_interval(reset_interval)
    layers = layers_of(hdf5_arrays(data, str(path), NETX, list), str(path))
    if reset_interval is not None and any(is_sigma_delta(layer) for layer in layers):
        raise not_together(
            f"{OPTION} is for CUBA neurons; sigma-delta neurons are never reset, by lava-dl's reader "
            "neither",
            where=OPTION,
            help="leave it out",
        )
    builder = Builder(layers, reset_interval or 0)
    program = builder.build(name)
    return validate(program), tuple(builder.notes)
