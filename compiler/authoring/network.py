"""Networks of nodes and delayed linear edges, frame by frame; with activations or with spikes.

On a chip no connection is instantaneous. A network that is trained with the delays that it will
meet there needs no correction afterwards. With ``r`` the frame, ``n`` a node and ``e`` its edges::

    state[n][r]     = relu(norm(sum_e op_e(state[source_e][r - delay_e])))
                      (or QuantizedReLU in place of relu)
    state[input][r] = frame r
    state[.][r]     = 0 for r < 0; operations do act on these zeros, so biases act from frame 0

The answer to frame ``r`` is the readout's state after frame ``r``. It has seen the frames up to
``r - d`` where ``d`` is the sum of delays along the shortest path from the input.

With a ``SpikingNeuron`` at every node, a frame lasts K time steps. The input's counts are there in each
of them, a node's state is its K outputs, which reach their targets step by step, and the readout is the
mean over the frame's steps: what a chip does in the code ``rate`` with matched delays, in floats.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from snnc.files.writing import write_file

from .dropout import FixedDropout
from .edges import Edge, check_delay, check_linear
from .export import archive_bytes, checked_counts, deployed, described
from .neurons import Memory, SpikingNeuron
from .nodes import Activation, Node, Readout, speak_levels
from .unrolling import Structure, advance, overwrite, unroll
from .wiring import (
    INPUT,
    buffer_name,
    common_restart,
    common_steps,
    depths,
    frames_to,
    free_name,
    infer_shapes,
    order_within_frame,
    refuse_frames,
    refuse_name,
    shape_of,
    zeros_for,
)


class FrameNetwork(nn.Module):
    """A network of nodes and edges, whose edges take whole frames or none.

    :class:`~snnc.Rollout` is the one to write networks in, whose every edge takes a frame.
    This one is what any other model becomes for training (:func:`snnc.training.thaw`). Nodes come
    before the edges that use them. The structure is final once the network has run.

    Args:
        input_shape: shape of one frame without the batch, e.g. ``(2, 16, 16)``.

    Attributes:
        weight_bits, scales: of the chip's grid, where the weights were trained on one: its bits, and
            for each node and the readout integer units for one threshold, one or one a channel. The
            archive carries them, and the compiler finds the same integers again.
        recompute_steps: time steps (of a network without spikes: frames) whose states backpropagation
            keeps at a time; the others are computed again (:mod:`.unrolling`). 0 keeps all.
    """

    least_delay: ClassVar[int] = 0
    _rule_of_delays: ClassVar[str] = "every edge takes a whole number of frames"

    def __init__(self, input_shape: Sequence[int]) -> None:
        super().__init__()
        self.input_shape = tuple(int(size) for size in input_shape)
        if not self.input_shape or min(self.input_shape) < 1:
            raise ValueError(f"input_shape must hold sizes of at least 1, got {self.input_shape}")
        self._nodes: list[str] = []
        self._edges: list[Edge] = []
        self._readout: str | None = None
        self._accumulate = False
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._order: tuple[str, ...] = ()
        self._steps: int | None = None
        self._restart = True
        self._memories: dict[str, Memory] = {}
        self.recompute_steps = 0
        self.weight_bits: int | None = None
        self.scales: dict[str, list[int]] = {}

    def node(
        self, name: str, norm: nn.Module | None = None, activation: Activation | None = None
    ) -> None:
        """Add a node: ``relu(norm(sum of its edges))``, registered as the submodule ``name``.

        Args:
            name: a Python identifier, not taken, not ``"input"``, not starting with ``state_``.
            norm: usually a BatchNorm2d over the summed edges.
            activation: in place of the ReLU one with levels, which the codes ``frame`` and ``graded``
                carry without loss, or a ``SpikingNeuron``: then every node has one, of the same steps.

        Raises:
            ValueError: the name cannot be used, or the network has already run.
        """
        self._check_open()
        refuse_name(name, hasattr(self, name))
        self.add_module(name, Node(norm, activation))
        self._nodes.append(name)

    def readout(self, name: str, accumulate: bool = False) -> None:
        """Add the answer: linear, one a network, the source of no edge.

        Args:
            name: as for :meth:`node`.
            accumulate: the state is the running sum over frames, ``y[r] = y[r-1] + sum of edges``,
                as in a potential on a chip that neither leaks nor fires.

        Raises:
            ValueError: there is one already, the name cannot be used, or the network has run.
        """
        self._check_open()
        if self._readout is not None:
            raise ValueError(f"there is one readout only, and it is {self._readout!r}")
        refuse_name(name, hasattr(self, name))
        self.add_module(name, Readout())
        self._readout = name
        self._accumulate = accumulate

    def edge(self, source: str, target: str, operation: nn.Module, delay: int = 1) -> None:
        """Connect two nodes; recurrent and parallel edges are welcome.

        The operation is registered as ``<source>_to_<target>``; parallel edges get ``_2``, ``_3``.

        Args:
            source: a node, or ``"input"``.
            target: a node, or the readout.
            operation: one of ``LINEAR_OPERATIONS`` or a Sequential of them.
            delay: in frames, at least 1 in a ``Rollout``, at least 0 in a ``FrameNetwork``.

        Raises:
            ValueError: unknown end, nonlinear operation, delay too small, or the network has run.
        """
        self._check_open()
        if source == self._readout:
            raise ValueError(f"the readout {source!r} does not spike and cannot be a source")
        sources = [INPUT, *self._nodes]
        if source not in sources:
            raise ValueError(f"unknown source {source!r}; known: {', '.join(sources)}")
        targets = [*self._nodes, *([self._readout] if self._readout else [])]
        if target not in targets:
            raise ValueError(f"unknown target {target!r}; known: {', '.join(targets) or 'none'}")
        check_delay(delay, self.least_delay, f"{source} -> {target}", self._rule_of_delays)
        check_linear(operation, f"{source} -> {target}")
        name = free_name(self, f"{source}_to_{target}")
        self.add_module(name, operation)
        self._edges.append(Edge(name, source, target, delay))

    def forward(self, frames: Tensor) -> Tensor:
        """Unroll over whole streams, from zero states; differentiable, for training.

        Args:
            frames: float (batch, frames, *input_shape), at least one frame.

        Returns:
            The readout after each frame, (batch, frames, classes).

        Raises:
            ValueError: the network is incomplete or ``frames`` does not fit it.
        """
        self._build()
        return self._unrolled(frames)

    def by_step(self, frames: Tensor) -> Tensor:
        """The answers after each time step of each frame, from zero states; differentiable.

        After step k of a frame the answer is the mean over the frame's steps 1 to k of what has
        arrived at the readout; where the readout accumulates, the sum so far, in frames. Its last
        one is what :meth:`forward` gives, but for rounding.

        Args:
            frames: as for :meth:`forward`.

        Returns:
            (batch, frames, steps, classes).

        Raises:
            ValueError: no node spikes, and what :meth:`forward` raises.
        """
        self._build()
        if self._steps is None:
            raise ValueError("there are no time steps within a frame: no node spikes")
        return self._unrolled(frames, by_step=True)

    def _unrolled(self, frames: Tensor, by_step: bool = False) -> Tensor:
        refuse_frames(frames, 2, self.input_shape)
        batch = frames.shape[0]
        for module in self.modules():
            if isinstance(module, FixedDropout):
                module.begin(batch)
        history = {
            name: [frames.new_zeros(self._state_shape(name, batch))] * depth
            for name, depth in self._depths().items()
        }
        return unroll(self._structure(), history, frames, by_step)

    def step(self, frame: Tensor) -> Tensor:
        """Take in one frame and keep the states in the buffers ``state_<node>_<frames ago>``.

        Args:
            frame: float (1, *input_shape).

        Returns:
            The readout after this frame, (1, classes), without gradient.

        Raises:
            ValueError: the network is incomplete or ``frame`` does not fit it.
        """
        self._build()
        refuse_frames(frame, 1, self.input_shape)
        if frame.shape[0] != 1:
            raise ValueError(f"step takes one frame of one stream, got a batch of {frame.shape[0]}")
        with torch.no_grad():
            return self._step(frame)

    def reset(self) -> None:
        """Zero the states that :meth:`step` keeps, as before frame 0."""
        self._build()
        self._memories = self._structure().start()
        for name, depth in self._depths().items():
            for ago in range(1, depth + 1):
                self.get_buffer(buffer_name(name, ago)).zero_()

    def export(self, path: str | Path, calibration: object = None) -> None:
        """Write the step, in evaluation mode and from zero states, as a ``torch.export`` archive.

        Args:
            path: the file; an existing one is replaced.
            calibration: event counts (samples, frames, *input_shape), an array or a tensor; they
                travel in the archive, so that the compiler needs no second file.

        Raises:
            ValueError: the network is incomplete or the calibration data does not fit it.
            UserError: D112, D151 the file cannot be written; one that was there is left as it is.
        """
        write_file(Path(path), self.to_bytes(calibration))

    def to_bytes(self, calibration: object = None) -> bytes:
        """The archive that :meth:`export` writes; the same arguments and errors."""
        self._build()
        counts = checked_counts(calibration, self.input_shape)
        dynamics = {name: neuron.dynamics() for name, neuron in self.spiking().items()}
        twin = copy.deepcopy(self).cpu().eval()  # training flags and states stay as they are
        speak_levels(twin.get_submodule(name) for name in twin._nodes)
        twin._shapes = {}
        twin._build()
        twin.reset()
        # Bound on the instance, not wrapped: a wrapper would add itself to every module path.
        twin.__dict__["forward"] = twin._step
        frame = zeros_for(self, (1, *self.input_shape)).cpu()
        with torch.no_grad():
            program = torch.export.export(twin, (frame,))
        return archive_bytes(
            program,
            described(self.input_shape, self._nodes, self._answer, self._accumulate, self._edges),
            counts,
            deployed(self._steps, dynamics, self.weight_bits, self.scales),
        )

    def finalize(self) -> None:
        """Check the whole network and settle its structure, as first use does.

        Raises:
            ValueError: the network is incomplete.
        """
        self._build()

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes, in the order in which they were added."""
        return tuple(self._nodes)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges, in the order in which they were added."""
        return tuple(self._edges)

    @property
    def accumulates(self) -> bool:
        """Whether the readout's state is the running sum over frames."""
        return self._accumulate

    @property
    def classes(self) -> int:
        """How many answers the readout has."""
        self._build()
        return self._shapes[self._answer][0]

    def spiking(self) -> dict[str, SpikingNeuron]:
        """The neurons of nodes that spike, by the node's name."""
        found = {name: self.get_submodule(name).activation for name in self._nodes}
        return {name: a for name, a in found.items() if isinstance(a, SpikingNeuron)}

    @property
    def steps(self) -> int | None:
        """Time steps of a frame where nodes spike, else None.

        Raises:
            ValueError: the network is incomplete, or only some nodes spike.
        """
        self._build()
        return self._steps

    @property
    def first_response(self) -> int:
        """Frames along the shortest path from the input to the readout.

        Earlier answers do not depend on the input.

        Raises:
            ValueError: the network is incomplete.
        """
        self._build()
        return frames_to(self._answer, self._edges)

    @property
    def _answer(self) -> str:
        if self._readout is None:
            raise ValueError("the network has no readout; add one with .readout(name)")
        return self._readout

    def _depths(self) -> dict[str, int]:
        return depths(self._edges, self._answer if self._accumulate else None)

    def _structure(self) -> Structure:
        return Structure(
            self.get_submodule,
            tuple(self._edges),
            self._order,
            self._answer,
            self._accumulate,
            self._steps,
            self._restart,
            self.recompute_steps,
        )

    def _state_shape(self, name: str, batch: int) -> tuple[int, ...]:
        """Shape of a node's state; a spiking one has its steps in front."""
        spikes = self._steps is not None and name in self._nodes
        return (*((self._steps or 1,) if spikes else ()), batch, *self._shapes[name])

    def _step(self, frame: Tensor) -> Tensor:
        """What is exported: no checks, no gradient switches, every state read before written."""
        known = self._depths()
        history = {
            name: [self.get_buffer(buffer_name(name, ago)) for ago in range(1, depth + 1)]
            for name, depth in known.items()
        }
        if self._restart:
            self._memories = self._structure().start()
        state = advance(self._structure(), history, frame, self._memories)
        overwrite(history, state)
        return state[self._answer]

    def _build(self) -> None:
        """Check the whole network and create the state buffers, on first use."""
        if self._shapes:
            return
        shapes = infer_shapes(
            self.input_shape,
            (*self._nodes, self._answer),
            self._edges,
            lambda name, shape: shape_of(
                name, self.get_submodule(name), shape, partial(zeros_for, self)
            ),
        )
        if len(shapes[self._answer]) != 1:
            raise ValueError(
                f"the readout {self._answer!r} has shape {shapes[self._answer]}, expected "
                "(classes,); flatten on its edges"
            )
        self._shapes = shapes
        nodes = {n: self.get_submodule(n) for n in self._nodes}
        self._steps, self._restart = common_steps(nodes), common_restart(nodes)
        self._order = order_within_frame((*self._nodes, self._answer), self._edges)
        for name, depth in self._depths().items():
            for ago in range(1, depth + 1):
                # Not persistent: a state_dict holds what was trained, and loads into a new network.
                self.register_buffer(
                    buffer_name(name, ago),
                    zeros_for(self, self._state_shape(name, 1)),
                    persistent=False,
                )

    def _check_open(self) -> None:
        if self._shapes:
            raise ValueError("the network has run already; its structure is final")
