"""``snnc finetune``: one method on a network that is there."""

from __future__ import annotations

from pathlib import Path

from snnc.frontend import Given, load_model
from snnc.progress import Report, quiet

from .fit import Recipe
from .methods.registry import parse_method
from .methods.thaw import thaw
from .outputs import refuse_outputs
from .parts import read_parts
from .stages import DEFAULT_BATCH, Files, Stage, Trained, train_through


def finetune(
    model: Path,
    method: str,
    data: Path,
    files: Files,
    recipe: Recipe,
    *,
    steps: int | None = None,
    bits: int | None = None,
    batch: int = DEFAULT_BATCH,
    validation: Path | None = None,
    validation_share: float | None = None,
    input_shape: str | None = None,
    module: str | None = None,
    report: Report = quiet,
) -> Trained:
    """Train a model file further, for a chip.

    Args:
        model: what :func:`snnc.frontend.load_model` reads.
        method: ``name`` or ``name{option=value,...}``.
        data: counts with labels.
        files: outputs.
        recipe: how.
        steps, bits: options of the method.
        batch: samples of a batch.
        validation: counts with labels that are judged on; a share of ``data`` where None.
        validation_share: which; a tenth where None.
        input_shape, module: for files of ``torch.save``; the shape is that of the data where None.
        report: progress.

    Raises:
        UserError: anything that cannot work; nothing was written but checkpoints.
    """
    stage = Stage(parse_method(method, {"steps": steps, "bits": bits}), recipe, batch)
    inputs = (model, data, *([validation] if validation else []))
    refuse_outputs(files.model, files.curves(1), files.checkpoints(1), inputs)
    parts = read_parts(data, validation, validation_share, recipe.seed)
    shape = parts.train.x.shape[2:]
    report("load", 0, 1)
    found = load_model(model, given=Given(input_shape, module, lambda: shape))
    return train_through(thaw(found.graph), [stage], parts, files, report)
