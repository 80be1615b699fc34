"""The C files of a network: ``network.c``, ``network.h`` and ``arithmetic.h``."""

from __future__ import annotations

from importlib.resources import files
from string import Template

from snnc.ir import Program

from .layout import WORD, Layout, Place
from .neurons import slot, step_function
from .table import SIGNED, UNSIGNED, at, narrowest

CODE, HEADER, ARITHMETIC = "network.c", "network.h", "arithmetic.h"
TEMPLATES = files(__package__).joinpath("network")


def code_files(program: Program, layout: Layout) -> dict[str, bytes]:
    """The C files by name. The same program and layout give the same bytes; nothing else goes in."""
    arithmetic = TEMPLATES.joinpath(ARITHMETIC).read_bytes()
    texts = {CODE: _code(layout), HEADER: _header(program, layout)}
    return {**{name: text.encode() for name, text in texts.items()}, ARITHMETIC: arithmetic}


def _header(program: Program, layout: Layout) -> str:
    encoding = program.input.encoding
    assert encoding is not None  # validate sees to it
    sizes = [place.count for place in _spiking(layout)]
    return _filled(
        "network.h.in",
        inputs=_entry(layout).count,
        least=layout.payloads[0],
        most=layout.payloads[1],
        least_count=layout.counts[0],
        most_count=layout.counts[1],
        count=narrowest(*layout.counts, SIGNED if layout.counts[0] < 0 else UNSIGNED),
        outputs=_readout(layout).count,
        frame=int(program.steps_per_frame),
        encoding=encoding.value.upper(),
        begin=int(program.input.start) + 1,
        answer=int(program.answer_step(0)),
        populations=len(sizes),
        sizes=", ".join(map(str, sizes)) or "0",
        largest=max(place.count for place in layout.places),
    )


def _code(layout: Layout) -> str:
    readout = _readout(layout)
    return _filled(
        "network.c.in",
        clock=layout.clock.kind,
        tables="\n".join(t.text() for t in layout.tables),
        buffers="\n".join(f"static {b.kind} {b.name}[{b.count}];" for b in layout.buffers),
        steps="\n".join(step_function(place, layout) for place in _computing(layout)),
        next_input=_next_input(_entry(layout)),
        clears="\n".join(
            f"    memset({b.name}, 0, sizeof {b.name});"
            for place in layout.places
            for role, b in place.buffers.items()
            if role != "potential"
        ),
        starts="\n".join(_start(place) for place in _computing(layout)),
        event=_event(_entry(layout)),
        advance=_advance(layout),
        calls="\n".join(f"    step_{place.name}();" for place in _computing(layout)),
        outputs=readout.count,
        potential=readout.buffers["potential"].name,
        copies="".join(_copied(number, place) for number, place in enumerate(_spiking(layout))),
        kept="".join(_kept(number, place) for number, place in enumerate(_spiking(layout))),
    )


def _entry(layout: Layout) -> Place:
    return next(p for p in layout.places if p.population.neuron is None)


def _computing(layout: Layout) -> list[Place]:
    return [p for p in layout.places if p.population.neuron is not None]


def _spiking(layout: Layout) -> list[Place]:
    """The populations whose spikes can be read: neurons, not the input."""
    return [p for p in _computing(layout) if "spikes" in p.buffers]


def _readout(layout: Layout) -> Place:
    return next(p for p in _computing(layout) if "spikes" not in p.buffers)


def _advance(layout: Layout) -> str:
    """The next step."""
    clock = layout.clock
    if clock.last is None:
        return "++now;"
    return f"now = now == {clock.last}u ? {clock.next}u : now + 1u;"


def _coming(entry: Place, each: int) -> str:
    """Where the input of the step after this one begins."""
    if entry.depth == 1:
        return "0"
    return f"{each} * (int32_t)((now + 1u) % {entry.depth}u)"


def _next_input(entry: Place) -> str:
    """What the next step's events are written into is empty before they come."""
    spikes = f"{entry.buffers['spikes'].name} + {_coming(entry, entry.words)}"
    return f"    memset({spikes}, 0, {4 * entry.words});\n"


def _event(entry: Place) -> str:
    """An event becomes a bit, and a payload where somebody reads it."""
    spikes = f"uint32_t *spikes = {entry.buffers['spikes'].name} + {_coming(entry, entry.words)};"
    bit = f"(uint32_t)1 << element % {WORD}"
    lines = [spikes]
    if "payloads" in entry.buffers:
        payloads = entry.buffers["payloads"]
        lines.append(
            f"{payloads.name}[{_coming(entry, entry.count)} + element] = ({payloads.kind})payload;"
        )
    lines += [
        f"spikes[element / {WORD}] &= ~({bit});",
        "if (payload != 0)",
        f"    spikes[element / {WORD}] |= {bit};",
    ]
    return "    {\n" + "".join(f"        {line}\n" for line in lines) + "    }\n"


def _start(place: Place) -> str:
    value = at(place.values["start"])
    name = place.buffers["potential"].name
    return f"    for (i = 0; i < {place.count}; ++i)\n        {name}[i] = {value};"


def _copied(number: int, place: Place) -> str:
    """The case of a population in ``network_spikes``."""
    word = f"{place.buffers['spikes'].name}[{slot(place, place.depth)} + i / {WORD}]"
    value = f"(int32_t)({word} >> i % {WORD} & 1u)"
    if "payloads" in place.buffers:
        begin = slot(place, place.depth, place.count)
        value = f"{value} * (int32_t){place.buffers['payloads'].name}[{begin} + i]"
    return _case(number, f"*spikes = {value};")


def _kept(number: int, place: Place) -> str:
    """The case of a population in ``network_potentials``."""
    return _case(number, f"*potentials = {place.buffers['potential'].name}[i];")


def _case(number: int, statement: str) -> str:
    return f"        case {number}:\n            {statement}\n            break;\n"


def _filled(name: str, **values: str | int) -> str:
    text = TEMPLATES.joinpath(name).read_text(encoding="utf-8")
    return Template(text).substitute(values)
