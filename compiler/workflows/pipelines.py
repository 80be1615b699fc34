"""The passes of a compile: the target's or the user's, with the user's options put in."""

from __future__ import annotations

from snnc.backends import Backend
from snnc.errors import fail
from snnc.passes import Fact, Pipeline, registered
from snnc.passes.scale_input import ScaleInput

from .contradictions import refuse_contradictions, refuse_short
from .options import AUTO, PipelineOptions

LOWERABLE = frozenset(
    {
        Fact.SINGLE_OPS,
        Fact.DELAYS_MATCHED,
        Fact.INPUT_ENCODED,
        Fact.UNIT_THRESHOLDS,
        Fact.QUANTIZED,
    }
)
"""What must hold of a graph before it can become a program."""


def build_pipeline(backend: Backend, options: PipelineOptions) -> Pipeline:
    """The target's pipeline, or the user's, with the user's options put in.

    The code ``auto`` leaves the code to the passes; ``choosing.py`` puts one in.

    Raises:
        UserError: unknown passes or options, an order that cannot work; D320 an option is given two
            values.
    """
    code = None if options.code == AUTO else options.code
    short = {
        "steps_per_frame": options.steps_per_frame,
        "weight_bits": options.weight_bits,
        "code": code,
    }
    refuse_contradictions(options.passes, options.changes, short, options.allow_overflow)
    refuse_short(short)
    pipeline = Pipeline.parse(backend.pipeline() if options.passes is None else options.passes)
    if options.scaled and all(p.name != ScaleInput.name for p in pipeline.passes):
        pipeline = Pipeline((ScaleInput(), *pipeline.passes))
    for change in options.changes:
        pipeline = pipeline.with_text(change)
    if options.steps_per_frame is not None:
        pipeline = pipeline.with_option("match-delays", steps_per_frame=options.steps_per_frame)
    if code is not None:
        pipeline = pipeline.with_option("choose-code", code=code)
    if options.allow_overflow:
        pipeline = pipeline.with_option("quantize-weights", ranges=False)
    if options.weight_bits is not None:
        pipeline = pipeline.with_option("quantize-weights", bits=options.weight_bits)
    lacking = LOWERABLE - pipeline.check_order({Fact.SHAPED})
    if lacking:
        makers = [n for n, k in registered().items() if k.establishes & lacking]
        raise fail(
            "D313",
            "the passes end before the network can run",
            where="--passes",
            why="no pass makes sure that " + "; that ".join(sorted(f.value for f in lacking)),
            help=f"add {', '.join(makers)}; the target's own passes are {backend.pipeline()}",
        )
    return pipeline
