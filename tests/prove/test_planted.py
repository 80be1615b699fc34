"""Mistakes that somebody could make: each is refuted, with a state at which the real code differs."""

from __future__ import annotations

import shutil
from functools import partial
from types import SimpleNamespace
from typing import Any

import numba
import numpy as np
import pytest
from numba.extending import intrinsic

from snnc.backends.loihi.payload import neurons
from snnc.ir import Comparison, Reset, fixed_point
from snnc.sim.fast import kernels, stepping, vectors

from . import c_code, claims, fast, lava, left_out, normative, sigma_delta, vector
from .__main__ import explained
from .claims import REFUTED, Claim, Verdict
from .planted import altered
from .scene import KINDS, Kind, unknown_neuron
from .shims import NUMPY, borrowed, private

FIRE_VECTOR = private(vectors, "_fire_vector")

needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler: apt-get install gcc")


def refuted(claim: Claim) -> Verdict:
    """What came out; it must be refuted, say where, and print it."""
    verdict = claim.check()
    assert verdict.what == REFUTED, verdict
    assert verdict.state
    text = explained(verdict)
    assert all(f"{name} {value}" in text for name, value in verdict.state.items())
    return verdict


def test_fires_at_its_threshold_already(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = altered(
        neurons.PySpikingFixed.run_spk, "potential > self.threshold", "potential >= self.threshold"
    )
    monkeypatch.setattr(neurons.PySpikingFixed, "run_spk", wrong)
    kind = Kind(comparison=Comparison.GREATER, reset=Reset.SUBTRACT)

    def replay(given: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
        return normative.real_step(kind, given), lava.real_step(kind, given) | {"record": 0}

    verdict = refuted(Claim("planted", partial(unknown_neuron, kind), lava.step, replay))
    assert (verdict.wanted["sent"], verdict.given["sent"]) == (0, 1)
    assert verdict.wanted["v"] == verdict.state["threshold"]


def test_a_current_that_decays_downwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lava's way is towards zero; a plain shift of a negative number is not."""
    old, new = "np.sign(state) * magnitude", "(state * (2**DECAY_SHIFT - constant)) >> DECAY_SHIFT"
    wrong = altered(neurons.decay, old, new)

    def replay(given: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
        state, constant = np.array(given["argument0"]), given["argument1"]
        wanted, found = fixed_point.decay(state, constant), wrong(state, constant)
        return {"returned": int(wanted)}, {"returned": int(found)}

    scene = partial(lava.function_scene, "decay")
    step = partial(lava.returned, function=borrowed(wrong, NUMPY))
    wanted = partial(lava.returned, function=lava.SHOWN["decay"])
    verdict = refuted(Claim("planted", scene, step, replay, wanted))
    assert verdict.wanted["returned"] == verdict.given["returned"] + 1 <= 0


@needs_cc
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("network_wrapped", "if (kept > limit)", "if (kept > limit - 1)"),
        ("network_saturated", "potential < -limit ? -limit :", "potential < -limit - 1 ? -limit - 1 :"),
        ("network_shift_right", "-1 - ((-1 - x) >> shift)", "-((-1 - x) >> shift)"),
        ("network_decayed", "* kept / 4096)", "* kept >= 0 ? 0 : -1)"),
        ("network_levels", "potential / threshold;", "(potential + 1) / threshold;"),
    ],
    ids=[
        "wrap at 2^23 - 1",
        "saturation at -2^23",
        "truncation for floor",
        "no decay",
        "level too high",
    ],
)
def test_c_with_a_mistake(name: str, old: str, new: str) -> None:
    text = c_code.ARITHMETIC.read_text()
    assert text.count(old) == 1
    wrong = text.replace(old, new)

    def replay(given: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
        arguments = list(given.values())
        wanted = c_code.real_wanted(name, arguments)
        return {"returned": wanted}, {"returned": c_code.real_function(name, arguments, wrong)}

    scene = partial(c_code.function_scene, name)
    step = partial(c_code.function_step, name=name, arithmetic=wrong)
    wanted = partial(c_code.function_wanted, name=name)
    verdict = refuted(Claim("planted", scene, step, replay, wanted))
    assert verdict.wanted != verdict.given


def test_z3_finds_what_no_sample_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """One current of all goes wrong, at one width: no sample shows it."""
    monkeypatch.setattr(claims, "SAMPLES", 0)
    wrong = c_code.ARITHMETIC.read_text().replace(
        "int64_t kept = current;", "int64_t kept = current == 123456789 && bits == 27 ? 0 : current;"
    )
    scene = partial(c_code.function_scene, "network_wrapped")
    step = partial(c_code.function_step, name="network_wrapped", arithmetic=wrong)
    wanted = partial(c_code.function_wanted, name="network_wrapped")
    verdict = refuted(Claim("planted", scene, step, wanted=wanted))
    assert verdict.state == {"argument0": 123456789, "argument1": 27}


def test_c_that_overflows_is_refuted() -> None:
    """What C leaves undefined is a mistake, even where a computer gives the right number."""
    wrong = c_code.ARITHMETIC.read_text().replace(
        "-1 - ((-1 - x) >> shift)", "-1 - ((-(x + 1)) >> shift)"
    )
    worse = wrong.replace("-(x + 1)", "-x - 1")
    scene = partial(c_code.function_scene, "network_shift_right")
    wanted = partial(c_code.function_wanted, name="network_shift_right")

    def step(scene: Any, text: str) -> Any:
        return c_code.function_step(scene, "network_shift_right", text)

    assert Claim("fine", scene, partial(step, text=wrong), wanted=wanted).check().what == "proved"
    verdict = refuted(Claim("planted", scene, partial(step, text=worse), wanted=wanted))
    assert verdict.state["argument0"] == -(2**31)


def test_a_lost_soft_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    old = "np.int32(to_int32(x - threshold[n]) & kept) if fired else x"
    wrong = altered(stepping.step_narrow, old, "x")
    monkeypatch.setattr(stepping, "step_narrow", wrong)
    kind = Kind(comparison=Comparison.GREATER, reset=Reset.SUBTRACT)

    def replay(given: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
        wanted = normative.real_step(kind, given)
        # The state before it fires is the reference's of a neuron that never does.
        before = normative.real_step(kind, {**given, "threshold": 2**31 - 1})["v"]
        p = SimpleNamespace(state_bits=given["state_bits"], strict=1, subtract=1)
        v, sums = np.array([before], np.int32), np.zeros(1, np.int32)
        threshold = np.array([given["threshold"]], np.int32)
        events, hot = np.zeros(2, np.int32), np.zeros(1, np.uint64)
        fired = wrong(p, sums, 0, 0, v, threshold, 0, 1, events, 0, hot, 0, stepping.EVERYWHERE)
        found = {"v": int(v[0]), "sent": int(fired)}
        return {name: wanted[name] for name in found}, found

    step = partial(fast.run, narrow=True, projection=None, lone=False)
    verdict = refuted(Claim("planted", partial(fast.narrow_scene, kind), step, replay))
    assert verdict.wanted["sent"] == verdict.given["sent"] == 1
    assert verdict.given["v"] == verdict.wanted["v"] + verdict.state["threshold"]


@pytest.mark.parametrize(
    ("kind", "part", "old", "new"),
    [
        (KINDS[4], "ends_frame", "since > 0 and ", ""),
        (KINDS[5], "send_levels", "clear(left, 0, p.size)", "pass"),
        (KINDS[4], "send_levels", "left[j] -= levels[j]", "pass"),
        (KINDS[6], "adds_bias", "(since - 1) % p.bias_interval", "since % p.bias_interval"),
        (KINDS[6], "is_cleared", "(step - p.clear_offset) % p", "step % p"),
        (KINDS[6], "run_component", "clear(u[s], here, there)", "pass"),
    ],
    ids=[
        "decides before its start",
        "counts stay",
        "a spike more",
        "bias a step early",
        "cleared at other steps",
        "current not cleared",
    ],
)
def test_the_kernel_with_a_mistake(
    kind: Kind, part: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When things happen: of the whole kernel, for one step."""
    monkeypatch.setattr(kernels, part, altered(getattr(kernels, part), old, new))
    step = partial(fast.run, narrow=False, projection=None, lone=False)
    refuted(Claim("planted", partial(fast.wide_scene, kind), step))


def test_a_vector_with_a_lost_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled as it is, with the mistake, for the replay."""
    wrong = altered(FIRE_VECTOR, "builder.select(fired, rest, x)", "x")
    monkeypatch.setattr(vectors, "_fire_vector", wrong)
    lanes = {n: _compiled(intrinsic(f)) for n, f in (("wrong", wrong), ("right", FIRE_VECTOR))}

    def replay(given: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
        found = []
        for name in ("right", "wrong"):
            v = np.full(vectors.LANES, given["v"], np.int32)
            sums = np.full(vectors.LANES, given["sums"], np.int16)
            threshold = np.full(vectors.LANES, given["threshold"], np.int32)
            limit = np.int32((1 << (given["state_bits"] - 1)) - 1)
            numbers = (given["shift"], limit, 1 - given["strict"], -given["subtract"])
            mask = lanes[name](sums, v, threshold, *(np.int32(n) for n in numbers))
            found.append({"v": int(v[0]), "sent": int(mask) & 1})
        return found[0], found[1]

    scene, step = partial(vector.scene, 16), partial(vector.lane, bits=16)
    verdict = refuted(Claim("planted", scene, step, replay, partial(vector.scalar, bits=16)))
    assert verdict.wanted["v"] != verdict.given["v"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("np.uint64(mask > FIRED)", "np.uint64(mask > 2**64)"),
        ("left_in |= touched(sums, at + begin * LANES, some)", "pass"),
        ("touched(sums, at + begin * LANES, some)", "touched(sums, at, some)"),
        ("hot[first_hot + word] & within", "hot[first_hot] & within"),
        ("mask > FIRED", "mask != 0 and mask < FIRED"),
        ("if heard == EVERYWHERE", "if heard == SOMEWHERE and False"),
    ],
    ids=[
        "nobody fires again",
        "what arrives is not looked for",
        "looked for elsewhere",
        "another word",
        "who fired, fires again",
        "not everywhere",
    ],
)
def test_vectors_wrongly_left_out(old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "step_narrow", altered(stepping.step_narrow, old, new))
    kind = Kind(comparison=Comparison.GREATER, reset=Reset.SUBTRACT)
    scene, wanted = partial(left_out.scene, kind, 16), partial(left_out.wanted, bits=16)
    refuted(Claim("planted", scene, partial(left_out.step, bits=16), wanted=wanted))


def test_who_fires_again_at_its_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of neurons that fire at it already."""
    old = 'again = builder.icmp_signed(">", x, bound)'
    wrong = altered(FIRE_VECTOR, old, old.replace("bound", "threshold"))
    monkeypatch.setattr(vectors, "_fire_vector", wrong)
    scene, wanted = partial(left_out.again_scene, 16), partial(left_out.again_wanted, bits=16)
    verdict = refuted(Claim("planted", scene, partial(vector.lane, bits=16), wanted=wanted))
    assert not verdict.state["strict"]


@pytest.mark.parametrize("part", ["cleared", "due"])
def test_a_vector_left_out_where_something_changed(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start value or a bias that arrives: every neuron has to step."""
    old = "if cleared or due or size <= WORD * LANES"
    wrong = altered(kernels.run_component, old, old.replace(part, "False"))
    monkeypatch.setattr(kernels, "run_component", wrong)
    step = partial(fast.run, narrow=True, projection=None, lone=False)
    refuted(Claim("planted", partial(fast.narrow_scene, KINDS[0]), step))


def _compiled(fire_vector: Any) -> Any:
    @numba.njit
    def run(sums: Any, v: Any, threshold: Any, shift: Any, limit: Any, below: Any, kept: Any) -> Any:
        return fire_vector(sums, 0, v, 0, threshold, 0, shift, limit, below, kept)

    return run


@pytest.mark.parametrize(
    ("name", "method", "old", "new"),
    [
        ("delta", "_send", ">= neuron.fires_at", "> neuron.fires_at"),
        ("sigma-delta", "_send", "change - sent", "change"),
        ("sigma-delta", "_send", "wrap_int32(np.abs(change))", "np.abs(change)"),
        ("sigma-delta", "step", "np.maximum(wrap_int32(total + bias), 0)", "total + bias"),
        ("sigma-delta, a late bias", "step", "step <= neuron.bias_start", "step < neuron.bias_start"),
        ("delta", "_send", ">> neuron.constants[STATE_EXP]", ">> 0"),
    ],
    ids=["the threshold is enough", "what was sent stays", "-2^31", "no ReLU", "a step early", "shift"],
)
def test_sigma_delta_neurons_that_do_something_else(
    name: str, method: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = sigma_delta.OURS[name.partition(",")[0]]
    monkeypatch.setattr(model, method, altered(getattr(model, method), old, new))
    parts = (getattr(sigma_delta, part) for part in ("scene", "step", "replay", "wanted"))
    scene, step, replay, wanted = (partial(part, name=name) for part in parts)
    verdict = refuted(Claim("planted", scene, step, replay, wanted))
    assert verdict.wanted != verdict.given
