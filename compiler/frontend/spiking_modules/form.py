"""How a network takes its steps: one a call, in a loop of its own, or all at once.

Nothing says so in the network; it is tried. With markers in place of neurons, which only note the
shapes that they are given, a network of another form fails, or its neurons get samples and steps in
the wrong places.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from snnc.errors import UserError, counted, fail
from snnc.frontend.torch_save.through_torch import quiet_torch, reason
from snnc.ir import Shape

from .layer import Layout, SpikingLayer
from .marking import Marked, Seen
from .snntorch import alone

if TYPE_CHECKING:
    import torch
    from torch import nn

SAMPLES = (3, 5)
"""Two runs with other numbers: a layer whose width is one of them is no axis of samples."""

MOST_STEPS = 2**10
"""Steps of a network's own loop that are tried for."""


class Way(Enum):
    """What a network is called with."""

    STEP = "one step a call"
    STATIC = "one frame, for all steps of a loop in forward"
    REPEATED = "one frame, which forward repeats over all steps at once"
    TIME_FIRST = "frames of shape (steps, samples, ...)"
    BATCH_FIRST = "frames of shape (samples, steps, ...)"
    SQUEEZED = "frames of shape (samples times steps, ...)"


@dataclass(frozen=True)
class Form:
    """How a network takes its steps.

    Attributes:
        way: what it is called with.
        unrolled: neurons are called once a step; otherwise with all steps at once.
        steps: of its own loop, where their number is fixed; None where any number will do.
        carries: whether its states are passed from call to call, as its second argument.
    """

    way: Way
    unrolled: bool
    steps: int | None
    carries: bool = False

    @property
    def of_one_frame(self) -> bool:
        """Whether the network is given a single frame for all steps."""
        return self.way in (Way.STATIC, Way.REPEATED)

    def call(self, net: nn.Module, frames: Sequence[torch.Tensor]) -> list[Any]:
        """What a network gives: a result for each call.

        Args:
            frames: one for each step, (samples, \\*shape); of STATIC and REPEATED a single one.
        """
        import torch

        if self.way is Way.STEP:
            found: list[Any] = []
            carried: Any = None
            for frame in frames:
                result = net(frame, carried) if self.carries else net(frame)
                carried = result[1] if self.carries else None
                found.append(result)
            return found
        if self.of_one_frame:
            return [net(frames[0])]
        axis = 0 if self.way is Way.TIME_FIRST else 1
        if len(frames) > 1:
            stacked = torch.stack(tuple(frames), dim=axis)
        else:  # a change of shape, which a trace of one sample can be read with
            sizes = list(frames[0].shape)
            stacked = frames[0].reshape(*sizes[:axis], 1, *sizes[axis:])
        return [net(stacked.flatten(0, 1) if self.way is Way.SQUEEZED else stacked)]


def form_of(marked: Marked, shape: Shape) -> Form:
    """Find out how a network takes its steps.

    Args:
        marked: the network with markers.
        shape: of one frame, without samples and steps.

    Raises:
        UserError: D683 no form fits.
    """
    layouts = {layer.layout for layer in marked.layers.values()}
    carries = _takes_states(marked.net)
    tried: dict[str, str] = {}
    for way, unrolled in _candidates(layouts):
        steps = 1
        while steps <= MOST_STEPS:
            form = Form(way, unrolled, None, carries and way is Way.STEP)
            problem, short = _problem(marked, form, shape, steps)
            if problem is None:
                return _with_fixed_steps(marked, form, shape, steps)
            tried[way.value] = problem
            if not short or way is Way.STEP:
                break
            steps *= 2
    if layouts == {Layout.TIME_FIRST} and (repeated := _repeated(marked, shape)) is not None:
        return repeated
    raise fail(
        "D683",
        f"it does not take frames of shape {shape} in any way that is known",
        where=type(marked.net).__name__,
        why="; ".join(f"{way}: {problem}" for way, problem in tried.items()),
        help="of still images, --repeat with the network's number of steps; --input-shape is the shape "
        "of one frame, without samples and steps; where forward makes "
        "all steps of one frame, use repeat, expand or stack, or take that out and use --repeat",
    )


def _repeated(marked: Marked, shape: Shape) -> Form | None:
    """A network that is given one frame and repeats it: ``x.unsqueeze(0).repeat(T, 1, 1, 1, 1)``.

    That is how SpikingJelly's examples give a still image to neurons that take all steps at once.
    """
    import torch

    found: set[int] = set()
    for samples in SAMPLES:
        marked.begin()
        try:
            with quiet_torch(), torch.no_grad(), alone():
                marked.net(torch.zeros(samples, *shape, dtype=torch.float64))
        except Exception:  # the user's own code, which may raise anything
            return None
        if not marked.calls or any(seen.shape[1:2] != (samples,) for seen in marked.calls):
            return None
        found |= {seen.shape[0] for seen in marked.calls}
    return Form(Way.REPEATED, False, found.pop()) if len(found) == 1 else None


def _candidates(layouts: set[Layout]) -> list[tuple[Way, bool]]:
    """Ways to try, the most telling first, and whether neurons are then called once a step."""
    if layouts <= {Layout.STEP}:
        ways = (Way.STEP, Way.TIME_FIRST, Way.BATCH_FIRST)
        return [(way, True) for way in ways]
    if Layout.SQUEEZED in layouts:
        return [(Way.SQUEEZED, False), (Way.BATCH_FIRST, False)]
    if Layout.BATCH_FIRST in layouts:
        return [(Way.BATCH_FIRST, False)]
    return [(Way.TIME_FIRST, False)]


def _takes_states(net: nn.Module) -> bool:
    """Whether ``forward`` has a second argument that may be left out, called after a state."""
    try:
        names = list(inspect.signature(net.forward).parameters)
    except (TypeError, ValueError):
        return False
    return len(names) > 1 and names[1] in ("state", "states", "hidden", "s")


def _problem(marked: Marked, form: Form, shape: Shape, steps: int) -> tuple[str | None, bool]:
    """Why a form does not fit, None where it does; and whether more steps might."""
    import torch

    for samples in SAMPLES:
        marked.begin()
        frames = [torch.zeros(samples, *shape, dtype=torch.float64) for _ in range(steps)]
        try:
            with quiet_torch(), torch.no_grad(), alone():
                form.call(marked.net, frames)
        except UserError:
            raise
        except IndexError as error:
            return reason(error), True
        except Exception as error:  # the user's own code, which may raise anything
            return reason(error), False
        if not marked.calls:
            return "no neuron was called", False
        wrong = next(
            (s for s in marked.calls if not _fits(s, marked.layers, form, samples, steps)), None
        )
        if wrong is not None:
            return (
                f"{wrong.layer} gets {wrong.shape} for {counted(samples, 'sample')} and "
                f"{counted(steps, 'step')}",
                False,
            )
    return None, False


def _fits(seen: Seen, layers: dict[str, SpikingLayer], form: Form, samples: int, steps: int) -> bool:
    """Whether samples and steps are where the layer has them."""
    layout, shape = layers[seen.layer].layout, seen.shape
    wanted = {
        Layout.STEP: (samples,),
        Layout.TIME_FIRST: (steps, samples),
        Layout.BATCH_FIRST: (samples, steps),
        Layout.SQUEEZED: (samples * steps,),
    }[layout]
    return len(shape) > len(wanted) - (form.way is Way.SQUEEZED) and shape[: len(wanted)] == wanted


def _with_fixed_steps(marked: Marked, form: Form, shape: Shape, steps: int) -> Form:
    """The form, with the number of steps of a loop whose length the frames do not say."""
    counts = _calls(marked)
    if not form.unrolled:
        _refuse_loops(marked, form, shape)
        return form
    if form.way is Way.STEP:
        if set(counts.values()) == {1} or steps > 1:
            return form
        return Form(Way.STATIC, True, max(counts.values()))
    # With more frames than before: does the loop run on? It may take every second one.
    for longer in (steps + 1, 2 * steps + 2):
        problem, _ = _problem(marked, form, shape, longer)
        if problem is None and max(_calls(marked).values()) > max(counts.values()):
            return form
    return Form(form.way, True, max(counts.values()))


def _refuse_loops(marked: Marked, form: Form, shape: Shape) -> None:
    """Make sure that every layer gets all steps at once, where a trace has a single one.

    Raises:
        UserError: D685 something calls a layer step by step, and may keep what the step before gave.
    """
    steps = 2
    problem, _ = _problem(marked, form, shape, steps)
    name = next((name for name, count in _calls(marked).items() if count != 1), None)
    if problem is None and name is not None:
        raise fail(
            "D685",
            f"it is called {_calls(marked)[name]} times in {counted(steps, 'step')}, where all are "
            "given at once",
            where=name,
            why="what a loop around it keeps from step to step is not seen in one call",
            help="let the whole network take one step a call: functional.set_step_mode(net, 's')",
        )


def _calls(marked: Marked) -> dict[str, int]:
    found = dict.fromkeys(marked.layers, 0)
    for seen in marked.calls:
        found[seen.layer] += 1
    return found
