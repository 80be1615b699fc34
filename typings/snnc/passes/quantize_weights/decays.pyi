from passes.quantize_weights.decays import *
