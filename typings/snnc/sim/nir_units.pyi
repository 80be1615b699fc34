from compiler.sim.nir_units import *
