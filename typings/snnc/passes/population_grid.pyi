from passes.population_grid import *
