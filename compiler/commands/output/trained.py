"""What a training did: data, epochs, accuracy and rates before and after, what to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnc.errors import counted

from .console import diagnostics, new_table, say, show_table

if TYPE_CHECKING:
    from rich.table import Table

    from snnc.training.fit import Run
    from snnc.training.judge import Judgement
    from snnc.training.stages import Trained


def trained(result: Trained) -> None:
    """What a training did: data, epochs, accuracy and rates before and after, what to type now."""
    from snnc.training.methods.registry import method_text

    parts = result.parts
    tested = "" if parts.test is None else f", test on {len(parts.test.y)}"
    say(
        f"train on {counted(len(parts.train.y), 'sample')}, judged on "
        f"{len(parts.validation.y)} ({parts.said}){tested}"
    )
    table = new_table("network", ">epoch", ">accuracy", ">validation samples", "rates")
    _judged(table, "as given", "", result.given)
    for stage, run in zip(result.stages, result.runs, strict=True):
        rows = run.curve.rows
        _judged(table, f"{stage.method.name}, before training", "0", rows[0].judgement)
        _judged(table, f"{stage.method.name}, best", f"{run.best}", rows[run.best].judgement)
    if result.test is not None:
        _judged(table, "test part, at the end", "", result.test)
    show_table(table)
    diagnostics(result.notes)
    say("accuracy after the last frame; rates: spikes a neuron and step, or the share above zero")
    for stage, run in zip(result.stages, result.runs, strict=True):
        ended = _ended(run, stage.recipe.best_by)
        say(f"{method_text(stage.method)}\n    {ended}, seed {stage.recipe.seed}")
    say(
        f"{result.files.model}: with {counted(result.calibration, 'sample')} for calibration; "
        f"{result.seconds:.0f} s\nnext: {result.next_command}"
    )


def _judged(table: Table, name: str, epoch: str, found: Judgement) -> None:
    rates = ", ".join(f"{node} {rate:.3f}" for node, rate in found.rates.items())
    table.add_row(name, epoch, f"{found.last:.1%}", f"{found.samples}", rates)


def _ended(run: Run, best_by: str) -> str:
    """How many epochs a stage took, and why no more."""
    done = run.curve.rows[-1].epoch
    text = f"{counted(done, 'epoch')}, the best after epoch {run.best}"
    if best_by == "frames":
        text += " by the mean over frames"
    if run.stopped_early:
        text += ", stopped early"
    if run.resumed_at is not None:
        text += f", resumed after epoch {run.resumed_at}"
    return text
