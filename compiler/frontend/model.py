"""What a model file holds, as the rest of snnc has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from snnc.errors import Diagnostic
from snnc.ir import Graph, Program

from .onnx.translation import Grid
from .slayer.live import LiveBlocks
from .spiking_modules.live import LiveNetwork
from .torch_export.torch_run import Step

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """What a model file holds.

    Attributes:
        graph: the network, in real numbers and frames.
        calibration: integer event counts (samples, frames, \\*input shape) that travelled in the
            file, dtype as stored; None when there are none.
        digest: sha256 of the file, hexadecimal.
        notes: what reading it settled that the file leaves open.
        step: the program that the graph was read from (of ONNX its translation); None for NIR.
        input_grid: the levels that an ONNX file rounds its input to; None where it does not.
        unsaid_resets: populations of a NIR file that neither file nor user says the reset of.
        live: the network itself, of a library whose neurons spike.
    """

    graph: Graph
    calibration: NDArray[Any] | None
    digest: str
    notes: tuple[Diagnostic, ...] = ()
    step: Step | None = None
    unsaid_resets: tuple[str, ...] = ()
    input_grid: Grid | None = None
    live: LiveNetwork | None = None

    @property
    def whole_type(self) -> str | None:
        """The type of the input, where it was exported with one that has whole numbers only."""
        return None if self.step is None else self.step.program.whole_type(self.step.program.inputs[0])

    def __repr__(self) -> str:
        samples = 0 if self.calibration is None else len(self.calibration)
        return f"Model({self.graph!r}, {samples} calibration samples, sha256 {self.digest[:12]})"


@dataclass(frozen=True, eq=False, repr=False)
class IntegerModel:
    """A model that is integers already: no pass has anything to do.

    Attributes:
        program: what a chip is to do, valid.
        digest: sha256 of the file, hexadecimal; of a program that was given in Python, of its own file.
        notes: what reading it settled that the file leaves open.
        live: the network itself, of lava-dl's blocks.
    """

    program: Program
    digest: str
    notes: tuple[Diagnostic, ...] = ()
    live: LiveBlocks | None = None


@dataclass(frozen=True, eq=False)
class Own:
    """A network that the user's code has built, with the weights of a file.

    Attributes:
        net: in evaluation.
        notes: how its weights were found.
        digest: sha256 of the file, hexadecimal.
    """

    net: nn.Module
    notes: tuple[Diagnostic, ...]
    digest: str
