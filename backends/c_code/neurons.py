"""The C function that takes one population through one step, as docs/numerics.md says it."""

from __future__ import annotations

from collections.abc import Iterator

from snnc.ir import Code, Comparison, IntegerNeuron, Reset

from .connections import Connection
from .layout import WORD, Layout, Place
from .table import at

INDENT = " " * 4
NARROW = 2**19
"""A state below this times 4096 is below 2^31."""


def slot(place: Place, ago: int, each: int | None = None) -> str:
    """Where the spikes of a step so long ago begin, among those that a population keeps.

    Args:
        place: the population's.
        ago: steps; ``depth`` is this step.
        each: elements a step, its words of spikes unless told otherwise.
    """
    if place.depth == 1:
        return "0"
    later = place.depth - ago
    step = f"(now + {later}u)" if later else "now"
    return f"{place.words if each is None else each} * (int32_t)({step} % {place.depth}u)"


def step_function(place: Place, layout: Layout) -> str:
    """What arrives, then the neurons."""
    neuron = place.population.neuron
    assert neuron is not None
    lines = [INDENT + line for line in flags(place, neuron)]
    if place.direct:
        lines += [INDENT + line for line in _cleared(place, neuron)]
    else:
        lines += [f"    for (i = 0; i < {place.count}; ++i)", f"        {_sum(place)}[i] = 0;"]
    for connection in place.connections:
        lines += _block(_arrival(connection, place, layout))
    lines += _block(neuron_loop(place, neuron))
    counter = ["    int32_t i;"] if any("for (i" in line for line in lines) else []
    return "\n".join([f"static void step_{place.name}(void)", "{", *counter, *lines, "}", ""])


def _block(lines: Iterator[str]) -> list[str]:
    """Statements with variables of their own; nothing where there are none."""
    inside = [INDENT * 2 + line for line in lines]
    return [f"{INDENT}{{", *inside, f"{INDENT}}}"] if inside else []


def _sum(place: Place) -> str:
    """Where what arrives at a population is added up."""
    if place.direct:
        return place.buffers["potential"].name
    return "arrived" if place.registers.checked else "summed"


def flags(place: Place, neuron: IntegerNeuron) -> Iterator[str]:
    """What this step is, for all neurons alike."""
    if neuron.clear_interval:
        phase = neuron.clear_offset % neuron.clear_interval
        yield f"const int clears = now % {neuron.clear_interval}u == {phase}u;"
    if place.values["bias"] != 0:
        every = f" && (now - {neuron.bias_start + 1}u) % {neuron.bias_interval}u == 0"
        due = f"now > {neuron.bias_start}u" + (every if neuron.bias_interval > 1 else "")
        yield f"const int due = {due};"
    if neuron.code.exact:
        frame = f"(now - {neuron.bias_start}u) % {neuron.clear_interval}u == 0"
        yield f"const int decides = now > {neuron.bias_start}u && {frame};"


def _cleared(place: Place, neuron: IntegerNeuron) -> Iterator[str]:
    """Potentials back to their start, before anything is added to them."""
    if neuron.clear_interval:
        yield "if (clears)"
        yield f"    for (i = 0; i < {place.count}; ++i)"
        yield f"        {place.buffers['potential'].name}[i] = {at(place.values['start'])};"


def _arrival(connection: Connection, place: Place, layout: Layout) -> Iterator[str]:
    """The spikes of one projection, word by word."""
    source = next(p for p in layout.places if p.name == connection.source)
    if not connection.loop or "spikes" not in source.buffers:
        return
    neuron = place.population.neuron
    assert neuron is not None
    # A sum that is rounded is shifted afterwards; all else is shifted with the payload.
    shift = neuron.input_shift if place.direct else 0
    total = "rounded" if connection.right else _sum(place)
    wraps = bool(connection.right) or place.registers.checked
    register = "uint32_t" if total in ("rounded", "arrived") else "int32_t"
    if place.direct and not connection.right:
        register = place.buffers["potential"].kind
    left = connection.left + (0 if connection.right else shift)
    ago = connection.delay + 1
    carried = connection.graded and "payloads" in source.buffers
    yield f"const uint32_t *spikes = {source.buffers['spikes'].name} + {slot(source, ago)};"
    if carried:
        payloads = source.buffers["payloads"]
        begin = slot(source, ago, source.count)
        yield f"const {payloads.kind} *payloads = {payloads.name} + {begin};"
    yield "int32_t k;"
    if connection.right:
        yield f"for (i = 0; i < {place.count}; ++i)"
        yield "    rounded[i] = 0;"
    yield f"for (k = 0; k < {source.words}; ++k) {{"
    yield "    uint32_t word = spikes[k];"
    yield "    for (; word != 0; word &= word - 1) {"
    yield f"        const int32_t j = {WORD} * k + network_lowest(word);"
    yield f"        const {_payload(carried, wraps, left)};"
    loop = connection.loop.replace("{sum}", total).replace("{register}", register)
    yield from loop.rstrip("\n").splitlines()
    yield "    }"
    yield "}"
    if connection.right:
        shifted = f"network_shift_right(network_signed(rounded[i]), {connection.right})"
        if place.registers.checked:
            shifted = f"(uint32_t){shifted}"
        elif shift:
            shifted = f"{shifted} * {1 << shift}"
        yield f"for (i = 0; i < {place.count}; ++i)"
        yield f"    {_sum(place)}[i] += {shifted};"


def _payload(carried: bool, wraps: bool, left: int) -> str:
    """What a spike's weights are multiplied with."""
    if wraps:
        number = "(uint32_t)payloads[j]" if carried else "(uint32_t)1"
        return f"uint32_t payload = {number}{f' << {left}' if left else ''}"
    if not carried:
        return f"int32_t payload = {1 << left}"
    return f"int32_t payload = payloads[j]{f' * {1 << left}' if left else ''}"


def neuron_loop(place: Place, neuron: IntegerNeuron) -> Iterator[str]:
    """The loop over neurons: clear, current, potential, fire, reset."""
    biased = place.values["bias"] != 0
    if place.direct and "threshold" not in place.values and not biased:
        return  # all that such a readout does is done
    if "spikes" in place.buffers:
        yield f"uint32_t *spikes = {place.buffers['spikes'].name} + {slot(place, place.depth)};"
    if "payloads" in place.buffers:
        payloads = place.buffers["payloads"]
        begin = slot(place, place.depth, place.count)
        yield f"{payloads.kind} *payloads = {payloads.name} + {begin};"
    if "spikes" in place.buffers:
        yield f"for (i = 0; i < {place.words}; ++i)"
        yield "    spikes[i] = 0;"
    condition = _moves(place, neuron, biased)
    if condition:
        yield f"if ({condition})"
    yield f"for (i = 0; i < {place.count}; ++i) {{"
    one = _checked_neuron if place.registers.checked else _proved_neuron
    for line in one(place, neuron, biased):
        yield INDENT + line
    yield "}"


def _moves(place: Place, neuron: IntegerNeuron, biased: bool) -> str:
    """When a neuron can do anything on its own, beside hearing; empty for in every step."""
    if not place.direct or ("threshold" in place.values and neuron.code is not Code.GRADED):
        return ""
    flags = [*(["due"] if biased else []), *(["decides"] if neuron.code is Code.GRADED else [])]
    return " || ".join(flags)


def _checked_neuron(place: Place, neuron: IntegerNeuron, biased: bool) -> Iterator[str]:
    """A neuron whose registers can wrap and saturate."""
    keeps = "current" in place.buffers
    current, potential = f"{place.name}_current[i]", f"{place.name}_potential[i]"
    bits, shift = int(neuron.state_bits), int(neuron.input_shift)
    arrived = f"(arrived[i] << {shift})" if shift else "arrived[i]"
    yield f"int32_t u{f' = {current}' if keeps else ''}, v = {potential};"
    if neuron.clear_interval:
        yield "if (clears) {"
        yield f"    v = {at(place.values['start'])};"
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
        mantissa = f"(uint32_t){at(place.values['bias'])}"
        shifted = f"{mantissa} << {int(neuron.bias_exponent)}" if neuron.bias_exponent else mantissa
        bias = f" + (due ? {shifted} : 0u)"
    yield f"v = network_signed((uint32_t)v + (uint32_t)u{bias});"
    yield f"v = network_saturated(v, {2 ** (bits - 1) - 1});"
    if "threshold" in place.values:
        yield from _fire(place, neuron, at(place.values["threshold"]))
    yield f"{potential} = {_stored(place)};"


def _proved_neuron(place: Place, neuron: IntegerNeuron, biased: bool) -> Iterator[str]:
    """A neuron of which it is proved that nothing wraps."""
    keeps = "current" in place.buffers
    current, potential = f"{place.name}_current[i]", f"{place.name}_potential[i]"
    yield f"int32_t v = {potential};"
    if keeps:
        yield f"int32_t u = {current};"
    if neuron.clear_interval and not place.direct:
        yield "if (clears) {"
        yield f"    v = {at(place.values['start'])};"
        if keeps:
            yield "    u = 0;"
        yield "}"
    if not place.direct:
        arrived = f"summed[i] * {1 << neuron.input_shift}" if neuron.input_shift else "summed[i]"
        if neuron.potential_decay:
            yield f"v = {_decayed(place, 'v', 4096 - int(neuron.potential_decay))};"
        if keeps:
            yield f"u = {_decayed(place, 'u', 4095 - int(neuron.current_decay))} + {arrived};"
            kind = place.registers.current
            yield f"{current} = {'u' if kind == 'int32_t' else f'({kind})u'};"
            arrived = "u"
        yield f"v += {arrived};"
    if biased:
        value = at(place.values["bias"])
        yield "if (due)"
        yield f"    v += {value}{f' * {1 << neuron.bias_exponent}' if neuron.bias_exponent else ''};"
    if place.registers.saturates:
        yield f"v = network_saturated(v, {2 ** (int(neuron.state_bits) - 1) - 1});"
    if "threshold" in place.values:
        yield from _fire(place, neuron, at(place.values["threshold"]))
    yield f"{potential} = {_stored(place)};"


def _decayed(place: Place, state: str, kept: int) -> str:
    """A state that decays; of a small one the product fits 32 bits."""
    width = place.registers
    if width.largest < NARROW if state == "v" else width.current != "int32_t":
        return f"{state} * {kept} / 4096"
    return f"network_decayed({state}, {kept})"


def _stored(place: Place) -> str:
    """The potential as its register takes it."""
    kind = place.buffers["potential"].kind
    return "v" if kind == "int32_t" else f"({kind})v"


def _fire(place: Place, neuron: IntegerNeuron, threshold: str) -> Iterator[str]:
    """Spikes, and what they do to the potential."""
    bit = f"spikes[i / {WORD}] |= (uint32_t)1 << i % {WORD};"
    if neuron.code is Code.RATE:
        sign = ">" if neuron.comparison is Comparison.GREATER else ">="
        yield f"if (v {sign} {threshold}) {{"
        yield f"    v {f'-= {threshold}' if neuron.reset is Reset.SUBTRACT else '= 0'};"
        yield f"    {bit}"
        yield "}"
        return
    level = f"network_levels(v, {threshold}, {int(neuron.levels)})"
    if neuron.code is Code.GRADED:
        kind = place.buffers["payloads"].kind
        yield f"payloads[i] = decides ? ({kind}){level} : 0;"
        yield "if (payloads[i] > 0)"
        yield f"    {bit}"
        return
    waiting = place.buffers["waiting"]
    yield "if (decides)"
    yield f"    {waiting.name}[i] = ({waiting.kind}){level};"
    yield f"if ({waiting.name}[i] > 0) {{"
    yield f"    --{waiting.name}[i];"
    yield f"    {bit}"
    yield "}"
