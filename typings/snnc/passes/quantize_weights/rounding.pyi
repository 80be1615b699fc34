from passes.quantize_weights.rounding import *
