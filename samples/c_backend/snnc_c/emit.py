"""Writes the payload: C code for the network, a program that runs it on a computer, and a README."""

from __future__ import annotations

from pathlib import Path
from string import Template

from snnc.backends import Emitted
from snnc.errors import Diagnostic, Severity
from snnc.ir import Program, Target

from .code import slot, step_function
from .layout import Layout, Place, lay_out

HERE = Path(__file__).parent / "network"
FOLDER = "c"
CODE, HEADER, ARITHMETIC, MAIN = "network.c", "network.h", "arithmetic.h", "main.c"


def emit(program: Program, folder: Path, target: Target) -> Emitted:
    """Write the files into the bundle's folder ``c``; the manifest keeps their names."""
    (folder / FOLDER).mkdir()
    files = code_files(program)
    for name, content in files.items():
        (folder / FOLDER / name).write_bytes(content)
    layout = lay_out(program)
    (folder / FOLDER / "README.md").write_bytes(_readme(program, layout))
    flash, ram = (target.own_limits[name].value for name in ("flash", "RAM"))
    what = (
        f"{layout.table_bytes} of {flash} bytes of flash for tables (code comes on top), "
        f"{layout.ram_bytes} of {ram} bytes of RAM (the stack comes on top)"
    )
    note = Diagnostic("C701", what, program.name, severity=Severity.NOTE)
    return Emitted({name: f"{FOLDER}/{name}" for name in files}, (note,))


def code_files(program: Program) -> dict[str, bytes]:
    """All C files by name. The same program gives the same bytes; nothing else goes into them.

    Raises:
        ValueError: the program's operations do not fit its shapes.
    """
    layout = lay_out(program)
    texts = {CODE: _code(layout), HEADER: _header(program, layout)}
    fixed = {name: (HERE / name).read_bytes() for name in (ARITHMETIC, MAIN)}
    return {**{name: text.encode() for name, text in texts.items()}, **fixed}


def _header(program: Program, layout: Layout) -> str:
    counts = [place.count for place in layout.places]
    spiking = [place.count for place in _spiking(layout)]
    (inputs,) = (p.count for p in layout.places if p.population is program.input)
    (outputs,) = (p.count for p in layout.places if p.population is program.readout)
    return _filled(
        "network.h.in",
        inputs=inputs,
        outputs=outputs,
        frame=int(program.steps_per_frame),
        answer=int(program.answer_step(0)),
        populations=len(spiking),
        sizes=", ".join(map(str, spiking)) or "0",
        largest=max(counts),
    )


def _code(layout: Layout) -> str:
    (entry,) = (p for p in layout.places if p.population.neuron is None)
    computing = [p for p in layout.places if p.population.neuron is not None]
    (readout,) = (p for p in computing if "spikes" not in p.buffers)
    received = "input[i]" if entry.buffers["spikes"].kind == "int32_t" else "input[i] != 0"
    return _filled(
        "network.c.in",
        tables="\n".join(t.text() for t in layout.tables),
        buffers="\n".join(f"static {b.kind} {b.name}[{b.count}];" for b in layout.buffers),
        steps="\n".join(step_function(place, layout) for place in computing),
        clears="\n".join(
            f"    memset({b.name}, 0, sizeof {b.name});"
            for place in layout.places
            for role, b in place.buffers.items()
            if role != "potential"
        ),
        starts="\n".join(_start(place) for place in computing),
        inputs=entry.count,
        entry=f"{entry.buffers['spikes'].name} + {slot(entry, entry.depth)}",
        entry_kind=entry.buffers["spikes"].kind,
        received=received,
        calls="\n".join(f"    step_{place.name}();" for place in computing),
        outputs=readout.count,
        potential=readout.buffers["potential"].name,
        copies="".join(
            _copy(number, place, "spikes", f"({place.buffers['spikes'].name} + {_now(place)})")
            for number, place in enumerate(_spiking(layout))
        ),
        kept="".join(
            _copy(number, place, "potentials", place.buffers["potential"].name)
            for number, place in enumerate(_spiking(layout))
        ),
    )


def _spiking(layout: Layout) -> list[Place]:
    """The populations whose spikes can be read: neurons, not the input."""
    return [p for p in layout.places if p.population.neuron is not None and "spikes" in p.buffers]


def _start(place: Place) -> str:
    start = place.values["start"]
    value = start if isinstance(start, int) else f"{start.name}[i]"
    name = place.buffers["potential"].name
    return f"    for (i = 0; i < {place.count}; ++i)\n        {name}[i] = {value};"


def _now(place: Place) -> str:
    """Where this step's spikes begin."""
    return slot(place, place.depth)


def _copy(number: int, place: Place, into: str, source: str) -> str:
    return (
        f"    case {number}:\n        for (i = 0; i < {place.count}; ++i)\n"
        f"            {into}[i] = {source}[i];\n        break;\n"
    )


def _readme(program: Program, layout: Layout) -> bytes:
    return _filled(
        "readme.md.in",
        flash=layout.table_bytes,
        ram=layout.ram_bytes,
        frame=int(program.steps_per_frame),
        answer=int(program.answer_step(0)),
        inputs=next(p.count for p in layout.places if p.population is program.input),
        outputs=next(p.count for p in layout.places if p.population is program.readout),
    ).encode()


def _filled(name: str, **values: str | int) -> str:
    return Template((HERE / name).read_text(encoding="utf-8")).substitute(values)
