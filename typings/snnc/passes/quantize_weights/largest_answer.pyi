from passes.quantize_weights.largest_answer import *
