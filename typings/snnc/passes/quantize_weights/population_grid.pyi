from passes.quantize_weights.population_grid import *
