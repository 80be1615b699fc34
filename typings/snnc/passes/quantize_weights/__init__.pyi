from passes.quantize_weights import *
