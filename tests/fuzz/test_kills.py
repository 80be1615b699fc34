"""Some commands killed, disks that are full or read only, two commands with one output.

``python -m tests.fuzz.kills`` kills hundreds.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from .disks import FOLDER, FULL, READ_ONLY, may_mount, small_files, some_memory
from .jobs import FINETUNE, JOBS_BY_NAME, Job, Place, digest, make_templates
from .kills import SIGNALS, many, undisturbed

COMPILE = ("compile", "model.pt", "--target", "reference", "-o")
RUN = ("run", "bundle", "--data", "data.npz", "-o")
WRITERS = (
    Job("compile", "archive-dense", (*COMPILE, f"{FOLDER}/out"), (f"{FOLDER}/out",)),
    Job("run", "bundle-reference", (*RUN, f"{FOLDER}/a.npz"), (f"{FOLDER}/a.npz",)),
    Job(
        "finetune", "checkpoint", (*FINETUNE[:12], "-o", f"{FOLDER}/tuned.pt"), (f"{FOLDER}/tuned.pt",)
    ),
)

mounts = pytest.mark.skipif(not may_mount(), reason="this user may not mount")


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("templates") / "templates"
    make_templates(folder)
    return folder


@pytest.fixture
def place(templates: Path, tmp_path: Path) -> Iterator[Place]:
    yield Place(tmp_path / "place", templates)
    shutil.rmtree(tmp_path / "place", ignore_errors=True)


@pytest.mark.slow
def test_killed_commands_leave_nothing_half(place: Place) -> None:
    """Each signal, at moments of a seed that is in the message."""
    seed = secrets.randbelow(2**31)
    done = many([JOBS_BY_NAME["compile over"]], len(SIGNALS), seed, place)
    assert not [one for one in done if one.faults], seed


def _refused(job: Job, place: Place) -> str:
    """Run a job that cannot write: one message, nothing left, nothing half."""
    place.make(job)
    (place.work / FOLDER).mkdir()
    process = place.start(job)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 2, (job.name, out, err)
    assert "error[D" in err and "Traceback" not in err and "LEFT" not in err, err
    assert not place.contents(job) and not place.unfinished()
    return err


@pytest.mark.slow
@pytest.mark.parametrize("job", WRITERS, ids=lambda job: job.name)
def test_files_that_get_no_room(job: Job, place: Place) -> None:
    """D112 for the output, D150 where something temporary of the command's own is the first to end."""
    said = _refused(job, replace(place, limits=small_files))
    assert "[D112]" in said or "[D150]" in said, said


@pytest.mark.slow
@mounts
@pytest.mark.parametrize("wrap", [FULL, READ_ONLY], ids=["full", "read-only"])
@pytest.mark.parametrize("job", WRITERS, ids=lambda job: job.name)
def test_disks_that_take_nothing(job: Job, wrap: tuple[str, ...], place: Place) -> None:
    assert "[D112]" in _refused(job, replace(place, wrap=wrap))


def test_the_device_that_is_always_full(place: Place) -> None:
    job = Job("run", "bundle-reference", (*RUN, "/dev/full"))
    place.make(job)
    process = replace(place, limits=some_memory).start(job)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 2 and "error[D" in err and "memory" not in err, out + err
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("before", [False, True], ids=["new", "over"])
def test_two_compiles_into_one_folder(before: bool, place: Place) -> None:
    """Both may win, one after the other; what is there is whole, and nothing is beside it."""
    job = JOBS_BY_NAME["compile over"]
    known = undisturbed(job, place)
    place.make(job)
    if not before:
        shutil.rmtree(place.work / "out")
    both = [place.start(job), place.start(job)]
    said = [process.communicate(timeout=300) for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 2]), said
    assert all("Traceback" not in err for _, err in said), said
    assert place.contents(job) == known.outputs and not place.unfinished()


@pytest.mark.parametrize("change", [Path.unlink, Path.touch, lambda path: path.write_bytes(b"")])
def test_the_digest_sees_what_a_half_output_is(
    change: Callable[[Path], object], tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    whole = digest(tmp_path)
    change(tmp_path / ("c" if change is Path.touch else "b"))
    assert digest(tmp_path) != whole
