from passes.quantize_weights.compensated_rounding import *
