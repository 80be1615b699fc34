"""What the user asks of a compile, a comparison or a run: each travels as one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from snnc.bundle.data import DataSource
from snnc.distributing import Place
from snnc.frontend import ModelSource

from .contradictions import AUTO as AUTO
from .input_values import InputOptions as InputOptions

KEEP = 0.99
"""Fraction of the float network's decisions that ``auto`` has to keep."""

DEFAULT_SAMPLES = 20
DEFAULT_TIME_LIMIT = 900.0
"""Seconds that an engine may take."""


@dataclass(frozen=True)
class PipelineOptions:
    """What is changed in a target's pipeline.

    Attributes:
        passes: text of another pipeline, ``name{option=value},...``; None for the target's own.
        changes: texts ``name{option=value,...}`` that change options of passes in it.
        steps_per_frame: time steps K of a frame (``match-delays``); None leaves it to the pass.
        weight_bits: of a weight, sign included (``quantize-weights``); None for the target's most.
        code: ``rate``, ``frame`` or ``graded`` (``choose-code``), or :data:`AUTO`; None leaves it to
            the pass.
        allow_overflow: compile even if sums can leave their registers.
        scaled: the input's counts stand for values, so that ``scale-input`` comes first.
    """

    passes: str | None = None
    changes: tuple[str, ...] = ()
    steps_per_frame: int | None = None
    weight_bits: int | None = None
    code: str | None = None
    allow_overflow: bool = False
    scaled: bool = False


@dataclass(frozen=True)
class CompileOptions:
    """How a model is compiled.

    Attributes:
        target: a name that ``snnc targets`` lists, with options: ``name{option=value,...}``.
        pipeline: what is changed in the target's passes.
        calibration: event counts, or values, that thresholds and ranges are measured on; None for those
            that the model carries, if any.
        keep: fraction of the float network's decisions, above 0, at most 1, that integers should keep.
        input: what values and still images become.
    """

    target: str
    pipeline: PipelineOptions = field(default_factory=PipelineOptions)
    calibration: DataSource | None = None
    keep: float = KEEP
    input: InputOptions = field(default_factory=InputOptions)


@dataclass(frozen=True)
class VerifyOptions:
    """How a bundle is compared with its engine.

    Attributes:
        data: what it runs on; None for random counts like those of the calibration data, seed 0.
        samples: use only the first N samples.
        engine: one of the target's; None for its first.
        time_limit: seconds that the engine may take; of each block, where a place is named.
        simulator: ``fast`` or ``reference``; None for the fast one, or for the plain one where the
            engine is the fast one itself.
        potentials: compare the potentials of hidden populations too, where the engine shows them.
        allow_altered: use a bundle although its files differ from its manifest.
        place: where blocks of samples are compared; all in this process where nothing is said.
        sample_populations: how many hidden populations are compared; None for all.
        seed: draws them.
    """

    data: DataSource | None = None
    samples: int = DEFAULT_SAMPLES
    engine: str | None = None
    time_limit: float = DEFAULT_TIME_LIMIT
    simulator: str | None = None
    potentials: bool = False
    allow_altered: bool = False
    place: Place = field(default_factory=Place)
    sample_populations: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Origin:
    """What a bundle was compiled from, for the ladder.

    Attributes:
        model: None for the place that the manifest names.
        calibration: likewise.
        module: ``package.module:factory`` of a state dict, which runs that code; never taken from the
            bundle.
    """

    model: ModelSource | None = None
    calibration: DataSource | None = None
    module: str | None = None


@dataclass(frozen=True)
class RunOptions:
    """How a bundle's program is run on a simulator of ours.

    Attributes:
        data: what it runs on.
        samples: use only the first N samples; None for all.
        simulator: ``fast`` or ``reference``, which give the same integers.
        record: populations whose spikes and potentials are recorded at every time step.
        allow_altered: use a bundle although its files differ from its manifest.
        operations: count spikes in this run, also where they cannot reach the answers.
        place: where samples are run; all in this process where nothing is said.
    """

    data: DataSource
    samples: int | None = None
    simulator: str = "fast"
    record: tuple[str, ...] = ()
    allow_altered: bool = False
    operations: bool = False
    place: Place = field(default_factory=Place)
