"""The Python API: what ``import snnc`` offers, and what the command line calls.

Options have the names that they have on the command line. Errors are :class:`snnc.UserError`, with
the same codes and texts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnc.distributing import Place
from snnc.files.writing import PrivateFolder
from snnc.ir import Graph
from snnc.passes import Pass
from snnc.progress import Report, quiet
from snnc.workflows.options import (
    AUTO,
    KEEP,
    CompileOptions,
    InputOptions,
    Origin,
    PipelineOptions,
)

from .arguments import checked, each_text
from .bundle import Bundle
from .inputs import (
    DataLike,
    ModelLike,
    NumbersLike,
    ShapeLike,
    data_source,
    list_text,
    model_source,
    needed_data,
    path_of,
)
from .inspection import Inspection, inspect_source, refuse_for_the_other
from .noise import measure_noise
from .recordings import frames
from .training import finetune

if TYPE_CHECKING:
    from snnc.messages.record import Message
    from snnc.tuning import Front
    from snnc.workflows.targets_for import Offers

__all__ = [
    "Bundle",
    "Inspection",
    "compile",
    "explain",
    "finetune",
    "frames",
    "inspect",
    "load",
    "measure_noise",
    "targets_for",
    "tune",
]


# Many arguments: the options of the command, by name; there is no smaller door.
@checked
def compile(
    model: ModelLike,
    target: str,
    output: str | os.PathLike[str] | None = None,
    *,
    calibration: DataLike = None,
    steps_per_frame: int | None = None,
    weight_bits: int | None = None,
    code: str | None = AUTO,
    keep: float = KEEP,
    input_scale: NumbersLike = None,
    input_offset: NumbersLike = None,
    repeat: int | None = None,
    allow_overflow: bool = False,
    example: Any = None,
    dt: float | None = None,
    discretize: str | None = None,
    reset: str | None = None,
    input_shape: ShapeLike = None,
    module: str | None = None,
    answer: str | int | None = None,
    reset_interval: int | None = None,
    passes: str | None = None,
    changes: str | Iterable[str] = (),
    after_pass: Callable[[Pass, Graph], None] | None = None,
    progress: Report = quiet,
) -> Bundle:
    """Compile a model to a bundle that runs on a target.

    Args:
        model: the path of a model file (an archive of ``torch.export``, ``.onnx``, ``.nir``, a file of
            ``torch.save``, ``.net`` of lava-dl), or a ``torch.nn.Module`` or :class:`snnc.Rollout`;
            your module is not changed. Or a :class:`snnc.ir.Program`, as a ``.net`` file is one.
        target: a name that ``snnc targets`` lists, with options: ``name{option=value,...}``.
        output: the bundle's folder; a bundle that is there is replaced. None for a temporary folder
            that the returned bundle owns.
        calibration: event counts, or the values that the network was trained on, (samples, frames,
            *input shape), as a ``.npz`` file or as arrays, optionally with labels: ``(x, y)``. None for
            the data in the model file.
        steps_per_frame: time steps K of a frame; None leaves it to the target's passes.
        weight_bits: bits of a weight, sign included; None for the most that the target has.
        code: ``rate``, ``frame``, ``graded``; ``auto``: cheapest that keeps enough; None: the target's.
        keep: fraction of the float network's decisions that ``auto`` must keep.
        input_scale, input_offset: of inputs that are not counts, ``value = scale * count + offset``: a
            number, or one for each channel. None for what the calibration data show.
        repeat: number of frames that show each still image: data are (samples, *input shape).
        allow_overflow: compile even if sums can leave their registers.
        example: for a module: a batch of one frame, float (1, *input shape), or ``(frame, *states)``.
            Not needed for a rollout, nor with ``calibration`` or ``input_shape``.
        dt, discretize: of a NIR file, its time step in seconds, and ``euler`` or ``exponential``.
        reset: ``subtract`` (the threshold) or ``zero``, what a spike does where a NIR file says none.
        input_shape: shape of one frame without the batch axis, for files of ``torch.save`` and modules.
        module: ``package.module:factory`` that builds the network of a state dict; runs that code.
        answer: of a network with several outputs, the one to compile: its key, the module that makes
            it, its tensor's name, or its position from 0.
        reset_interval: for a ``.net`` file: steps after which every layer is cleared; None for never.
        passes: a pipeline ``name{option=value},...`` in place of the target's.
        changes: changes of options of passes, each as ``name{option=value,...}``.
        after_pass: called after each pass with the pass and the graph that it returned.
        progress: called with what is done, how much of it, out of how much.

    Raises:
        UserError: anything about the input that cannot work; nothing was written.
    """
    from snnc.settings import split
    from snnc.workflows.compile import compile_model

    data = data_source(calibration, "the calibration data")
    source = model_source(
        model,
        example=example,
        data=data,
        repeat=repeat,
        dt=dt,
        discretize=discretize,
        reset=reset,
        input_shape=input_shape,
        module=module,
        answer=answer,
        reset_interval=reset_interval,
    )
    pipeline = PipelineOptions(
        passes, each_text("changes", changes), steps_per_frame, weight_bits, code, allow_overflow
    )
    given = InputOptions(list_text(input_scale), list_text(input_offset), repeat)
    options = CompileOptions(target, pipeline, data, keep, given)
    folder, place = path_of(output), None
    if folder is None:
        place = PrivateFolder("snnc-")
        folder = Path(place.name) / f"{source.path.stem}.{split(target)[0]}"
    compile_model(source, options, folder, after_pass=after_pass, report=progress)
    arrays = None if data is None or data.path is not None else data
    origin = Origin(None if source.file is not None else source, arrays)
    return Bundle(folder, origin=origin, _place=place)


@checked
def load(folder: str | os.PathLike[str], *, allow_altered: bool = False) -> Bundle:
    """Load a bundle, and check its files against their digests.

    Args:
        folder: a folder that ``compile`` wrote.
        allow_altered: load it even if files differ from the manifest; ``notes`` then names them.

    Raises:
        UserError: not a bundle, of another format, damaged, or altered.
    """
    found = Bundle(Path(folder), allow_altered)
    found.manifest  # noqa: B018  reads and checks it
    return found


# Many arguments: the options of the command, by name.
@checked
def inspect(
    path: ModelLike,
    *,
    allow_altered: bool = False,
    example: Any = None,
    dt: float | None = None,
    discretize: str | None = None,
    reset: str | None = None,
    input_shape: ShapeLike = None,
    module: str | None = None,
    answer: str | int | None = None,
    reset_interval: int | None = None,
) -> Inspection:
    """List the contents of a model or a bundle.

    Args:
        path: a model as for :func:`compile`, or a bundle's folder.
        allow_altered: for a bundle, as for :func:`load`.
        example, dt, discretize, reset, input_shape, module, answer, reset_interval: for a model, as
            for :func:`compile`.

    Raises:
        UserError: it cannot be read; D327 an option for models with a bundle, or the reverse.
    """
    is_bundle = isinstance(path, str | os.PathLike) and Path(path).is_dir()
    refuse_for_the_other(
        str(path),
        is_bundle,
        of_bundles={"allow-altered": allow_altered or None},
        of_models={
            "dt": dt,
            "discretize": discretize,
            "reset": reset,
            "input-shape": input_shape,
            "module": module,
            "answer": answer,
            "reset-interval": reset_interval,
        },
    )
    if isinstance(path, str | os.PathLike) and is_bundle:
        return load(path, allow_altered=allow_altered).inspect()
    source = model_source(
        path,
        example=example,
        dt=dt,
        discretize=discretize,
        reset=reset,
        input_shape=input_shape,
        module=module,
        answer=answer,
        reset_interval=reset_interval,
    )
    return inspect_source(source)


# Many arguments: the options of the command, by name.
@checked
def tune(
    model: ModelLike,
    target: str,
    data: DataLike,
    *,
    code: str | Iterable[str] | None = None,
    steps_per_frame: str | int | Iterable[int] | None = None,
    weight_bits: str | int | Iterable[int] | None = None,
    costs: str | Iterable[str] | None = None,
    samples: int | None = None,
    calibration: DataLike = None,
    workers: int | None = None,
    scheduler: str | None = None,
    plot: str | os.PathLike[str] | None = None,
    input_scale: NumbersLike = None,
    input_offset: NumbersLike = None,
    repeat: int | None = None,
    allow_overflow: bool = False,
    example: Any = None,
    dt: float | None = None,
    discretize: str | None = None,
    reset: str | None = None,
    input_shape: ShapeLike = None,
    module: str | None = None,
    answer: str | int | None = None,
    changes: str | Iterable[str] = (),
    progress: Report = quiet,
) -> Front:
    """Compile a model in many ways, and measure on the same data what each keeps and costs.

    Args:
        model, target, example, dt, discretize, reset, input_shape, module, answer: as for
            :func:`compile`.
        input_scale, input_offset, repeat, allow_overflow, changes, progress: likewise.
        data: event counts as for :meth:`Bundle.run`, with labels if the network classifies.
        code, steps_per_frame, weight_bits: values to try; None for the usual ones (docs/tuning.md).
        costs: the costs to compare, of steps, first, operations, energy, neurons.
        samples: use only the first N samples.
        calibration: as for :func:`compile`; without any, a part of ``data`` is used.
        workers: number of processes; None for one per core, 1 for this process alone.
        scheduler: address of a scheduler of Dask, instead of ``workers`` (docs/distributed.md).
        plot: file for a plot: .png, .svg or .pdf.

    Raises:
        UserError: the model, the data or an option cannot be used, or nothing compiles.
    """
    from snnc.tuning import TuneOptions, tune_model

    counts = needed_data(data, "the data")
    source = model_source(
        model,
        example=example,
        data=counts,
        repeat=repeat,
        dt=dt,
        discretize=discretize,
        reset=reset,
        input_shape=input_shape,
        module=module,
        answer=answer,
    )
    options = TuneOptions(
        target,
        counts,
        list_text(code),
        list_text(steps_per_frame),
        list_text(weight_bits),
        list_text(costs),
        samples,
        data_source(calibration, "the calibration data"),
        each_text("changes", changes),
        allow_overflow,
        Place(workers, scheduler),
        path_of(plot),
        InputOptions(list_text(input_scale), list_text(input_offset), repeat),
    )
    return tune_model(source, options, report=progress)


# Many arguments: the options of the command, by name.
@checked
def targets_for(
    model: ModelLike,
    data: DataLike = None,
    *,
    targets: str | Iterable[str] = (),
    samples: int = 2,
    repeat: int | None = None,
    example: Any = None,
    dt: float | None = None,
    discretize: str | None = None,
    reset: str | None = None,
    input_shape: ShapeLike = None,
    module: str | None = None,
    answer: str | int | None = None,
    reset_interval: int | None = None,
    progress: Report = quiet,
) -> Offers:
    """Compile a model for every target, and run each where its engine is: one table to choose by.

    Args:
        model, repeat, example, dt, discretize, reset: as for :func:`compile`.
        input_shape, module, answer, reset_interval, progress: as for :func:`compile`.
        data: counts that calibrate, judge and run, with labels if there are some; None for those in
            the model file, and random counts like them on the engines.
        targets: with options, each as ``name{option=value,...}``; all that can be used where empty.
        samples: that run on each engine; 0 runs none, and no energy is known then.

    Returns:
        For each target whether it fits or why not, what it keeps of the float network, time and energy
        of a frame where a source gives them, what to buy and what to install.

    Raises:
        UserError: the model or the data cannot be read, or a target does not exist.
    """
    from snnc.workflows.targets_for import ON_ENGINES, OfferOptions
    from snnc.workflows.targets_for import targets_for as compare

    ON_ENGINES.check(samples, "--samples")
    counts = data_source(data, "the data")
    source = model_source(
        model,
        example=example,
        data=counts,
        repeat=repeat,
        dt=dt,
        discretize=discretize,
        reset=reset,
        input_shape=input_shape,
        module=module,
        answer=answer,
        reset_interval=reset_interval,
    )
    options = OfferOptions(each_text("targets", targets), counts, samples, repeat)
    return compare(source, options, report=progress)


@checked
def explain(code: str) -> Message:
    """Look up what a message means, what causes it, and what to do.

    Args:
        code: code of a message, such as ``N703``, in upper or lower case.

    Raises:
        UserError: D335 no message has this code.
    """
    from snnc.messages import catalogue

    return catalogue().find(code)
