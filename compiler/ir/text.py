"""The text forms of graph and program: for people, ``--print-after``, and golden tests.

One line a population and a projection, in the order of the network's file. Arrays appear by shape and
range, rounded to five digits, so that float noise between machines does not show.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.errors import counted, every

from .convolution import AvgPool2d, Conv2d
from .dynamics import STANDARD
from .graph import Graph, Population, Projection
from .ops import Array, BatchNorm, Linear, Op, Place, Reshape, Scale, Shape, SparseLinear
from .program import Program, ProgramPopulation, ProgramProjection


def shape_text(shape: Shape) -> str:
    """``8x16x16``."""
    return "x".join(map(str, shape))


def range_text(values: Array) -> str:
    """A number, or the smallest and largest of several: ``-1.5..2``."""
    if values.size == 0:
        return "none"
    if values.dtype.kind == "i":
        return f"{values.min()}" if values.min() == values.max() else f"{values.min()}..{values.max()}"
    low, high = float(values.min()), float(values.max())
    return f"{low:.5g}" if low == high else f"{low:.5g}..{high:.5g}"


def op_text(op: Op) -> str:
    """An operation with its parameters that are not at their default."""
    if isinstance(op, Conv2d):
        text = f"conv2d {shape_text(op.weight.shape)}"
        for name, value, default in (
            ("stride", op.stride, (1, 1)),
            ("padding", op.padding, (0, 0)),
            ("dilation", op.dilation, (1, 1)),
        ):
            if value != default:
                text += f" {name} {shape_text(value)}"
        if op.groups != 1:
            text += f" groups {op.groups}"
        return f"{text} [{range_text(op.weight)}]{' bias' if op.bias is not None else ''}"
    if isinstance(op, Linear):
        bias = " bias" if op.bias is not None else ""
        return f"linear {shape_text(op.weight.shape)} [{range_text(op.weight)}]{bias}"
    if isinstance(op, SparseLinear):
        return (
            f"sparse {shape_text(tuple(map(int, op.weight.shape)))} "
            f"({op.weight.nnz} synapses) [{range_text(op.weight.data)}]"
        )
    if isinstance(op, AvgPool2d):
        return f"average-pool {shape_text(op.kernel)} stride {shape_text(op.stride)}" + (
            f" padding {shape_text(op.padding)}" if op.padding != (0, 0) else ""
        )
    if isinstance(op, BatchNorm):
        return f"batch-norm {len(op.mean)} channels"
    if isinstance(op, Place):
        return f"place at channel {op.offset} of {op.channels}"
    if isinstance(op, Reshape):
        return f"reshape to {shape_text(op.shape)}"
    if isinstance(op, Scale):
        return f"scale [{range_text(op.factor)}]"
    return type(op).__name__.lower()


def _population_parts(p: Population) -> Iterator[str]:
    yield f"{p.kind.value} {p.name} {shape_text(p.shape)}"
    if p.neuron is not None:
        yield f"reset {p.neuron.reset.value}, fire {p.neuron.comparison.value}"
        yield f"start at {p.neuron.start_value:g} threshold"
        if p.neuron.current_kept:
            yield f"current kept {p.neuron.current_kept:.5g}"
        if p.neuron.potential_kept != 1:
            yield f"potential kept {p.neuron.potential_kept:.5g}"
        if p.neuron.restart:
            yield "restarts each frame"
    if p.ceiling is not None:
        yield f"ceiling [{range_text(p.ceiling)}]"
    if p.levels is not None:
        yield f"{counted(p.levels, 'level')}, shift {p.shift:g}"
    if p.changes:
        yield "sends changes"
    if p.accumulate:
        yield "accumulate"
    if p.encoding is not None:
        yield f"encoding {p.encoding.value}"
    if p.bias is not None:
        yield f"bias [{range_text(p.bias)}]"
    if p.threshold is not None:
        yield f"threshold [{range_text(p.threshold)}]"
    if np.any(p.amplitude != 1):
        yield f"amplitude [{range_text(p.amplitude)}]"
    if p.start is not None:
        yield f"starts after step {p.start}"
    if p.grid is not None:
        yield f"scale {range_text(np.asarray(p.grid.scale))}"


def _projection_parts(p: Projection) -> Iterator[str]:
    yield f"{p.label}: {' | '.join(op_text(op) for op in p.ops) or 'identity'}"
    yield f"{counted(p.frames, 'frame')}"
    if p.delay is not None:
        yield f"{counted(p.delay, 'step')}"
    if p.grid is not None:
        yield f"{p.grid.bits} bits {p.grid.sign_mode.value}, exponent {p.grid.exponent}"
    if p.origin:
        yield f"from {p.origin}"


def graph_text(graph: Graph) -> str:
    """The whole graph, a line each, newline at the end."""
    steps = graph.steps_per_frame
    lines = [f"graph {graph.name}" + (f", {counted(steps, 'step')} a frame" if steps else "")]
    if graph.code.exact:
        lines[0] += f", code {graph.code.value}"
    if graph.frame_is_step:
        lines[0] += ", a frame is a time step"
    lines += ["  " + "; ".join(_population_parts(p)) for p in graph.populations]
    lines += ["  " + "; ".join(_projection_parts(p)) for p in graph.projections]
    return "\n".join(lines) + "\n"


def _program_population(p: ProgramPopulation) -> Iterator[str]:
    yield f"{p.kind.value} {p.name} {shape_text(p.shape)}"
    if p.encoding is not None:
        yield f"encoding {p.encoding.value}"
    n = p.neuron
    if n is not None:
        if n.threshold is not None:
            yield f"threshold {range_text(n.threshold)}"
            if n.model != STANDARD:
                yield ", ".join([f"model {n.model}", *(f"{k} {v}" for k, v in n.constants.items())])
            elif n.code.exact:
                yield f"code {n.code.value}, {counted(n.levels, 'level')}"
            else:
                yield f"fire {n.comparison.value}, reset {n.reset.value}"
            yield f"start value {range_text(n.start_value)}"
        yield f"du {n.current_decay}, dv {n.potential_decay}, shift {n.input_shift}"
        if n.bias_mantissa.any():
            often = f" {every(n.bias_interval, 'step')}" if n.bias_interval != 1 else ""
            often = " once" if n.sums_changes and not n.adds_answers else often
            yield f"bias [{range_text(n.bias_mantissa)}] << {n.bias_exponent}{often}"
        if n.sums_changes:
            yield "sums changes" + (", adds up its answers" if n.adds_answers else "")
        elif n.clear_interval:
            yield f"cleared {every(n.clear_interval, 'step')}, offset {n.clear_offset}"
    yield f"starts after step {p.start}"


def _program_projection(p: ProgramProjection) -> Iterator[str]:
    yield f"{p.label}: {op_text(p.op)}"
    yield f"{p.weight_bits} bits {p.sign_mode.value}, exponent {p.exponent}"
    yield f"delay 1 + {p.delay}"
    if p.graded:
        yield "graded"
    if p.origin:
        yield f"from {p.origin}"


def program_text(program: Program) -> str:
    """The whole program, a line each, newline at the end."""
    lines = [f"program {program.name}, {counted(program.steps_per_frame, 'step')} a frame"]
    lines += ["  " + "; ".join(_program_population(p)) for p in program.populations]
    lines += ["  " + "; ".join(_program_projection(p)) for p in program.projections]
    return "\n".join(lines) + "\n"
