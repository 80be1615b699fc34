"""What to do where a sum can leave its register; passes and the range proof both say it."""

from __future__ import annotations


def overflow_cure(weights: str, calibrated: bool, several_steps: bool, option: str = "") -> str:
    """The cure of messages about registers that can wrap or saturate.

    Args:
        weights: what to train with instead, such as ``smaller weights``.
        calibrated: whether there are calibration data. Without them thresholds come from a bound that
            is far from what data need, and nothing should be risked before they are tried.
        several_steps: whether a frame has several steps, so that there can be fewer.
        option: of the target, for wider registers (``Limit.cure``); empty where it has none.
    """
    if not calibrated:
        wider = f", {option}" if option else ""
        return f"compile with --calibration FILE.npz{wider}, or train with {weights}"
    first = f"{option}, " if option else ""
    fewer = ", use fewer steps a frame (--steps-per-frame)" if several_steps else ""
    return f"{first}train with {weights}{fewer}, or compile at your own risk with --allow-overflow"


def overflow_cure_of_integers(calibrated: bool, wider: str = "") -> str:
    """The same where the integers are the user's own, and no pass makes others.

    Args:
        calibrated: whether there are calibration data, which say how large counts get.
        wider: how to have registers that hold the sum; empty where there are none.
    """
    first = f"{wider}, " if wider else ""
    if not calibrated:
        return f"compile with --calibration FILE.npz, {first}or use smaller weights"
    return f"{first}use smaller weights, or compile at your own risk with --allow-overflow"
