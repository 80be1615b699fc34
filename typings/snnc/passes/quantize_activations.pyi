from passes.quantize_activations import *
