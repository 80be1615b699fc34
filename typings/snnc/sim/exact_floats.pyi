from compiler.sim.exact_floats import *
