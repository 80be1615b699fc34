"""What a bundle is made of, and the delays of its projections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from snnc.errors import counted
from snnc.workflows.kept_text import kept_lines

from .compiled import ranges_text
from .console import new_table, say, show_table
from .placed import placement

if TYPE_CHECKING:
    from snnc.bundle.folder import Contents
    from snnc.ir.delays import Delays


NO_PASSES = "none: the integers are those of the model"


def inspected(bundle: Contents, found: Delays, content: Mapping[str, Any]) -> None:
    """What a bundle is made of; ``content``: as ``snnc inspect --json`` has it."""
    from snnc.ir.footprint import program_size
    from snnc.ir.text import program_text

    manifest = bundle.manifest
    size = program_size(bundle.program)
    say(program_text(bundle.program))
    say(f"target       {manifest.target}")
    say(
        f"size         {counted(size.neurons, 'neuron')}, {counted(size.synapses, 'synapse')}, "
        f"{size.buffered} buffered"
    )
    say(f"answers      first after step {bundle.program.answer_step(0)}, then every frame")
    delays(found)
    if content["placement"] is not None:
        placement(content["placement"], content["core_load"])
    say(f"calibration  {manifest.calibration.origin}")
    say(f"ranges       {ranges_text(manifest.ranges)}")
    say(f"passes       {manifest.passes or NO_PASSES}")
    for line in kept_lines(manifest.kept):
        say(f"kept         {line}")
    for note in manifest.notes:
        where = f" {note.where}" if note.where else ""
        say(f"{note.severity.value:<12} {note.code}{where}: {note.what}")


def delays(found: Delays) -> None:
    """The table of delays, and when answers have seen the input."""
    table = new_table("projection", ">frames", ">added steps", ">buffered spikes", ">relay neurons")
    for row in found.rows:
        frames = "" if row.frames is None else f"{row.frames}"
        relays = f"{row.relay_neurons}" if row.relay_neurons else ""
        table.add_row(row.projection, frames, f"{row.added}", f"{row.buffered}", relays)
    table.add_section()
    table.add_row("total", "", f"{found.added}", f"{found.buffered}", f"{found.relay_neurons}")
    show_table(table)
    if found.shortest is None or found.longest is None:
        say("input        reaches no answer")
        return
    say(
        f"input        first seen by the answer after step {found.first_answer}: "
        f"{counted(found.shortest.steps, 'step')}, {' -> '.join(found.shortest.names)}"
    )
    but = " but loops" if found.loops else ""
    say(
        f"             seen over every way{but} by the answer after step {found.complete_answer}: "
        f"{counted(found.longest.steps, 'step')}, {' -> '.join(found.longest.names)}"
    )
    if found.longest_loop is not None:
        names = found.longest_loop.names
        count = f"{found.loops} loop{'s' if found.loops != 1 else ''}"
        say(
            f"memory       {count}, the longest takes {counted(found.longest_loop.steps, 'step')}: "
            f"{' -> '.join((*names, names[0]))}"
        )
    if not found.all_seen:
        say("             there are more ways or loops than were looked at, and maybe longer ones")
