from passes.quantize_weights.settled_bias import *
