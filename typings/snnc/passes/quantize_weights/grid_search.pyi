from passes.quantize_weights.grid_search import *
