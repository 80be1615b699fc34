from compiler.sim.nir_sizes import *
