from passes.quantize_weights.quantize import *
