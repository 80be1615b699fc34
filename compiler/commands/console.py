"""What the commands print: tables and messages. Plain text when the output is not a terminal."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnc.errors import CompilerBug, Diagnostic, Severity, counted
from snnc.workflows.kept_text import kept_lines

if TYPE_CHECKING:
    from rich.table import Table

    from snnc.backends import Found
    from snnc.bundle.folder import Bundle
    from snnc.cost.energy import Cost, NetworkEnergy
    from snnc.ir import Measured
    from snnc.ir.delays import Delays
    from snnc.noise.report import NoiseReport
    from snnc.passes import FoundPass
    from snnc.training.fit import Run
    from snnc.training.judge import Judgement
    from snnc.training.methods.base import Method
    from snnc.training.stages import Trained
    from snnc.verify.rungs import Rung
    from snnc.workflows.compile import Compiled
    from snnc.workflows.ladder import Ladder
    from snnc.workflows.verify import Ran, Verified

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
PLAIN_WIDTH = 120


def say(text: str) -> None:
    """Print to standard output as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def show_table(table: Table) -> None:
    """Print a table; uncut where the output is no terminal."""
    from rich.console import Console

    # A file or a pipe has no width of its own; rich would assume 80 and cut.
    # No markup: cells have brackets of their own, as in snnc[nir].
    Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, markup=False).print(table)


def new_table(*columns: str, title: str = "") -> Table:
    """A table with these columns; a leading ``>`` asks for right alignment."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left")
    for column in columns:
        justify = "right" if column.startswith(">") else "left"
        table.add_column(column.removeprefix(">"), justify=justify)  # type: ignore[arg-type]
    return table


def diagnostics(found: Iterable[Diagnostic]) -> None:
    """Print diagnostics to standard error, in colour on a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for diagnostic in found:
        short = diagnostic.severity is Severity.NOTE
        text = diagnostic.render_short() if short else diagnostic.render()
        head, _, rest = text.partition("\n")
        line = Text(head, style=COLOURS[diagnostic.severity])
        console.print(line + Text(f"\n{rest}" if rest else "", style=""))


def bug(problem: CompilerBug) -> None:
    """Say that snnc itself is wrong, or a package that extends it."""
    if problem.__cause__ is not None:
        traceback.print_exception(problem.__cause__)
    sys.stderr.write(
        f"internal error: {problem}\nThis is a bug in snnc or a plug-in, not in your model.\n"
    )


def stopped() -> None:
    """Say that the user stopped it."""
    sys.stderr.write("stopped\n")


def lost(stream: str, problem: OSError) -> None:
    """Say that what was printed did not arrive."""
    what = f"the output cannot be written: {problem.strerror}"
    diagnostics([Diagnostic("D150", what, stream, help="make room, or send it elsewhere")])


def crashed() -> None:
    """Say that snnc crashed."""
    sys.stderr.write("internal error: this is a bug in snnc or a plug-in, please report it\n")


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on a terminal; silence elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda what, done, total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("", total=1)
        yield lambda what, done, total: bars.update(task, description=what, completed=done, total=total)


def compiled(result: Compiled) -> None:
    """Say what a compile gave, and every named effect."""
    from snnc.ir.footprint import program_size
    from snnc.settings import split

    diagnostics(result.notes)
    size = program_size(result.program)
    calibration = result.manifest["calibration"]
    used, given = calibration.get("used"), calibration.get("samples")
    samples = counted(given or 0, "sample")
    if used != given:
        samples = f"{used} of {samples}"
    origin = {
        "file": f"calibrated on {samples} of the given file",
        "archive": f"calibrated on {samples} that the model carries",
        "unneeded": "thresholds as the model has them",
        "none": f"not calibrated: thresholds are {calibration.get('thresholds')}",
    }[calibration["origin"]]
    if used == 0:
        origin = f"thresholds as the model has them; {given} samples say how large inputs get"
    for line in kept_lines(result.manifest["kept"]):
        say(line)
    say(
        f"{result.folder}: {result.program.name} for {split(result.manifest['target'])[0]}, "
        f"{counted(size.neurons, 'neuron')}, {counted(size.synapses, 'synapse')}, "
        f"{counted(result.program.steps_per_frame, 'step')} a frame; {origin}; ranges "
        f"{ranges_text(result.manifest['ranges'], str(result.folder))}"
    )


def verified(result: Verified) -> None:
    """The comparison as a table, the verdict, and the first divergence."""
    diagnostics(result.warnings)
    comparison = result.comparison
    table = new_table("population", ">neurons", "compared", ">values", ">spikes", ">differ")
    for row in comparison.populations:
        spikes = f"{row.spikes}" if row.quantity == "spikes" else ""
        table.add_row(
            row.population,
            f"{row.neurons}",
            row.quantity,
            f"{row.compared}",
            spikes,
            f"{row.mismatches}",
        )
    show_table(table)
    origin = "the given data"
    if result.random:
        calibrated = "counts" in result.bundle.manifest["calibration"]
        density = "at the calibrated density" if calibrated else "of one event in 20 (not calibrated)"
        origin = f"random input {density}, seed 0"
    say(
        f"{result.engine.name} ({result.engine.version}) against the {result.simulator} simulator: "
        f"{counted(comparison.samples, 'sample')} of {origin}, {counted(comparison.steps, 'step')} each"
    )
    if result.engine.name == result.simulator:
        say("a simulator against itself: it shows only that the files were read back")
    say(f"{comparison.mismatches} of {comparison.compared} values differ")
    for difference in result.payload_differences:
        say(f"the payload is not the compiled program: {difference}")
    measured(result.measured)
    first = comparison.first_divergence
    if first is not None:
        say(
            f"first divergence: step {first.step}, {first.population}{list(first.neuron)}, "
            f"sample {first.sample}: {first.quantity} {first.actual} on {result.engine.name}, "
            f"{first.expected} expected"
        )


def measured(found: tuple[Measured, ...]) -> None:
    """What an engine reports beside spikes."""
    if not found:
        return
    table = new_table("the engine reports", ">value", "unit", "according to")
    for each in found:
        table.add_row(each.name, f"{each.value:.4g}", each.unit, each.source)
    show_table(table)


def climbed(result: Ladder) -> None:
    """Every rung beside the one above it, and the first that differs."""
    diagnostics(result.warnings)
    table = new_table("rung", ">values", ">differ", ">largest", ">mean", ">same decisions", "cause")
    for rung in result.rungs:
        if rung.against is None:
            table.add_row(rung.name, "", "", "", "", "", "")
            continue
        same = "" if rung.agreement is None else f"{rung.agreement:.1%}"
        cells = (f"{rung.compared}", f"{rung.differences}", f"{rung.max_abs:.3g}")
        table.add_row(rung.name, *cells, "", same, rung.cause or "")
        for gap in rung.gaps:
            cells = (f"{gap.compared}", f"{gap.differences}", f"{gap.max_abs:.3g}")
            table.add_row(f"  {gap.population}", *cells, f"{gap.mean_abs:.3g}", "", "")
    show_table(table)
    origin = "random input" if result.random else "the given data"
    samples = f"{counted(len(result.data.x), 'sample')} of {origin}"
    say(f"each rung beside the one above, {samples}; values in the units of the model,")
    say("from the bundle on spikes and integer potentials")
    for text in result.not_compared:
        say(text)
    first, broken = result.first_difference, result.first_broken
    if first is None:
        say("no rung differs" + (", from the integer program down" if result.only_integers else ""))
        return
    say(f"first rung that differs: {first.name}, from {first.against}: {first.cause}")
    _divergence(first)
    if broken is None:
        return
    if broken is not first:
        say(f"first rung that must be equal and is not: {broken.name}, from {broken.against}:")
        say(f"{broken.cause}")
        _divergence(broken)
    for text in broken.integers:
        say(f"its integers are others: {text}")


def _divergence(rung: Rung) -> None:
    place = rung.first
    if place is not None:
        say(
            f"first divergence: {place.at} {place.number}, {place.population}{list(place.neuron)}, "
            f"sample {place.sample}: {place.actual:.6g}, {place.expected:.6g} above"
        )


def ran(result: Ran, output: Path | None) -> None:
    """Where the answers went, and how good they are."""
    diagnostics(result.warnings)
    samples, frames = result.prediction.shape
    where = "" if output is None else f"{output}: "
    say(f"{where}answers for {counted(samples, 'sample')}, {counted(frames, 'frame')} each")
    if result.accuracy is not None:
        table = new_table(">frame", ">accuracy")
        for frame, value in enumerate(result.accuracy):
            table.add_row(f"{frame + 1}", f"{value:.1%}")
        show_table(table)


def costs(found: Cost) -> None:
    """Operations by population, and energy by network and by what it is spent on."""
    from snnc.cost.energy import ratio

    snn, ann = found.snn, found.ann
    columns = (">neurons", ">ANN MACs", ">synaptic ops", ">neuron updates", ">spikes", ">rate")
    table = new_table("population", *columns, ">delay bits")
    layers = () if ann is None else ann.layers
    for p in snn.populations:
        into = [q for q in snn.projections if q.target == p.name]
        macs = sum(layer.macs for layer in layers if layer.target == p.name) * snn.frames
        cells = (f"{macs:,}" if macs else "", f"{sum(q.operations for q in into):,.0f}" if into else "")
        sends = (f"{p.spikes:,.1f}", f"{p.rate:.4f}") if p.spike_bits else ("", "")
        held = f"{p.buffer_bits:,}" if p.buffer_bits else ""
        updates = f"{p.updates:,}" if p.updates else ""
        table.add_row(p.name, f"{p.neurons:,}", *cells, updates, *sends, held)
    table.add_section()
    whole = "" if ann is None else f"{ann.macs * snn.frames:,}"
    sums = (whole, f"{snn.synaptic:,.0f}", f"{snn.updates:,}", f"{snn.spikes:,.1f}", f"{snn.rate:.4f}")
    table.add_row("all (spikes: neurons)", "", *sums, f"{snn.buffer_bits:,}")
    show_table(table)
    say(
        f"a sample of {counted(snn.frames, 'frame')} and {counted(snn.steps, 'step')}, "
        f"mean over {counted(snn.samples, 'sample')}; rate: spikes for each neuron and step"
    )
    if ann is None:
        say("no ANN to compare with: the network spiked already")
    else:
        inside = ann.macs_inside * snn.frames
        say(f"ANN MACs: {ann.macs:,} a frame; {inside:,} a sample without those with padding")
    if snn.multiplied:
        say(f"{snn.multiplied:,.0f} of the synaptic ops multiply a payload; the others only add")
    names = ("operations", "weights", "inputs", "potentials", "biases", "outputs", "addressing")
    for memory, energies in found.energies.items():
        title = f"energy in nJ a sample, memory {memory}"
        table = new_table("", *(f">{name}" for name in names), ">total", ">SNN = 1", title=title)
        rows: list[tuple[str, NetworkEnergy | None]] = [
            ("ANN, float32", energies.float32),
            ("ANN, same bits", energies.quantized),
            ("SNN", energies.snn),
        ]
        for name, network in rows:
            if network is not None:
                total = network.total
                parts = (_nanojoules(getattr(total, part)) for part in names)
                share = ratio(network, energies.snn)
                times = "" if share is None else f"{share:.3g}"
                table.add_row(name, *parts, _nanojoules(total.total), times)
        show_table(table)
    say("estimates of a 45 nm circuit, not measurements: docs/energy.md")


def _nanojoules(picojoules: float) -> str:
    value = picojoules / 1000
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def noise(found: NoiseReport) -> None:
    """For each population the best threshold of every T, and what real neurons make of it."""
    diagnostics(found.notes)
    real = any(point.spiking for p in found.populations for point in p.points)
    for p in found.populations:
        columns = ["T", "threshold", "granular", "overload", "cut off", "SQNR dB", "theory"]
        columns += ["real", "uneven", "share", "real best"] if real else []
        title = f"{p.population}: {counted(p.neurons, 'neuron')}, {p.active:.1%} of activations above 0"
        table = new_table(*(f">{c}" for c in columns), title=f"{title}, largest {p.largest:.4g}")
        for steps in p.steps:
            best, nearest = p.best(steps), p.best_real(steps)
            for point in (best, *(q for q in p.at(steps) if q.setting == "own" and q is not best)):
                mark = " own" if point.setting == "own" else "*" if p.at_the_end(steps) else ""
                sqnr = "" if point.sqnr is None else f"{point.sqnr:.1f}"
                cells = [f"{point.threshold:.4g}{mark}", f"{point.granular:.3g}"]
                cells += [f"{point.overload:.3g}", f"{point.overloaded:.2%}", sqnr]
                cells.append(f"{point.theory:.3g}")
                if point.spiking is not None and nearest is not None:
                    share = point.spiking.explained
                    cells += [f"{point.spiking.local:.3g}", f"{point.spiking.unevenness:.3g}"]
                    cells += ["" if share is None else f"{share:.0%}", f"{nearest.threshold:.4g}"]
                table.add_row(f"{steps}", *cells)
        show_table(table)
    data = f"{counted(found.samples, 'sample')}, {counted(found.frames, 'frame')} each"
    say(f"for each T the threshold with the least error power of an ideal quantizer; {data}")
    say("errors: mean squares over all activations; cut off: share of activations above the threshold;")
    say("theory: granular error, were activations spread evenly over every level")
    if any(p.at_the_end(steps) for p in found.populations for steps in p.steps):
        say("*: smallest or largest threshold tried, a better one may lie beyond")
    if real:
        say("real: error of spiking neurons for what reaches them; uneven: against the ideal quantizer")
        say("of the same; share: of real that quantization explains; real best: the threshold with")
        say("which they come nearest to the float network, all populations at the same setting")


def ranges_text(ranges: dict[str, Any], where: str) -> str:
    """For which inputs no register can wrap or saturate."""
    from snnc.workflows.claimed import claims_in, claims_text

    found = claims_in(ranges, where)
    return f"proved for {claims_text(found)}" if found else str(ranges.get("status"))


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
        f"{found.shortest.steps} steps, {' -> '.join(found.shortest.names)}"
    )
    but = " but loops" if found.loops else ""
    say(
        f"             seen over every way{but} by the answer after step {found.complete_answer}: "
        f"{found.longest.steps} steps, {' -> '.join(found.longest.names)}"
    )
    if found.longest_loop is not None:
        names = found.longest_loop.names
        count = f"{found.loops} loop{'s' if found.loops != 1 else ''}"
        say(
            f"memory       {count}, the longest takes {found.longest_loop.steps} steps: "
            f"{' -> '.join((*names, names[0]))}"
        )
    if not found.all_seen:
        say("             there are more ways or loops than were looked at, and maybe longer ones")


def inspected(bundle: Bundle) -> None:
    """What a bundle is made of."""
    from snnc.ir.delays import delays_of
    from snnc.ir.footprint import program_size
    from snnc.ir.text import program_text

    manifest = bundle.manifest
    size = program_size(bundle.program)
    say(program_text(bundle.program))
    say(f"target       {manifest['target']}")
    say(f"size         {size.neurons} neurons, {size.synapses} synapses, {size.buffered} buffered")
    say(f"answers      first after step {bundle.program.answer_step(0)}, then every frame")
    delays(delays_of(bundle.program))
    say(f"calibration  {manifest['calibration']['origin']}")
    say(f"ranges       {ranges_text(manifest['ranges'], str(bundle.folder))}")
    say(f"passes       {manifest['passes']}")
    for line in kept_lines(manifest["kept"]):
        say(f"kept         {line}")
    for note in manifest["notes"]:
        say(f"{note['severity']:<12} {note['code']} {note['where']}: {note['what']}")


def trained(result: Trained) -> None:
    """What a training did: data, epochs, accuracy and rates before and after, what to type now."""
    from snnc.training.methods.registry import method_text

    parts = result.parts
    tested = "" if parts.test is None else f", test on {len(parts.test.y)}"
    say(
        f"train on {counted(len(parts.train.y), 'sample')}, judged on "
        f"{len(parts.validation.y)} ({parts.said}){tested}"
    )
    table = new_table("network", ">epoch", ">accuracy", ">validation samples", "rates")
    _judged(table, "as given", "", result.given)
    for stage, run in zip(result.stages, result.runs, strict=True):
        rows = run.curve.rows
        _judged(table, f"{stage.method.name}, before training", "0", rows[0].judgement)
        _judged(table, f"{stage.method.name}, best", f"{run.best}", rows[run.best].judgement)
    if result.test is not None:
        _judged(table, "test part, at the end", "", result.test)
    show_table(table)
    say("accuracy after the last frame; rates: spikes a neuron and step, or the share above zero")
    for stage, run in zip(result.stages, result.runs, strict=True):
        say(f"{method_text(stage.method)}\n    {_ended(run)}, seed {stage.recipe.seed}")
    say(
        f"{result.files.model}: with {counted(result.calibration, 'sample')} for calibration; "
        f"{result.seconds:.0f} s\nnext: {result.next_command}"
    )


def _judged(table: Table, name: str, epoch: str, found: Judgement) -> None:
    rates = ", ".join(f"{node} {rate:.3f}" for node, rate in found.rates.items())
    table.add_row(name, epoch, f"{found.last:.1%}", f"{found.samples}", rates)


def _ended(run: Run) -> str:
    """How many epochs a stage took, and why no more."""
    done = run.curve.rows[-1].epoch
    text = f"{counted(done, 'epoch')}, the best after epoch {run.best}"
    if run.stopped_early:
        text += ", stopped early"
    if run.resumed_at is not None:
        text += f", gone on after epoch {run.resumed_at}"
    return text


def methods(known: dict[str, type[Method]]) -> None:
    """All methods of training: first sentence, options with defaults."""
    from snnc.settings import describe_options, text_of

    for name, kind in known.items():
        summary = (kind.__doc__ or "").strip().splitlines()[0]
        say(f"{text_of(name, kind())}\n    {summary}")
        for option in describe_options(kind):
            say(f"    option {option}")


def targets(found: Iterable[Found]) -> None:
    """All targets and their engines; what cannot be used, and why."""
    table = new_table("target", "from", "engine", "version", "installed", "how to install")
    broken = []
    for target in found:
        engines, problem = target.engines()
        if problem:
            broken.append((target, problem))
        for engine in engines:
            installed = "yes" if engine.installed else "no"
            table.add_row(
                target.name,
                target.distribution,
                engine.name,
                engine.version,
                installed,
                engine.how_to_install,
            )
    show_table(table)
    for target, problem in broken:
        unusable("target", target.name, target.distribution, problem)


def unusable(what: str, name: str, distribution: str, problem: str) -> None:
    """A plug-in that is left out, with its package and the reason."""
    origin = f" of {distribution}" if distribution else ""
    say(f"{what} {name}{origin} cannot be used: {problem}")


def passes(found: Iterable[FoundPass]) -> None:
    """All passes: first sentence, options with defaults, facts; what cannot be used, and why."""
    from snnc.passes import print_pass
    from snnc.settings import describe_options

    for each in found:
        kind = each.kind
        if kind is None:
            unusable("pass", each.name, each.distribution, each.problem)
            continue
        summary = (kind.__doc__ or "").strip().splitlines()[0]
        say(f"{print_pass(kind())}\n    {summary}")
        for option in describe_options(kind):
            say(f"    option {option}")
        for title, facts in (("needs", kind.requires), ("brings about", kind.establishes)):
            for fact in sorted(facts, key=lambda f: f.name):
                say(f"    {title}: {fact.value}")
