"""Sounds: where a tone's energy lies, when its levels are crossed, and files that are damaged."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import wavfile

import snnc
from snnc.errors import UserError
from snnc.recordings.sounds import Sound, band_levels, crossings, mel_filters, read_wav

RATE = 8000


def tone(hertz: float, seconds: float = 0.4, rate: int = RATE) -> NDArray[np.float64]:
    return np.asarray(np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate))


def write(path: Path, samples: NDArray[np.float64], rate: int = RATE, dtype: type = np.int16) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    scale = 30000 if dtype is np.int16 else 100
    offset = 128 if dtype is np.uint8 else 0
    wavfile.write(path, rate, (scale * samples + offset).astype(dtype))
    return path


def code(*given: object, **options: object) -> str:
    with pytest.raises(UserError) as caught:
        snnc.frames(*given, **options)  # type: ignore[arg-type]
    (told,) = caught.value.diagnostics
    return f"{told.code} {told.what} | {told.why}"


def centres(bands: int, rate: int = RATE) -> NDArray[np.float64]:
    """Hertz at which each band is most open, by the mel scale's formula."""
    mel = np.linspace(2595 * np.log10(1 + 50 / 700), 2595 * np.log10(1 + rate / 2 / 700), bands + 2)
    return np.asarray(700 * (10 ** (mel[1:-1] / 2595) - 1))


@pytest.mark.parametrize("band", [0, 7, 19, 31])
def test_a_tone_is_loudest_in_its_band(band: int) -> None:
    sound = Sound(tone(float(centres(32)[band])), RATE)
    levels = band_levels(sound, 80, 32, range_db=50, largest=15)
    assert levels.shape == (40, 32)
    assert (levels[5:].argmax(axis=1) == band).all() and levels.max() == 15


def test_a_band_answers_for_its_own_width() -> None:
    weights = mel_filters(8, RATE, 8192)
    hertz = np.arange(weights.shape[1]) * RATE / 8192
    # Triangles add up to 1 between the first and the last centre, and no band is louder for being wide.
    inside = (hertz > centres(8)[0]) & (hertz < centres(8)[-1])
    assert np.allclose(weights.sum(axis=0)[inside], 1)
    with pytest.raises(ValueError, match="too narrow"):
        mel_filters(512, RATE, 64)
    with pytest.raises(ValueError, match="no band above 50 Hz"):
        mel_filters(8, 100, 64)
    assert mel_filters(1, 101, 4096).shape == (1, 2049)


def test_levels_are_decibels_below_the_loudest() -> None:
    """20 dB quieter is 20 / 50 of the levels less, where the range is 50 dB; beyond it, level 0."""
    loud, band = tone(1000), 12
    quiet = np.concatenate([loud, loud / 10, loud / 10**2.45, loud / 10**2.6])
    levels = band_levels(Sound(quiet, RATE), 400, 32, range_db=50, largest=50)
    at = levels[[4, 12, 20, 28]].max(axis=1)
    assert at.tolist() == [50, 30, 1, 0], (at, band)


def test_a_frame_hears_nothing_of_what_comes_later() -> None:
    """A network that gets frames as they come could have them; only the loudest band is of all."""
    sound = Sound(np.concatenate([tone(700), tone(300)]), RATE)
    whole = band_levels(sound, 80, 16, range_db=60, largest=15)
    changed = sound.samples.copy()
    changed[2400:] = changed[2400:][::-1]
    again = band_levels(Sound(changed, RATE), 80, 16, range_db=60, largest=15)
    assert np.array_equal(whole[:30], again[:30]) and not np.array_equal(whole[30:], again[30:])


def test_crossings_add_up_to_the_levels() -> None:
    sound = Sound(np.concatenate([tone(300, 0.2), tone(1500, 0.2)]), RATE)
    levels = band_levels(sound, 40, 16, range_db=50, largest=15).astype(int)
    found = crossings(sound, 16, range_db=50, largest=15)
    assert found.size == (16, 1) and not found.events["x"].any()
    rebuilt = np.zeros_like(levels)
    step = found.events["t"] // 5000
    np.add.at(rebuilt, (step, found.events["y"]), np.where(found.events["p"] > 0, 1, -1))
    assert np.array_equal(rebuilt.cumsum(axis=0), levels)


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32])
def test_files(dtype: type, tmp_path: Path) -> None:
    """The same sound, of whatever type, gives nearly the same counts; two channels are averaged."""
    path = write(tmp_path / "1.wav", tone(440), dtype=dtype)
    found = snnc.frames(path, dt="20ms", bands=16)
    assert found.x.shape == (1, 20, 16) and found.y is None
    assert (found.x[0, 2:].argmax(axis=1) == np.abs(centres(16) - 440).argmin()).all()
    samples = read_wav(path).samples
    assert abs(samples.mean()) < 1e-3 * samples.max() + 1
    both = np.stack([tone(440), tone(440)], 1)
    stereo = write(tmp_path / "2.wav", both, dtype=dtype)
    assert np.array_equal(snnc.frames(stereo, dt="20ms", bands=16).x, found.x)


def test_shorter_sounds_end_in_zeros(tmp_path: Path) -> None:
    for label, seconds in (("7_a_0", 0.4), ("3_b_0", 0.205)):
        write(tmp_path / f"{label}.wav", tone(440, seconds))
    found = snnc.frames(tmp_path, dt="10ms", label_from="{label}_*")
    assert found.classes == ("3", "7") and found.y is not None and found.x.shape == (2, 40, 32)
    short = found.x[found.y == 0][0]
    assert short[:21].any(axis=1).all() and not short[21:].any()
    cut = snnc.frames(tmp_path, dt="10ms", frames=30, label_from="{label}_*")
    assert [note.code for note in cut.notes] == ["N771"] and cut.tally.outside_time > 0
    assert np.array_equal(cut.x, found.x[:, :30])


def test_crossings_are_cut_as_events_are(tmp_path: Path) -> None:
    write(tmp_path / "1.wav", tone(440))
    found = snnc.frames(tmp_path / "1.wav", sound="crossings", events_per_frame=20, bands=16)
    assert found.x.shape[2:] == (2, 16, 1) and found.x[0, 0].sum() == 20


def test_sounds_that_do_not_fit(tmp_path: Path) -> None:
    write(tmp_path / "1.wav", tone(440))
    write(tmp_path / "2.wav", tone(440, rate=16000), 16000)
    assert "D626 sounds of" in code(tmp_path, dt="10ms")
    one = tmp_path / "1.wav"
    assert "D624 frames of 100 us are 0.8 samples" in code(one, dt="100us")
    assert "D624 frames of 1100 us are 8.8 samples" in code(one, dt="1.1ms")
    assert snnc.frames(one, dt="125us").x.shape[1] == 3200
    assert "D624 --pool is for events" in code(one, dt="10ms", pool=2)
    assert "D624 nothing says" in code(one)
    silent = write(tmp_path / "3.wav", np.zeros(800))
    assert [note.code for note in snnc.frames(silent, dt="10ms").notes] == ["N772"]


def test_damaged_sounds(tmp_path: Path) -> None:
    path = write(tmp_path / "1.wav", tone(440))
    content, rng = path.read_bytes(), np.random.default_rng(0)
    for cut in (0, 3, 20, 44, 45, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:cut])
        assert code(path, dt="10ms").startswith("D620"), cut
    for _ in range(60):
        other = bytearray(content)
        for place in rng.integers(0, 44, 2):
            other[place] = rng.integers(256)
        path.write_bytes(bytes(other))
        try:
            snnc.frames(path, dt="10ms")
        except UserError as problem:
            assert problem.diagnostics[0].code in ("D620", "D624", "D627")
    # A rate of two thousand million: the window of 20 ms would take the memory.
    fast = (2**31 - 1).to_bytes(4, "little") + (2**32 - 2).to_bytes(4, "little")
    path.write_bytes(content[:24] + fast + content[32:])
    assert "are too many" in code(path, frames=1)
    buffer = io.BytesIO()
    wavfile.write(buffer, RATE, np.array([0.0, np.nan], np.float32))
    path.write_bytes(buffer.getvalue())
    assert "not finite" in code(path, dt="10ms")


def test_a_title_in_the_file_is_no_damage(tmp_path: Path) -> None:
    path = write(tmp_path / "1.wav", tone(440))
    content = path.read_bytes()
    piece = b"abcd" + (4).to_bytes(4, "little") + b"text"
    longer = content[:4] + (len(content) - 8 + len(piece)).to_bytes(4, "little") + content[8:12]
    path.write_bytes(longer + piece + content[12:])
    assert np.array_equal(read_wav(path).samples, wavfile.read(io.BytesIO(content))[1])
