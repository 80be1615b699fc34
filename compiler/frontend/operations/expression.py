"""What a tensor of the program is while it is being read: a sum of delayed linear chains.

Every tensor that depends on the input is ``constant + sum over terms of chain(source, frames ago)``.
That is all a projection can carry, so reading a program means to keep every tensor in this form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from snnc.ir import Array, AvgPool2d, Conv2d, Op, Shape, apply_chain, size

MOST_ELEMENTS = 2**24
"""Of what a network computes at any place: a chip holds a million neurons, a file claims any size."""

MOST_IN_WINDOWS = 2**28
"""Of all windows of a convolution or pooling, which are laid out side by side; 2 GiB as float64."""

MOST_TERMS = 2**12
"""Of a sum. A sum of two equal sums has twice as many: a few lines make more than fit any memory."""


@dataclass(frozen=True)
class Source:
    """Where a term starts: a population, or a state buffer whose content is not known yet."""

    name: str
    is_state: bool = False


@dataclass(frozen=True, eq=False)
class Term:
    """One summand.

    Attributes:
        source: where it starts.
        shape: of the source, without the batch axis.
        frames: how many frames ago the source put this out.
        ops: from left to right.
        origins: the user's module path of each of the ops.
    """

    source: Source
    shape: Shape
    frames: int = 0
    ops: tuple[Op, ...] = ()
    origins: tuple[str, ...] = ()

    def constant(self) -> Array:
        """What the chain gives for a source that puts out zeros."""
        whole: Array = apply_chain(self.ops, np.zeros((1, *self.shape)))[0]
        return whole

    def same_as(self, other: Term) -> bool:
        """Whether both are the same use of the same source, op by op."""
        return (
            self.source == other.source
            and self.frames == other.frames
            and len(self.ops) == len(other.ops)
            and all(mine is theirs for mine, theirs in zip(self.ops, other.ops, strict=True))
        )


@dataclass(frozen=True, eq=False)
class Signal:
    """A sum of terms.

    Attributes:
        shape: without the batch axis.
        terms: the summands; may be none.
        added: constants outside the chains, broadcastable to ``shape``; None when nothing.
    """

    shape: Shape
    terms: tuple[Term, ...] = ()
    added: Array | None = None

    @staticmethod
    def of(source: Source, shape: Shape) -> Signal:
        """The output of one source in this frame."""
        return Signal(shape, (Term(source, shape),))

    def through(self, op: Op, origin: str) -> Signal:
        """The signal after a linear operation, whose constant is added once.

        Raises:
            ValueError: the operation cannot take this shape.
        """
        shape = op.out_shape(self.shape)
        _refuse_large(op, shape, self.shape)
        linear = op.without_constant()
        terms = tuple(
            replace(term, ops=(*term.ops, part), origins=(*term.origins, origin))
            for term, part in zip(self.terms, (op, *[linear] * len(self.terms)), strict=False)
        )
        # Without a term there is no chain that could carry the operation's constant.
        rest = linear if terms else op
        added = self.added
        if added is not None or not terms:
            full = np.zeros(self.shape) if added is None else np.broadcast_to(added, self.shape)
            added = rest.apply(full[None])[0]
        return Signal(shape, terms, added)

    def plus(self, other: Signal) -> Signal:
        """The sum with a signal of the same shape.

        Raises:
            ValueError: the shapes differ.
        """
        if self.shape != other.shape:
            raise ValueError(f"a sum of shapes {self.shape} and {other.shape}")
        if len(self.terms) + len(other.terms) > MOST_TERMS:
            raise ValueError(f"a sum of more than {MOST_TERMS} terms")
        summed = replace(self, terms=self.terms + other.terms)
        return summed if other.added is None else summed.plus_constant(other.added)

    def plus_constant(self, values: Array) -> Signal:
        """The sum with constants that broadcast to the signal's shape."""
        return replace(self, added=values if self.added is None else self.added + values)

    def without(self, term: Term) -> Signal:
        """The signal less one of its terms."""
        return replace(self, terms=tuple(t for t in self.terms if t is not term))

    def delayed(self) -> Signal:
        """The signal of the frame before; right in frame 0 only if :meth:`starts_at_zero`."""
        return replace(self, terms=tuple(replace(t, frames=t.frames + 1) for t in self.terms))

    def starts_at_zero(self) -> bool:
        """Whether the signal is zero as long as all its sources are."""
        total = np.zeros(self.shape) if self.added is None else self.added
        return not np.any(total) and not any(np.any(term.constant()) for term in self.terms)

    def same_as(self, other: Signal) -> bool:
        """Whether both are certainly the same sum."""
        if len(self.terms) != len(other.terms):
            return False
        mine, theirs = (0.0 if s.added is None else s.added for s in (self, other))
        return bool(np.all(mine == theirs)) and all(
            a.same_as(b) for a, b in zip(self.terms, other.terms, strict=True)
        )


def _refuse_large(op: Op, shape: Shape, given: Shape) -> None:
    """Make sure that what an operation computes fits into memory.

    Raises:
        ValueError: it does not.
    """
    if size(shape) > MOST_ELEMENTS:
        raise ValueError(f"gives {size(shape)} elements, the limit is {MOST_ELEMENTS}")
    if isinstance(op, Conv2d):
        window = size(op.weight.shape[1:])
    elif isinstance(op, AvgPool2d):
        window = given[0] * size(op.kernel) // shape[0]
    else:
        return
    if size(shape[1:]) * window > MOST_IN_WINDOWS:
        raise ValueError(
            f"its windows hold {size(shape[1:]) * window} elements, the limit is {MOST_IN_WINDOWS}"
        )


Tensor = Signal | Array
"""A value of the program: a signal (batch axis stripped) or a constant (torch's own shape)."""
