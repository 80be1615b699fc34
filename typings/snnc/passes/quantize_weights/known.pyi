from passes.quantize_weights.known import *
