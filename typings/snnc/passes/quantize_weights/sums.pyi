from passes.quantize_weights.sums import *
