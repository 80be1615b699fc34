"""A bundle in Python: what ``compile`` and ``load`` return."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnc.bundle.folder import Contents, checked_files, read_bundle, seal
from snnc.bundle.manifest import Manifest
from snnc.bundle.output import refuse_output, staged
from snnc.distributing import Place
from snnc.errors import Diagnostic, counted
from snnc.files import resolved
from snnc.files.writing import PrivateFolder
from snnc.ir import Program
from snnc.ir.footprint import program_size
from snnc.progress import Report, quiet
from snnc.report.options import ENGINE_SAMPLES, LADDER_SAMPLES, ReportOptions
from snnc.results import Result, Rows, warned
from snnc.workflows.describing import relative
from snnc.workflows.options import (
    DEFAULT_SAMPLES,
    DEFAULT_TIME_LIMIT,
    Origin,
    RunOptions,
    VerifyOptions,
)

from .arguments import checked, each_text
from .inputs import DataLike, ModelLike, data_source, model_source, needed_data, path_of
from .inspection import Inspection, inspect_bundle

if TYPE_CHECKING:
    from snnc.report.make import BundleReport
    from snnc.workflows.ladder import Ladder
    from snnc.workflows.run import Run
    from snnc.workflows.verify import Verification

    from .plots import Plots


@dataclass(frozen=True, eq=False, repr=False)
class Bundle(Result):
    """A compiled network on disk.

    Attributes:
        folder: where it is. Without an output, ``compile`` uses a temporary folder, which is removed
            with this object; :meth:`save` keeps the bundle.
        allow_altered: use the bundle even if files differ from the manifest.
        origin: model and calibration data that were given in Python, for :meth:`ladder`.
    """

    folder: Path
    allow_altered: bool = False
    origin: Origin = field(default_factory=Origin)
    _place: PrivateFolder | None = None

    def __post_init__(self) -> None:
        """A text is a path, too."""
        object.__setattr__(self, "folder", Path(self.folder))

    @cached_property
    def _read(self) -> tuple[Contents, list[Diagnostic]]:
        return read_bundle(self.folder, allow_altered=self.allow_altered)

    @property
    def manifest(self) -> Manifest:
        """What the bundle says of itself."""
        return self._read[0].manifest

    @property
    def program(self) -> Program:
        """The integers that run."""
        return self._read[0].program

    @property
    def notes(self) -> tuple[Diagnostic, ...]:
        """All notes and warnings of the compile, and files that differ if that is allowed."""
        return (*self.manifest.notes, *self._read[1])

    # Many arguments: the options of the command, by name.
    @checked
    def verify(
        self,
        data: DataLike = None,
        *,
        samples: int = DEFAULT_SAMPLES,
        engine: str | None = None,
        simulator: str | None = None,
        potentials: bool = False,
        time_limit: float = DEFAULT_TIME_LIMIT,
        workers: int | None = None,
        scheduler: str | None = None,
        sample_populations: int | None = None,
        seed: int = 0,
        progress: Report = quiet,
    ) -> Verification:
        """Run the bundle on its target's engine and on a simulator of snnc, and compare every value.

        Args:
            data: event counts (samples, frames, *input shape), a file or arrays; None for random counts
                like those of the calibration data, with seed 0.
            samples: use only the first N samples.
            engine: an engine of the target; None for the first that is installed.
            simulator: ``fast`` or ``reference``; None for ``fast``.
            potentials: compare the potentials of hidden populations too.
            time_limit: seconds that the engine may take; of each block of samples, with ``workers`` or
                ``scheduler``.
            workers: processes that compare blocks of samples; None for all samples in this one.
            scheduler: address of a scheduler of Dask, instead of ``workers`` (docs/distributed.md).
            sample_populations: how many hidden populations are compared, drawn by ``seed``; None for
                all. The readout always is.
            seed: of that.
            progress: called with what is done, how much of it, out of how much.

        Raises:
            UserError: the bundle, the data, the simulator or the engine cannot be used.
        """
        from snnc.workflows.verify import verify_bundle

        source = data_source(data, "the data")
        options = VerifyOptions(
            source,
            samples,
            engine,
            time_limit,
            simulator,
            potentials,
            self.allow_altered,
            Place(workers, scheduler),
            sample_populations,
            seed,
        )
        return verify_bundle(self.folder, options, report=progress)

    def _origin(self, model: ModelLike | None, calibration: DataLike, module: str | None) -> Origin:
        """Model and calibration data: those that are given, else those of the compile in Python."""
        found = self.origin
        if calibration is not None:
            found = replace(found, calibration=data_source(calibration, "the calibration data"))
        if model is not None:
            says_it = isinstance(model, str | os.PathLike | Program)
            shape = None if says_it else self.program.input.shape
            answer = self.manifest.model.answer
            given = model_source(model, input_shape=shape, module=module, answer=answer)
            found = replace(found, model=given)
        return replace(found, module=module)

    # Many arguments: what runs, where, and what it is compared with, as on the command line.
    @checked
    def report(
        self,
        data: DataLike = None,
        output: str | os.PathLike[str] | None = None,
        *,
        other: Bundle | str | os.PathLike[str] | None = None,
        samples: int = LADDER_SAMPLES,
        engine: str | None = None,
        engine_samples: int = ENGINE_SAMPLES,
        time_limit: float = DEFAULT_TIME_LIMIT,
        model: ModelLike | None = None,
        calibration: DataLike = None,
        module: str | None = None,
        progress: Report = quiet,
    ) -> BundleReport:
        """Make one HTML file about the bundle (``docs/report.md``).

        Args:
            data: as for :meth:`run`, with labels where accuracy is to be shown; None for what the
                manifest says alone.
            output: the file; None for none.
            other: another bundle, shown next to this one and run on the same data.
            samples: first samples that every stage is run on, from the model down.
            engine, time_limit: as for :meth:`verify`.
            engine_samples: first samples that the engine runs; 0 for none.
            model, calibration, module: as for :meth:`ladder`.
            progress: as for :meth:`verify`.

        Returns:
            The page, and everything that it says as plain types.

        Raises:
            UserError: D123 jinja2 or plotly is not installed; D119 the output is another file; a bundle
                or the data cannot be used. Nothing was written.
        """
        from snnc.report.make import make_report

        source = data_source(data, "the data")
        bundles = [self]
        if other is not None:
            if not isinstance(other, Bundle):
                other = Bundle(Path(other), self.allow_altered)
            bundles.append(other)
        asked = []
        for each in bundles:
            origin = each._origin(model, calibration, module)
            options = ReportOptions(
                source, samples, engine, engine_samples, time_limit, origin, each.allow_altered
            )
            asked.append((each.folder, options))
        return make_report(asked, path_of(output), progress)

    @property
    def plot(self) -> Plots:
        """Figures of matplotlib: ``plot.raster``, ``.potentials``, ``.agreement``, ``.placement``."""
        from .plots import Plots

        return Plots(self)

    # Many arguments: the ladder's ends and verify's options, as on the command line.
    @checked
    def ladder(
        self,
        data: DataLike = None,
        *,
        samples: int = DEFAULT_SAMPLES,
        engine: str | None = None,
        model: ModelLike | None = None,
        calibration: DataLike = None,
        module: str | None = None,
        simulator: str | None = None,
        potentials: bool = False,
        time_limit: float = DEFAULT_TIME_LIMIT,
        progress: Report = quiet,
    ) -> Ladder:
        """Compare the model with the engine, through every stage in between.

        Args:
            data, samples, engine, time_limit, progress: as for :meth:`verify`.
            model, calibration: what the bundle was compiled from, if it was moved or not a file.
            module: ``package.module:factory`` of a state dict, which runs that code.
            simulator, potentials: refused; they are options of :meth:`verify`.

        Raises:
            UserError: as :meth:`verify`; D128 the model or its calibration data were not found, or are
                not those of the compile.
        """
        from snnc.workflows.ladder import climb

        options = VerifyOptions(
            data_source(data, "the data"),
            samples,
            engine,
            time_limit,
            simulator,
            potentials,
            self.allow_altered,
        )
        found = self._origin(model, calibration, module)
        return climb(self.folder, options, found, report=progress)

    @checked
    def run(
        self,
        data: DataLike,
        *,
        record: str | Iterable[str] = (),
        samples: int | None = None,
        simulator: str | None = None,
        operations: bool = False,
        workers: int | None = None,
        scheduler: str | None = None,
        progress: Report = quiet,
    ) -> Run:
        """Run the program on a simulator of snnc.

        Args:
            data: event counts (samples, frames, *input shape), a file or arrays, optionally with
                labels.
            record: names of populations whose spikes and potentials are recorded at every time step.
            samples: use only the first N samples; None for all.
            simulator: ``fast`` (None) or ``reference``, which give the same integers.
            operations: count all spikes in this run, for the result's ``cost``, ``spike_counts`` and
                ``events``; these take a run of their own when they are first asked for otherwise,
                where only a part of the steps can reach the answers.
            workers, scheduler: as for :meth:`verify`; what is recorded is run in this process.
            progress: as for :meth:`verify`.

        Returns:
            Answers, predictions, and what was recorded.

        Raises:
            UserError: the bundle, the data or the simulator cannot be used; D506 counts that are not
                whole numbers; D139 a record that does not fit the memory.
        """
        from snnc.workflows.run import run_bundle

        source = needed_data(data, "the data")
        names = each_text("record", record)
        chosen = simulator or "fast"
        place = Place(workers, scheduler)
        options = RunOptions(source, samples, chosen, names, self.allow_altered, operations, place)
        return run_bundle(self.folder, options, report=progress)

    def inspect(self) -> Inspection:
        """List the contents of the bundle: populations, projections, delays, ranges, effects."""
        contents, warnings = self._read
        return inspect_bundle(contents, warnings)

    @checked
    def save(self, folder: str | os.PathLike[str]) -> Bundle:
        """Copy the bundle to a folder, with the same files that a compile to that folder writes.

        Args:
            folder: the new folder; a bundle that is there is replaced.

        Raises:
            UserError: D110 to D112, D119 the folder cannot be written; D141 a file changed meanwhile.
        """
        output, contents = Path(folder), self._read[0]
        refuse_output(output)
        model, calibration = contents.manifest.model, contents.manifest.calibration
        manifest = replace(
            contents.manifest,
            model=replace(model, path=self._moved(model.path, output)),
            calibration=replace(calibration, path=self._moved(calibration.path, output)),
        )
        with checked_files(contents) as copy, staged(output) as fresh:
            shutil.copytree(copy, fresh, dirs_exist_ok=True)
            seal(fresh, manifest)
        return replace(self, folder=output, _place=None)

    def _moved(self, path: str | None, folder: Path) -> str | None:
        """A path as seen from the bundle, seen from another folder."""
        return None if path is None else relative(resolved(self.folder / path), folder)

    def headline(self) -> str:
        """The result in one line."""
        manifest, size = self.manifest, program_size(self.program)
        text = f"{str(self.folder.name)!r}: {counted(size.neurons, 'neuron')}, "
        text += f"{counted(manifest.steps_per_frame, 'step')} a frame, code {manifest.code}"
        kept = manifest.kept
        if kept is not None and kept.decisions is not None:
            text += f"; keeps {kept.decisions:.1%} of {kept.samples} decisions"
        return text + warned(self.notes)

    def table(self) -> Rows:
        """A row for each population."""
        return Rows(
            ("population", "kind", "shape"),
            tuple((p.name, p.kind.value, p.shape) for p in self.program.populations),
        )

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``compile --json``: the folder, the size, and the manifest."""
        size = program_size(self.program)
        content = self.manifest.as_json()
        content.pop("files")
        return {
            "folder": str(self.folder),
            "neurons": size.neurons,
            "synapses": size.synapses,
            **content,
        }
