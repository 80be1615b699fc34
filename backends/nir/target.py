"""What NIR can hold, as far as passes need to know it."""

from __future__ import annotations

from snnc.ir import Code, Limit, LimitName, Target

STATE_BITS = Limit(
    32,
    "bits, sign included",
    "snnc's own: NIR says nothing about numbers; the reference simulator computes in 32 bits, "
    "which float64 holds exactly",
)

NIR = Target(
    "nir",
    limits={LimitName.STATE_BITS: STATE_BITS},
    weight_bits=tuple(range(1, 17)),
    codes=(Code.RATE,),
    hardware="nothing: a file that tools of other chips read (docs/nir-readers.md)",
    overflow="neurons of a NIR file are floats, which do neither and so have other values",
)

PIPELINE = (
    "fold-batch-norm,fold-linear-chains,choose-code,match-delays,encode-input,"
    "restart-frames{enabled=false},set-neurons,quantize-activations,balance-thresholds,fold-thresholds,correct-rates,quantize-weights"
)
"""Without restarting frames: NIR cannot represent it."""
