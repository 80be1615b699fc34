"""What Python users give: models as paths or modules, data as paths or arrays, lists as sequences."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np

from snnc.bundle.data import Data, DataSource
from snnc.bundle.still_images import frame_shape, least_axes
from snnc.choices import not_together
from snnc.errors import fail
from snnc.frontend import ModelSource
from snnc.ir import Program, Shape
from snnc.recordings.result import Frames

from .arguments import several
from .programs import plain_program

if TYPE_CHECKING:
    from torch import nn

ModelLike: TypeAlias = Union[str, "os.PathLike[str]", "nn.Module", Program, ModelSource]
"""A model file, a module or :class:`snnc.Rollout` of this process, or a :class:`snnc.ir.Program`."""

DataLike: TypeAlias = Any
"""A ``.npz`` file with ``x`` and perhaps ``y``; an array or tensor x (samples, frames, *input shape) of
event counts, or of values where the bundle takes these; a pair ``(x, y)`` with labels (samples,);
:class:`snnc.Frames`; or a mapping with ``x`` and perhaps ``y``."""

ShapeLike: TypeAlias = str | Iterable[int] | None
"""Shape of one frame without the batch axis: ``(2, 16, 16)`` or ``"2,16,16"``."""


NumbersLike: TypeAlias = str | float | Iterable[Any] | None
"""A number, a list of them, or either as text."""


def data_source(given: DataLike, name: str) -> DataSource | None:
    """Data as the user gives them; they are read and checked later.

    Args:
        given: as :data:`DataLike`, or None.
        name: what messages call arrays.

    Raises:
        UserError: D502 something else.
    """
    if given is None or isinstance(given, DataSource):
        return given
    if isinstance(given, str | os.PathLike):
        return DataSource(Path(given))
    if isinstance(given, Data):
        given = (given.x, given.y)
    if isinstance(given, Frames):
        given = {"x": given.x, "y": given.y}
    if isinstance(given, Mapping):
        named = {str(key): value for key, value in given.items()}
    elif isinstance(given, tuple) and len(given) == 2:
        named = {"x": given[0], "y": given[1]}
    else:
        named = {"x": given}
    arrays = {key: _array(value, name) for key, value in named.items() if value is not None}
    return DataSource(arrays=arrays, name=name)


def needed_data(given: DataLike, name: str) -> DataSource:
    """Data that nothing works without.

    Raises:
        UserError: D502 there are none, or something else.
    """
    found = data_source(given, name)
    if found is None:
        raise _no_data(given, name, "nothing can run without data")
    return found


def _array(value: Any, name: str) -> np.ndarray[Any, Any]:
    if hasattr(value, "detach"):  # a tensor, maybe on another device
        value = value.detach().cpu().numpy()
    try:
        found = np.asarray(value)
    except ValueError as problem:
        raise _no_data(value, name, str(problem)) from None
    if found.dtype == object:
        raise _no_data(value, name, "its elements are not numbers")
    return found


def _no_data(value: Any, name: str, why: str) -> Exception:
    return fail(
        "D502",
        f"expected an array of event counts, got {type(value).__name__}",
        where=name,
        why=why,
        help="give a .npz file, an array (samples, frames, ...), or a pair (x, y)",
    )


# Long, many arguments: what a user may say of a model, by name, and each kind of model.
def model_source(
    model: ModelLike,
    *,
    example: Any = None,
    data: DataSource | None = None,
    repeat: int | None = None,
    dt: float | None = None,
    discretize: str | None = None,
    input_shape: ShapeLike = None,
    module: str | None = None,
    reset_interval: int | None = None,
    reset: str | None = None,
    answer: str | int | None = None,
) -> ModelSource:
    """A model as the user gives it; a module becomes an archive in memory.

    Args:
        model: as :data:`ModelLike`.
        example: for a module: what ``forward`` takes, with the batch axis; a tuple where it takes more
            than a frame.
        data: gives the shape of a frame where nothing else does.
        repeat: number of frames that show each still image of the data.
        dt, discretize, input_shape, module, reset_interval, reset, answer: as in
            :class:`snnc.frontend.ModelSource`.

    Raises:
        UserError: D337 no model; D122, D124, D126 the module cannot be exported; D327 an option that is
            for the other kind of model.
    """
    if isinstance(model, ModelSource):
        return model
    shape = shape_text(input_shape)
    said = ModelSource(
        Path(),
        dt,
        discretize,
        reset_interval=reset_interval,
        reset=reset,
        answer=None if answer is None else str(answer),
    )
    is_file = isinstance(model, str | os.PathLike)
    _refuse_others(is_file, example=example, module=module)
    if isinstance(model, str | os.PathLike):
        return replace(said, path=Path(model), input_shape=shape, module=module)
    if isinstance(model, Program):
        if shape is not None:
            raise not_together("a program has an input shape", where="input_shape", help="leave it out")
        model = plain_program(model)
        return replace(said, path=Path(model.name), program=model)
    torch = sys.modules.get("torch")  # who has a module has imported it
    if torch is None or not isinstance(model, torch.nn.Module):
        raise fail(
            "D337",
            f"a model is a path, a torch module or a program, not {type(model).__name__}",
            where="model",
            help="give the path of a model file, a torch.nn.Module, snnc.Rollout or snnc.ir.Program",
        )
    from snnc.frontend.slayer.blocks import has_blocks
    from snnc.frontend.spiking_modules.recognise import spikes
    from snnc.frontend.torch_export.given import parse_shape
    from snnc.frontend.torch_save.live_module import archive_of_module, no_shape

    frames: Shape | None = None if shape is None else parse_shape(shape)
    if frames is None and data is not None and example is None:
        frames = frame_shape(data.values(least_axes(repeat)), repeat)
    arguments = example if isinstance(example, tuple) or example is None else (example,)
    path = Path(type(model).__name__.lower())
    if spikes(model) or has_blocks(model):
        if arguments is not None:
            what = "example= is for networks without time; neurons of this one take steps"
            raise not_together(what, where="example", help="give input_shape, the shape of one frame")
        if frames is None:
            raise no_shape(type(model).__name__)
        text = ",".join(map(str, frames))
        return replace(said, path=path, input_shape=text, network=model)
    archive = archive_of_module(model, arguments, frames)
    return replace(said, path=path, archive=archive)


def _refuse_others(is_file: bool, *, example: Any, module: str | None) -> None:
    """Refuse an option of files for a module of this process, and the other way round."""
    if is_file and example is not None:
        what = "example= is only for modules, and the model is a file"
        raise not_together(what, where="example", help="leave it out, or give input_shape")
    if not is_file and module is not None:
        what = "module= is only for a file of weights, whose network it builds"
        raise not_together(what, where="module", help="leave it out: the network is given already")


def shape_text(shape: ShapeLike) -> str | None:
    """A shape as the command line has it."""
    if shape is None or isinstance(shape, str):
        return shape
    return ",".join(map(str, several(shape)))


def list_text(values: NumbersLike) -> str | None:
    """A list of values as the command line has it: ``8,6,4``."""
    if values is None or isinstance(values, str):
        return values
    return ",".join(map(str, several(values)))


def path_of(given: str | os.PathLike[str] | None) -> Path | None:
    """A path, where there is one."""
    return None if given is None else Path(given)
