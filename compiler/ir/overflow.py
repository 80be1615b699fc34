"""What to do where a sum can leave its register; passes and the range proof both say it."""

from __future__ import annotations


def overflow_cure(weights: str, calibrated: bool, several_steps: bool) -> str:
    """The cure of messages about registers that can wrap or saturate.

    Args:
        weights: what to train with instead, such as ``smaller weights``.
        calibrated: whether there are calibration data. Without them thresholds come from a bound that
            is far from what data need, and nothing should be risked before they are tried.
        several_steps: whether a frame has several steps, so that there can be fewer.
    """
    if not calibrated:
        return f"compile with --calibration FILE.npz, or train with {weights}"
    fewer = ", use fewer steps a frame (--steps-per-frame)" if several_steps else ""
    return f"train with {weights}{fewer}, or compile at your own risk with --allow-overflow"
