"""Pass ``scale-input``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from snnc.errors import UserError, counted, fail
from snnc.ir import BatchNorm, Graph, InputGrid, Op, Scale

from .base import Context, Fact, Pass


@dataclass(frozen=True)
class ScaleInput(Pass):
    """Let a network that takes values take counts: ``value = scale * count + offset``.

    Scale and offset are those of the compile (--input-scale, --input-offset), or were derived from
    calibration data; without them nothing happens. They become the first operation of everything that
    the input feeds, so that later passes fold the scale into weights and the offset into biases. Behind
    a convolution with zero padding a bias then is another one at the borders: the padding is a value
    of 0, not a count of 0. For values that counts stand for, the network computes the same (up to float
    rounding); others are rounded before they reach it, which compile says (N784).
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "scale-input"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.SHAPED})
    destroys: ClassVar[frozenset[Fact]] = frozenset({Fact.NO_BATCH_NORM, Fact.SINGLE_OPS})

    def run(self, graph: Graph, context: Context) -> Graph:
        grid = context.input_grid
        if grid is None:
            return graph
        why = why_no_offset(graph)
        if grid.shifted and why:
            raise no_offset(why)
        head = _affine(grid, graph.input.shape[:1])
        name = graph.input.name
        return graph.with_projections(
            replace(p, ops=(head, *p.ops)) if p.source == name else p for p in graph.projections
        )


def no_offset(why: tuple[str, str, str]) -> UserError:
    """D652, for what :func:`why_no_offset` gives."""
    return fail(
        "D652",
        f"the input has an offset, and {why[0]}",
        where=why[1],
        why=why[2],
        help="use --input-offset 0, with counts of either sign where the target takes them",
    )


def why_no_offset(graph: Graph) -> tuple[str, str, str] | None:
    """Why an offset cannot be a bias: the fact, where, the reason; None where it can.

    An input is silent before its first frame, which means a value of 0; a bias acts from then on.
    """
    if graph.frame_is_step:
        return (
            "its neurons have dynamics of their own",
            graph.name,
            "input goes through their current, a bias does not: an offset would be neither",
        )
    for p in graph.projections:
        if p.source == graph.input.name and p.frames:
            return (
                f"the input arrives {counted(p.frames, 'frame')} late",
                p.origin or p.label,
                "before, the network reads values of 0 there, but a bias acts from its first frame on",
            )
    return None


def _affine(grid: InputGrid, channels: tuple[int, ...]) -> Op:
    scale, offset = np.array(grid.scale), np.array(grid.offset)
    if not grid.shifted:
        return Scale(scale if len(scale) > 1 else scale.reshape(()))
    one, none = np.ones(channels), np.zeros(channels)
    return BatchNorm(none, one, scale * one, offset * one, eps=0.0)
