"""Where a network is refused with the usual input, the target's other encodings are tried."""

from __future__ import annotations

from dataclasses import replace

from snnc.errors import Diagnostic, Severity, UserError
from snnc.ir import Encoding
from snnc.passes import Pipeline
from snnc.passes.encode_input import EncodeInput

from .attempt import Attempt, Lowered


def lower_encoded(attempt: Attempt, pipeline: Pipeline) -> tuple[Lowered, Pipeline]:
    """Lower a model, with the input that the passes choose or else the first that is not refused.

    Where the user names an encoding there is no other. Another one than usual is named (N782).

    Raises:
        UserError: what the first attempt is refused for, where all are.
    """
    stages = attempt.stages()
    try:
        return attempt.lower(pipeline, stages), pipeline
    except UserError as refused:
        refused.__traceback__ = None  # it holds all that the attempt had made, as its stages do
        encoding = stages.encoding
        del stages
        first = refused.diagnostics[0]
        for other in _others(attempt, pipeline, encoding):
            try:
                lowered = attempt.lower(other, attempt.stages())
            except UserError:
                continue
            return replace(lowered, notes=(*lowered.notes, _said(lowered, first))), other
        raise


def _others(attempt: Attempt, pipeline: Pipeline, refused: Encoding | None) -> list[Pipeline]:
    """Pipelines with the other encodings; none where the refusal came before the input is encoded."""
    free = any(isinstance(p, EncodeInput) and p.code is None for p in pipeline.passes)
    if not free or refused is None:
        return []
    others = [e for e in attempt.backend.target.encodings if e is not refused]
    return [pipeline.with_option(EncodeInput.name, code=encoding.value) for encoding in others]


def _said(lowered: Lowered, refused: Diagnostic) -> Diagnostic:
    encoding = lowered.graph.input.encoding
    assert encoding is not None
    return Diagnostic(
        "N782",
        f"the input is encoded as {encoding.value}",
        why=f"the usual encoding is refused, {refused.code}: {refused.what}",
        help=f"to choose it yourself: --set 'encode-input{{code={encoding.value}}}'",
        severity=Severity.NOTE,
    )
