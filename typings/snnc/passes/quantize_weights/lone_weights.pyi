from passes.quantize_weights.lone_weights import *
