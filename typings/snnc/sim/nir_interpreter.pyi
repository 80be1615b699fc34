from compiler.sim.nir_interpreter import *
