"""A NIR graph in floats, as literally as its equations allow: what a compile is measured against.

The equations, quoted from nir 1.0.8 (``nir/ir/neuron.py``, ``linear.py``, ``delay.py``)::

    Affine   y(t) = W*x(t) + b          Linear  y(t) = W*x(t)          Scale  y(t) = x(t) . s
    Delay    y(t) = x(t - tau)
    IF       v' = R I                   I       v' = R I
    LIF      tau v' = (v_leak - v) + R I                               LI     the same
    CubaLIF  tau_syn I' = - I + w_in S
             tau_mem v' = (v_leak - v) + R I                           CubaLI the same
    z = 1 if v > v_threshold else 0;    v = v_reset if z = 1 else v

What they leave open is settled here: forward Euler with step ``dt`` (or the exponential of each
equation for itself), the current before the potential, states 0 at the start, a node above its
threshold fires and is reset in the same step, and the spikes of a neuron in a loop reach that loop one
step later. Shares no code with the front end, on purpose; it takes v_reset and time constants that
differ between neurons, which the front end refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate2d

Floats = NDArray[np.float64]

SPIKING = ("IF", "LIF", "CubaLIF")
STATEFUL = (*SPIKING, "I", "LI", "CubaLI")


def run_nir(
    graph: Any, frames: NDArray[Any], dt: float, *, rule: str = "euler"
) -> dict[str, NDArray[np.float64]]:
    """Run a NIRGraph, every sample from rest.

    Args:
        graph: a ``nir.NIRGraph`` with one Input and one Output; sub-graphs too.
        frames: input at each step, (samples, steps, \\*input shape).
        dt: seconds a step.
        rule: ``euler`` or ``exponential``.

    Returns:
        By node (``subgraph.node`` inside a sub-graph), for neurons and outputs: spikes (0 or 1) or
        the potential at each step, (samples, steps, \\*shape).

    Raises:
        ValueError: an unknown primitive or rule, or a loop without neurons.
    """
    if rule not in ("euler", "exponential"):
        raise ValueError(f"no rule {rule!r}")
    nodes, edges = _flat(graph)
    order, late = _order(nodes, edges)
    entry = next(name for name, node in graph.nodes.items() if _kind(node) == "Input")
    recorded = [n for n, node in nodes.items() if _kind(node) in (*STATEFUL, "Output")]
    found: dict[str, list[Floats]] = {name: [] for name in recorded}
    for sample in np.asarray(frames, np.float64):
        units = {name: _unit(node, dt, rule) for name, node in nodes.items()}
        before = {n: np.zeros(np.shape(v.r)) for n, v in nodes.items() if _kind(v) in STATEFUL}
        rows: dict[str, list[Floats]] = {name: [] for name in recorded}
        for frame in sample:
            now: dict[str, Floats] = {}
            for name in order:
                arriving: Any = frame if name == entry else 0.0
                for source, target in edges:
                    if target == name:
                        came = before if (source, target) in late else now
                        arriving = arriving + came.get(source, 0.0)
                now[name] = units[name](np.asarray(arriving))
            before = now
            for name in recorded:
                rows[name].append(now[name])
        for name in recorded:
            found[name].append(np.array(rows[name]))
    return {name: np.array(values) for name, values in found.items()}


def _kind(node: Any) -> str:
    return type(node).__name__


def _flat(graph: Any, prefix: str = "") -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Nodes and edges with sub-graphs dissolved; their Input and Output nodes stay as they are."""
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    ends: dict[str, dict[str, str]] = {}
    for name, node in graph.nodes.items():
        if _kind(node) != "NIRGraph":
            nodes[prefix + name] = node
            continue
        inner, inner_edges = _flat(node, f"{prefix}{name}.")
        nodes |= inner
        edges += inner_edges
        ends[name] = {_kind(v): f"{prefix}{name}.{k}" for k, v in node.nodes.items()}
    for source, target in graph.edges:
        out = ends[source]["Output"] if source in ends else prefix + source
        into = ends[target]["Input"] if target in ends else prefix + target
        edges.append((out, into))
    return nodes, edges


def _order(
    nodes: dict[str, Any], edges: list[tuple[str, str]]
) -> tuple[list[str], set[tuple[str, str]]]:
    """An order within one step, and the edges that carry what was put out one step ago."""
    whole = nx.DiGraph()
    whole.add_nodes_from(nodes)
    whole.add_edges_from(edges)
    part = {n: i for i, c in enumerate(nx.strongly_connected_components(whole)) for n in c}
    late = {(s, t) for s, t in edges if _kind(nodes[s]) in STATEFUL and part[s] == part[t]}
    whole.remove_edges_from(late)
    try:
        return list(nx.topological_sort(whole)), late
    except nx.NetworkXUnfeasible:
        raise ValueError("a loop without neurons") from None


Unit = Callable[[Floats], Floats]


def _unit(node: Any, dt: float, rule: str) -> Unit:
    """A node as a function of what arrives in a step; neurons and delays remember."""
    kind = _kind(node)
    if kind in STATEFUL:
        return _neurons(node, dt, rule)
    if kind == "Delay":
        past = [np.zeros(np.shape(node.delay))] * round(float(np.ravel(node.delay)[0]) / dt)

        def delay(x: Floats) -> Floats:
            past.append(x)
            return past.pop(0)

        return delay
    simple: dict[str, Unit] = {
        "Input": lambda x: x,
        "Output": lambda x: x,
        "Affine": lambda x: np.asarray(node.weight @ x + node.bias),
        "Linear": lambda x: np.asarray(node.weight @ x),
        "Scale": lambda x: np.asarray(x * node.scale),
        "Flatten": lambda x: x.reshape(tuple(node.output_type["output"])),
        "Conv2d": lambda x: _convolve(node, x),
        "SumPool2d": lambda x: _windows(node, x).sum(axis=(3, 4)),
        "AvgPool2d": lambda x: _windows(node, x).mean(axis=(3, 4)),
    }
    if kind not in simple:
        raise ValueError(f"no primitive {kind}")
    return simple[kind]


def _neurons(node: Any, dt: float, rule: str) -> Unit:
    kind = _kind(node)
    v = np.zeros(np.shape(node.r))
    current = np.zeros(np.shape(node.r))

    def share(tau: Any) -> Any:
        """How far a step of dt goes towards what the state tends to."""
        return dt / tau if rule == "euler" else 1 - np.exp(-dt / tau)

    def step(x: Floats) -> Floats:
        nonlocal v, current
        if kind in ("IF", "I"):
            v = v + dt * node.r * x
        elif kind in ("LIF", "LI"):
            v = v + share(node.tau) * ((node.v_leak - v) + node.r * x)
        else:
            current = current + share(node.tau_syn) * (-current + node.w_in * x)
            v = v + share(node.tau_mem) * ((node.v_leak - v) + node.r * current)
        if kind not in SPIKING:
            return np.asarray(v)
        z = v > node.v_threshold
        v = np.where(z, node.v_reset, v)
        return np.asarray(z, np.float64)

    return step


def _two(value: Any) -> tuple[int, int]:
    numbers = np.ravel(value)
    return int(numbers[0]), int(numbers[-1])


def _windows(node: Any, x: Floats) -> Floats:
    (down, right), (above, left) = _two(node.stride), _two(node.padding)
    padded = np.pad(x, ((0, 0), (above, above), (left, left)))
    sliding: Any = np.lib.stride_tricks.sliding_window_view
    view: Floats = sliding(padded, _two(node.kernel_size), axis=(1, 2))
    return np.asarray(view[:, ::down, ::right])


def _convolve(node: Any, x: Floats) -> Floats:
    """A cross-correlation, channel pair by channel pair."""
    (down, right), (tall, wide) = _two(node.stride), _two(node.dilation)
    outs, ins, height, width = node.weight.shape
    extent = (tall * (height - 1) + 1, wide * (width - 1) + 1)
    if isinstance(node.padding, str):
        pad = (extent[0] // 2, extent[1] // 2) if node.padding == "same" else (0, 0)
    else:
        pad = _two(node.padding)
    padded = np.pad(x, ((0, 0), (pad[0], pad[0]), (pad[1], pad[1])))
    planes = []
    for out in range(outs):
        first = out // (outs // int(np.ravel(node.groups)[0])) * ins
        plane: Any = 0.0
        for channel in range(ins):
            kernel = np.zeros(extent)
            kernel[::tall, ::wide] = node.weight[out, channel]
            plane = plane + correlate2d(padded[first + channel], kernel, mode="valid")
        planes.append(plane[::down, ::right] + (0.0 if node.bias is None else node.bias[out]))
    return np.array(planes)
