"""Pass ``match-delays``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import networkx as nx

from snnc.bounds import Bounds
from snnc.errors import Diagnostic, UserError, counted, fail
from snnc.ir import Code, Graph, LimitName, Projection, relays_needed, size
from snnc.ir.program_ranges import STEPS as LONGEST_TIME

from .base import Context, Fact, Pass
from .starts import promised_steps, solve_relayed_starts, solve_starts

DEFAULT_STEPS = 16
"""K where nothing else is said, for rates."""

RELAYS = "let relay neurons carry them: --set 'match-delays{relays=true}'"


@dataclass(frozen=True)
class MatchDelays(Pass):
    """Give every projection the delay in steps that corresponds to its delay in frames.

    A frame lasts K steps and every connection takes at least one hop of h steps. Population ``v``
    computes frame ``r`` in the K steps after ``r K + start(v)``; a projection e over R(e) frames then
    needs ``D(e) = K R(e) - latency(source) + start(target) - start(source) >= h`` steps (the latency
    is K - 1 for neurons of an exact code, else 0), of which ``D(e) - h`` must be
    buffered. The starts are chosen by retiming so that the buffered spikes (delay times size of the
    source) are fewest, by a linear program, exact because its matrix is totally unimodular; among
    equals the readout starts earliest. Biases begin at their population's start. What the network
    computes is unchanged: the same frames meet at every population.
    Starts at which every delay is within the target's limit come first. Where there are none, a step
    beyond the limit costs as much as 64 within it, and relay neurons pass on what takes longer: N723
    counts them.
    Source: retiming, Leiserson and Saxe 1991.

    Options:
        steps_per_frame: K; default: the number of levels of the activations, or 16 if they have none;
            1 for a network whose frames are time steps and for the code ``graded``.
        retime: false keeps every start at 0 and buffers K R(e) - h steps on every projection.
        max_delay: largest delay on top of the hop; default: the target's own limit.
        relays: false refuses longer delays instead of using relay neurons.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "match-delays"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.SHAPED})
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.DELAYS_MATCHED})

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "steps_per_frame": Bounds(1, LONGEST_TIME),
        "max_delay": Bounds(0, LONGEST_TIME),
    }

    steps_per_frame: int | None = None
    retime: bool = True
    max_delay: int | None = None
    relays: bool = True

    def run(self, graph: Graph, context: Context) -> Graph:
        steps = self._steps(graph, context)
        hop = context.target.hop_delay
        longest = self._longest(context)
        refuse_impossible_loops(graph, steps, hop)
        if self.retime:
            starts = self._retimed(graph, steps, hop, longest)
        else:
            starts = {p.name: 0 for p in graph.populations}
        projections = []
        for p in graph.projections:
            delay = promised_steps(graph, p, steps) + starts[p.target] - starts[p.source]
            projections.append(replace(p, delay=delay))
        relayed = context.target.limit(LimitName.RELAY_NEURONS) != 0
        self._refuse_delays(graph, projections, steps, hop, longest, relayed)
        note_relays(graph, projections, hop, longest, context)
        moved = [replace(p, start=starts[p.name]) for p in graph.populations]
        timed = replace(graph, steps_per_frame=steps, longest_delay=longest)
        return timed.with_populations(moved).with_projections(projections)

    def _steps(self, graph: Graph, context: Context) -> int:
        """K, for this graph.

        Raises:
            UserError: D314 the network's frames are time steps already.
        """
        given = self.steps_per_frame
        if given is None:
            steps = default_steps(graph)
            if steps == graph.trained_steps and graph.code is Code.RATE:
                why = "--steps-per-frame is not given"
                context.note("N733", f"{counted(steps, 'step')} a frame, as in training", why=why)
                return steps
            levels = [p for p in graph.neurons if p.levels == steps]
            if levels and steps > 1 and not graph.code.one_spike:
                context.note(
                    "N733",
                    f"{counted(steps, 'step')} a frame: as many as the activations have levels",
                    where=levels[0].origin or levels[0].name,
                    why="--steps-per-frame is not given",
                )
            return steps
        if graph.trained_steps not in (None, given) and graph.code is Code.RATE:
            context.warn(
                "N734",
                f"{counted(given, 'step')} a frame; the network was trained with {graph.trained_steps}",
                why="its weights and thresholds are for spikes over that many steps",
                help="leave --steps-per-frame out, or measure the accuracy (snnc run)",
            )
        if graph.frame_is_step and given != 1:
            raise fail(
                "D314",
                f"{counted(given, 'step')} a frame, but a frame of this network is 1 step",
                where="--steps-per-frame",
                why="its neurons spike already, and each frame of their input is one time step",
                help="leave the option out; --dt sets the length of a step",
            )
        return given

    def _longest(self, context: Context) -> int | None:
        """The limit on delays."""
        return context.target.limit(LimitName.DELAY) if self.max_delay is None else self.max_delay

    def _retimed(self, graph: Graph, steps: int, hop: int, longest: int | None) -> dict[str, int]:
        """Starts that need the fewest buffered spikes; where the limit leaves none, with relays."""
        starts = solve_starts(graph, steps, hop, longest)
        if starts is None:
            assert longest is not None, "loops were checked, so delays without a limit always exist"
            return solve_relayed_starts(graph, steps, hop, longest)
        return starts

    def _refuse_delays(
        self,
        graph: Graph,
        projections: list[Projection],
        steps: int,
        hop: int,
        longest: int | None,
        relayed: bool,
    ) -> None:
        """Refuse every projection whose delay neither fits nor can be relayed, all at once.

        ``relayed``: whether the target has neurons that can pass spikes on.
        """
        wrong = []
        if self.relays:
            longest = None
        over = longest is not None and any((p.delay or 0) - hop > longest for p in projections)
        cure = self._cure(graph, steps, hop, longest, relayed) if over and longest is not None else ""
        for p in projections:
            buffered = (p.delay or 0) - hop
            where = p.origin or p.label
            if buffered < 0:
                wrong.append(
                    Diagnostic(
                        "D304",
                        f"{buffered + hop} steps are left for a connection that takes {hop}",
                        where,
                        "its delay in frames leaves no step for the connection itself",
                        "let match-delays choose the starts: --set 'match-delays{retime=true}'",
                    )
                )
            elif longest is not None and buffered > longest:
                wrong.append(
                    Diagnostic(
                        "D303",
                        f"a delay of {counted(buffered, 'step')} exceeds {longest}",
                        where,
                        "spikes must arrive together with those on other paths or from a loop",
                        cure,
                    )
                )
        if wrong:
            raise UserError(*wrong)

    def _cure(self, graph: Graph, given: int, hop: int, longest: int, relayed: bool) -> str:
        """The largest number of steps a frame that would do."""
        relays = f", or {RELAYS}" if relayed else ""
        for steps in range(min(given - 1, 4 * (longest + hop)), 0, -1):
            if self.retime and solve_starts(graph, steps, hop, longest) is not None:
                return (
                    f"use at most {counted(steps, 'step')} a frame (--steps-per-frame {steps}){relays}"
                )
        return f"use shorter delays in the network{relays}"


def note_relays(
    graph: Graph, projections: list[Projection], hop: int, longest: int | None, context: Context
) -> None:
    """Name each population whose spikes need relays, and how many neurons those have (N723)."""
    for source in graph.populations:
        delay = max(((p.delay or 0) - hop for p in projections if p.source == source.name), default=0)
        relays = relays_needed(delay, longest)
        if relays:
            context.note(
                "N723",
                f"{counted(relays * size(source.shape), 'relay neuron')} for its spikes, over a delay "
                f"of {counted(delay, 'step')}: a connection delays by at most {longest}",
                where=source.origin or source.name,
                why="spikes must arrive together with those on other paths or from a loop",
                help="" if graph.frame_is_step else "use fewer steps a frame (--steps-per-frame)",
            )


def default_steps(graph: Graph) -> int:
    """K where nothing else is said."""
    if graph.frame_is_step or graph.code.one_spike:
        return 1
    if graph.trained_steps is not None:
        return graph.trained_steps
    return max((p.levels for p in graph.neurons if p.levels is not None), default=DEFAULT_STEPS)


def refuse_impossible_loops(graph: Graph, steps_per_frame: int, hop: int) -> None:
    """Every loop needs ``K * sum R >= h * length``: its spikes must come round in time.

    Raises:
        UserError: a loop does not, with its members and the smallest K that would do.
    """
    slack = _slack(graph, steps_per_frame, hop)
    loop = _negative_loop(slack)
    if loop is None:
        return
    length = len(loop) - 1
    had = sum(slack.edges[edge]["weight"] + hop for edge in pairwise(loop))
    waits = sum(graph.latency(name, steps_per_frame) for name in loop[1:])
    needed = smallest_steps(graph, hop)
    frames = counted((had + waits) // steps_per_frame, "frame")
    why = f"its delays add up to {frames} of {counted(steps_per_frame, 'step')}"
    if graph.frame_is_step:  # nobody can choose how many steps a frame has
        cure = f"give the loop {counted(hop * length, 'step')} of delay or more"
    elif needed is not None:
        cure = f"use at least {counted(needed, 'step')} a frame (--steps-per-frame {needed})"
    else:
        more = (
            f"{counted(length, 'frame')} of delay or more"
            if waits or graph.code.exact
            else "one frame of delay"
        )
        cure = f"no number of steps a frame helps: give the loop {more}"
    raise fail(
        "D302",
        f"a loop of {counted(length, 'connection')} has {counted(had, 'step')} and needs "
        f"{hop * length}",
        where=" -> ".join(loop),
        why=f"{why}, of which {waits} pass while neurons integrate their frames" if waits else why,
        help=cure,
    )


def _negative_loop(graph: nx.DiGraph) -> list[str] | None:
    """Some cycle of negative weight, first node repeated at the end."""
    for component in nx.strongly_connected_components(graph):
        part = graph.subgraph(component)
        start = min(component)
        for node, data in part.nodes(data=True):
            del data
            if part.has_edge(node, node) and part.edges[node, node]["weight"] < 0:
                return [node, node]
        try:
            loop: list[str] = nx.find_negative_cycle(part, start)
        except nx.NetworkXError:
            continue
        return loop
    return None


def smallest_steps(graph: Graph, hop: int) -> int | None:
    """The smallest K for which every loop is possible; None where a loop has no frame in it."""
    most = max(1, hop * len(graph.populations))
    # More steps only ever help where they help at all: each loop's slack is a line in K.
    if _loop_without_time(graph, most, hop) is not None:
        return None
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        possible = _loop_without_time(graph, middle, hop) is None
        low, high = (low, middle) if possible else (middle + 1, high)
    return low


def _loop_without_time(graph: Graph, steps_per_frame: int, hop: int) -> list[str] | None:
    return _negative_loop(_slack(graph, steps_per_frame, hop))


def _slack(graph: Graph, steps_per_frame: int, hop: int) -> nx.DiGraph:
    """What each connection has beyond its hop as ``weight``, the least of parallel ones."""
    slack = nx.DiGraph()
    for p in graph.projections:
        weight = promised_steps(graph, p, steps_per_frame) - hop
        old = slack.get_edge_data(p.source, p.target)
        if old is None or weight < old["weight"]:
            slack.add_edge(p.source, p.target, weight=weight)
    return slack
