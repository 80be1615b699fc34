from backends.xylo.population_checks import *
