from backends.loihi1.population_checks import *
