from passes.quantize_weights.room import *
