"""From the values that a user gives for an input to the counts that a program takes."""

from __future__ import annotations

from dataclasses import dataclass

from snnc.bundle.data import Data, Values
from snnc.bundle.still_images import least_axes
from snnc.errors import Diagnostic, Severity
from snnc.ir import InputGrid, Misfit

NEARLY = 0.01
"""Rounding errors, in counts, that are the noise of single precision."""


@dataclass(frozen=True)
class InputOptions:
    """What the user says of an input that is no stream of counts.

    Attributes:
        scale, offset: ``value = scale * count + offset``: a number, or a list with one for each
            channel, as text; None for what the calibration data say.
        repeat: number of frames that show a still image; None where the data have their own frames.
    """

    scale: str | None = None
    offset: str | None = None
    repeat: int | None = None

    @property
    def least_axes(self) -> int:
        """Of the data: still images may lack the axis of frames."""
        return least_axes(self.repeat)

    @property
    def as_options(self) -> tuple[str, ...]:
        """As the command line has them."""
        named = {
            "--input-scale": self.scale,
            "--input-offset": self.offset,
            "--repeat": self.repeat,
        }
        return tuple(
            text
            for option, value in named.items()
            if value is not None
            for text in (option, str(value))
        )


def data_of(values: Values, grid: InputGrid | None, where: str) -> Data:
    """The counts of values, which stay beside them.

    Without a grid the values are counts. So are numbers of a type that has whole ones only, such as the
    pixels of an image of 8 bits: there the values are what these stand for.

    Raises:
        UserError: D506, D507 they are no counts where they should be.
    """
    if grid is None:
        return values.as_counts(where)
    if values.are_counts:
        found = values.as_counts(where)
        return Data(found.x, found.y, grid.values(found.x), counted=True)
    return Data(grid.counts(values.x), values.y, values.x)


def misfits(data: Data, grid: InputGrid | None, rounding: float, where: str) -> list[Diagnostic]:
    """N784 where values are clipped, or rounded although those of the calibration were not.

    Also where the data are counts already.

    Args:
        data: what runs.
        grid: of the bundle.
        rounding: the largest rounding error of the calibration data, in counts.
        where: what messages call the data.
    """
    if grid is None or data.values is None:
        return []
    if data.counted:
        return [counted_note(data, grid, where)]
    found = grid.misfit(data.values)
    said = []
    if found.clipped:
        said.append(_clipped(found, grid, where))
    if found.rounding > NEARLY + rounding and rounding <= NEARLY:
        said.append(_between(found, where))
    return said


def counted_note(data: Data, grid: InputGrid, where: str) -> Diagnostic:
    """N784: what whole numbers mean to a network that was trained on values."""
    assert data.values is not None
    low, high = float(data.values.min()), float(data.values.max())
    return Diagnostic(
        "N784",
        f"whole numbers are taken as counts of {data.x.min()} to {data.x.max()}, which stand for "
        f"values of {low:.6g} to {high:.6g}",
        where,
        grid_text(grid),
        "if they are values, give them as floats: x.astype(numpy.float32)",
        Severity.NOTE,
    )


LIKE_CALIBRATION = (
    "normalise these data as the calibration data were; if they are as the network was trained on, "
    "compile with --calibration data like these"
)
"""What cures values that the bundle was not made for."""


def _clipped(found: Misfit, grid: InputGrid, where: str) -> Diagnostic:
    return Diagnostic(
        "N784",
        f"{found.clipped} of {found.size} values lie outside what counts of {grid.low} to {grid.high} "
        f"stand for, by {found.beyond:.6g} at most, and are clipped",
        where,
        f"{grid_text(grid)}; the bundle was calibrated for these counts",
        LIKE_CALIBRATION,
        Severity.WARNING,
    )


def _between(found: Misfit, where: str) -> Diagnostic:
    return Diagnostic(
        "N784",
        f"values lie between counts and are rounded, by {found.rounding:.3g} counts at most",
        where,
        "the values of the calibration data were counts without rounding",
        LIKE_CALIBRATION,
        Severity.WARNING,
    )


def grid_text(grid: InputGrid) -> str:
    """``value = scale * count + offset`` with its numbers."""
    scale, offset = _some(grid.scale), _some(grid.offset)
    return f"value = {scale} * count" + (f" + {offset}" if grid.shifted else "")


def _some(numbers: tuple[float, ...]) -> str:
    if len(numbers) == 1:
        shown = f"{numbers[0]:.6g}"
        return f"({shown})" if numbers[0] < 0 else shown
    first = ", ".join(f"{each:.4g}" for each in numbers[:3])
    more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
    return f"({first}{more})"
