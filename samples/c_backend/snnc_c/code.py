"""The C function that takes one population through one step, as docs/numerics.md says it."""

from __future__ import annotations

from collections.abc import Iterator

from snnc.ir import Code, Comparison, IntegerNeuron, Reset

from .connections import Connection
from .layout import Layout, Place
from .table import Table

INDENT = " " * 4


def slot(place: Place, ago: int) -> str:
    """Where the spikes of a step so long ago begin, among those that a population keeps."""
    if place.depth == 1:
        return "0"
    later = place.depth - ago
    step = f"(now + {later}u)" if later else "now"
    return f"{place.count} * (int32_t)({step} % {place.depth}u)"


def step_function(place: Place, layout: Layout) -> str:
    """What arrives, then the neurons."""
    neuron = place.population.neuron
    assert neuron is not None
    lines = [
        f"static void step_{place.name}(void)",
        "{",
        "    int32_t i;",
        f"    for (i = 0; i < {place.count}; ++i)",
        "        arrived[i] = 0;",
    ]
    for connection in place.connections:
        lines += _arrival(connection, place, layout)
    lines += [INDENT + line for line in _neurons(place, neuron)]
    return "\n".join([*lines, "}", ""])


def _arrival(connection: Connection, place: Place, layout: Layout) -> Iterator[str]:
    """The spikes of one projection."""
    source = next(p for p in layout.places if p.name == connection.source)
    if not connection.loop or "spikes" not in source.buffers:
        return
    total = "rounded" if connection.right else "arrived"
    spikes = source.buffers["spikes"]
    sent = "(uint32_t)spikes[j]" if connection.graded else "(uint32_t)(spikes[j] != 0)"
    shift = f" << {connection.left}" if connection.left else ""
    yield "    {"
    yield f"    const {spikes.kind} *spikes = {spikes.name} + {slot(source, connection.delay + 1)};"
    yield "    int32_t j;"
    if connection.right:
        yield f"    for (i = 0; i < {place.count}; ++i)"
        yield "        rounded[i] = 0;"
    yield f"    for (j = 0; j < {source.count}; ++j) {{"
    yield f"        const uint32_t payload = {sent}{shift};"
    yield "        if (spikes[j] == 0)"
    yield "            continue;"
    yield connection.loop.replace("{sum}", total).rstrip("\n")
    yield "    }"
    if connection.right:
        shifted = f"network_shift_right(network_signed(rounded[i]), {connection.right})"
        yield f"    for (i = 0; i < {place.count}; ++i)"
        yield f"        arrived[i] += (uint32_t){shifted};"
    yield "    }"


def _neurons(place: Place, neuron: IntegerNeuron) -> Iterator[str]:
    """The loop over neurons: clear, current, potential, fire, reset."""
    yield "{"
    if neuron.clear_interval:
        phase = neuron.clear_offset % neuron.clear_interval
        yield f"const int clears = now % {neuron.clear_interval}u == {phase}u;"
    biased = place.values["bias"] != 0
    if biased:
        every = f" && (now - {neuron.bias_start + 1}u) % {neuron.bias_interval}u == 0"
        due = f"now > {neuron.bias_start}u" + (every if neuron.bias_interval > 1 else "")
        yield f"const int due = {due};"
    if neuron.code.exact:
        frame = f"(now - {neuron.bias_start}u) % {neuron.clear_interval}u == 0"
        yield f"const int decides = now > {neuron.bias_start}u && {frame};"
    if "spikes" in place.buffers:
        spikes = place.buffers["spikes"]
        yield f"{spikes.kind} *spikes = {spikes.name} + {slot(place, place.depth)};"
    yield f"for (i = 0; i < {place.count}; ++i) {{"
    for line in _one_neuron(place, neuron, biased):
        yield INDENT + line
    yield "}"
    yield "}"


def _one_neuron(place: Place, neuron: IntegerNeuron, biased: bool) -> Iterator[str]:
    keeps = "current" in place.buffers
    current, potential = f"{place.name}_current[i]", f"{place.name}_potential[i]"
    bits, shift = int(neuron.state_bits), int(neuron.input_shift)
    arrived = f"(arrived[i] << {shift})" if shift else "arrived[i]"
    yield f"int32_t u{f' = {current}' if keeps else ''}, v = {potential};"
    if neuron.clear_interval:
        yield "if (clears) {"
        yield f"    v = {_at(place.values['start'])};"
        if keeps:
            yield "    u = 0;"
        yield "}"
    if keeps:
        kept = f"(uint32_t)network_decayed(u, {4095 - int(neuron.current_decay)})"
        yield f"u = network_wrapped(network_signed({kept} + {arrived}), {bits});"
        yield f"{current} = u;"
    else:
        yield f"u = network_wrapped(network_signed({arrived}), {bits});"
    if neuron.potential_decay:
        yield f"v = network_decayed(v, {4096 - int(neuron.potential_decay)});"
    bias = ""
    if biased:
        mantissa = f"(uint32_t){_at(place.values['bias'])}"
        shifted = f"{mantissa} << {int(neuron.bias_exponent)}" if neuron.bias_exponent else mantissa
        bias = f" + (due ? {shifted} : 0u)"
    yield f"v = network_signed((uint32_t)v + (uint32_t)u{bias});"
    yield f"v = network_saturated(v, {2 ** (bits - 1) - 1});"
    if "threshold" in place.values:
        yield from _fire(place, neuron, _at(place.values["threshold"]))
    yield f"{potential} = v;"


def _fire(place: Place, neuron: IntegerNeuron, threshold: str) -> Iterator[str]:
    """Spikes, and what they do to the potential."""
    kind = place.buffers["spikes"].kind
    if neuron.code is Code.RATE:
        sign = ">" if neuron.comparison is Comparison.GREATER else ">="
        yield f"spikes[i] = v {sign} {threshold};"
        yield "if (spikes[i])"
        yield f"    v {f'-= {threshold}' if neuron.reset is Reset.SUBTRACT else '= 0'};"
        return
    level = f"network_levels(v, {threshold}, {int(neuron.levels)})"
    if neuron.code is Code.GRADED:
        yield f"spikes[i] = decides ? ({kind}){level} : 0;"
        return
    waiting = place.buffers["waiting"]
    yield "if (decides)"
    yield f"    {waiting.name}[i] = ({waiting.kind}){level};"
    yield f"spikes[i] = {waiting.name}[i] > 0;"
    yield "if (spikes[i])"
    yield f"    --{waiting.name}[i];"


def _at(value: int | Table) -> str:
    """A constant, or the neuron's entry of a table."""
    return f"{value.name}[i]" if isinstance(value, Table) else str(value)
