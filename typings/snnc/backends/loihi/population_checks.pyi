from backends.loihi.population_checks import *
