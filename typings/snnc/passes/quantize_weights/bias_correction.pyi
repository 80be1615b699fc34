from passes.quantize_weights.bias_correction import *
